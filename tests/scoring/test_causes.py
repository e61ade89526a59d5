"""What a drawing did: planted models are named as they are, through the whole pipeline."""

import base64
import json
import shutil
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import pytest
import yaml
from playwright.sync_api import Page

from bench import mediators
from g2u.arms import Arm, donors
from g2u.records import Question, Target
from g2u.report.causes import CLAIMS, causal
from g2u.report.summary import CellResult
from g2u.scores.beside import Asked
from g2u.scores.causes import causes
from g2u.scores.statistics import Resampling
from g2u.tables.schemas import Score
from tests.conftest import ROOT, Workspace, objections
from tests.planted_model import picture

ITEMS = 120
KINDS = {
    "reads": "read with its own picture",
    "follows": "an answer channel",
    "ignores": "no use shown",
    "misled": "it misleads",
}
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
HOW = Resampling(0.95, 200, 0)


def rows() -> list[dict[str, str]]:
    """Questions of the same text, one picture each."""
    rng = np.random.default_rng(5)
    secrets = rng.integers(0, 4, (ITEMS, 2)).tolist()
    return [
        {
            "index": str(number),
            "image": base64.b64encode(picture(number, *secret).encoded).decode(),
            "question": "Which colour?",
            **dict(zip("ABCD", ("red", "green", "blue", "yellow"), strict=True)),
            "answer": "ABCD"[secret[0]],
        }
        for number, secret in enumerate(secrets)
    ]


@pytest.mark.slow
def test_planted_models_are_named_as_they_are_built(workspace: Workspace, page: Page) -> None:
    """Reads, follows, ignores, is misled: in one study, its claims corrected together; and the
    page is one that everybody can read.
    """
    home = workspace.folder / "g2u/models/planted"
    home.mkdir()
    shutil.copy(ROOT / "tests/planted_model.py", home / "__init__.py")
    raw = workspace.raw
    raw["presets"]["models"] = {
        kind: {"adapter": "planted", "settings": {"kind": kind}} for kind in KINDS
    }
    raw["models"], raw["families"] = [*KINDS], ["direct", "duplicate", "detail"]
    raw["understand"] |= {"controls": "causes", "controlled": ["detail"]}
    workspace.use_tsv(rows())
    (workspace.folder / "params.yaml").write_text(yaml.safe_dump(raw))
    workspace.init_dvc()
    workspace.run("g2u.cli.main", "sync")  # there, as the adapter is found in that folder alone
    workspace.run("g2u.cli.main", "run")
    pages = workspace.folder / "data/report/pages"
    for kind, word in KINDS.items():
        text = (pages / f"mine-{kind}.html").read_text()
        assert f"<b>{word.capitalize()}</b>" in text, kind
        told = json.loads((workspace.folder / f"data/mine/detail/{kind}/metrics.json").read_text())
        check(kind, told["causes"])
    for wide in (1200, 390):
        page.set_viewport_size({"width": wide, "height": 800})
        for theme in THEMES:
            page.emulate_media(color_scheme=theme)
            page.goto((pages / "mine-follows.html").as_uri())
            assert objections(page) == []
            assert page.evaluate("document.documentElement.scrollWidth") <= wide
    assert page.locator(".curve svg").count() == 2
    index = (workspace.folder / "data/report/index.html").read_text()
    assert "What does a drawing do?" in index


@pytest.mark.slow
@pytest.mark.parametrize("name", mediators.MEDIATORS)
def test_a_planted_mediator_is_named_and_its_parts_are_held(name: str) -> None:
    how, tally = mediators.MEDIATORS[name], mediators.mediated(name, 30, 400)
    assert tally.words[how.word] >= 27, tally.words
    assert sum(n for word, n in tally.words.items() if mediators.is_wrong(how, word)) <= 2
    assert min(tally.held.values()) >= 25


def check(kind: str, told: dict[str, Any]) -> None:
    """What is known of a kind by its construction."""
    curve = [point["mean"] for point in told["doses"]["reverted"]["points"]]
    effects = {name: each.get("difference") for name, each in told["effects"].items()}
    assert effects["total"] == pytest.approx(effects["content"] + effects["company"])
    assert effects["company"] == 0
    follows = told["donors"]["follows"]["mean"]
    if kind == "ignores":
        assert len(set(curve)) == 1
        assert effects["content"] == 0
        return
    direction = -1 if kind == "misled" else 1
    assert sorted(curve, reverse=direction > 0) == curve
    assert direction * effects["content"] > 0.2
    assert follows > 0.99 if kind == "follows" else follows < 0.4
    same = told["donors"]["same"]["mean"]
    assert same == 1 if kind == "follows" else same < 0.5


QUESTIONS = [
    Question(str(n), "?", choices=("red", "green", "blue", "grey"), pictures=(f"p{n // 2}",))
    for n in range(80)
]
GOLD = [int(each) for each in np.random.default_rng(3).integers(0, 4, 80)]
ASKED = Asked(QUESTIONS, {str(n): Target(str(n), "ABCD"[g], "letters") for n, g in enumerate(GOLD)})
MAIN = Arm("concat", is_main=True)


def scored(arm: Arm, said: Sequence[int]) -> list[Score]:
    """Answers by place of the option."""
    return [
        Score(str(n), arm, "ok", "ABCD"[s], float(s == GOLD[n]), f"p{n // 2}")
        for n, s in enumerate(said)
    ]


def wrong(n: int) -> int:
    return (GOLD[n] + 1 + n % 3) % 4


def found(**said: Sequence[int]) -> dict[str, Any]:
    """Of answers with drawings of donors and doses, by name."""
    arms = {
        "own": MAIN, "alike": MAIN.alike(), "half": MAIN.altered("reverted", 50),
        "none": MAIN.altered("reverted", 100),
    }  # fmt: skip
    there = {arms[name]: scored(arms[name], answers) for name, answers in said.items()}
    direct = scored(Arm("none", is_main=True), [wrong(n) for n in range(80)])
    return causes(ASKED, MAIN, there, {"direct": direct}, HOW)


def test_a_gain_is_the_sum_of_what_is_drawn_and_of_a_second_picture() -> None:
    bare = [GOLD[n] if n % 4 == 0 else wrong(n) for n in range(80)]
    told = found(own=GOLD, none=bare, half=bare)["effects"]
    assert told["total"]["difference"] == 1
    assert told["company"]["difference"] == 0.25
    assert told["content"]["difference"] == 0.75


def test_without_a_duplicate_what_is_taken_back_in_full_stands_for_it() -> None:
    assert "effects" not in found(own=GOLD, alike=GOLD)


def test_donors_are_told_apart_by_the_answers_that_they_were_made_for() -> None:
    given = donors(QUESTIONS, pairing="alike")
    follows = [GOLD[int(given[str(n)])] for n in range(80)]
    told = found(own=GOLD, alike=follows)["donors"]
    assert told["same"]["mean"] == 1
    assert told["other"]["mean"] == 0
    assert told["follows"]["mean"] == 1
    assert told["follows"]["over"]["p"] < 1e-6
    same = sum(GOLD[n] == follows[n] for n in range(80))
    assert (told["same"]["below"]["items"], told["other"]["below"]["items"]) == (same, 80 - same)


def test_who_is_merely_confused_by_a_strange_drawing_does_not_follow_it() -> None:
    rng = np.random.default_rng(4)
    told = found(own=GOLD, alike=rng.integers(0, 4, 80).tolist())["donors"]["follows"]
    assert told["over"]["p"] > 0.05


def test_a_curve_falls_by_its_trend_and_a_flat_one_does_not() -> None:
    half = [GOLD[n] if n % 2 else wrong(n) for n in range(80)]
    falling = found(own=GOLD, half=half, none=[wrong(n) for n in range(80)])["doses"]["reverted"]
    assert [point["mean"] for point in falling["points"]] == [1, 0.5, 0]
    assert falling["trend"]["difference"] == -1
    flat = found(own=GOLD, half=half, none=GOLD)["doses"]["reverted"]
    assert flat["trend"]["p"] == 1


def test_without_interventions_there_is_nothing_to_tell() -> None:
    assert found(own=GOLD) == {}


def test_each_claim_is_corrected_over_all_families_of_a_report() -> None:
    half = [GOLD[n] if n % 2 else wrong(n) for n in range(80)]
    metrics = {"causes": found(own=GOLD, half=half, none=[wrong(n) for n in range(80)])}

    def held(count: int) -> float:
        cells = [
            CellResult("b", "m", str(n), (MAIN,), metrics, True, {}, "prompt") for n in range(count)
        ]
        return causal(cells, 0.05)[0].held["reverted"]

    alone = metrics["causes"]["doses"]["reverted"]["trend"]["p"]
    assert alone == held(1)
    assert held(5) == 5 * alone
    assert set(CLAIMS) > {"reverted"}


def test_what_is_unchecked_claims_nothing() -> None:
    metrics = {"causes": found(own=GOLD, half=GOLD, none=[wrong(n) for n in range(80)])}
    told = CellResult(
        "b", "m", "f", (MAIN,), metrics, True, {}, "prompt", {MAIN.name: "order not proven"}
    )
    (cause,) = causal([told], 0.05)
    assert cause.word == "unchecked"
    assert cause.sentences == ["Not proven: order not proven."]


def test_a_dose_of_which_nothing_was_scored_is_no_curve() -> None:
    assert found(own=GOLD, half=[], none=[]).get("doses", {}) == {}
