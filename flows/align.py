"""align: train the embedded model by its own understanding, and measure what that changed.

Prepares the benchmarks that section align of params.yaml names, trains the variant once per seed
(stage align, resumable), then runs the study of its name, if studies/ has one. One command per
system: python -m flows.align gvu, python -m flows.align r3.
"""

import argparse
import os
import subprocess
import sys
from pathlib import Path

from flows import study
from g2u import params
from g2u.errors import run_main
from g2u.workspace import BenchmarkFolder

SEEDS = 3


def main() -> None:
    """Prepare, train each seed, measure."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("variant")
    parser.add_argument("--seeds", type=int, default=SEEDS, help="how many, from 0 (default 3)")
    arguments = parser.parse_args()
    settings = params.load().align.settings(arguments.variant)
    for benchmark in {**settings["tasks"], **settings["watched"]}:
        if not BenchmarkFolder(benchmark).targets.exists():
            _run("stages.prepare", "--benchmark", benchmark)
    for seed in range(arguments.seeds):
        _run("stages.align", "--variant", arguments.variant, "--seed", str(seed))
    if (study.STUDIES / f"{arguments.variant}.yaml").exists():
        study.run(arguments.variant)


def _run(module: str, *arguments: str) -> None:
    environment = {**os.environ, "PYTHONPATH": str(Path.cwd())}
    subprocess.run([sys.executable, "-m", module, *arguments], env=environment, check=True)


if __name__ == "__main__":
    run_main(main)
