"""Do the tests and intervals hold what they promise? Simulated answers, clustered by picture.

Size of the sign-flip test where nothing differs, coverage of the intervals, power for a planted
gain, and the family-wise error of Holm over a grid. Slow: minutes at full size.
Run: python -m bench.inference [SIMULATIONS]
"""

import math
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.common import machine
from g2u.scoring.statistics import Resampling, holm, mean_interval, paired_gain

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


@dataclass(frozen=True)
class Pair:
    """Two arms over the same items."""

    arm: list[float]
    base: list[float]
    clusters: list[str]


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


def p_value(rng: np.random.Generator, drawn: Pair) -> float:
    """Of the sign-flip test, with 999 flips."""
    how = Resampling(0.95, 999, int(rng.integers(2**31)))
    return paired_gain(drawn.arm, drawn.base, drawn.clusters, how).p


def size(simulations: int, discordant: float) -> float:
    """Share of A/A comparisons with p at most 0.05."""
    rejected = [p_value(rng, pair(rng, discordant)) <= ALPHA for rng in seeds(simulations, 1)]
    return float(np.mean(rejected))


def power(simulations: int, largest: int, level: float = ALPHA) -> float:
    """Share of planted gains that are found at a level."""
    drawn = ((rng, pair(rng, AT, PLANTED, largest)) for rng in seeds(simulations, 2, largest))
    return float(np.mean([p_value(rng, each) <= level for rng, each in drawn]))


def coverage(simulations: int, largest: int) -> tuple[float, float]:
    """Share of 95 % intervals that hold the truth: of a gain (bootstrap), of an accuracy (t)."""
    gains, accuracies = [], []
    for rng in seeds(simulations, 3, largest):
        drawn = pair(rng, AT, 0.05, largest)
        how = Resampling(0.95, 999, int(rng.integers(2**31)))
        gain = paired_gain(drawn.arm, drawn.base, drawn.clusters, how)
        gains.append(gain.low <= 0.05 <= gain.high)
        cluster = clusters_of(rng, ITEMS, largest)
        ease = rng.beta(3, 2, int(cluster[-1]) + 1)[cluster]
        right = (rng.random(ITEMS) < ease).astype(float)
        interval = mean_interval(right.tolist(), [str(n) for n in cluster], 0.95)
        accuracies.append(interval.low <= 0.6 <= interval.high)
    return float(np.mean(gains)), float(np.mean(accuracies))


def family_wise(simulations: int) -> float:
    """Share of grids of A/A cells in which Holm rejects anything."""
    wrong = []
    for rng in seeds(simulations, 4):
        p_values = [p_value(rng, pair(rng, 0.1)) for _ in range(CELLS)]
        wrong.append(min(holm(p_values)) <= ALPHA)
    return float(np.mean(wrong))


def main() -> None:
    """Print every share with its Monte Carlo error."""
    simulations = int(sys.argv[1]) if len(sys.argv) > 1 else 2000

    def line(what: str, share: float, count: int, wanted: str) -> None:
        error = 100 * 1.96 * math.sqrt(max(share * (1 - share), 1e-6) / count)
        print(f"{what:<58}{100 * share:>7.1f} +- {error:.1f} %   ({wanted})", flush=True)

    print(machine())
    print(f"{simulations} simulations of {ITEMS} items, 1 to 8 questions per picture")
    for discordant in DISCORDANT:
        name = f"A/A, {100 * discordant:.0f} % discordant: rejected at 5 %"
        line(name, size(simulations, discordant), simulations, "exact: at most 5")
    for largest in LARGEST:
        gains, accuracies = coverage(simulations, largest)
        name = f"up to {largest} questions per picture: 95 % intervals hold"
        line(f"{name}, gain", gains, simulations, "93.5 to 96.5")
        line(f"{name}, accuracy", accuracies, simulations, "93.5 to 96.5")
    name = f"+{100 * PLANTED:.0f} points at {100 * AT:.0f} % discordance found"
    for largest in LARGEST:
        asked = f"up to {largest} per picture"
        line(f"{name}, {asked}", power(simulations, largest), simulations, "at least 90")
        alone = power(simulations, largest, ALPHA / CELLS)
        line(f"after Holm, alone of {CELLS}, {asked}", alone, simulations, "printed")
    grids = max(100, simulations // 10)
    line(f"Holm over {CELLS} cells: any rejected", family_wise(grids), grids, "at most 5")


if __name__ == "__main__":
    main()
