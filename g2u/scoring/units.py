"""What published figures are means of: questions, pairs, rotations, all questions of a picture.

A figure is a mean over units; where an item of a unit failed, the unit has no value and is left out
and counted. So every figure has an interval, clustered by picture, and a paired gain over direct.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, cast

from g2u import plugins
from g2u.records import Question, Target
from g2u.scoring import statistics
from g2u.scoring.statistics import Resampling
from g2u.tables import Score


@dataclass(frozen=True, slots=True)
class Item:
    """A scored answer of one arm."""

    question: Question
    prediction: str
    """Empty where none could be read."""
    answer: str
    """The gold one."""
    score: float | None
    """0..1; None = the answer failed."""
    cluster: str


@dataclass(frozen=True, slots=True)
class Unit:
    """What counts once in a figure."""

    key: str
    value: float | None
    """0..1; None = an item of it failed."""
    cluster: str


Units = Mapping[str, Sequence[Unit]]
"""By name of the figure."""


class Metric(Protocol):
    """A module in g2u/scoring/official."""

    SCALE: float
    """What a mean of 1 is published as."""

    def units(self, items: Sequence[Item]) -> Units:
        """By figure, what it is the mean of. Raises DataError where items lack its groups."""
        ...

    def totals(self, values: Mapping[str, float]) -> dict[str, float]:
        """Further figures, made from the others (scaled)."""
        ...


def each(items: Iterable[Item]) -> list[Unit]:
    """A unit per item: accuracy."""
    return [Unit(item.question.id, item.score, item.cluster) for item in items]


def all_right(items: Iterable[Item], key: Callable[[Item], str]) -> list[Unit]:
    """A unit per group of items: 1 if every answer of it is right."""
    groups: dict[str, list[Item]] = {}
    for item in items:
        groups.setdefault(key(item), []).append(item)
    clusters = statistics.linked(
        [[item.cluster for item in members] for members in groups.values()]
    )
    return [
        Unit(name, _all(members), cluster)
        for (name, members), cluster in zip(groups.items(), clusters, strict=True)
    ]


def _all(members: Sequence[Item]) -> float | None:
    values = [member.score for member in members]
    if None in values:
        return None
    return float(all(value == 1.0 for value in values))


def grouped(
    items: Sequence[Item],
    names: Iterable[str],
    make: Callable[[Sequence[Item]], Units],
) -> dict[str, Sequence[Unit]]:
    """The figures of all items, and of each group of the labels `names`: "accuracy", "accuracy,
    category counting" ...
    """
    found = dict(make(items))
    for name in names:
        values = dict.fromkeys(item.question.label(name) for item in items)
        for value in values:
            if value:
                part = [item for item in items if item.question.label(name) == value]
                found |= {f"{figure}, {name} {value}": u for figure, u in make(part).items()}
    return found


def items_of(
    questions: Sequence[Question], gold: Sequence[Target], scores: Sequence[Score]
) -> list[Item]:
    """The items of one arm, in the order of the questions; not applicable ones are left out."""
    by_id, answers = {score.id: score for score in scores}, {t.id: t.answer for t in gold}
    found = [(q, by_id[q.id]) for q in questions if q.id in by_id]
    return [
        Item(q, score.prediction, answers[q.id], score.score, score.cluster)
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
        metric: a file of g2u/scoring/official.
        scored: "own" and "direct", as in `cell_metrics`.
    """
    module = cast(Metric, plugins.metric(metric))
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
