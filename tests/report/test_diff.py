"""Two runs side by side: what differs, and in which answers."""

import json

import pytest

from g2u.errors import DataError
from g2u.report.diff import LINKED, Flips, Told, compared, flips, lines, numbers_of, page
from g2u.scores.statistics import Resampling

HOW = Resampling(confidence=0.95, resamples=200, seed=0)
PLACE = ("ladder", "tiny", "structure")
WAS = Told(0.5, 0.1, -0.1, 0.3, "no effect shown")
IS = Told(0.7, 0.3, 0.2, 0.4, "thought-mediated")


def marked(*scores: float) -> dict[str, tuple[float, str]]:
    return {f"q{n}": (score, f"p{n}") for n, score in enumerate(scores)}


def flipped(*, before: tuple[float, ...], now: tuple[float, ...]) -> Flips:
    found = flips(marked(*before), marked(*now), HOW)
    assert found is not None
    return found


def test_a_run_s_numbers_are_read_from_what_git_holds_of_it() -> None:
    arms = {
        "direct": {"accuracy": 0.5, "items": 9},
        "structure": {"accuracy": 0.8, "gain": 0.3, "gain_low": 0.1, "gain_high": 0.5},
        "nothing scored": {"items": 0},
    }
    listed = "benchmark,model,arm,verdict\nladder,tiny,structure,thought-mediated\n"
    texts = {"gains.json": json.dumps({"ladder": {"tiny": arms}}), "gains.csv": listed}
    assert numbers_of(texts, "here") == {
        ("ladder", "tiny", "direct"): Told(0.5, None, None, None, ""),
        PLACE: Told(0.8, 0.3, 0.1, 0.5, "thought-mediated"),
    }


@pytest.mark.parametrize("text", ["", "[]", '{"ladder": 1}', "no JSON"])
def test_what_is_no_report_is_an_error_of_one_line(text: str) -> None:
    with pytest.raises(DataError, match=r"^there: gains\.json or gains\.csv is no report") as error:
        numbers_of({"gains.json": text, "gains.csv": "cell\n"}, "there")
    assert "\n" not in str(error.value)


def test_flips_are_told_both_ways_over_questions_that_both_runs_marked() -> None:
    found = flips(marked(1.0, 0.0, 0.0, 1.0, 1.0), marked(0.0, 1.0, 1.0, 1.0), HOW)
    assert found is not None
    assert (found.lost, found.won) == (("q0",), ("q1", "q2"))
    assert (found.change.items, found.change.difference) == (4, pytest.approx(0.25))
    assert flips(marked(1.0), {"another": (1.0, "p")}, HOW) is None


def test_p_of_changes_is_corrected_over_all_arms() -> None:
    moved = flipped(before=(0.0,) * 9 + (1.0,), now=(1.0,) * 10)
    other = (*PLACE[:2], "detail")
    runs = {PLACE: WAS, other: WAS}
    found = compared("other", runs, runs, {PLACE: moved, other: moved})
    assert [row.flips.holm for row in found.rows if row.flips] == [
        pytest.approx(2 * moved.change.p)
    ] * 2


def test_the_answer_counts_arms_that_differ_and_those_of_one_run_alone() -> None:
    other, gone, fresh = ((*PLACE[:2], name) for name in ("detail", "gone", "new"))
    before, now = {PLACE: WAS, other: WAS, gone: WAS}, {PLACE: IS, other: WAS, fresh: IS}
    found = compared("other", before, now, {})
    assert found.answer == (
        "1 of 2 arms that both runs have differ, 1 in their verdict; 1 new, 1 gone."
    )
    assert [row.place for row in found.changed] == [PLACE]
    assert compared("other", now, now, {}).answer == "0 of 3 arms that both runs have differ."
    assert compared("other", {gone: WAS}, {fresh: IS}, {}).answer == (
        "Nothing in common: 1 new, 1 gone."
    )
    assert compared("other", {}, {}, {}).answer == "Nothing in common: both runs are empty."


def test_answers_that_flipped_make_an_arm_differ_though_its_numbers_are_equal() -> None:
    swapped = flipped(before=(1.0, 0.0, 1.0), now=(0.0, 1.0, 1.0))
    still = flipped(before=(1.0, 0.0), now=(1.0, 0.0))
    runs = {PLACE: WAS, ("ladder", "tiny", "detail"): WAS}
    found = compared("other", runs, runs, {PLACE: swapped, ("ladder", "tiny", "detail"): still})
    assert lines(found) == [
        ("benchmark", "model", "arm", "accuracy", "gain", "lost", "won"),
        (*PLACE, "50.0 → 50.0", "+10.0 → +10.0", "1", "1"),
    ]


def test_without_answers_there_are_no_columns_of_flips() -> None:
    found = compared("other", {PLACE: WAS}, {PLACE: IS}, {})
    assert lines(found) == [
        ("benchmark", "model", "arm", "accuracy", "gain"),
        (*PLACE, "50.0 → 70.0", "+10.0 → +30.0"),
    ]
    assert lines(compared("other", {PLACE: WAS}, {PLACE: WAS}, {})) == []


def test_the_page_links_flips_to_this_run_s_gallery_and_counts_those_beyond() -> None:
    many = LINKED + 5
    moved = flipped(before=(0.0,) * many + (1.0,), now=(1.0,) * many + (0.0,))
    found = compared("<other>", {PLACE: WAS}, {PLACE: IS}, {PLACE: moved}, ["A note."])
    text = page(found, ["../g.html", ""], 0.05)
    assert f'href="../g.html#part=ladder-tiny&amp;arm=structure&amp;item=q{many}"' in text
    assert "and 5 more" in text
    assert "A note." in text
    assert "&lt;other&gt;" in text
    assert "no effect shown" in text
    plain = page(found, ["", ""], 0.05)
    assert "#part=" not in plain
