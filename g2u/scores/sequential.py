"""Looks at a gain while questions are still being drawn for: which cell is decided, and what the
stopping does to its p, estimate and interval.

A cell's questions come in slices, whole clusters each. At a look all slices so far are tested by
sign flips with precision weights. Error is spent over the looks as the square of the share (Kim and
DeMets 1987, doi 10.1093/biomet/74.1.149): where a gain is clear that decides earlier than O'Brien
and Fleming's bounds (`python -m bench.sequential`). Flipped signs make the weighted totals of the
looks a random walk, whose distribution is computed exactly, so that the error is kept for any
number, size and dependence of looks on anything but signs. Stopping because a gain worth having is
out of reach spends the chance of missing one (Pampallona, Tsiatis and Kim 2001, doi
10.1177/009286150103500408) by the function of Lan and DeMets (1983, doi 10.1093/biomet/70.3.659)
like O'Brien and Fleming's; it does not bind: error is kept where it is not heeded.
Estimate and interval allow for all that stopping does, giving up included, by ordering results by
their mean (Jennison and Turnbull 2000, Group Sequential Methods, 8.4 and 8.5): the stagewise
ordering has no place for what was given up, and covers 89 % where the gain is just worth having.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri, stdtrit

from g2u.scores.statistics import (
    ENOUGH,
    Floats,
    Interval,
    gain_ends,
    numbered,
    rho_within,
    spares,
    typical_size,
)
from g2u.thoughts.looks import Decision

FINE = 100
"""Points of the grid per root mean square of what the first moved clusters sum to."""
FAR = 8.5
"""Standard deviations beyond which a walk is not followed: 4e-17 of it."""
LEAST = 1e-9
"""Error that is not worth spending: a look with less can decide nothing."""
NODES, MOST_NODES = 40, 400
"""Points of an integral over a look, at least; at most, where slices are small."""
HALVINGS = 30


@dataclass(frozen=True, slots=True)
class Plan:
    """When a cell is looked at, and what may end it."""

    shares: tuple[float, ...]
    """Of the planned questions, those drawn for at each look: rising, the last one 1."""
    alpha: float
    """Two-sided error of the cell over all looks, 0..1: its share of a grid's."""
    worth: float
    """The smallest gain or harm worth going on for, 0..1."""
    missed: float = 0.2
    """Chance of giving up a gain of `worth`, over all looks, 0..1; 0 = never given up."""

    def __post_init__(self) -> None:
        """Raises ValueError."""
        if list(self.shares) != sorted({*self.shares}) or not 0 < self.shares[0] <= 1:
            raise ValueError(f"looks at {self.shares}; expected rising shares above 0, to 1")
        if self.shares[-1] != 1:
            raise ValueError(f"the last look is at {self.shares[-1]}; expected 1")


def spent(share: float, level: float) -> float:
    """Of a level, what may be spent until a share of the questions, 0..1."""
    return level * share**2


def missed_by(share: float, chance: float) -> float:
    """Of the chance of missing a gain, what may be spent until a share of the questions, 0..1."""
    return float(2 * ndtr(ndtri(chance / 2) / math.sqrt(share)))


@dataclass(frozen=True, slots=True)
class Slice:
    """The changes of the questions that one look adds, by cluster."""

    sums: Floats
    squares: Floats
    sizes: Floats


def slices(change: Sequence[float], clusters: Sequence[str], looks: Sequence[int]) -> list[Slice]:
    """Changes cut into slices.

    Args:
        change: of each question, -1..1.
        clusters: of each question.
        looks: at which look each question is first seen, from 0; questions of a cluster at the
            same one.

    Raises:
        ValueError: a cluster is in two slices.
    """
    index = numbered(clusters)
    first = np.zeros(index.max() + 1, dtype=np.int64)
    first[index] = looks
    if (first[index] != np.asarray(looks)).any():
        raise ValueError("questions of a cluster are seen at different looks")
    values = np.asarray(change, dtype=np.float64)
    told = [np.bincount(index, weights=each) for each in (values, values**2, values * 0 + 1)]
    return [Slice(*(each[first == k] for each in told)) for k in range(max(looks) + 1)]


@dataclass(frozen=True, slots=True)
class Look:
    """What was seen at a look, in weighted questions."""

    total: float
    """Of the weighted changes so far."""
    bound: float
    """A total at least this far from 0 is a gain or a harm; inf = none can be."""
    futile: float
    """A total nearer to 0 is given up; 0 = none is."""
    p: float
    """Two-sided: chance under random signs of a total as far from 0 now, or of one beyond an
    earlier look's bound.
    """
    decision: Decision


@dataclass(frozen=True, slots=True)
class Course:
    """How a cell came to its decision, and what it shows."""

    decision: Decision
    looks: tuple[Look, ...]
    """Up to the one that decided."""
    items: int
    """Questions seen by then."""
    p: float
    """Of the last look; 1 where the cell was given up: it then claims nothing at any level."""


def course(parts: Sequence[Slice], plan: Plan) -> Course:
    """Look at slice after slice until the cell is decided or no slice is left.

    The looks before are found anew each time and are the same each time: a look's bounds need
    nothing of later slices, and of its own and earlier ones nothing that their order of arrival
    decides.

    Args:
        parts: at least one; no more than the plan has looks.
        plan: of the cell.
    """
    weighted = _weighted(parts)
    bounds, giving_up = _Bounds(plan, _unit(weighted)), _GivingUp(plan)
    looks: list[Look] = []
    for place, each in enumerate(weighted):
        bound, total, p = bounds.look(each)
        so_far, step = _spread(weighted[: place + 1], plan.worth)
        futile = giving_up.look(each.questions, so_far, bound, step)
        decision: Decision = "open"
        if abs(total) >= bound:
            decision = "gain" if total > 0 else "harm"
        elif abs(total) < futile:
            decision = "futility"
        looks.append(Look(total, bound, futile, p, decision))
        if decision != "open":
            break
    items = int(sum(each.sizes.sum() for each in parts[: len(looks)]))
    p = 1.0 if looks[-1].decision == "futility" else looks[-1].p
    return Course(looks[-1].decision, tuple(looks), items, p)


@dataclass(frozen=True, slots=True)
class Weighted:
    """A slice in the units of the test."""

    sums: Floats
    """By cluster, weighted."""
    sizes: Floats
    """Weighted questions of each cluster."""

    @property
    def questions(self) -> float:
        """Weighted: by so much a gain of 1 moves the total."""
        return float(self.sizes.sum())


def _together(parts: Sequence[Weighted]) -> tuple[Floats, Floats]:
    """Sums and sizes of all clusters."""
    return np.concatenate([p.sums for p in parts]), np.concatenate([p.sizes for p in parts])


def _weighted(parts: Sequence[Slice]) -> list[Weighted]:
    """By the correlation within clusters that all slices up to each one tell: no flip changes it,
    and no later slice.
    """
    found = []
    for place, each in enumerate(parts):
        known = [np.concatenate(every) for every in zip(
            *((p.sums, p.squares, p.sizes) for p in parts[: place + 1]), strict=True
        )]  # fmt: skip
        weights = 1 / (1 + (each.sizes - 1) * rho_within(*known))
        found.append(Weighted(each.sums * weights, each.sizes * weights))
    return found


def _unit(parts: Sequence[Weighted]) -> float:
    """The step of the grid that the sums are rounded to, by the first slice in which one moved."""
    for each in parts:
        moved = each.sums[np.abs(each.sums) > 1e-9]
        if len(moved):
            return math.sqrt(float((moved**2).mean())) / FINE
    return 1.0


class _Bounds:
    """The exact walk of totals under random signs, cut at the bounds of the looks so far."""

    def __init__(self, plan: Plan, unit: float) -> None:
        self._shares, self._level = iter(plan.shares), plan.alpha
        self._unit, self._squares, self._total = unit, 0.0, 0
        self._alive = np.ones(1)
        """Probability of each total from -n to n that has crossed no bound."""
        self._spent = 0.0

    def look(self, part: Weighted) -> tuple[float, float, float]:
        """The bound of the next look, the total there, and its p."""
        steps = np.rint(part.sums / self._unit).astype(np.int64)
        self._total += int(steps.sum())
        self._squares += float((steps.astype(np.float64) ** 2).sum())
        whole = len(self._alive) // 2 + int(np.abs(steps).sum())
        width = min(whole, math.ceil(FAR * math.sqrt(self._squares)) + 1)
        self._alive = _added(self._alive, np.abs(steps[steps != 0]), width)
        beyond = 2 * np.cumsum(self._alive[:width:-1])[::-1]  # from 1 to width
        away = abs(self._total)
        as_far = 1 - self._spent if not away else float(beyond[away - 1]) if away <= width else 0.0
        p = min(1.0, self._spent + as_far)
        allowed = spent(next(self._shares), self._level) - self._spent
        place = int(np.count_nonzero(beyond > allowed)) + 1 if allowed > LEAST else width + 1
        if place > width:
            return math.inf, self._total * self._unit, p
        self._spent += float(beyond[place - 1])
        self._alive[: width - place + 1] = self._alive[width + place :] = 0.0
        return place * self._unit, self._total * self._unit, p


def _added(alive: Floats, steps: NDArray[np.int64], width: int) -> Floats:
    """The walk after steps of random sign, from -width to width, beyond which next to none is."""
    reach = width + len(alive) // 2
    modulus = 1 << (2 * reach).bit_length()
    angle = 2 * np.pi / modulus * np.arange(modulus // 2 + 1)
    folded = np.zeros(modulus)
    folded[np.arange(len(alive)) - len(alive) // 2] = alive
    characteristic = np.fft.rfft(folded)
    for step, count in zip(*np.unique(steps, return_counts=True), strict=True):
        characteristic *= np.cos(angle * step) ** float(count)
    found = np.fft.irfft(characteristic, modulus)
    return np.maximum(found[np.arange(-width, width + 1)], 0.0)


def variance(sums: Floats, sizes: Floats) -> float:
    """Of a total of clusters, per weighted question: by the distance of each cluster from the mean
    without it (CR3).
    """
    questions, count = float(sizes.sum()), len(sizes)
    if count < 2:
        return 1.0
    residual = (sums - sums.sum() / questions * sizes) / (1 - sizes / questions)
    return (count - 1) / count * float((residual**2).sum()) / questions


@dataclass(frozen=True, slots=True)
class _Walk:
    """Totals with drift, those that go on: points and the probability at each."""

    points: Floats
    masses: Floats

    def between(self, low: float, high: float, mean: float, deviation: float) -> float:
        """Chance of a total there once a slice is added."""
        if low >= high:
            return 0.0
        ends = [ndtr((end - self.points - mean) / deviation) for end in (low, high)]
        return float(self.masses @ (ends[1] - ends[0]))

    def on(self, ends: Sequence[tuple[float, float]], mean: float, deviation: float) -> "_Walk":
        """The walk once a slice is added, of totals between some of these ends alone."""
        points, lengths = [np.empty(0)], [np.empty(0)]
        for low, high in ends:
            if low < high:
                count = min(MOST_NODES, NODES + int(4 * (high - low) / deviation))
                nodes, weights = _legendre(count)
                points.append((high + low + (high - low) * nodes) / 2)
                lengths.append((high - low) / 2 * weights)
        at = np.concatenate(points)
        from_here = (at[:, None] - self.points - mean) / deviation
        density = np.exp(-0.5 * from_here**2) @ self.masses
        return _Walk(at, density * np.concatenate(lengths) / (deviation * math.sqrt(2 * math.pi)))


START = _Walk(np.zeros(1), np.ones(1))


@lru_cache(maxsize=MOST_NODES)
def _legendre(count: int) -> tuple[Floats, Floats]:
    """Gauss-Legendre nodes and weights on -1..1."""
    nodes, weights = np.polynomial.legendre.leggauss(count)
    return nodes, weights


def _spread(parts: Sequence[Weighted], worth: float) -> tuple[float, float]:
    """Variance of a total per weighted question as giving up takes it, and its step: at least those
    of a gain of `worth`, of which, where few clusters moved, all questions of a cluster move as
    one.
    """
    sums, sizes = _together(parts)
    alike = typical_size(sizes) if np.count_nonzero(sums) < ENOUGH else 1.0
    return max(variance(sums, sizes), alike * worth * (1 - worth)), alike


class _GivingUp:
    """When neither a gain nor a harm of `worth` is to be expected: for each of them, stopping
    misses it with the plan's chance, spent like the error.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan, self._shares = plan, iter(plan.shares)
        self._walk, self._spent, self._questions = START, 0.0, 0.0

    def look(self, questions: float, each: float, bound: float, step: float = 1.0) -> float:
        """A total nearer to 0 than this is given up; at most the bound, 0 at the last look.

        Args:
            questions: weighted, that the look adds.
            each: variance of the total per weighted question (`_spread`).
            bound: of the look.
            step: of the total, of which half is taken off, as it does not move smoothly.
        """
        worth, share = self._plan.worth, next(self._shares)
        if share == 1:
            return 0.0
        self._questions += questions
        mean, deviation = worth * questions, math.sqrt(each * questions)
        far = worth * self._questions + FAR * math.sqrt(each * self._questions)
        most, walk = min(bound, far), self._walk

        def missed(end: float) -> float:
            return walk.between(-end, end, mean, deviation)

        end = _where(missed, missed_by(share, self._plan.missed) - self._spent, 0.0, most)
        end = max(0.0, end - step / 2)
        self._spent += missed(end)
        self._walk = walk.on([(-most, -end), (end, most)], mean, deviation)
        return end


class _Expected:
    """Bounds as a normal walk without drift has them: of looks that were not made."""

    def __init__(self, plan: Plan, each: float) -> None:
        self._shares, self._level, self._each = iter(plan.shares), plan.alpha, each
        self._walk, self._spent, self._questions = START, 0.0, 0.0

    def look(self, questions: float, bound: float | None) -> float:
        """The bound of a look that adds weighted `questions`: `bound`, where it was made."""
        self._questions += questions
        deviation, share = math.sqrt(self._each * questions), next(self._shares)
        far, walk = FAR * math.sqrt(self._each * self._questions), self._walk

        def within(end: float) -> float:
            return walk.between(-end, end, 0.0, deviation)

        if bound is None:
            kept = float(walk.masses.sum()) - (spent(share, self._level) - self._spent)
            bound = _where(within, kept, 0.0, far)
        self._spent += float(walk.masses.sum()) - within(bound)
        most = min(bound, far)
        self._walk = walk.on([(-most, most)], 0.0, deviation)
        return bound


def _where(rising: Callable[[float], float], wanted: float, low: float, high: float) -> float:
    """Where a rising function reaches a value; one of the ends where it does so outside."""
    if rising(high) <= wanted:
        return high
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if rising(middle) <= wanted else (low, middle)
    return low


def estimate(parts: Sequence[Slice], seen: Course, plan: Plan, confidence: float) -> Interval:
    """The median-unbiased gain, weighted by precision, and its interval.

    Results are ordered by their mean (Emerson and Fleming 1990, doi 10.1093/biomet/77.4.875): of
    the estimate, a mean as high as this one, at whatever look the cell would have been decided, has
    chance one half. Looks that were not made are expected to have the questions of the plan, with
    as much spread as those that were.

    Args:
        parts: as they were looked at; later ones are not read.
        seen: their course.
        plan: which it followed.
        confidence: of the interval, 0..1, by t with a degree of freedom less than clusters, and
            with pictures in reserve as any gain's (`spares`).
    """
    weighted = _weighted(parts[: len(seen.looks)])
    sums, sizes = _together(weighted)
    middle, each = float(sums.sum() / sizes.sum()), variance(sums, sizes)
    if len(sums) < 2:
        return Interval(middle, -1.0, 1.0)
    if each < 1e-12:
        low, high = gain_ends(sums, sizes, confidence)
        return Interval(middle, low, high)
    rate = sum(part.questions for part in weighted) / plan.shares[len(weighted) - 1]
    looks = _looks(weighted, seen.looks, plan, rate, each)
    tail = float(ndtr(-stdtrit(len(sums) - 1, (1 + confidence) / 2)))

    def where(chance: float, spare: tuple[float, float] = (0.0, 0.0)) -> float:
        further, change = spare
        told = np.append(sums, further * change), np.append(sizes, further * typical_size(sizes))
        mean, each = float(told[0].sum() / told[1].sum()), variance(*told)
        reach = 12 * math.sqrt(each / float(sizes.sum()))
        found = _where(
            lambda gain: _as_high(looks, mean, gain, each), chance, mean - reach, mean + reach
        )
        return min(1.0, max(-1.0, found))

    below, above = spares(sums, sizes)
    return Interval(where(0.5), where(tail, below), where(1 - tail, above))


@dataclass(frozen=True, slots=True)
class _Stop:
    """A look's part in an estimate."""

    questions: float
    """Weighted, that it adds."""
    bound: float
    futile: float
    is_last: bool


def _looks(
    weighted: Sequence[Weighted], seen: Sequence[Look], plan: Plan, rate: float, each: float
) -> list[_Stop]:
    """All looks of a plan: those made, and what is expected of the others, with `rate` weighted
    questions in all and `each` variance of a total per weighted question.
    """
    shares = plan.shares
    expected, giving_up = _Expected(plan, each), _GivingUp(plan)
    found: list[_Stop] = []
    for place, (before, share) in enumerate(zip((0.0, *shares), shares, strict=False)):
        was_made = place < len(weighted)
        questions = weighted[place].questions if was_made else rate * (share - before)
        bound = expected.look(questions, seen[place].bound if was_made else None)
        futile = giving_up.look(questions, max(each, plan.worth * (1 - plan.worth)), bound)
        futile = seen[place].futile if was_made else futile
        found.append(_Stop(questions, bound, futile, share == 1))
    return found


@dataclass(frozen=True, slots=True)
class _Arrival:
    """A walk with drift as it comes to a look."""

    look: _Stop
    walk: _Walk
    """Before what the look adds."""
    drift: float
    deviation: float
    questions: float
    """Weighted, so far and this look's."""

    def between(self, low: float, high: float) -> float:
        """Chance of a total there at the look."""
        return self.walk.between(low, high, self.drift, self.deviation)


def _arrivals(looks: Sequence[_Stop], gain: float, each: float) -> Iterator[_Arrival]:
    """The walk of totals at look after look, where a gain is true and nothing was decided before.

    Args:
        looks: to the last one of the plan.
        gain: -1..1.
        each: variance of a total per weighted question.
    """
    walk, questions = START, 0.0
    for look in looks:
        drift, deviation = gain * look.questions, math.sqrt(each * look.questions)
        questions += look.questions
        yield _Arrival(look, walk, drift, deviation, questions)
        far = FAR * math.sqrt(each * questions)
        low, high = gain * questions - far, gain * questions + far
        between = [(-look.bound, -look.futile), (look.futile, look.bound)]
        ends = [(max(low, first), min(high, last)) for first, last in between]
        if not look.is_last:
            walk = walk.on(ends, drift, deviation)


def _as_high(looks: Sequence[_Stop], mean: float, gain: float, each: float) -> float:
    """Chance, with a true gain, of a decision with at least this mean."""
    found = 0.0
    for at in _arrivals(looks, gain, each):
        bound, futile = (0.0, 0.0) if at.look.is_last else (at.look.bound, at.look.futile)
        for low, high in ((-math.inf, -bound), (-futile, futile), (bound, math.inf)):
            found += at.between(max(low, mean * at.questions), high)
    return found


@dataclass(frozen=True, slots=True)
class Prospect:
    """What looks are expected to come to."""

    decided: float
    """Chance that a gain is decided, 0..1."""
    drawn: float
    """Share of the questions that are drawn for, in the mean, 0..1."""


def prospect(plan: Plan, gain: float, questions: float, square: float) -> Prospect:
    """What a plan comes to where a gain is true: by the normal walk that estimates are read from.

    Args:
        plan: of the cell.
        gain: -1..1.
        questions: planned, as many independent ones as tell the same.
        square: mean of one question's squared change, above the gain's square. It is the variance
            under random signs, which bounds are set by.
    """
    decided = drawn = before = 0.0
    looks = _looks((), (), plan, questions, square)
    for at, share in zip(_arrivals(looks, gain, square - gain**2), plan.shares, strict=True):
        drawn += (share - before) * float(at.walk.masses.sum())
        decided += at.between(at.look.bound, math.inf)
        before = share
    return Prospect(min(1.0, decided), min(1.0, drawn))
