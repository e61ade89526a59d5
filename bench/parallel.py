"""Two workers against one: three families of the embedded model's own thoughts, and their answers.

Alternating runs from an empty cache: `g2u fill` of prepared questions, and `g2u run`, all of it.
Beside them what the machine gives: bare loops over the same model's edits, one process and two.
Run it on an idle machine.
Run: python -m bench.parallel [ITEMS]
"""

import multiprocessing
import statistics
import sys
import time
from collections.abc import Sequence
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier

import numpy as np

from bench.common import Timed, machine, timed, workspace
from g2u.params import reading as params
from g2u.pictures.decoding import picture_of_pixels
from g2u.records import EditRequest
from tests.campaigns.crashes import forget
from tests.conftest import Workspace

FAMILIES = ["direct", "duplicate", "detail", "context", "structure"]
ROUNDS = 3
BATCH, BATCHES = 64, 12
"""Edits of a bare loop."""


def settle(made: Workspace, items: int, workers: int) -> None:
    """Ladders, one worker or more, nothing cached."""
    made.raw["benchmarks"], made.raw["families"] = ["ladder"], FAMILIES
    made.raw["presets"]["benchmarks"]["ladder"]["items"] = items
    made.raw["run"] = {"workers": workers}
    made.write()
    forget(made.folder)


def loop(begin: Barrier, seconds: "Queue[float]") -> None:
    """One process of a bare loop: on one thread, as a worker."""
    import torch

    torch.set_num_threads(1)
    config = params.load()
    model, sampler = config.model("tiny"), config.presets.models["tiny"].sampler
    dice = np.random.default_rng(0)
    shown = [
        picture_of_pixels(dice.integers(0, 256, (48, 48, 3), dtype=np.uint8)) for _ in range(BATCH)
    ]
    chosen = tuple(sorted(sampler.items()))
    edits = [EditRequest((each, "Sharpen."), n, chosen) for n, each in enumerate(shown)]
    model.edit(edits)
    begin.wait()
    begun = time.perf_counter()
    for _ in range(BATCHES):
        model.edit(edits)
    seconds.put(time.perf_counter() - begun)


def bare(processes: int) -> float:
    """Edits a second of bare loops beside each other."""
    context = multiprocessing.get_context("spawn")
    begin, seconds = context.Barrier(processes), context.Queue()
    started = [context.Process(target=loop, args=(begin, seconds)) for _ in range(processes)]
    for each in started:
        each.start()
    slowest: float = max(seconds.get() for _ in started)
    for each in started:
        each.join()
    return processes * BATCH * BATCHES / slowest


def tell(what: str, one: Sequence[Timed], two: Sequence[Timed]) -> None:
    """Median seconds of both, and the ratio with its spread."""
    ratios = sorted(a.wall / b.wall for a, b in zip(one, two, strict=True))
    walls = [statistics.median(run.wall for run in runs) for runs in (one, two)]
    print(
        f"{what:<10} one worker {walls[0]:.1f} s, two {walls[1]:.1f} s: "
        f"{statistics.median(ratios):.2f} x ({ratios[0]:.2f}..{ratios[-1]:.2f})"
    )


def main() -> None:
    """Print wall seconds and ratios."""
    items = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    filled: dict[int, list[Timed]] = {1: [], 2: []}
    whole: dict[int, list[Timed]] = {1: [], 2: []}
    with workspace() as made:
        for _ in range(ROUNDS):
            for workers in filled:
                settle(made, items, workers)
                timed(made.folder, "-m", "stages.prepare", "--benchmark", "ladder")
                filled[workers].append(timed(made.folder, "-m", "g2u.cli.main", "fill"))
                forget(made.folder)
                whole[workers].append(timed(made.folder, "-m", "g2u.cli.main", "run"))
    gained = sorted(bare(2) / bare(1) for _ in range(ROUNDS))
    print(machine())
    print(f"{items} ladders, {len(FAMILIES)} families, {ROUNDS} rounds, median")
    tell("g2u fill", filled[1], filled[2])
    tell("g2u run", whole[1], whole[2])
    middle, spread = statistics.median(gained), f"{gained[0]:.2f}..{gained[-1]:.2f}"
    print(f"bare loops over the model, two against one: {middle:.2f} x ({spread})")


if __name__ == "__main__":
    main()
