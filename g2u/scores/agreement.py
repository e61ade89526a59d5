"""How far judges agree, by Krippendorff's alpha, and what a cell comes to under one of them.

Source: K. Krippendorff, "Computing Krippendorff's Alpha-Reliability" (2011,
repository.upenn.edu/asc_papers/43). 1 = they always agree, 0 = as chance would, below 0 = worse.
Deviation: its bootstrap draws disagreements; here whole clusters are drawn, with all that was said
of their items, as Zapf et al. (2016, doi 10.1186/s12874-016-0200-9) draw items.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from statistics import fmean
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from g2u.params.sections import Judge
from g2u.scores.judging import GIVEN, VERDICTS
from g2u.scores.marking import UNREAD
from g2u.scores.panel import of_judges, settled
from g2u.scores.statistics import (
    Resampling,
    numbered,
    percentile_interval,
    resampled_weights,
)
from g2u.tables.schemas import Score, Vote

Floats = NDArray[np.float64]
Level = Literal["nominal", "interval"]
"""What a difference of two values is: any is as great as any other; or its square."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """Of several coders over the same units."""

    alpha: float | None
    """At most 1; None where all values are equal: then nothing tells agreement from habit."""
    low: float | None
    """Ends of its interval; None as alpha is, or where there is one cluster."""
    high: float | None
    same: float
    """Share of the pairs of values of a unit that are equal, 0..1."""
    units: int
    """With at least two values."""


def agreement(
    units: Sequence[Sequence[float]], clusters: Sequence[str], level: Level, how: Resampling
) -> Agreement | None:
    """Alpha over units; None where none has two values.

    Args:
        units: what coders said of each, in any order; who said nothing is left out.
        clusters: of each unit, a name.
        level: how values differ.
        how: confidence, resamples and seed.
    """
    kept = [(values, name) for values, name in zip(units, clusters, strict=True) if len(values) > 1]
    if not kept:
        return None
    known = sorted({value for values, _ in kept for value in values})
    parts = np.array([_parts(_columns(values, known, level)) for values, _ in kept])
    index = numbered([name for _, name in kept])
    sums = np.zeros((index.max() + 1, parts.shape[1]))
    np.add.at(sums, index, parts)
    alpha = _alpha(sums.sum(axis=0))
    pairs = sum(len(values) * (len(values) - 1) for values, _ in kept)
    equal = sum(values.count(v) - 1 for values in (list(v) for v, _ in kept) for v in values)
    if alpha is None or len(sums) < 2:
        return Agreement(alpha, None, None, equal / pairs, len(kept))
    rng = np.random.default_rng(how.seed)
    drawn = [
        _alpha(w.astype(np.float64) @ sums)
        for w in resampled_weights(len(sums), rng, how.resamples)
    ]
    told = [np.nan if each is None else each for each in drawn]
    if np.isnan(told).all():
        return Agreement(alpha, None, None, equal / pairs, len(kept))
    ends = percentile_interval([alpha, *told], how)
    return Agreement(alpha, ends.low, ends.high, equal / pairs, len(kept))


def _columns(values: Sequence[float], known: Sequence[float], level: Level) -> Floats:
    """Values as rows whose squared distances are twice their differences, nominal, or once them
    [values, columns]: so that both levels are sums of squares.
    """
    found = np.asarray(values, dtype=np.float64)[:, None]
    return (found == np.asarray(known)).astype(np.float64) if level == "nominal" else found


def _parts(columns: Floats) -> Floats:
    """What a unit adds to alpha: observed disagreement, values, and per column their sum and that
    of their squares [2 + 2 columns].
    """
    count, total, squares = len(columns), columns.sum(axis=0), (columns**2).sum(axis=0)
    observed = float((count * squares - total**2).sum()) / (count - 1)
    return np.array([observed, count, *total, *squares])


def _alpha(parts: Floats) -> float | None:
    """1 - observed / expected disagreement; None where none is expected."""
    observed, count = parts[:2]
    total, squares = np.split(parts[2:], 2)
    expected = float((count * squares - total**2).sum())
    if count < 2 or expected < 1e-12 * max(1.0, float(count * squares.sum())):
        return None
    return float(1 - observed * (count - 1) / expected)


def alone(scores: Sequence[Score], votes: Iterable[Vote], judge: str) -> list[Score]:
    """Scores as they would be with this judge of the panel alone; what it does not decide is
    undecided, and counts as 0.
    """
    said = {
        (id, arm): settled(name, own[judge])
        for (id, arm, name), own in of_judges(votes).items()
        if name in GIVEN
    }
    found = []
    for score in scores:
        place = (score.id, score.arm.name)
        if place in said and score.status in ("judged", *UNREAD):
            value = said[place]
            state = "undecided" if value is None else "judged"
            score = replace(score, status=state, score=value or 0.0)
        found.append(score)
    return found


def agreements(
    votes: Sequence[Vote], clusters: Mapping[str, str], section: Judge, how: Resampling
) -> dict[str, Any]:
    """By name of what is judged: its alpha `between` judges, and by judge `within` its own votes.

    Args:
        votes: of a cell.
        clusters: by id of the question, the pictures it shares.
        section: of params.yaml.
        how: of the intervals.
    """
    places, found = of_judges(votes), dict[str, Any]()
    for name in dict.fromkeys(vote.name for vote in votes):
        level: Level = "nominal" if name in VERDICTS else "interval"
        here = {place: own for place, own in places.items() if place[2] == name}
        names = [clusters[place[0]] for place in here]
        between = [_known(settled(name, said) for said in own.values()) for own in here.values()]
        told: dict[str, Any] = {"level": level}
        if len(section.models) > 1 and (joint := agreement(between, names, level, how)):
            told["between"] = asdict(joint)
        if section.votes > 1:
            each = {
                judge: agreement([_known(own[judge]) for own in here.values()], names, level, how)
                for judge in section.models
            }
            told["within"] = {judge: asdict(own) for judge, own in each.items() if own}
        found[name] = told
    return found


def _known(values: Iterable[float | None]) -> list[float]:
    return [value for value in values if value is not None]


def decisions(votes: Sequence[Vote]) -> dict[str, dict[str, float]]:
    """By judge, of what stands in for rules: things judged, decided, and the mean of these."""
    places, found = of_judges(votes), dict[str, dict[str, float]]()
    for judge in dict.fromkeys(vote.judge for vote in votes):
        said = [settled(place[2], own[judge]) for place, own in places.items() if place[2] in GIVEN]
        known = _known(said)
        found[judge] = {"items": len(said), "decided": len(known)}
        if known:
            found[judge]["mean"] = fmean(known)
    return found
