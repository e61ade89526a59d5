"""align: train the embedded model by its own understanding, and measure what that changed.

Prepares the benchmarks that section align of params.yaml names, trains the variant once per seed
(stage align, resumable), then runs the study of its name, if studies/ has one. One command per
system: python -m flows.align gvu, python -m flows.align r3. And python -m flows.align ablations:
every ablation once, their curves beside those of what they are ablations of in
studies/results/ablations.csv. With --device cuda the trainings are on a GPU.
"""

import argparse
import os
import subprocess
import sys
from pathlib import Path

import polars as pl

from flows import study
from g2u import params
from g2u.errors import run_main
from g2u.files import write_whole
from g2u.params import Align
from g2u.workspace import ALIGNING, CURVE, STUDIED_WEIGHTS, BenchmarkFolder

SEEDS = 3


def main() -> None:
    """Prepare, train each seed, measure."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("variant")
    parser.add_argument("--seeds", type=int, default=SEEDS, help="how many, from 0 (default 3)")
    parser.add_argument("--device", default="cpu", help="of the trainings; default cpu")
    arguments = parser.parse_args()
    if arguments.variant == "ablations":
        ablations(params.load().align, arguments.device)
        return
    _train(arguments.variant, arguments.seeds, arguments.device)
    if (study.STUDIES / f"{arguments.variant}.yaml").exists():
        study.run(arguments.variant)


def ablations(section: Align, device: str) -> None:
    """Train each and write a row per look of the watch, those of the whole variants among them."""
    for name in section.ablations:
        _train(name, 1, device)
    whole = {each.of for each in section.ablations.values()}
    curves = {name: STUDIED_WEIGHTS / name for name in sorted(whole)}
    curves |= {name: ALIGNING / name / "weights" for name in section.ablations}
    looks = [
        pl.read_csv(place / CURVE).select(pl.lit(name).alias("training"), pl.all())
        for name, place in curves.items()
    ]
    table = pl.concat(looks, how="diagonal_relaxed")
    study.RESULTS.mkdir(parents=True, exist_ok=True)
    write_whole(study.RESULTS / "ablations.csv", table.write_csv())


def _train(name: str, seeds: int, device: str) -> None:
    settings = params.load().align.settings(name)
    for benchmark in {**settings["tasks"], **settings["watched"]}:
        if not BenchmarkFolder(benchmark).targets.exists():
            _run("stages.prepare", "--benchmark", benchmark)
    for seed in range(seeds):
        _run("stages.align", "--variant", name, "--seed", str(seed), "--device", device)


def _run(module: str, *arguments: str) -> None:
    environment = {**os.environ, "PYTHONPATH": str(Path.cwd())}
    subprocess.run([sys.executable, "-m", module, *arguments], env=environment, check=True)


if __name__ == "__main__":
    run_main(main)
