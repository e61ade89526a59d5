"""Many small cells: a run with nothing to do, a first one whose calls are all cached, and how often
the model is loaded. Beside it DVC alone: as many stages that only echo, each with one dependency,
output and parameter, in one dvc.yaml per benchmark.

Run: python -m bench.cells [CELLS]
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import yaml

from bench.common import Timed, loads, machine, rows, timed, use_counted, workspace
from tests.campaigns.crashes import forget
from tests.conftest import write_tsv

FAMILIES = ["direct", "duplicate", "detail", "context", "structure"]
ITEMS, SIZE = 4, 32
RUN, REPRO = ("-m", "g2u.cli.main", "run"), ("-m", "dvc", "repro")


def bare(files: int, stages: int) -> tuple[Timed, Timed]:
    """`dvc repro` of `stages` stages in `files` files: the first, and with nothing to do (best of
    three).
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        subprocess.run(["git", "init", "--quiet"], cwd=folder, check=True)
        timed(folder, "-m", "dvc", "init", "--quiet")
        (folder / "params.yaml").write_text("seed: 0\n")
        (folder / "source").touch()
        for number in range(files):
            place = folder / f"b{number:02d}"
            place.mkdir()
            made = {
                f"s{stage:02d}": {
                    "wdir": "..",
                    "cmd": f"echo {stage} > {place.name}/{stage}",
                    "params": ["seed"],
                    "deps": [f"{place.name}/{stage - 1}" if stage else "source"],
                    "outs": [f"{place.name}/{stage}"],
                }
                for stage in range(stages // files)
            }
            (place / "dvc.yaml").write_text(yaml.safe_dump({"stages": made}))
        first = timed(folder, "-m", "dvc", "repro", "--all-pipelines")
        again = (timed(folder, "-m", "dvc", "repro", "--all-pipelines") for _ in range(3))
        return first, min(again, key=lambda run: run.wall)


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
        places = [made.folder / "dvc.lock", *(made.folder / "data").rglob("dvc.lock")]
        locks = [yaml.safe_load(place.read_text()) for place in places]
    stages = sum(len(lock["stages"]) for lock in locks)
    packing, toy = bare(len(names), stages)
    alone = min((dvc for dvc, _ in idle), key=lambda run: run.wall)
    ours = min((run for _, run in idle), key=lambda run: run.wall)
    print(machine())
    print(f"{len(names) * len(FAMILIES)} cells of {ITEMS} items")
    print(f"first g2u run: wall {first.wall:.1f} s, CPU {first.cpu:.1f} s; {workers} model loads")
    print(
        f"DVC alone, {stages} stages: first wall {packing.wall:.1f} s, CPU {packing.cpu:.1f} s; "
        f"nothing to do: wall {toy.wall:.2f} s, CPU {toy.cpu:.2f} s"
    )
    print(
        f"dvc repro, nothing to do: wall {alone.wall:.2f} s, CPU {alone.cpu:.2f} s "
        f"({alone.cpu / toy.cpu:.2f} x)"
    )
    print(
        f"g2u run, nothing to do: wall {ours.wall:.2f} s, CPU {ours.cpu:.2f} s; "
        f"own part {ours.wall - alone.wall:.2f} s"
    )
    print(
        f"g2u run, all calls cached, nothing packed: wall {cached.wall:.1f} s, "
        f"CPU {cached.cpu:.1f} s ({cached.wall / packing.wall:.2f} x); {made_again} model loads"
    )


if __name__ == "__main__":
    main()
