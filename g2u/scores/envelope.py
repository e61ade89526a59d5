"""Does fidelity bound the gain? Asked of the questions that direct gets wrong.

G2U (arXiv 2605.15792) reports a linear association of fidelity and gain. A bound is another claim:
that no unfaithful thought gains. Where direct is right there is nothing to gain, and over all
questions an upper quantile of gains of -1, 0 and 1 tells no more than where their share crosses it.
Where direct is wrong, the gain is the score of the answer with the thought, and the claim can be
tested: the share of right answers rises with fidelity, and below it is not 1.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from g2u.scores.statistics import ENOUGH, Floats, Interval, mean_interval, numbered

Answer = Literal["yes", "no", "undecided"]


@dataclass(frozen=True, slots=True)
class Bound:
    """What fidelity has to do with the score where direct is wrong; slopes in score units per unit
    of fidelity.
    """

    within: Interval
    """Linear, within items: an item's better thoughts against its worse ones."""
    slope: Interval
    """Linear, over all points."""
    below: Interval
    """Mean score of the less faithful half of the thoughts."""
    does_bound: Answer
    """yes: the score rises with fidelity, and is shown not to be 1 in the less faithful half; no:
    its slope is shown, on eight pictures or more, to be within the margin of 0 or below; undecided:
    neither.
    """
    points: int
    items: int


@dataclass(frozen=True, slots=True)
class Point:
    """A thought for an item that direct gets wrong."""

    fidelity: float
    """0..1."""
    score: float
    """Of the answer with it, 0..1."""
    item: str
    cluster: str
    """Of the item: those that share pictures."""


def bound(points: Sequence[Point], confidence: float, margin: float) -> Bound:
    """The slopes and the share below, with intervals that are robust to clusters.

    Args:
        points: of all thoughts for items that direct gets wrong.
        confidence: of the intervals, 0..1.
        margin: slopes within it of 0 are no bound, nor is a share within it of 1.

    Raises:
        ValueError: fewer than two items.
    """
    items = len({point.item for point in points})
    if items < 2:
        raise ValueError(f"{len(points)} points of {items} items")
    x, y = (np.array([getattr(p, name) for p in points]) for name in ("fidelity", "score"))
    item, cluster = (numbered([getattr(p, name) for p in points]) for name in ("item", "cluster"))
    slope = slope_interval(x, y, np.zeros_like(item), cluster, confidence)
    middle = np.median(x)
    less = x < (middle if (x < middle).any() else x.max())
    names = [point.cluster for point, is_less in zip(points, less, strict=True) if is_less]
    below = Interval(float("nan"), 0.0, 1.0)
    if names:
        below = mean_interval(y[less].tolist(), names, confidence)
    does: Answer = "undecided"
    if slope.low > margin and below.high < 1 - margin:
        does = "yes"
    elif slope.high < margin and len({point.cluster for point in points}) >= ENOUGH:
        does = "no"  # few pictures may be right throughout by luck
    within = slope_interval(x, y, item, cluster, confidence)
    return Bound(within, slope, below, does, len(x), items)


def slope_interval(
    x: Floats, y: Floats, group: NDArray[np.int64], cluster: NDArray[np.int64], confidence: float
) -> Interval:
    """Least-squares slope of y on x with a mean of its own for each group, and a t interval that is
    robust to clusters (Liang and Zeger 1986); nan where x varies in no group.
    """
    size = np.bincount(group)
    x = x - (np.bincount(group, x) / size)[group]
    y = y - (np.bincount(group, y) / size)[group]
    spread, count = float((x * x).sum()), int(cluster.max()) + 1
    if spread < 1e-12 or count < 2:
        return Interval(float("nan"), float("-inf"), float("inf"))
    slope = float((x * y).sum()) / spread
    pulls = np.bincount(cluster, x * (y - slope * x))
    error = math.sqrt(count / (count - 1) * float((pulls**2).sum())) / spread
    reach = float(stdtrit(count - 1, 0.5 + confidence / 2)) * error
    return Interval(slope, slope - reach, slope + reach)
