"""Does fidelity bound the gain? A slope within items, and the upper envelope of all points.

G2U (arXiv 2605.15792) reports a linear association of fidelity and gain. A bound is another claim:
that gains above a line do not occur at low fidelity. So beside the linear slope stands the 90 %
quantile line (Koenker and Bassett 1978), and both get a cluster bootstrap.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog
from scipy.sparse import hstack, identity

from g2u.scores.statistics import (
    Floats,
    Interval,
    Resampling,
    numbered,
    percentile_interval,
    resampled_weights,
)

Answer = Literal["yes", "no", "undecided"]
QUANTILE = 0.9


@dataclass(frozen=True, slots=True)
class Bound:
    """What fidelity has to do with the gain; slopes in score units per unit of fidelity."""

    within: Interval
    """Linear, within items: an item's better thoughts against its worse ones."""
    envelope: Interval
    """Of the 90 % quantile line over all points."""
    does_bound: Answer
    """yes: the envelope rises; no: its slope is shown to be within the margin of 0 or below;
    undecided: neither.
    """
    points: int
    items: int


def within_slope(fidelity: Floats, gain: Floats, item: NDArray[np.int64], weight: Floats) -> float:
    """Least-squares slope with a mean of its own for each item; nan where nothing varies."""
    size = int(item.max()) + 1
    total = np.bincount(item, weight, size)
    total[total == 0] = 1.0
    x = fidelity - (np.bincount(item, weight * fidelity, size) / total)[item]
    y = gain - (np.bincount(item, weight * gain, size) / total)[item]
    spread = float((weight * x * x).sum())
    return float((weight * x * y).sum()) / spread if spread > 1e-12 else float("nan")


def quantile_line(
    x: Floats, y: Floats, weight: Floats, quantile: float = QUANTILE
) -> tuple[float, float]:
    """Intercept and slope of the weighted quantile regression of y on x, by linear programming."""
    kept = weight > 0
    x, y, weight = x[kept], y[kept], weight[kept]
    count = len(x)
    costs = np.concatenate([np.zeros(2), quantile * weight, (1 - quantile) * weight])
    line = np.column_stack([np.ones(count), x])
    residuals = hstack([line, identity(count), -identity(count)])
    limits = [(None, None)] * 2 + [(0, None)] * (2 * count)
    found = linprog(costs, A_eq=residuals, b_eq=y, bounds=limits, method="highs")
    return float(found.x[0]), float(found.x[1])


def bound(
    fidelity: Sequence[float],
    gain: Sequence[float],
    items: Sequence[str],
    how: Resampling,
    margin: float,
) -> Bound:
    """Slopes with bootstrap intervals over items.

    Args:
        fidelity: one number per thought.
        gain: its answer's score minus direct's.
        items: which item a thought is of.
        how: resampling of the intervals.
        margin: slopes within it of 0 are no bound.

    Raises:
        ValueError: fewer than two items, or lengths differ.
    """
    if not len(fidelity) == len(gain) == len(items) or len(set(items)) < 2:
        raise ValueError(f"{len(fidelity)}, {len(gain)} points of {len(set(items))} items")
    x, y = np.asarray(fidelity, dtype=np.float64), np.asarray(gain, dtype=np.float64)
    item = numbered(items)
    count = int(item.max()) + 1
    draws = resampled_weights(count, np.random.default_rng(how.seed), how.resamples)
    weights = [np.ones(len(x)), *(draw[item].astype(np.float64) for draw in draws)]
    within = percentile_interval([within_slope(x, y, item, weight) for weight in weights], how)
    slopes = [quantile_line(x, y, weight)[1] for weight in weights]
    envelope = percentile_interval(slopes, how)
    does: Answer = "undecided"
    if envelope.low > margin:
        does = "yes"
    elif envelope.high < margin:
        does = "no"
    return Bound(within, envelope, does, len(x), count)
