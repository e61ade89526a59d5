"""Do the tests, intervals and verdicts hold what they promise? Simulated answers, clustered by
picture.

Size and power of the sign-flip test, coverage of the intervals from 5 pictures on, false
equivalence, family-wise error, gains beyond 200 cells, and wrong words: "thought-mediated" where
only repetition helps, a wrong cause for readers of their thoughts. Minutes at full size.
Run: python -m bench.inference [SIMULATIONS]
"""

import math
import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln, xlogy

from bench.common import machine
from g2u.arms import DIRECT, Arm
from g2u.report.summary import CellResult, summary
from g2u.scores.leaks import Leaks
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


OWN = Arm("concat", is_main=True)
Arms = Mapping[str, Floats]
"""Scores by arm: direct, duplicate, blank; and of each family, "0", "0 shuffled" ..."""


def answers(
    rng: np.random.Generator, chances: Mapping[str, float], items: int, noise: float = 0.0
) -> dict[str, Floats]:
    """Scores 0 or 1 by arm: items differ in difficulty, arms agree on them but for a share `noise`
    of answers that fall at random.
    """
    ease = rng.random(items)
    return {
        arm: (np.where(rng.random(items) < noise, rng.random(items), ease) < chance).astype(float)
        for arm, chance in chances.items()
    }


def verdicts(grid: list[Arms], families: int, pictures: int) -> list[str]:
    """What the report says of each family of each benchmark of a grid."""
    cells = []
    for number, arms in enumerate(grid):
        clusters = [str(n % pictures) for n in range(len(arms["direct"]))]

        def over(one: str, arms: Arms = arms, clusters: list[str] = clusters) -> dict[str, Any]:
            found: dict[str, Any] = {}
            for base in ("direct", "duplicate", f"{one} shuffled"):
                if base != one and base in arms:
                    gain = paired_gain(arms[one].tolist(), arms[base].tolist(), clusters, HOW)
                    name = "shuffled" if base.endswith("shuffled") else base
                    found[name] = {**asdict(gain), "with_fallback": 0.0}
            return found

        def cell(
            name: str, edit: str, shown: Mapping[Arm, str], place: str = str(number)
        ) -> CellResult:
            scored: dict[str, Any] = {
                arm.name: {"accuracy": 0.5, "low": 0.6, "high": 0.7, "items": 1, "clusters": 1}
                for arm in shown
            }
            gains = {arm.name: over(one) for arm, one in shown.items() if arm != DIRECT}
            metrics: dict[str, Any] = {
                "arms": scored, "gains": gains, "chance": 0.25, "majority": 0.25,
                "prompts": asdict(Leaks(0, 0, 0, 0)),
            }  # fmt: skip
            seconds = dict.fromkeys(scored, 1.0)
            return CellResult(
                place, "m", name, tuple(shown), metrics, edit == "prompt", seconds, edit
            )

        cells += [cell("direct", "direct", {DIRECT: "direct"})]
        cells += [cell(c, c, {OWN: c}) for c in ("duplicate", "blank")]
        for family in map(str, range(families)):
            shown = {OWN: family, OWN.shuffled(): f"{family} shuffled"}
            cells.append(cell(family, "prompt", shown))
    rows = summary(cells, ALPHA)
    return [str(word) for word in rows["verdict"].drop_nulls()]


def readers(simulations: int, noise: float) -> dict[str, float]:
    """Share of each verdict on planted readers of their thoughts: 120 questions, 60 pictures."""
    chances = {"direct": 0.5, "duplicate": 0.5, "blank": 0.5, "0": 0.7, "0 shuffled": 0.45}
    words = [
        verdicts([answers(rng, chances, 120, noise)], 1, 60)[0]
        for rng in seeds(simulations, 6, round(100 * noise))
    ]
    return {word: words.count(word) / len(words) for word in dict.fromkeys(words)}


def only_repetition(grids: int, share: float = 0.5) -> tuple[float, float]:
    """Of grids of 9 benchmarks x 3 families in which the original shown again helps as much as own
    and strange thoughts do not: the share with some "thought-mediated", and with "any picture" or
    "any edit". Arms disagree on a `share` of the answers.
    """
    chances = {"direct": 0.4, "duplicate": 0.7, "blank": 0.4}
    chances |= dict.fromkeys("012", 0.7) | {f"{name} shuffled": 0.4 for name in "012"}
    mediated, others = [], []
    for rng in seeds(grids, 7, round(100 * share)):
        words = verdicts([answers(rng, chances, 120, share) for _ in range(9)], 3, 60)
        mediated.append("thought-mediated" in words)
        others.append(any(word in words for word in ("any picture", "any edit")))
    return float(np.mean(mediated)), float(np.mean(others))


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
        line(f"{name}, gain", gains, simulations, "94 to 97")
        line(f"{name}, accuracy", accuracies, simulations, "93.5 to 96.5")
    for pictures in (5, 10, 20, 60):
        for up, down in ((0.6, 0.02), (0.3, 0.05), (0.06, 0.0)):
            name = f"{pictures} pictures, +{100 * up:.0f} -{100 * down:.0f} %: 95 % interval holds"
            line(name, coverage_of_few(simulations, pictures, up, down), simulations, "over 90")
    for pictures in (20, 60, 99, 120, 150, 300):
        shares = [falsely_equivalent(pictures, down) for down in (0, 0.002, 0.01, 0.03, 0.1, 0.3)]
        name = f"{pictures} pictures, gain at the margin: equivalent, worst case"
        print(f"{name:<58}{100 * max(shares):>7.2f} %   (exact sum; at most 5)", flush=True)
    name = "400 pictures, no gain, 1 % up and down: equivalent"
    print(f"{name:<58}{100 * falsely_equivalent(400, 0.01, 0.0):>7.1f} %   (printed)", flush=True)
    name = f"+{100 * PLANTED:.0f} points at {100 * AT:.0f} % discordance found"
    for largest in LARGEST:
        asked = f"up to {largest} per picture"
        line(f"{name}, {asked}", power(simulations, largest), simulations, "at least 90")
        alone = power(simulations, largest, ALPHA / CELLS)
        line(f"after Holm, alone of {CELLS}, {asked}", alone, simulations, "printed")
    grids = max(100, simulations // 10)
    line(f"Holm over {CELLS} cells: any rejected", family_wise(grids), grids, "at most 5")
    for cells in (201, 500, 1000):
        print(f"{cells} cells of +60 points: {found_of_planted(cells)} significant after Holm")
    grids = max(20, simulations // 4)
    for share in (0.2, 0.5):
        mediated, others = only_repetition(grids, share)
        name = f"27 cells, repetition alone, {100 * share:.0f} % noise: any"
        line(f"{name} mediated", mediated, grids, "at most 5")
        line(f"{name} picture or edit", others, grids, "at most 5")
    count = max(50, simulations // 2)
    for noise in (0.0, 0.25):
        words = readers(count, noise)
        wrong = sum(words.get(word, 0.0) for word in ("any picture", "extra compute", "any edit"))
        line(f"readers, n = 120, {100 * noise:.0f} % noise: wrong cause", wrong, count, "at most 2")
        print("  " + ", ".join(f"{word} {100 * each:.1f} %" for word, each in words.items()))


if __name__ == "__main__":
    main()
