"""Findings about readers: found or read, misled, and held against a weak baseline."""

from typing import Any

import polars as pl
import pytest

from g2u.arms import DIRECT, Arm
from g2u.records import Target
from g2u.report.reading import (
    Kind,
    Misled,
    Parted,
    differences,
    finding_or_reading,
    misled,
    parted,
    what_a_weaker_baseline_claims,
    when_does_it_mislead,
)
from g2u.report.summary import SCHEMA
from g2u.scores.statistics import Resampling
from g2u.tables.schemas import Answer, Score

INSTEAD, LOOK = Arm("replace", is_main=True), Arm("look")
HOW = Resampling(confidence=0.95, resamples=200, seed=0)
SIGNS = 40


def scored(arm: Arm, right: range, status: str = "ok", text: str = "X") -> list[Score]:
    """Of SIGNS questions, right in some."""
    return [
        Score(
            f"q{n}", arm, "ok" if n in right else status, text, float(n in right), f"p{n}",
            fidelity=0.9 if n in right else 0.5,
        )
        for n in range(SIGNS)
    ]  # fmt: skip


def cell(direct: range, looked: range, read: range, arm: Arm = INSTEAD) -> Parted | None:
    scores = [*scored(arm, read), *scored(LOOK, looked)]
    return parted("b, m, f", scores, scored(DIRECT, direct), HOW)


@pytest.mark.parametrize(
    ("direct", "looked", "read", "words"),
    [
        (range(10), range(30), range(40), "it helps to find and to read"),
        (range(10), range(30), range(30), "it helps to find"),
        (range(10), range(40), range(10), "it helps to find, and misleads in reading"),
        (range(20), range(20), range(40), "it helps to read"),
        (range(20), range(21), range(19), "neither is shown"),
        (range(30), range(30), range(5), "it misleads in reading"),
        (range(30), range(5), range(35), "it hides what is to be found, and helps to read"),
        (range(30), range(5), range(6), "it hides what is to be found"),
        (range(40), range(25), range(5), "it hides what is to be found, and misleads in reading"),
    ],
)
def test_a_gain_is_parted_in_words(direct: range, looked: range, read: range, words: str) -> None:
    found = cell(direct, looked, read)
    assert found is not None
    (finding,) = finding_or_reading([found], 0.05)
    (line,) = finding.lines
    assert line.endswith(f": {words}")
    parts = [len(looked) - len(direct), len(read) - len(looked), len(read) - len(direct)]
    for name, part in zip(("finding", "reading", "together"), parts, strict=True):
        assert f"{name} {100 * part / SIGNS:+.1f} [" in line


def test_parts_are_corrected_over_all_cells_and_counted() -> None:
    """7 of 40, p 0.016: told alone with its other half, not beside a third test."""
    weak, none = cell(range(10), range(17), range(17)), cell(range(9), range(10), range(9))
    assert weak is not None
    assert none is not None
    (alone,), (beside,) = (finding_or_reading(each, 0.05) for each in ([weak], [weak, none]))
    assert "looking for text on them gains in 1 and loses in 0" in alone.answer
    assert "looking for text on them gains in 0 and loses in 0" in beside.answer
    assert list(finding_or_reading([], 0.05)) == []


def test_cells_without_both_modes_or_without_scores_are_left_out() -> None:
    plain = scored(DIRECT, range(20))
    assert parted("", scored(INSTEAD, range(3)), plain, HOW) is None
    assert parted("", scored(LOOK, range(3)), plain, HOW) is None
    idle = [Score(s.id, LOOK, "not_applicable", "", None, s.cluster) for s in plain]
    assert parted("", [*idle, *scored(INSTEAD, range(3))], plain, HOW) is None
    found = cell(range(3), range(3), range(3), Arm("concat"))
    assert found is not None
    assert found.arm == Arm("concat")


def turned(
    kind: Kind, right: range, scorer: str = "letters", options: tuple[float, ...] = (), **how: Any
) -> Misled:
    scores = scored(INSTEAD, right, **how)
    answers = [Answer(s.id, INSTEAD, "", "ok", option_scores=options) for s in scores]
    gold = {s.id: Target(s.id, "ABCD", scorer) for s in scores}
    found = misled(f"b, m, {kind}", kind, scores, scored(DIRECT, range(20)), answers, gold, 0.95)
    assert found is not None
    return found


def test_questions_turned_wrong_are_counted_with_what_was_said() -> None:
    other = turned("own thoughts", range(4, 30), text="WXYZ 99")
    assert (other.count, other.items, other.said, other.sure) == (4, SIGNS, 4, 4)
    assert other.share.low < other.share.mean == 0.1 < other.share.high
    assert other.near == (0.5, pytest.approx((26 * 0.9 + 10 * 0.5) / 36))
    slip = turned("own thoughts", range(4, 30), text="A8CD")
    assert (slip.said, slip.sure) == (4, 0)
    silent = turned("own thoughts", range(4, 30), status="abstained", text="")
    assert (silent.count, silent.said, silent.sure) == (4, 0, 0)


def test_options_tell_confidence_and_other_answers_do_not() -> None:
    sure = turned("own thoughts", range(4, 30), "choice", (-0.01, -9.0))
    unsure = turned("own thoughts", range(4, 30), "choice", (-0.6, -0.7))
    untold = turned("own thoughts", range(4, 30), "short")
    assert [each.sure for each in (sure, unsure, untold)] == [4, 0, None]
    assert "with confidence" not in untold.line


def test_misleading_is_told_of_own_thoughts_beside_adversaries() -> None:
    own = turned("own thoughts", range(4, 30), text="WXYZ 99")
    none, bad = turned("own thoughts", range(20)), turned("adversaries", range(20, 21))
    (found,) = when_does_it_mislead([own, none, bad])
    assert found.answer == (
        "Own thoughts turn 0.0 to 10.0 % of the questions of a cell from right to wrong, and 4 of "
        "the 4 wrong answers are said with confidence. Adversaries turn 50.0 % of the questions of "
        "a cell from right to wrong, and 20 of the 20 wrong answers are said with confidence."
    )
    assert found.lines[0].startswith("b, m, own thoughts: 10.0 % [")
    assert list(when_does_it_mislead([bad])) == []


def row(gain: float, over: float | None, model: str = "asis", holm: float = 0.001) -> Any:
    numbers = {"gain": gain, "gain_low": gain - 0.1, "gain_high": gain + 0.1, "holm": 0.001}
    place = {"benchmark": "signs", "model": model, "family": "detail", "arm": "detail"}
    base: dict[str, Any] = {}
    if over is not None:
        base = {
            "over_baseline": over, "over_baseline_low": over - 0.1,
            "over_baseline_high": over + 0.1, "over_baseline_holm": holm,
        }  # fmt: skip
    return {**dict.fromkeys(SCHEMA), **place, "role": "own thought", **numbers, **base}


def test_what_a_weak_baseline_would_have_claimed_is_said_with_both_numbers() -> None:
    differing = {"asis": ("tuned", "limit_side_len 736 (there 192)")}
    rows = [row(0.57, -0.3), row(0.2, 0.02, holm=0.7), row(0.5, 0.2), row(-0.2, -0.3)]
    table = pl.DataFrame([*rows, row(0.5, None, "tuned")], schema=SCHEMA)
    (found,) = what_a_weaker_baseline_claims(table, differing, 0.05)
    assert found.answer == (
        "Of 4 own thoughts that are also held against another model's direct answers, 3 gain over "
        "their own model's, and 2 of these not over the other's (Holm)."
    )
    assert found.lines[0] == (
        "signs, asis, detail: +57.0 [+47.0, +67.0] over its own direct, -30.0 [-40.0, -20.0] over "
        "tuned's. tuned reads more without a thought than asis with it: the gain makes up for "
        "limit_side_len 736 (there 192)"
    )
    assert "reads no less, as far as this sample shows, without" in found.lines[1]
    assert found.lines[2:] == (
        "signs, asis, detail: +50.0 [+40.0, +60.0] over its own direct, +20.0 [+10.0, +30.0] over "
        "tuned's",
        "signs, asis, detail: -20.0 [-30.0, -10.0] over its own direct, -30.0 [-40.0, -20.0] over "
        "tuned's",
    )
    none = table.filter(pl.col("model") == "tuned")
    assert list(what_a_weaker_baseline_claims(none, {}, 0.05)) == []


@pytest.mark.parametrize(
    ("one", "other", "told"),
    [
        ({"a": {"b": 1, "c": 2}}, {"a": {"b": 1, "c": 3}}, "c 2 (there 3)"),
        ({"a": {}}, {"a": {"c": 3}}, "c left out (there 3)"),
        ({"a": 1, "b": 2}, {"a": 2, "b": 3}, "a 1 (there 2) and b 2 (there 3)"),
        (dict.fromkeys("abcd", 1), {}, " and others"),
        ({"a": 1}, {"a": 1}, ""),
    ],
)
def test_presets_are_told_apart_by_what_differs(one: Any, other: Any, told: str) -> None:
    assert differences(one, other).endswith(told)
