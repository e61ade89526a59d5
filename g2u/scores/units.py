"""Published figures of each arm: a mean over units, with its interval and its gain over direct.

Where an item of a unit failed, the unit has no value and is left out and counted. So every figure
has an interval, clustered by picture, and a paired gain over direct.
"""

from collections.abc import Sequence
from typing import Any, cast

from g2u import plugins
from g2u.arms import DIRECT, by_arm
from g2u.records import Question, Target
from g2u.scores import statistics
from g2u.scores.items import Item, Metric, Unit, Units
from g2u.scores.statistics import Resampling
from g2u.tables.schemas import Score


def items_of(
    questions: Sequence[Question], gold: Sequence[Target], scores: Sequence[Score]
) -> list[Item]:
    """The items of one arm, in the order of the questions; idle ones are left out."""
    by_id, targets = {score.id: score for score in scores}, {t.id: t for t in gold}
    found = [(q, by_id[q.id]) for q in questions if q.id in by_id]
    return [
        Item(q, score.prediction, targets[q.id], score.score, score.cluster)
        for q, score in found
        if score.status not in ("not_applicable", "undrawn")
    ]


class Figures:
    """The published figures of a benchmark's questions.

    Args:
        metric: a file of g2u/scores/official.
        questions: of the benchmark.
        gold: their targets.
        how: for the intervals.

    Raises:
        DataError: the questions lack what the metric needs; they were prepared for another one.
    """

    def __init__(
        self, metric: str, questions: Sequence[Question], gold: Sequence[Target], how: Resampling
    ) -> None:
        self._metric = cast(Metric, plugins.metric(metric))
        self._metric.check(questions, gold)
        self._questions, self._gold, self._how = questions, gold, how

    def units(self, scores: Sequence[Score]) -> Units | None:
        """What the figures of an arm are the means of; None where the arm does not apply."""
        items = items_of(self._questions, self._gold, scores)
        return self._metric.units(items) if items else None

    def of_units(self, units: Units, base: Units | None) -> dict[str, Any]:
        """By figure: value, interval, units, units left out, and the gain over `base`, if any."""
        scale = self._metric.SCALE
        found = {name: _figure(part, self._how.confidence, scale) for name, part in units.items()}
        if base is not None:
            for name, part in units.items():
                found[name] |= _gain(part, base.get(name, ()), self._how, scale)
        known = {name: figure["value"] for name, figure in found.items() if "value" in figure}
        totals = self._metric.totals(known)
        return {**found, **{name: {"value": value} for name, value in totals.items()}}


def official_metrics(
    figures: Figures, own: Sequence[Score], direct: Sequence[Score]
) -> dict[str, Any]:
    """By arm, then by figure: value, interval, units, units left out, and the gain over direct.

    Args:
        figures: of the benchmark.
        own: scores of all arms of a cell.
        direct: of direct's main arm.
    """
    plain = figures.units(direct) or {}
    return {
        arm.name: figures.of_units(units, None if arm == DIRECT else plain)
        for arm, scores in by_arm(own).items()
        if (units := figures.units(scores)) is not None
    }


def _figure(units: Sequence[Unit], confidence: float, scale: float) -> dict[str, float]:
    kept = [(unit.value, unit.cluster) for unit in units if unit.value is not None]
    counts: dict[str, float] = {"units": len(kept), "left_out": len(units) - len(kept)}
    if not kept:
        return counts
    values, clusters = zip(*kept, strict=True)
    interval = statistics.mean_interval(values, clusters, confidence)
    return {
        "value": interval.mean * scale,
        "low": interval.low * scale,
        "high": interval.high * scale,
        **counts,
    }


def _gain(
    own: Sequence[Unit], base: Sequence[Unit], how: Resampling, scale: float
) -> dict[str, float]:
    """Over the units that both have; {} where the arms do not have the same units."""
    others = {unit.key: unit.value for unit in base}
    if {unit.key for unit in own} != others.keys():
        return {}
    pairs = [
        (unit.value, other, unit.cluster)
        for unit in own
        if unit.value is not None and (other := others[unit.key]) is not None
    ]
    if not pairs:
        return {}
    values, base_values, clusters = zip(*pairs, strict=True)
    gain = statistics.paired_gain(values, base_values, clusters, how)
    return {
        "gain": gain.difference * scale,
        "gain_low": gain.low * scale,
        "gain_high": gain.high * scale,
    }
