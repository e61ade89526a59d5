"""Paired statistics of gains, clustered by picture.

Scores are 0..1 per item; a cluster is a set of items that share their pictures. Gains, their
intervals and p values are closed forms without a seed; what is resampled elsewhere is seeded.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtr, bdtri, ndtri, stdtrit

from g2u.params.sections import ScoreSection

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
    """Cluster-robust t with, at the end that is further from 0, pictures to spare that moved as far
    as any did; leaves 0 out exactly where `p` tells the gain from it.
    """
    high: float
    low90: float
    """`equivalence_bounds`."""
    high90: float
    p: float
    """Two-sided sign-flip test over clusters by `precision_weights`, exact to 1e-12; see
    `sign_flip_p`. 1 where the weighted total does not lie on the difference's side of 0.
    """
    mcnemar: float
    """Two-sided McNemar mid-p over items, which ignores clusters; for 0/1 scores."""
    gained: int
    """Items that went up (wrong -> right)."""
    lost: int
    """Items that went down (right -> wrong)."""
    items: int
    clusters: int
    error: float
    """Standard error of the difference, cluster-robust (CR3)."""
    step: float
    """What the picture that moved most moves the difference by; where none did, a typical one in
    full.
    """
    detectable: float
    """Smallest true difference found with power 0.8 at this interval's level, given this spread."""


SPARE = 1.5
"""Pictures that an interval holds in reserve, as though so many more had moved towards its end.
Where few pictures moved, or all in one direction, their spread alone says too little of those not
seen: with 1.5 the chance of a false equivalence, summed exactly over all outcomes of
20 to 400 pictures, is at most 5 % (with 1.25 it is 5.2); `python -m bench.inference`.
"""
ENOUGH, UNKNOWN, UNMOVED = 8, 2, 0.5
"""Of the interval of a gain: from so many moved pictures on (twice as many where all moved one way,
so that none tells how far a picture may stray), fewer are held in reserve; up to so many, these
move in all their questions; pictures at the inner end that did not move. So 95 % intervals hold the
truth in at least 93.5 % from 10 pictures on; `python -m bench.inference`.
"""
FINE = 100
"""Points per root mean square of the cluster sums on the grid that stands for graded sums."""
FEW = 2**18
"""Points per root of the sum of squares, times moved clusters: with few, the grid is finer."""
UNLIKELY = 1e-9
"""Chance, added to p, that rounding to that grid moves a total by more than is allowed for."""
SMALLEST, LARGEST = 32, 2048
"""Weight of the least precise cluster, so that rounding costs no power, and of any at most."""
NEXT = 1e-6
"""Of an interval that leaves 0 out because `p` does, how far from 0 it ends at least."""
ROUNDING = 1e-12
"""More than the Fourier transform of a distribution is wrong by."""


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
    """Mean with Wilson's score interval (1927, doi 10.1080/01621459.1927.10502953) for as many
    independent items as tell the same by the CR3 error, and t in place of the normal quantile: of
    the intervals for proportions of clustered samples that Franco et al. (2019, doi
    10.1093/jssam/smy019) compare, it holds the truth most evenly.

    A single cluster gives the interval 0..1: it holds no information about spread.
    """
    scores = np.asarray(values, dtype=np.float64)
    mean = float(scores.mean())
    sums, sizes = _cluster_sums(scores, clusters)
    count = len(sums)
    if count < 2:
        return Interval(mean, 0.0, 1.0)
    error = _error(sums, sizes)
    if error < ROUNDING:
        if np.ptp(scores) < ROUNDING:
            low, high = _exact(mean, count, confidence)
            return Interval(mean, low, high)
        error = float(scores.std()) / math.sqrt(count)  # clusters are alike by luck, items are not
    reach, each = float(stdtrit(count - 1, 0.5 + confidence / 2)), mean * (1 - mean)
    share = (reach * error) ** 2 / each if each else 1.0
    middle = (mean + share / 2) / (1 + share)
    half = math.sqrt((reach * error) ** 2 + share**2 / 4) / (1 + share)
    return Interval(mean, max(0.0, middle - half), min(1.0, middle + half))


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


def gain_end(
    sums: Floats, sizes: Floats, level: float, side: int, spare: tuple[float, float] = (0.0, 0.0)
) -> float:
    """One end of an interval of the mean change, -1..1.

    t with CR3 residuals (each cluster's against the mean without it; Bell and McCaffrey 2002) and
    a degree of freedom less than clusters. Where no cluster moved, the exact bound: a share of
    moving pictures above 1 - tail ** (1 / clusters) would have shown one; of uneven pictures, those
    that move may be the largest.

    Args:
        sums: per cluster, of the changes.
        sizes: of the clusters.
        level: two-sided, 0..1.
        side: -1 = the lower end, 1 = the upper.
        spare: so many further clusters of typical size, and the sum of each.
    """
    tail, count, items = (1 - level) / 2, len(sums), float(sizes.sum())
    if count < 2:
        return float(side)
    typical = typical_size(sizes)
    if not sums.any():
        return float(side * (1.0 - tail ** (float(sizes.max()) / items)))
    further, change = spare
    if further:
        sums, sizes = np.append(sums, further * change), np.append(sizes, further * typical)
    total = float(sizes.sum())
    mean = float(sums.sum()) / total
    reach = float(stdtrit(count - 1, 1 - tail)) * _error(sums, sizes)
    return min(1.0, max(-1.0, mean + side * reach))


def typical_size(sizes: Floats) -> float:
    """Items of the cluster that a typical item is in (Kish)."""
    return float((sizes**2).sum() / sizes.sum())


def spares(sums: Floats, sizes: Floats) -> tuple[tuple[float, float], tuple[float, float]]:
    """What `gain_end` is to hold in reserve at the lower and the upper end of a gain's interval: at
    the outer one pictures that moved, at the inner one UNMOVED that did not.
    """
    moved = max(1, int(np.count_nonzero(sums)))
    is_one_way = not ((sums > 0).any() and (sums < 0).any())
    further = SPARE * min(1.0, (1 + is_one_way) * ENOUGH / moved)
    least = typical_size(sizes) * min(1.0, UNKNOWN / moved)
    most, total = max(float(np.abs(sums).max()), least), float(sums.sum())
    if abs(total) < ROUNDING * len(sums):  # thirds that add up to nothing, in whatever order
        total = 0.0
    low, high = (
        (further, side * most) if side * total >= 0 else (UNMOVED, 0.0) for side in (-1, 1)
    )
    return low, high


def gain_ends(sums: Floats, sizes: Floats, level: float) -> list[float]:
    """The interval of a gain, with `spares`."""
    reserve = zip((-1, 1), spares(sums, sizes), strict=True)
    return [gain_end(sums, sizes, level, side, each) for side, each in reserve]


def _error(sums: Floats, sizes: Floats) -> float:
    """CR3 standard error of the mean change."""
    count, total = len(sums), float(sizes.sum())
    residual = (sums - sums.sum() / total * sizes) / (1 - sizes / total)
    return math.sqrt((count - 1) / count * float((residual**2).sum())) / total


def equivalence_bounds(sums: Floats, sizes: Floats) -> tuple[float, float]:
    """Ends of the 90 % interval that equivalence is read from: at both, pictures to spare that
    moved in all their questions, which few that moved in one of many do not rule out.
    """
    most = float(sizes.max())
    low, high = (gain_end(sums, sizes, 0.9, side, (SPARE, side * most)) for side in (-1, 1))
    return low, high


def is_equivalent(low90: float, high90: float, margin: float) -> bool:
    """Whether a gain is shown to lie within `margin` of 0: two one-sided tests at 5 %."""
    return -margin < low90 and high90 < margin


def smallest_found(error: float, step: float, level: float) -> float:
    """True difference that is found with power 0.8 at a two-sided level.

    Args:
        error: standard error of the difference.
        step: share of all that a moved picture makes. The difference is not below what is found
            where all that move are gains: few movers do not make a sample look sharp.
        level: 0..1.
    """
    reach = float(ndtri(1 - level / 2) + ndtri(0.8))
    return min(1.0, max(reach * error, reach**2 * step))


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
    index = numbered(clusters)
    sums = np.bincount(index, weights=change).astype(np.float64)
    sizes = np.bincount(index).astype(np.float64)
    mean = float(change.mean())
    most = float(np.abs(sums).max())
    low, high = gain_ends(sums, sizes, how.confidence)
    low90, high90 = equivalence_bounds(sums, sizes)
    squares = np.bincount(index, weights=change**2).astype(np.float64)
    weighted = sums * precision_weights(sums, squares, sizes)
    is_one_side = float(weighted.sum()) * mean > 0
    p = max(sign_flip_p(weighted), sign_flip_p(sums) / 2) if is_one_side else 1.0
    if p > 1 - how.confidence:  # what the exact test does not tell from 0, the interval does not
        low, high = min(low, 0.0), max(high, 0.0)
    elif mean > 0:
        low = max(low, NEXT)
    else:
        high = min(high, -NEXT)
    gained, lost = int((change > 0).sum()), int((change < 0).sum())
    count = len(sums)
    error = _error(sums, sizes) if count > 1 else 1.0
    step = (most or typical_size(sizes)) / len(change)
    return Gain(
        mean,
        low,
        high,
        low90,
        high90,
        p,
        mcnemar_mid_p(gained, lost),
        gained,
        lost,
        len(change),
        count,
        error,
        step,
        smallest_found(error, step, 1 - how.confidence),
    )


def precision_weights(sums: Floats, squares: Floats, sizes: Floats) -> Floats:
    """Of each cluster 1 / (1 + (n - 1) rho), times a number that makes whole ones of them.

    The inverse variance of a cluster's mean where any two of its items are correlated by rho
    (exchangeable working correlation; Liang and Zeger 1986, doi 10.1093/biomet/73.1.13). rho is
    estimated by the mean product of two changes of a cluster over the mean square of a change, cut
    to 0..1. Flipping the signs of a whole cluster changes neither, so under all flips the weights
    are the same, and the test stays exact (Lehmann and Romano 2005, theorem 15.2.1).

    Args:
        sums: per cluster, of the changes.
        squares: per cluster, the sum of their squares.
        sizes: of the clusters, in items.
    """
    precision = 1 / (1 + (sizes - 1) * rho_within(sums, squares, sizes))
    whole = np.rint(precision * min(LARGEST, SMALLEST / float(precision.min())))
    weights = np.maximum(whole, 1.0).astype(np.int64)
    divisor = int(np.gcd.reduce(weights))
    return np.asarray(weights // divisor, dtype=np.float64)


def rho_within(sums: Floats, squares: Floats, sizes: Floats) -> float:
    """How alike two changes of a cluster are, 0..1, as in `precision_weights`; 0 where no cluster
    has two items, or nothing changed.
    """
    pairs, total = float((sizes * (sizes - 1)).sum()), float(squares.sum())
    if not pairs or not total:
        return 0.0
    rho = float((sums**2 - squares).sum()) / pairs / (total / float(sizes.sum()))
    return min(1.0, max(0.0, rho))


def sign_flip_p(sums: Floats) -> float:
    """P of a total at least this far from 0 under random signs of clusters.

    Exact, and never below 2 ** (1 - moved clusters), for sums on a lattice (0/1 scores, votes,
    grades by tenths ...). Others are rounded to a grid of at least FINE points per root mean square
    of the sums. A total is off by more than `slack` in at most a share UNLIKELY of all signs
    (Hoeffding), so the p of a total nearer to 0 by `slack` (under 2 % of its standard deviation,
    up to 10,000 clusters) plus UNLIKELY is at least the exact one: graded p values err upwards.
    """
    moved = np.abs(sums[np.abs(sums) > 1e-9])
    if not len(moved):
        return 1.0
    spread = math.sqrt(float((moved**2).sum()))
    unit, slack, extra = _lattice(moved), 1e-9, ROUNDING
    if unit is None:
        unit = spread / max(FINE * math.sqrt(len(moved)), FEW / len(moved))
        off = np.abs(moved - unit * np.rint(moved / unit))
        most = math.sqrt(2 * math.log(2 / UNLIKELY) * float((off**2).sum()))
        slack, extra = min(most, float(off.sum())), UNLIKELY
    steps = np.rint(moved / unit).astype(np.int64)
    observed = math.ceil((abs(float(sums.sum())) - slack) / unit - 1e-6)
    tail = _flipped_tail(steps[steps > 0], observed) + extra
    return min(1.0, max(tail, 2.0 ** (1 - len(moved))))


def _lattice(moved: Floats) -> float | None:
    """The step of which all numbers are multiples, 1 / 1 to 1 / 120; None where there is none."""
    for parts in range(1, 121):
        scaled = moved * parts
        if np.abs(scaled - np.rint(scaled)).max() < 1e-6:
            return 1 / parts
    return None


def _flipped_tail(steps: NDArray[np.int64], observed: int) -> float:
    """P(|total of randomly signed steps| >= observed), by its characteristic function.

    The total is 2 B - S with B the sum of the steps that stay positive and S that of all. B is
    computed modulo a number so large that what is folded into the middle is below ROUNDING.
    """
    if observed <= 0:
        return 1.0
    whole = int(steps.sum())
    if observed > whole:
        return 0.0
    spread = math.sqrt(float((steps.astype(np.float64) ** 2).sum()))
    modulus = min(whole + 1, observed + int(4 * spread) + 2)
    angle = 2 * np.pi / modulus * np.arange(modulus // 2 + 1)
    characteristic = np.exp(-0.5j * angle * (whole % (2 * modulus)))  # B lies around whole / 2
    alive = np.arange(len(angle))
    for place, (step, count) in enumerate(zip(*np.unique(steps, return_counts=True), strict=True)):
        factor = np.cos(angle[alive] * (step / 2))
        characteristic[alive] *= factor if count == 1 else factor ** float(count)
        if place % 8 == 7:
            alive = alive[np.abs(characteristic[alive]) > ROUNDING**2]
    share = np.fft.irfft(characteristic, modulus)
    first, last = (whole - observed) // 2 + 1, (whole + observed + 1) // 2 - 1
    inside = share[np.arange(first, last + 1) % modulus].sum() if first <= last else 0.0
    return max(0.0, 1.0 - float(inside))


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
