"""Paired statistics of gains, clustered by picture.

Scores are 0..1 per item; a cluster is a set of items that share their pictures. Everything is exact
or seeded: equal input, equal numbers.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtr, bdtri, ndtr, ndtri, stdtrit

from g2u.params import ScoreSection

Floats = NDArray[np.float64]
HELD = 2**20
"""Numbers of a resampling that are held at once: 100,000 clusters times 4,000 resamples are not."""


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate with its two-sided interval."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Gain:
    """The paired difference of two arms over the same items, in score units (0.01 = one point)."""

    difference: float
    low: float
    """Cluster bootstrap, expanded percentile."""
    high: float
    low90: float
    """90 % interval, for equivalence within a margin."""
    high90: float
    p: float
    """Two-sided cluster sign-flip permutation test."""
    mcnemar: float
    """Two-sided McNemar mid-p over items, which ignores clusters; for 0/1 scores."""
    gained: int
    """Items that went up (wrong -> right)."""
    lost: int
    """Items that went down (right -> wrong)."""
    items: int
    clusters: int
    detectable: float
    """Smallest true difference found with power 0.8 at this interval's level, given this spread."""


def numbered(clusters: Sequence[str]) -> NDArray[np.int64]:
    """Of each item, which cluster it is in, from 0 in order of first appearance."""
    order = {name: place for place, name in enumerate(dict.fromkeys(clusters))}
    return np.array([order[name] for name in clusters])


def _cluster_sums(values: Floats, clusters: Sequence[str]) -> tuple[Floats, Floats]:
    """Per cluster, in order of first appearance: the sum of its values and its size."""
    index = numbered(clusters)
    sums = np.bincount(index, weights=values).astype(np.float64)
    return sums, np.bincount(index).astype(np.float64)


def mean_interval(values: Sequence[float], clusters: Sequence[str], confidence: float) -> Interval:
    """Mean with a cluster-robust t interval (Liang and Zeger 1986), cut to 0..1.

    A single cluster gives the interval 0..1: it holds no information about spread.
    """
    scores = np.asarray(values, dtype=np.float64)
    mean = float(scores.mean())
    sums, sizes = _cluster_sums(scores, clusters)
    count = len(sums)
    if count < 2:
        return Interval(mean, 0.0, 1.0)
    residual = sums - mean * sizes
    spread = math.sqrt(count / (count - 1) * float((residual**2).sum())) / len(scores)
    reach = float(stdtrit(count - 1, 0.5 + confidence / 2)) * spread
    if spread == 0.0:
        low, high = _exact(mean, count, confidence)
        return Interval(mean, low, high)
    return Interval(mean, max(0.0, mean - reach), min(1.0, mean + reach))


def _exact(mean: float, count: int, confidence: float) -> tuple[float, float]:
    """Clopper-Pearson for all-right or all-wrong, counting each cluster as one item."""
    tail = (1 - confidence) / 2
    if mean == 0.0:
        return 0.0, float(bdtri(0, count, tail))
    if mean == 1.0:
        return 1.0 - float(bdtri(0, count, tail)), 1.0
    return mean, mean


@dataclass(frozen=True, slots=True)
class Resampling:
    """How intervals are resampled."""

    confidence: float
    resamples: int
    seed: int

    @classmethod
    def of(cls, section: ScoreSection) -> Self:
        """As section `score` of params.yaml says."""
        return cls(section.confidence, section.resamples, section.seed)


def resampled(count: int, rng: np.random.Generator, resamples: int) -> Iterator[NDArray[np.int32]]:
    """The cluster bootstrap: the clusters that each resample draws, in parts [some, count]."""
    for rows in _parts(resamples, count):
        yield rng.integers(count, size=(rows, count), dtype=np.int32)


def _parts(rows: int, columns: int) -> Iterator[int]:
    """`rows` cut into parts of at most about HELD numbers each."""
    most = max(1, HELD // columns)
    for start in range(0, rows, most):
        yield min(most, rows - start)


def resampled_weights(
    count: int, rng: np.random.Generator, resamples: int
) -> Iterator[NDArray[np.int64]]:
    """Per resample: how often each of `count` clusters is drawn [count]."""
    for part in resampled(count, rng, resamples):
        yield from (np.bincount(drawn, minlength=count) for drawn in part)


def percentile_interval(estimates: Sequence[float], how: Resampling) -> Interval:
    """Of a first estimate, by the resampled ones after it; nan among these are left out."""
    tail = (1 - how.confidence) / 2
    low, high = np.nanquantile(estimates[1:], [tail, 1 - tail]).tolist()
    return Interval(estimates[0], low, high)


def expanded_tail(sums: Floats, sizes: Floats, confidence: float) -> float:
    """Share of resampled means that lies beyond each end of a percentile interval.

    Percentiles of a bootstrap are as narrow as a normal interval, so few or uneven clusters hold
    less than `confidence`. The expanded interval takes a t quantile's place among them (Hesterberg
    2015, doi 10.1080/00031305.2015.1089789, section 4.3); the degrees of freedom are those of the
    clusters' spread (Satterthwaite), at most their number less one.

    Args:
        sums: per cluster, of the values.
        sizes: of the clusters.
        confidence: 0..1.
    """
    count = len(sums)
    squares = (sums - sums.sum() / sizes.sum() * sizes) ** 2
    uneven = float((squares**2).sum() - squares.sum() ** 2 / count)
    if count < 2 or uneven <= 0:
        return (1 - confidence) / 2
    freedom = min(count - 1.0, max(1.0, 2 * float(squares.sum()) ** 2 / uneven))
    reach = math.sqrt(count / (count - 1)) * float(stdtrit(freedom, 0.5 + confidence / 2))
    return float(ndtr(-reach))


def paired_gain(
    arm: Sequence[float], base: Sequence[float], clusters: Sequence[str], how: Resampling
) -> Gain:
    """The gain of `arm` over `base`, item by item.

    Raises:
        ValueError: no items, or lengths differ.
    """
    if not len(arm) == len(base) == len(clusters) or not len(arm):
        raise ValueError(f"paired arms of {len(arm)}, {len(base)} items, {len(clusters)} clusters")
    change = np.asarray(arm, dtype=np.float64) - np.asarray(base, dtype=np.float64)
    sums, sizes = _cluster_sums(change, clusters)
    rng = np.random.default_rng(how.seed)
    count = len(sums)
    drawn = resampled(count, rng, how.resamples)
    means = np.concatenate([sums[part].sum(1) / sizes[part].sum(1) for part in drawn])
    tail, tail90 = (expanded_tail(sums, sizes, level) for level in (how.confidence, 0.9))
    ends = np.quantile(means, [tail, 1 - tail, tail90, 1 - tail90])
    low, high, low90, high90 = ends.tolist()
    gained, lost = int((change > 0).sum()), int((change < 0).sum())
    error = float(means.std(ddof=1))
    reach = float(ndtri(0.5 + how.confidence / 2) + ndtri(0.8))
    return Gain(
        float(change.mean()),
        low,
        high,
        low90,
        high90,
        sign_flip_p(sums, rng, how.resamples),
        mcnemar_mid_p(gained, lost),
        gained,
        lost,
        len(change),
        count,
        reach * error,
    )


def sign_flip_p(sums: Floats, rng: np.random.Generator, resamples: int) -> float:
    """P of a total this far from 0 under random signs of clusters; exact up to 12 moved ones."""
    moved = sums[sums != 0]
    if not len(moved):
        return 1.0
    observed = abs(float(moved.sum())) - 1e-9
    if len(moved) <= 12:
        bits = np.arange(2 ** len(moved))[:, None] >> np.arange(len(moved)) & 1
        return float((np.abs((2 * bits - 1) @ moved) >= observed).mean())
    extreme = 0
    for rows in _parts(resamples, len(moved)):
        flipped = rng.integers(2, size=(rows, len(moved)), dtype=np.int8) @ moved
        extreme += int((np.abs(moved.sum() - 2 * flipped) >= observed).sum())
    return (1 + extreme) / (resamples + 1)


def mcnemar_mid_p(gained: int, lost: int) -> float:
    """Two-sided mid-p of McNemar's test (Fagerland et al. 2013, doi 10.1186/1471-2288-13-91)."""
    flips = gained + lost
    if not flips:
        return 1.0
    fewer = min(gained, lost)
    below = float(bdtr(fewer - 1, flips, 0.5)) if fewer else 0.0
    at = float(bdtr(fewer, flips, 0.5)) - below
    return min(1.0, 2 * below + at) if gained != lost else 1.0


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's adjusted p values: the family-wise error over all of them is kept."""
    order = np.argsort(p_values, kind="stable")
    adjusted = np.empty(len(p_values))
    running = 0.0
    for rank, place in enumerate(order):
        running = max(running, (len(p_values) - rank) * p_values[place])
        adjusted[place] = min(1.0, running)
    return [float(value) for value in adjusted]


def benjamini_hochberg(p_values: Sequence[float]) -> list[float]:
    """Benjamini and Hochberg's adjusted p values: the false discovery rate is kept."""
    order = np.argsort(p_values, kind="stable")[::-1]
    adjusted = np.empty(len(p_values))
    running = 1.0
    for rank, place in enumerate(order):
        running = min(running, p_values[place] * len(p_values) / (len(p_values) - rank))
        adjusted[place] = running
    return [float(value) for value in adjusted]
