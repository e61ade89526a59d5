"""Many small cells: a run with nothing to do, a first one whose calls are all cached, and how often
the model is loaded.

Run: python -m bench.cells [CELLS]
"""

import sys

from bench.common import loads, machine, rows, timed, use_counted, workspace
from tests.campaigns.crashes import forget
from tests.conftest import write_tsv

FAMILIES = ["direct", "duplicate", "detail", "context", "structure"]
ITEMS, SIZE = 4, 32
RUN, REPRO = ("-m", "g2u.cli.main", "run"), ("-m", "dvc", "repro")


def main() -> None:
    """Print wall and CPU seconds."""
    cells = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    with workspace() as made:
        names = [f"mine_{number:02d}" for number in range(cells // len(FAMILIES))]
        for number, name in enumerate(names):
            write_tsv(made.folder / f"{name}.tsv", rows(ITEMS, SIZE, number * ITEMS))
            made.raw["presets"]["benchmarks"][name] = {"source": "tsv", "file": f"{name}.tsv"}
        made.raw["benchmarks"] = names
        use_counted(made, FAMILIES, workers=2)
        first = timed(made.folder, *RUN)
        workers = len(loads(made))
        idle = [(timed(made.folder, *REPRO), timed(made.folder, *RUN)) for _ in range(3)]
        forget(made.folder, calls=False)
        cached = timed(made.folder, *RUN)
        made_again = len(loads(made)) - workers
    alone = min((dvc for dvc, _ in idle), key=lambda run: run.wall)
    ours = min((run for _, run in idle), key=lambda run: run.wall)
    print(machine())
    print(f"{len(names) * len(FAMILIES)} cells of {ITEMS} items")
    print(f"first g2u run: wall {first.wall:.1f} s, CPU {first.cpu:.1f} s; {workers} model loads")
    print(f"dvc repro, nothing to do: wall {alone.wall:.2f} s, CPU {alone.cpu:.2f} s")
    print(
        f"g2u run, nothing to do: wall {ours.wall:.2f} s, CPU {ours.cpu:.2f} s; "
        f"own part {ours.wall - alone.wall:.2f} s"
    )
    print(
        f"g2u run, all calls cached, nothing packed: wall {cached.wall:.1f} s, "
        f"CPU {cached.cpu:.1f} s; {made_again} model loads"
    )


if __name__ == "__main__":
    main()
