"""One command: direct and three families, scores and statistics, of 1,000 items with a model that
costs nothing; and one worker against two.

Run: python -m bench.command [ITEMS]
"""

import statistics
import sys

from bench.common import Timed, loads, machine, rows, timed, use_counted, workspace
from tests.campaigns.crashes import forget

FAMILIES = ["direct", "duplicate", "detail", "context", "structure"]
SIZE, ROUNDS = 224, 3


def main() -> None:
    """Print CPU and wall seconds, new and again."""
    items = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    found: dict[int, list[Timed]] = {1: [], 2: []}
    with workspace() as made:
        made.use_tsv(rows(items, SIZE))
        for _ in range(ROUNDS):
            for count, runs in found.items():
                use_counted(made, FAMILIES, workers=count)
                forget(made.folder)
                runs.append(timed(made.folder, "-m", "g2u.cli.main", "run"))
        again = timed(made.folder, "-m", "g2u.cli.main", "run")
        loaded = len(loads(made)) / (3 * ROUNDS)
    ratios = sorted(one.wall / two.wall for one, two in zip(found[1], found[2], strict=True))
    print(machine())
    print(f"{items} items of {SIZE} px, {len(FAMILIES)} families, {ROUNDS} rounds, median")
    for count, runs in found.items():
        cpu, wall = (
            statistics.median(getattr(run, name) for run in runs) for name in ("cpu", "wall")
        )
        print(f"g2u run, workers {count}: CPU {cpu:.2f} s, wall {wall:.2f} s")
    spread = f"{ratios[0]:.2f}..{ratios[-1]:.2f}"
    print(f"two workers against one: {statistics.median(ratios):.2f} x ({spread})")
    print(f"again, nothing new: CPU {again.cpu:.2f} s, wall {again.wall:.2f} s")
    print(f"model loads per worker: {loaded:.2f}")


if __name__ == "__main__":
    main()
