"""align: the embedded model learns from its own understanding; frozen, as train is.

Output: studies/weights/<variant>/ (low-rank changes beside their base, which stays as it is: see
g2u_tiny/model/weights.py) with curve.csv and paintings.csv; of an ablation, without paintings, it
is .g2u/align/<name>/weights. Resumes from .g2u/align/<variant>/checkpoint.pt. Reads the questions
and pictures of prepared benchmarks, and oracles for the watch; no gold answer.
The stage is in studies/weights/dvc.yaml, apart from the pipeline that everybody runs.
Run: python -m flows.align gvu   (prepares the benchmarks first; --device cuda on a GPU)
"""

import argparse
import sys
from dataclasses import asdict
from pathlib import Path

import polars as pl

from g2u.errors import run_main
from g2u.params import reading as params
from g2u.tables.places import ALIGNING, CURVE, PAINTINGS, STUDIED_WEIGHTS
from g2u_tiny.alignment import section, watch
from g2u_tiny.alignment.loop import align
from g2u_tiny.alignment.lowrank import export
from g2u_tiny.alignment.recipe import AlignRecipe
from g2u_tiny.alignment.tasks import pool
from g2u_tiny.model.network import TinyConfig
from g2u_tiny.training.device import train_on


def main() -> None:
    """Align, or go on aligning, and write the changes."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--variant", required=True)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", default="cpu", help="of torch; default cpu")
    arguments = parser.parse_args()
    train_on(arguments.device)
    config, known = params.load(), section.load()
    recipe = AlignRecipe(seed=arguments.seed, **known.settings(arguments.variant))
    name = f"{arguments.variant}_{arguments.seed}" if arguments.seed else arguments.variant
    size = TinyConfig().size
    tasks = pool(
        config, recipe.tasks, size, paints=recipe.paints > 0, with_oracles=recipe.needs_oracles
    )
    if recipe.needs_oracles:
        tasks = tasks.supervised()
    watched = pool(
        config,
        recipe.watched,
        size,
        paints=recipe.paints > 0,
        with_oracles=True,
        most=recipe.checked,
    )
    learner = align(recipe, tasks, watched, ALIGNING / name)
    place = STUDIED_WEIGHTS / name
    if arguments.variant in known.ablations:
        place = ALIGNING / name / "weights"
    size_in_bytes = export(learner.network, Path(recipe.base), place)
    pl.DataFrame(learner.curve).write_csv(place / CURVE)
    if arguments.variant not in known.ablations:
        painted = watch.paintings(learner)
        pl.DataFrame([asdict(each) for each in painted]).write_csv(place / PAINTINGS)
    print(f"align {name}: {learner.done} turns, {size_in_bytes} bytes", file=sys.stderr)


if __name__ == "__main__":
    run_main(main)
