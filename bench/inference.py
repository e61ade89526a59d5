"""Do the tests and intervals hold what they promise? Simulated answers, clustered by picture.

Size and power of the sign-flip test, coverage of the intervals from 5 pictures on, false
equivalence, family-wise error, gains beyond 200 cells, families against each other. Minutes at full
size; whether the words are right is `python -m bench.planted`.
Run: python -m bench.inference [SIMULATIONS]
"""

import math
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln, xlogy

from bench.common import machine
from g2u.scores.interaction import Scored, interaction
from g2u.scores.statistics import (
    Gain,
    Resampling,
    equivalence_bounds,
    holm,
    is_equivalent,
    mean_interval,
    paired_gain,
)

ITEMS = 400
DISCORDANT = (0.02, 0.05, 0.1)
PLANTED, AT = 0.1, 0.15
"""A gain of 10 points at 15 % discordance."""
CELLS = 36
LARGEST = (1, 2, 4, 8)
"""Questions per picture, at most. Half of the pictures' questions move as one, so that the more
there are to a picture, the less 400 questions tell.
"""
ALPHA = 0.05
MARGIN = 0.03
MOVES = ((0.6, 0.02), (0.3, 0.05), (0.15, 0.05), (0.4, 0.4), (0.1, 0.1), (0.06, 0.0))
"""Shares of answers that rise and fall."""
HOW = Resampling(0.95, 0, 0)
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Pair:
    """Two arms over the same items."""

    arm: list[float]
    base: list[float]
    clusters: list[str]

    @property
    def gain(self) -> Gain:
        """Of arm over base."""
        return paired_gain(self.arm, self.base, self.clusters, HOW)


def clusters_of(rng: np.random.Generator, items: int, largest: int) -> NDArray[np.int64]:
    """Cluster of each item: pictures have 1 to `largest` questions."""
    sizes = rng.integers(1, largest + 1, items)
    return np.repeat(np.arange(items), sizes)[:items]


def pair(rng: np.random.Generator, discordant: float, gain: float = 0.0, largest: int = 8) -> Pair:
    """Answers that differ on a share `discordant` of the items, up or down as `gain` wants.

    What changes changes by picture half of the time: questions about a picture move together.
    """
    cluster = clusters_of(rng, ITEMS, largest)
    count = int(cluster[-1]) + 1
    together = rng.random(count) < 0.5
    moved = np.where(together[cluster], rng.random(count)[cluster], rng.random(ITEMS)) < discordant
    up_share = 0.5 + gain / (2 * discordant)
    rises = np.where(together[cluster], rng.random(count)[cluster], rng.random(ITEMS)) < up_share
    same = np.where(rng.random(ITEMS) < 0.6, 1.0, 0.0)
    base = np.where(moved, np.where(rises, 0.0, 1.0), same)
    arm = np.where(moved, 1.0 - base, same)
    return Pair(arm.tolist(), base.tolist(), [str(number) for number in cluster])


def seeds(count: int, *key: int) -> Iterator[np.random.Generator]:
    """Independent generators, the same in every run."""
    for child in np.random.SeedSequence(list(key)).spawn(count):
        yield np.random.default_rng(child)


def size(simulations: int, discordant: float) -> float:
    """Share of A/A comparisons with p at most 0.05."""
    return float(np.mean([pair(rng, discordant).gain.p <= ALPHA for rng in seeds(simulations, 1)]))


def power(simulations: int, largest: int, level: float = ALPHA) -> float:
    """Share of planted gains that are found at a level."""
    drawn = (pair(rng, AT, PLANTED, largest) for rng in seeds(simulations, 2, largest))
    return float(np.mean([each.gain.p <= level for each in drawn]))


def coverage(simulations: int, largest: int) -> tuple[float, float]:
    """Share of 95 % intervals that hold the truth: of a gain, of an accuracy."""
    gains, accuracies = [], []
    for rng in seeds(simulations, 3, largest):
        gain = pair(rng, AT, 0.05, largest).gain
        gains.append(gain.low <= 0.05 <= gain.high)
        cluster = clusters_of(rng, ITEMS, largest)
        ease = rng.beta(3, 2, int(cluster[-1]) + 1)[cluster]
        right = (rng.random(ITEMS) < ease).astype(float)
        interval = mean_interval(right.tolist(), [str(n) for n in cluster], 0.95)
        accuracies.append(interval.low <= 0.6 <= interval.high)
    return float(np.mean(gains)), float(np.mean(accuracies))


def coverage_of_few(simulations: int, pictures: int, up: float, down: float) -> float:
    """Share of 95 % intervals of a gain that hold the truth, 1 to 8 questions per picture."""
    held = []
    for rng in seeds(simulations, 5, pictures, round(1000 * up)):
        sizes = rng.integers(1, 9, pictures)
        cluster = np.repeat(np.arange(pictures), sizes)
        together = (rng.random(pictures) < 0.5)[cluster]
        chance = np.where(together, rng.random(pictures)[cluster], rng.random(len(cluster)))
        change = np.where(chance < up, 1.0, np.where(chance < up + down, -1.0, 0.0))
        one, other = (change > 0).astype(float), (change < 0).astype(float)
        gain = paired_gain(one.tolist(), other.tolist(), [str(n) for n in cluster], HOW)
        held.append(gain.low <= up - down <= gain.high)
    return float(np.mean(held))


def falsely_equivalent(pictures: int, down: float, gain: float = MARGIN) -> float:
    """Chance of "equivalent within 3 points" where the gain is the margin, summed exactly over all
    outcomes of questions with a picture each; a share `down` is lost, `down` + gain won.
    """
    up, right = gain + down, 0.0
    for won in range(pictures + 1):
        lost = np.arange(pictures + 1 - won)
        chances = np.exp(
            gammaln(pictures + 1) - gammaln(won + 1) - gammaln(lost + 1)
            - gammaln(pictures - won - lost + 1) + xlogy(won, up) + xlogy(lost, down)
            + xlogy(pictures - won - lost, 1 - up - down)
        )  # fmt: skip
        for each, chance in zip(lost.tolist(), chances, strict=True):
            if chance > 1e-9:
                sums = np.repeat([1.0, -1.0, 0.0], [won, each, pictures - won - each])
                low, high = equivalence_bounds(sums, np.ones(pictures))
                right += chance * is_equivalent(low, high, MARGIN)
    return float(right)


def family_wise(simulations: int) -> float:
    """Share of grids of A/A cells in which Holm rejects anything."""
    wrong = []
    for rng in seeds(simulations, 4):
        p_values = [pair(rng, 0.1).gain.p for _ in range(CELLS)]
        wrong.append(min(holm(p_values)) <= ALPHA)
    return float(np.mean(wrong))


def found_of_planted(cells: int) -> int:
    """Of so many own-thought cells of +60 points, those that are significant after Holm."""
    rng = np.random.default_rng(8)
    gains = []
    for _ in range(cells):
        base = (rng.random(120) < 0.3).astype(float)
        arm = np.where((base == 0) & (rng.random(120) < 0.6 / 0.7), 1.0, base)
        gains.append(
            paired_gain(arm.tolist(), base.tolist(), [str(n // 2) for n in range(120)], HOW)
        )
    return sum(p <= ALPHA for p in holm([gain.p for gain in gains]))


def accuracy_of_few(simulations: int, pictures: int, right: float, alike: float) -> float:
    """Share of 95 % intervals of an accuracy that hold the truth: 1 to 8 questions per picture,
    whose chances are drawn by picture from a beta distribution, correlated by `alike`.
    """
    held, scale = [], 1 / alike - 1
    for rng in seeds(simulations, 10, pictures, round(100 * right)):
        cluster = np.repeat(np.arange(pictures), rng.integers(1, 9, pictures))
        ease = rng.beta(right * scale, (1 - right) * scale, pictures)[cluster]
        scores = (rng.random(len(cluster)) < ease).astype(float)
        found = mean_interval(scores.tolist(), [str(n) for n in cluster], 0.95)
        held.append(found.low <= right <= found.high)
    return float(np.mean(held))


def same_everywhere(simulations: int, benchmarks: int, items: int) -> float:
    """Share of p at most 0.05 where one of three families is best on all benchmarks alike."""
    wrong, chances = [], np.array([0.9, 0.5, 0.3])
    for rng in seeds(simulations, 11, benchmarks, items):
        data = {}
        for number in range(benchmarks):
            ease = rng.random(items)[np.arange(items) // 2]
            noise = rng.random((items, 3)) < 0.3
            right = np.where(noise, rng.random((items, 3)), ease[:, None]) < chances
            data[str(number)] = [
                Scored(f"p{n // 2}", tuple(map(float, row))) for n, row in enumerate(right)
            ]
        found = interaction(("a", "b", "c"), data, Resampling(0.95, 199, 0))
        wrong.append(found is not None and found.p <= ALPHA)
    return float(np.mean(wrong))


def line(what: str, share: float, count: int, wanted: str) -> None:
    """Print a share with its Monte Carlo error."""
    error = 100 * 1.96 * math.sqrt(max(share * (1 - share), 1e-6) / count)
    print(f"{what:<62}{100 * share:>7.1f} +- {error:.1f} %   ({wanted})", flush=True)


def main() -> None:
    """Print every share with its Monte Carlo error."""
    simulations = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    print(machine())
    print(f"{simulations} simulations of {ITEMS} items, 1 to 8 questions per picture")
    for discordant in DISCORDANT:
        name = f"A/A, {100 * discordant:.0f} % discordance: rejected at 5 %"
        line(name, size(simulations, discordant), simulations, "exact: at most 5")
    for largest in LARGEST:
        gains, accuracies = coverage(simulations, largest)
        name = f"up to {largest} questions per picture: 95 % intervals hold"
        line(f"{name}, gain", gains, simulations, "93.5 to 96.5")
        line(f"{name}, accuracy", accuracies, simulations, "93.5 to 96.5")
    for pictures in (5, 10, 20, 30, 60, 100):
        wanted = "printed" if pictures < 10 else "over 93.5" if pictures < 30 else "93.5 to 96.5"
        for up, down in MOVES:
            name = f"{pictures} pictures, +{100 * up:.0f} -{100 * down:.0f} %: 95 % interval holds"
            line(name, coverage_of_few(simulations, pictures, up, down), simulations, wanted)
        for right, alike in ((0.6, 0.2), (0.9, 0.2), (0.75, 0.5)):
            name = f"{pictures} pictures, {100 * right:.0f} % right, correlated by {alike}: holds"
            line(name, accuracy_of_few(simulations, pictures, right, alike), simulations, wanted)
    for pictures in (20, 60, 99, 120, 150, 300, 600, 2000):
        downs = (0, 0.002, 0.01, 0.03, 0.1, 0.3) if pictures <= 300 else (0, 0.01, 0.1)
        share = max(falsely_equivalent(pictures, down) for down in downs)
        name = f"{pictures} pictures, gain at the margin: equivalent, worst case"
        print(f"{name:<62}{100 * share:>7.2f} %   (exact sum; at most 5)", flush=True)
    name = "400 pictures, no gain, 1 % up and down: equivalent"
    print(f"{name:<62}{100 * falsely_equivalent(400, 0.01, 0.0):>7.1f} %   (printed)", flush=True)
    name = f"+{100 * PLANTED:.0f} points at {100 * AT:.0f} % discordance found"
    for largest in LARGEST:
        asked, wanted = f"up to {largest} per picture", "at least 95" if largest < 8 else "88"
        line(f"{name}, {asked}", power(simulations, largest), simulations, wanted)
        alone = power(simulations, largest, ALPHA / CELLS)
        line(f"after Holm, alone of {CELLS}, {asked}", alone, simulations, "printed")
    grids = max(100, simulations // 10)
    line(f"Holm over {CELLS} cells: any rejected", family_wise(grids), grids, "at most 5")
    for cells in (201, 500, 1000):
        print(f"{cells} cells of +60 points: {found_of_planted(cells)} significant after Holm")
    grids = max(100, simulations // 5)
    for benchmarks, items in ((2, 40), (5, 120), (9, 60)):
        name = f"{benchmarks} x {items} items, a family best everywhere: interaction"
        line(name, same_everywhere(grids, benchmarks, items), grids, "about 5")


if __name__ == "__main__":
    main()
