"""What pictures do to a reader: is a gain in finding or in reading, when do they mislead, and what
would a weaker baseline have claimed.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any, Literal

import polars as pl

from g2u.arms import Arm, by_arm, of_main
from g2u.records import Target
from g2u.report.questions import Finding, own_rows, place, points
from g2u.scores.arms import confidence
from g2u.scores.metrics import gain_metrics
from g2u.scores.official.characters import likeness
from g2u.scores.statistics import Interval, Resampling, holm, mean_interval
from g2u.tables.schemas import Answer, Score

LOOK = Arm("look")
"""The arm that finds on the thought and reads in the picture."""
READS = (Arm("replace"), Arm("only"), Arm("concat"))
"""Arms in which the thought itself is read; the first that a cell has is compared."""
SURE = 0.9
"""Probability of an option from which on an answer is said with confidence."""
ANOTHER = 0.5
"""Character accuracy below which a reading is another text, not a slip."""
SETTINGS = 3
"""Differing settings that a line names at most."""
Kind = Literal["own thoughts", "adversaries"]
Gain = Mapping[str, Any]
"""What `gain_metrics` returns."""
WORDS = {
    (1, 1): "it helps to find and to read",
    (1, 0): "it helps to find",
    (1, -1): "it helps to find, and misleads in reading",
    (0, 1): "it helps to read",
    (0, 0): "neither is shown",
    (0, -1): "it misleads in reading",
    (-1, 1): "it hides what is to be found, and helps to read",
    (-1, 0): "it hides what is to be found",
    (-1, -1): "it hides what is to be found, and misleads in reading",
}
"""By the signs of both parts, 0 = not shown."""


@dataclass(frozen=True, slots=True)
class Parted:
    """The gain of one family's pictures, in its two parts."""

    where: str
    """Benchmark, model and family."""
    finding: Gain
    """Text found on them and read in the original, over direct."""
    reading: Gain
    """The same text read on them, over that."""
    whole: Gain
    """Found and read on them, over direct."""
    arm: Arm
    """In which they are read, of READS."""


def parted(
    where: str, scores: Sequence[Score], direct: Sequence[Score], how: Resampling
) -> Parted | None:
    """The two parts of a cell's gain; None where it has not both arms, or nothing to compare.

    Args:
        where: benchmark, model and family.
        scores: of all arms of the cell.
        direct: of direct's main arm.
        how: for the intervals.
    """
    there = by_arm(scores)
    arm = next((each for each in READS if each in there), None)
    if arm is None or LOOK not in there:
        return None
    looked, read = there[LOOK], there[arm]
    pairs = ((looked, direct), (read, looked), (read, direct))
    finding, reading, whole = (gain_metrics(one, other, direct, how) for one, other in pairs)
    if not finding["items"] or not reading["items"]:
        return None
    return Parted(where, finding, reading, whole, arm)


def finding_or_reading(found: Sequence[Parted], alpha: float) -> Iterator[Finding]:
    """Both parts of every gain, corrected over all of them (Holm); none where no cell has them."""
    if not found:
        return
    tests = [part for each in found for part in (each.finding, each.reading)]
    signs = [
        (test["difference"] > 0) - (test["difference"] < 0) if p <= alpha else 0
        for test, p in zip(tests, holm([test["p"] for test in tests]), strict=True)
    ]
    told = [
        f"{name} gains in {part.count(1)} and loses in {part.count(-1)}"
        for name, part in (
            ("looking for text on them", signs[::2]),
            ("reading it there", signs[1::2]),
        )
    ]
    yield Finding(
        "Finding or reading?",
        f"Of {len(found)} families of pictures, {told[0]} (over direct); {told[1]} (over reading "
        "it in the original). The others are not shown after Holm's correction.",
        tuple(
            f"{each.where}: finding {_points(each.finding)} ({LOOK.name} over direct), reading "
            f"{_points(each.reading)} ({each.arm.name} over {LOOK.name}), together "
            f"{_points(each.whole)}: {WORDS[way]}"
            for each, way in zip(found, zip(signs[::2], signs[1::2], strict=True), strict=True)
        ),
    )


def _points(gain: Gain) -> str:
    return f"{100 * gain['difference']:+.1f} [{100 * gain['low']:+.1f}, {100 * gain['high']:+.1f}]"


@dataclass(frozen=True, slots=True)
class Misled:
    """What one family's pictures turn from right to wrong."""

    where: str
    """Benchmark, model and family."""
    kind: Kind
    share: Interval
    """Of questions that direct answers rightly and the main arm wrongly, 0..1."""
    count: int
    """So many."""
    items: int
    """Of so many."""
    said: int
    """Of `count`, those with a wrong answer; the others have none that could be read."""
    sure: int | None
    """Of `said`, those said with confidence: of options, a probability of SURE at least; of texts,
    character accuracy below ANOTHER; None = the tables do not tell.
    """
    near: tuple[float, float] | None
    """Mean fidelity of the thoughts that mislead and of all others, 0..1."""

    @property
    def line(self) -> str:
        """In words."""
        share = self.share
        told = (
            f"{self.where}: {100 * share.mean:.1f} % [{100 * share.low:.1f}, "
            f"{100 * share.high:.1f}] of the questions are right without and wrong with it "
            f"({self.count} of {self.items})"
        )
        if self.count:
            told += f", {self.said} of them by a wrong answer"
        if self.count and self.sure is not None:
            told += f", {self.sure} with confidence"
        if self.near is not None:
            told += f"; fidelity {self.near[0]:.2f} there, {self.near[1]:.2f} elsewhere"
        return told


def misled(
    where: str,
    kind: Kind,
    scores: Sequence[Score],
    direct: Sequence[Score],
    answers: Sequence[Answer],
    gold: Mapping[str, Target],
    level: float,
) -> Misled | None:
    """What a cell's main arm turns from right to wrong; None where no question has both scores.

    Args:
        where: benchmark, model and family.
        kind: whose pictures they are.
        scores: of the main arm.
        direct: of direct's main arm.
        answers: the cell's.
        gold: by question.
        level: confidence of the interval, 0..1.
    """
    plain = {score.id: score.score for score in direct}
    kept = [s for s in scores if s.score is not None and plain[s.id] is not None]
    if not kept:
        return None
    is_lost = {s.id: (plain[s.id] or 0.0) >= 0.5 > (s.score or 0.0) for s in kept}
    share = mean_interval(list(map(float, is_lost.values())), [s.cluster for s in kept], level)
    said = [s for s in kept if is_lost[s.id] and s.status in ("ok", "judged")]
    replies = {answer.id: answer for answer in of_main(answers)}
    sure = [_is_sure(s, replies[s.id], gold[s.id]) for s in said]
    near = [
        [s.fidelity for s in kept if s.fidelity is not None and is_lost[s.id] == lost]
        for lost in (True, False)
    ]
    return Misled(
        where,
        kind,
        share,
        sum(is_lost.values()),
        len(kept),
        len(said),
        None if None in sure else sum(map(bool, sure)),
        (fmean(near[0]), fmean(near[1])) if all(near) else None,
    )


def _is_sure(score: Score, answer: Answer, target: Target) -> bool | None:
    """Whether a wrong answer was said with confidence; None = the tables do not tell."""
    if answer.option_scores:
        return confidence(answer) >= SURE
    if target.scorer == "letters":
        return max(likeness(score.prediction, each) for each in target.distinct) < ANOTHER
    return None


def when_does_it_mislead(found: Sequence[Misled]) -> Iterator[Finding]:
    """Questions turned from right to wrong by own thoughts, and by adversaries where they ran."""
    parts = []
    for kind in ("own thoughts", "adversaries"):
        cells = [each for each in found if each.kind == kind]
        if not cells:
            continue
        shares = [each.share.mean for each in cells]
        told = f"{100 * min(shares):.1f}"
        if len(cells) > 1:
            told += f" to {100 * max(shares):.1f}"
        told = f"{kind} turn {told} % of the questions of a cell from right to wrong"
        known = [each for each in cells if each.sure is not None]
        if sum(each.said for each in known):
            sure = sum(each.sure or 0 for each in known)
            told += (
                f", and {sure} of the {sum(each.said for each in known)} wrong answers are said "
                "with confidence"
            )
        parts.append(told[0].upper() + told[1:] + ".")
    if any(each.kind == "own thoughts" for each in found):
        meant = (
            f"With confidence: an option of probability {SURE} and more; a text with less than "
            f"{100 * ANOTHER:.0f} % of its characters right, so another one."
        )
        lines = tuple(each.line for each in found)
        yield Finding("When does it mislead?", " ".join(parts), (*lines, meant))


def what_a_weaker_baseline_claims(
    rows: pl.DataFrame, differing: Mapping[str, tuple[str, str]], alpha: float
) -> Iterator[Finding]:
    """Own thoughts above their model's own direct answers, and not above those of a better one.

    Args:
        rows: the table of `summary`.
        differing: by model its baseline, and in what their presets differ, in words.
        alpha: level of the tests.
    """
    held = [row for row in own_rows(rows) if row["over_baseline"] is not None]
    if not held:
        return
    lines, claimed, unfounded = [], 0, 0
    for row in held:
        better, what = differing[row["model"]]
        told = (
            f"{place(row)}: {points(row, 'gain')} over its own direct, "
            f"{points(row, 'over_baseline')} over {better}'s"
        )
        is_told = row["over_baseline_holm"] <= alpha
        if row["gain"] > 0 and row["holm"] <= alpha:
            claimed += 1
            if row["over_baseline"] <= 0 or not is_told:
                unfounded += 1
                said = "more" if is_told else "no less, as far as this sample shows,"
                told += (
                    f". {better} reads {said} without a thought than {row['model']} with it: the "
                    f"gain makes up for {what}"
                )
        lines.append(told)
    yield Finding(
        "What would a weaker baseline have claimed?",
        f"Of {len(held)} own thoughts that are also held against another model's direct answers, "
        f"{claimed} gain over their own model's, and {unfounded} of these not over the other's "
        "(Holm).",
        tuple(lines),
    )


def differences(one: Mapping[str, Any], other: Mapping[str, Any]) -> str:
    """In what two presets differ: "limit_side_len 736 (there 192)", at most SETTINGS of them."""
    own, theirs = dict(_leaves(one)), dict(_leaves(other))
    names = [name for name in {**own, **theirs} if own.get(name) != theirs.get(name)]
    told = [
        f"{name[-1]} {own.get(name, 'left out')} (there {theirs.get(name, 'left out')})"
        for name in names[:SETTINGS]
    ]
    return " and ".join(told) + (" and others" if len(names) > SETTINGS else "")


def _leaves(
    settings: Mapping[str, Any], above: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, value in settings.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, (*above, name))
        else:
            yield (*above, name), value
