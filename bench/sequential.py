"""Does stopping when decided keep its error, and what does it save? Simulated answers, by picture.

Error over looks and over a grid, drawings saved where a gain or none is planted, coverage of the
interval that allows for stopping; or what looks would have decided of a study that was drawn for
whole. Run: python -m bench.sequential [SIMULATIONS | FOLDER]
"""

import contextlib
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from bench.common import machine
from bench.inference import ALPHA, HOW, clusters_of, line, seeds
from g2u.params.sections import Design
from g2u.scores.sequential import Course, Plan, Slice, course, estimate, slices
from g2u.scores.statistics import Gain, Interval, holm, paired_gain
from g2u.tables import schemas as tables
from g2u.tables.places import DATA, BenchmarkFolder, Cell
from g2u.thoughts.part import in_slices

USUAL = tuple(Design().looks)
"""As a run has them if it is not told otherwise."""
TENTHS = tuple(round(0.1 * k, 1) for k in range(2, 11))
CELLS = 27
WORTH = 0.1
Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class World:
    """Answers of which a share `moved` changes, by `gain` more of them upwards; pictures have 1 to
    `largest` questions, and half of the pictures' questions move as one.
    """

    items: int
    moved: float
    gain: float
    largest: int = 4

    def slices(self, rng: np.random.Generator, shares: tuple[float, ...]) -> list[Slice]:
        """Their changes at each look."""
        cluster = clusters_of(rng, self.items, self.largest)
        count = int(cluster[-1]) + 1
        together = (rng.random(count) < 0.5)[cluster]

        def drawn() -> Numbers:
            return np.where(together, rng.random(count)[cluster], rng.random(self.items))

        up = 0.5 + self.gain / (2 * self.moved)
        change = np.where(drawn() < self.moved, np.where(drawn() < up, 1.0, -1.0), 0.0)
        first = np.searchsorted(cluster, np.arange(count))  # a picture comes with its first item
        looks = np.searchsorted(np.array(shares) * self.items, first + 1)[cluster]
        return slices(change.tolist(), [str(each) for each in cluster], looks.tolist())


def courses(simulations: int, world: World, plan: Plan, key: int) -> list[Course]:
    """Of so many worlds."""
    drawn = seeds(simulations, 20, key, world.items, world.largest)
    return [course(world.slices(rng, plan.shares), plan) for rng in drawn]


def is_claimed(found: Course) -> bool:
    """Whether a gain or a harm was decided."""
    return found.decision in ("gain", "harm")


def covered(simulations: int, world: World, plan: Plan) -> tuple[float, float, float]:
    """Share of 95 % intervals that hold the gain; mean error of the estimate, and of the mean."""
    held, off, plain = [], [], []
    for rng in seeds(simulations, 21, world.items, round(100 * world.gain)):
        parts = world.slices(rng, plan.shares)
        found = course(parts, plan)
        told = estimate(parts, found, plan, 0.95)
        held.append(told.low <= world.gain <= told.high)
        off.append(told.mean - world.gain)
        seen = parts[: len(found.looks)]
        plain.append(sum(each.sums.sum() for each in seen) / found.items - world.gain)
    return float(np.mean(held)), float(np.mean(off)), float(np.mean(plain))


OWN = ("detail", "context", "structure")


def scored(cell: Cell) -> dict[str, tuple[float, str]]:
    """Score and cluster of each question in the cell's main arm."""
    rows = pl.read_parquet(cell.scores, columns=["id", "is_main", "score", "cluster"])
    kept = rows.filter(pl.col("is_main") & pl.col("score").is_not_null())
    return {row["id"]: (row["score"], row["cluster"]) for row in kept.iter_rows(named=True)}


def replay(cell: Cell, plan: Plan) -> tuple[Gain, list[Slice]]:
    """A cell's gain over direct by all of its questions, and its slices in the order of drawing."""
    own, direct = (scored(each) for each in (cell, cell.of_family("direct")))
    places = in_slices(
        tables.read_questions(BenchmarkFolder(cell.benchmark).questions), plan.shares
    )
    pairs = [
        (*own[name], direct[name][0], look)
        for name, look in places.items()
        if name in own and name in direct
    ]
    arm, clusters, base, looks = zip(*pairs, strict=True)
    change = [a - b for a, b in zip(arm, base, strict=True)]
    return paired_gain(arm, base, clusters, HOW), slices(change, clusters, looks)


def shown(mean: float, ends: Gain | Interval) -> str:
    """Points, with their interval."""
    return f"{100 * mean:+6.1f} [{100 * ends.low:+.1f}, {100 * ends.high:+.1f}]"


def study() -> None:
    """Of each own-thought cell of tiny: what all questions show, and when looks would decide it."""
    cells = [
        Cell(folder.parent.name, "tiny", folder.name)
        for folder in sorted(DATA.glob("*/*"))
        if folder.name in OWN and (folder / "tiny/scores.parquet").exists()
    ]
    plan = Plan(USUAL, ALPHA / len(cells), WORTH)
    told = [replay(cell, plan) for cell in cells]
    corrected = holm([gain.p for gain, _ in told])
    drawn, courses = 0, [course(parts, plan) for _, parts in told]
    sequential = holm([found.p for found in courses])
    for n, (cell, (gain, parts), p) in enumerate(zip(cells, told, corrected, strict=True)):
        found = courses[n]
        sharp = estimate(parts, found, plan, 0.95)
        claim = "claimed" if sequential[n] <= ALPHA else ""
        whole = "open" if p > ALPHA else "gain" if gain.difference > 0 else "harm"
        drawn += found.items
        print(
            f"{cell!s:<28}{whole:<6}{shown(gain.difference, gain)}   {found.decision:<9} after "
            f"{found.items:>4} of {gain.items}   {claim:<8}{shown(sharp.mean, sharp)}"
        )
    total = sum(gain.items for gain, _ in told)
    print(
        f"{len(cells)} cells: {drawn} of {total} questions drawn for, {1 - drawn / total:.0%} saved"
    )


def main() -> None:
    """Print every share with its Monte Carlo error."""
    if len(sys.argv) > 1 and not sys.argv[1].isdigit():
        with contextlib.chdir(Path(sys.argv[1])):
            return study()
    simulations = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    print(machine())
    for items, moved in ((400, 0.02), (400, 0.1), (120, 0.1)):
        world, plan = World(items, moved, 0.0), Plan(TENTHS, ALPHA, WORTH, missed=0.0)
        share = float(np.mean([is_claimed(c) for c in courses(simulations, world, plan, 1)]))
        name = f"n = {items}, A/A at {100 * moved:.0f} %, 9 looks, never given up: decided"
        line(name, share, simulations, "at most 5")
    grids, plan = max(50, simulations // 5), Plan(USUAL, ALPHA / CELLS, WORTH)
    found = courses(grids * CELLS, World(400, 0.1, 0.0), plan, 2)
    claimed = np.reshape([is_claimed(c) for c in found], (grids, CELLS)).any(axis=1)
    line(f"{CELLS} A/A cells, 5 looks: any decided", float(claimed.mean()), grids, "at most 5")
    for cells in (1, CELLS):
        for shares in (USUAL, TENTHS):
            for gain, moved, largest in ((0.15, 0.2, 1), (0.15, 0.2, 4), (0.0, 0.1, 4)):
                world, plan = World(400, moved, gain, largest), Plan(shares, ALPHA / cells, WORTH)
                found = courses(simulations // 2, world, plan, 3)
                saved = 1 - float(np.mean([c.items for c in found])) / world.items
                name = f"{100 * gain:+.0f}, 1 of {cells}, {len(shares)} looks, up to {largest}"
                print(f"{name + ': drawings saved':<62}{100 * saved:>7.1f} %   (at least 40)")
                share = float(np.mean([is_claimed(c) for c in found]))
                line(f"{name}: decided", share, simulations // 2, "printed")
    for items in (400, 120):
        for gain, moved in ((0.0, 0.1), (0.05, 0.15), (0.1, 0.15), (0.15, 0.25)):
            worlds = (2 if items == 400 else 4) * simulations
            told = covered(worlds, World(items, moved, gain), Plan(USUAL, ALPHA, WORTH))
            name = f"n = {items}, {100 * gain:+.0f}, 5 looks: 95 % interval holds"
            line(name, told[0], worlds, "93.5 to 96.5")
            print(f"  estimate off by {100 * told[1]:+.2f}, mean by {100 * told[2]:+.2f} points")


if __name__ == "__main__":
    main()
