"""What looks at a cell come to: its decision, and its gain as it stands once drawing stopped.

Error is spread evenly over the cells that looks may end: each is decided at Bonferroni's level, and
its p, which allows for its looks, goes into the same correction (Holm) as any other. What was
decided is claimed, as Holm rejects all that Bonferroni does; what was not may still be.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from g2u.params.params import Params
from g2u.records import Question
from g2u.scores.sequential import Course, Plan, Slice, course, estimate, slices
from g2u.scores.statistics import Resampling
from g2u.tables.places import Cell
from g2u.tables.schemas import Score
from g2u.thoughts.looks import Decided, Decision, count
from g2u.thoughts.part import in_slices

EQUIVALENCE = 0.9
"""Confidence of the interval that equivalence is read from."""


def planned(config: Params, cell: Cell) -> Plan | None:
    """The plan of a cell; None where looks do not end it."""
    design = config.run.design
    if design is None or not config.is_looked_at(cell.model, cell.family):
        return None
    alpha = config.report.alpha / count(config)
    return Plan(tuple(design.looks), alpha, design.worth, design.missed)


@dataclass(frozen=True, slots=True)
class Followed:
    """A plan, and how far the scores of a cell have followed it."""

    plan: Plan
    """Of the looks that had anything to see."""
    parts: list[Slice]
    """By those that were taken."""
    course: Course

    @property
    def decided(self) -> Decided:
        """By the last look that was taken."""
        share = self.plan.shares[len(self.course.looks) - 1]
        return Decided(self.course.decision, share)

    def corrected(self, how: Resampling) -> dict[str, float]:
        """The gain over direct, with its stopping allowed for, as `Gain` has it."""
        told, narrow = (
            estimate(self.parts, self.course, self.plan, level)
            for level in (how.confidence, EQUIVALENCE)
        )
        return {
            "difference": told.mean, "low": told.low, "high": told.high,
            "low90": narrow.low, "high90": narrow.high, "p": self.course.p,
        }  # fmt: skip


def followed(
    plan: Plan, questions: Sequence[Question], own: Sequence[Score], direct: Sequence[Score]
) -> Followed | None:
    """The looks at a cell, as far as it was drawn for; None where nothing can be compared.

    Args:
        plan: of the cell.
        questions: all of the benchmark.
        own: of its main arm; undrawn ones count for nothing.
        direct: of direct's main arm.
    """
    places = in_slices(questions, plan.shares)
    plain = {score.id: score.score for score in direct}
    pairs = [
        (score.score - other, score.cluster, places[score.id])
        for score in own
        if score.score is not None and (other := plain[score.id]) is not None
    ]
    if not pairs:
        return None
    change, clusters, looks = zip(*pairs, strict=True)
    last = max(places[score.id] for score in own if score.status != "undrawn")
    seen, later = sorted({*looks}), sorted({place for place in places.values() if place > last})
    shares = [plan.shares[place] for place in (*seen, *later)]
    shares[-1] = 1.0  # no later slice has questions
    at_hand = replace(plan, shares=tuple(shares))
    parts = slices(change, clusters, [seen.index(place) for place in looks])
    return Followed(at_hand, parts, course(parts, at_hand))


def look(
    plan: Plan, questions: Sequence[Question], own: Sequence[Score], direct: Sequence[Score]
) -> Decided:
    """Whether drawing for a cell goes on."""
    found = followed(plan, questions, own, direct)
    return Decided("open", 0.0) if found is None else found.decided


def over_looks(told: Any, looks: int) -> Any:
    """Tests of a cell that stopped at one of so many looks, each p times their number: it holds
    whichever look that was, and whatever decided it (Bonferroni).
    """
    if isinstance(told, dict):
        return {
            key: min(1.0, looks * value)
            if (key == "p" or key.endswith("_p")) and isinstance(value, float)
            else over_looks(value, looks)
            for key, value in told.items()
        }
    return [over_looks(each, looks) for each in told] if isinstance(told, list | tuple) else told


def widened(how: Resampling, looks: int) -> Resampling:
    """Intervals that hold at any of so many looks."""
    return how if looks == 1 else replace(how, confidence=1 - (1 - how.confidence) / looks)


def in_words(decision: Decision, share: float) -> str:
    """As a report says it: "stopped at half of the questions: gain"."""
    if decision == "open":
        return "all questions drawn for: open"
    named = {0.25: "a quarter", 0.5: "half", 0.75: "three quarters", 1.0: "all"}
    if share == 1:
        return f"decided by all questions: {decision}"
    return f"stopped at {named.get(share, f'{100 * share:g} %')} of the questions: {decision}"
