"""Published figures of each arm: a mean over units, with its interval and its gain over direct.

Where an item of a unit failed, the unit has no value and is left out and counted. So every figure
has an interval, clustered by picture, and a paired gain over direct.
"""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from g2u import plugins
from g2u.records import Question, Target
from g2u.scores import statistics
from g2u.scores.items import Item, Metric, Unit
from g2u.scores.statistics import Resampling
from g2u.tables.schemas import Score


def items_of(
    questions: Sequence[Question], gold: Sequence[Target], scores: Sequence[Score]
) -> list[Item]:
    """The items of one arm, in the order of the questions; not applicable ones are left out."""
    by_id, targets = {score.id: score for score in scores}, {t.id: t for t in gold}
    found = [(q, by_id[q.id]) for q in questions if q.id in by_id]
    return [
        Item(q, score.prediction, targets[q.id], score.score, score.cluster)
        for q, score in found
        if score.status != "not_applicable"
    ]


def official_metrics(
    metric: str,
    questions: Sequence[Question],
    gold: Sequence[Target],
    scored: Mapping[str, Sequence[Score]],
    how: Resampling,
) -> dict[str, Any]:
    """By arm, then by figure: value, interval, units, units left out, and the gain over direct.

    Args:
        metric: a file of g2u/scores/official.
        scored: "own" and "direct", as in `cell_metrics`.

    Raises:
        DataError: the questions lack what the metric needs; they were prepared for another one.
    """
    module = cast(Metric, plugins.metric(metric))
    module.check(questions, gold)
    direct = items_of(questions, gold, [s for s in scored["direct"] if s.arm == "none"])
    plain = module.units(direct)
    found: dict[str, Any] = {}
    for arm in dict.fromkeys(score.arm for score in scored["own"]):
        own = items_of(questions, gold, [s for s in scored["own"] if s.arm == arm])
        if not own:
            continue
        units = module.units(own)
        figures = {
            name: _figure(part, how.confidence, module.SCALE) for name, part in units.items()
        }
        if arm != "none":
            for name, part in units.items():
                figures[name] |= _gain(part, plain.get(name, ()), how, module.SCALE)
        known = {name: figure["value"] for name, figure in figures.items() if "value" in figure}
        figures |= {name: {"value": value} for name, value in module.totals(known).items()}
        found[arm] = figures
    return found


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
