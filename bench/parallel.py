"""Two workers against one: three families of the embedded model's own thoughts, and their answers.

Alternating runs from an empty cache: `g2u fill` of prepared questions, and `g2u run`, all of it.
Run it on an idle machine.
Run: python -m bench.parallel [ITEMS]
"""

import statistics
import sys
from collections.abc import Sequence

from bench.common import Timed, machine, timed, workspace
from tests.campaigns.crashes import forget
from tests.conftest import Workspace

FAMILIES = ["direct", "duplicate", "detail", "context", "structure"]
ROUNDS = 3


def settle(made: Workspace, items: int, workers: int) -> None:
    """Ladders, one worker or more, nothing cached."""
    made.raw["benchmarks"], made.raw["families"] = ["ladder"], FAMILIES
    made.raw["presets"]["benchmarks"]["ladder"]["items"] = items
    made.raw["run"] = {"workers": workers}
    made.write()
    forget(made.folder)


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
    print(machine())
    print(f"{items} ladders, {len(FAMILIES)} families, {ROUNDS} rounds, median")
    tell("g2u fill", filled[1], filled[2])
    tell("g2u run", whole[1], whole[2])


if __name__ == "__main__":
    main()
