"""train: the embedded model's weights, from scratch; frozen, because what it makes is shipped.

Output: g2u/models/tiny/weights/ (model.safetensors, config.json, curve.csv). Resumes from
.g2u/train/checkpoint.pt; the checkpoint that ships is the last one, whatever it scores.
Run: make train  (dvc repro --single-item train would do nothing: the stage is frozen)
"""

import sys
from pathlib import Path

import polars as pl

from g2u import params
from g2u.errors import run_main
from g2u.models.tiny.network import TinyConfig
from g2u.training.export import export
from g2u.training.loop import Recipe, train

WEIGHTS = Path("g2u/models/tiny/weights")
SCRATCH = Path(".g2u/train")


def main() -> None:
    """Train, or go on training, and write the weights."""
    section = params.load().train
    low, high = section.depths
    exact = {"depths": (low, high), "paths": tuple(section.paths)}
    recipe = Recipe(**{**section.model_dump(), **exact})
    network, curve = train(recipe, TinyConfig(), SCRATCH)
    size = export(network, WEIGHTS)
    pl.DataFrame(curve).write_csv(WEIGHTS / "curve.csv")
    items = sum(recipe.mixture.values())
    print(f"train: {recipe.steps} steps of {items} items, {size} bytes", file=sys.stderr)


if __name__ == "__main__":
    run_main(main)
