"""What training changed: the same arms before and after, question by question."""

import polars as pl
import pytest

from g2u.arms import DIRECT, Arm
from g2u.params.reading import load
from g2u.report.changes import changes, in_words, repainted, table
from g2u.report.page import Site
from g2u.scores.statistics import Resampling
from g2u.tables.schemas import Score
from tests.conftest import ROOT

OWN = Arm("concat", is_main=True)
HOW = Resampling(confidence=0.95, resamples=400, seed=0)


def scores(right: list[bool], fidelity: list[float] | None, arm: Arm = OWN) -> list[Score]:
    return [
        Score(
            f"q{n}", arm, "ok", "A", float(ok), f"picture{n // 2}",
            fidelity=None if fidelity is None else fidelity[n],
        )
        for n, ok in enumerate(right)
    ]  # fmt: skip


@pytest.fixture
def cells() -> dict[tuple[str, str, str, str], tuple[list[Score], list[Score]]]:
    """After 80 questions: drawings much better, answers 10 better and none worse; direct alike."""
    before, after = [n % 4 > 0 for n in range(80)], [n % 4 > 0 or n < 40 for n in range(80)]
    low, high = [0.5 + n / 1000 for n in range(80)], [0.7 + n / 1000 for n in range(80)]
    control = [Score("q0", OWN.shuffled(), "ok", "A", 0.0, "picture0", fidelity=0.1)]
    return {
        ("ladder", "tuned", "plain", "structure"): (
            scores(after, high) + control,
            scores(before, low) + control,
        ),
        ("ladder", "tuned", "plain", "direct"): (
            scores(before, None, DIRECT),
            scores(before, None, DIRECT),
        ),
    }


def test_accuracy_and_fidelity_are_compared_question_by_question(cells: dict) -> None:  # type: ignore[type-arg]
    own, direct = changes(cells, HOW)
    assert (own.arm, own.before, own.after) == ("structure", 0.75, 0.875)
    assert own.gain.difference == pytest.approx(0.125)
    assert own.gain.gained == 10
    assert own.gain.low > 0
    assert own.fidelity is not None
    assert own.fidelity.difference == pytest.approx(0.2)
    assert own.fidelity_before == pytest.approx(0.5395)
    assert own.holm == min(1.0, 2 * own.gain.p)
    assert (direct.arm, direct.gain.difference, direct.fidelity) == ("direct", 0.0, None)
    rows = table([own, direct])
    assert rows["fidelity_gain"].to_list() == [pytest.approx(0.2), None]


def test_a_question_that_one_model_has_no_score_for_is_left_out(cells: dict) -> None:  # type: ignore[type-arg]
    trained, former = cells["ladder", "tuned", "plain", "direct"]
    trained = [Score("q0", DIRECT, "failed", "", None, "picture0"), *trained[1:]]
    found = changes({("ladder", "tuned", "plain", "direct"): (trained, former)}, HOW)
    assert found[0].gain.items == 79


def test_words_say_what_holds_and_what_does_not(cells: dict) -> None:  # type: ignore[type-arg]
    found = changes(cells, HOW)
    said = in_words(found, {"structure"}, 0.05)
    assert "of 1 own thoughts with an oracle, 1 became more faithful and 0 less" in said
    assert "of 1 own-thought arms, 1 are answered better than before and 0 worse" in said
    nothing = in_words(found[1:], {"structure"}, 0.05)
    assert "of 0 own thoughts" in nothing


def test_the_page_shows_numbers_and_curves(cells: dict) -> None:  # type: ignore[type-arg]
    section = load(ROOT / "params.yaml").report
    curve = pl.DataFrame({"turn": [0, 25], "reward": [0.1, 0.2], "fidelity": [0.5, 0.55]})
    page = Site(section, 0.95).changes(changes(cells, HOW), {"structure"}, {"tuned": curve}, {})
    assert "Does understanding teach drawing" in page
    assert "+12.5" in page
    assert "+20.0" in page
    assert 'Plotly.newPlot("learning"' in page
    assert '<script src="plotly.min.js">' in page
    assert "no oracle" in page
    assert "Pictures from words" not in page
    drawn = {"tuned": repainted([True, False] * 20, [True] * 30 + [False] * 10, HOW)}
    page = Site(section, 0.95).changes(changes(cells, HOW), {"structure"}, {}, drawn)
    assert "Pictures from words" in page
    assert "+25.0" in page
    assert "plotly" not in page, "without curves nothing is drawn by it"


def test_paintings_are_compared_one_by_one() -> None:
    found = repainted([True, False, False, True] * 10, [True, True, False, False] * 10, HOW)
    assert (found.before, found.after) == (0.5, 0.5)
    assert (found.gain.gained, found.gain.lost, found.gain.clusters) == (10, 10, 40)
    assert found.gain.low < 0 < found.gain.high
