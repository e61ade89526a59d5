"""Many small cells, `g2u run` beside a bare `dvc repro` on the same workspace: nothing to do, and
all stages stale whose calls are cached; and how often the model is loaded.

Run: python -m bench.cells [CELLS]
"""

import statistics
import sys

import yaml

from bench.common import Timed, loads, machine, rows, timed, use_counted, workspace
from tests.campaigns.crashes import forget
from tests.conftest import write_tsv

FAMILIES = ["direct", "duplicate", "detail", "context", "structure"]
ITEMS, SIZE, ROUNDS = 4, 32, 3
RUN, REPRO = ("-m", "g2u.cli.main", "run"), ("-m", "dvc", "repro")


def main() -> None:
    """Print seconds and ratios."""
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
        idle = [(timed(made.folder, *REPRO), timed(made.folder, *RUN)) for _ in range(ROUNDS)]
        forget(made.folder, calls=False)
        cached = timed(made.folder, *RUN)
        forget(made.folder, calls=False)
        bare = timed(made.folder, *REPRO)
        again = len(loads(made)) - workers
        places = [made.folder / "dvc.lock", *(made.folder / "data").rglob("dvc.lock")]
        stages = sum(len(yaml.safe_load(place.read_text())["stages"]) for place in places)
    ratios = sorted(ours.cpu / dvc.cpu for dvc, ours in idle)
    print(machine())
    print(
        f"{len(names) * len(FAMILIES)} cells of {ITEMS} items, {stages} stages; CPU (wall) seconds"
    )
    print(f"first g2u run: {told(first)}; {workers} model loads")
    print(
        f"nothing to do: dvc repro {told(min((dvc for dvc, _ in idle), key=cpu))}, "
        f"g2u run {told(min((ours for _, ours in idle), key=cpu))}: "
        f"{statistics.median(ratios):.2f} x ({ratios[0]:.2f}..{ratios[-1]:.2f}) of {ROUNDS} pairs"
    )
    print(
        f"all stale, all calls cached: dvc repro {told(bare)}, g2u run {told(cached)}: "
        f"{cached.cpu / bare.cpu:.2f} x; {again} model loads"
    )


def cpu(run: Timed) -> float:
    """CPU seconds."""
    return run.cpu


def told(run: Timed) -> str:
    """CPU and wall seconds."""
    return f"{run.cpu:.1f} ({run.wall:.1f})"


if __name__ == "__main__":
    main()
