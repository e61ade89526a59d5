"""train: the embedded model's weights, from scratch; frozen, because what it makes is shipped.

Output: g2u_tiny/model/weights/ (model.safetensors, config.json, curve.csv). Resumes from
.g2u/train/checkpoint.pt; the checkpoint that ships is the last one, whatever it scores.
A variant of params.yaml (another seed, direct answering only, thinking without pixels) is trained
apart, for the studies:
from .g2u/train/<variant>/checkpoint.pt to studies/weights/<variant>/.
Run: make train  (dvc repro --single-item train would do nothing: the stage is frozen)
     python -m stages.train --variant seed_1 --device cuda
"""

import argparse
import sys
from pathlib import Path

import polars as pl

from g2u import plugins
from g2u.errors import ParamsError, run_main, unknown_name
from g2u.params import reading as params
from g2u.params.sections import Train
from g2u_tiny.model.network import TinyConfig
from g2u_tiny.training.curriculum import EASY_VQA
from g2u_tiny.training.device import train_on
from g2u_tiny.training.export import export
from g2u_tiny.training.loop import Recipe, train

WEIGHTS = Path("g2u_tiny/model/weights")
VARIANT_WEIGHTS = Path("studies/weights")
SCRATCH = Path(".g2u/train")


def trainable() -> list[str]:
    """Benchmarks with a training split: those that make puzzles, and easy-VQA."""
    sources = [n for n in plugins.known("source") if hasattr(plugins.benchmark(n), "make")]
    return [*sources, EASY_VQA]


def recipe_of(section: Train | None, variant: str | None) -> Recipe:
    """The recipe of params.yaml, with what the variant changes.

    Raises:
        ParamsError: no section train, no such variant, or the mixture names what cannot be trained
            on.
    """
    if section is None:
        raise ParamsError(
            "params.yaml: train is missing; expected the recipe, as the repository of g2u has it"
        )
    if variant is not None and variant not in section.variants:
        raise ParamsError(unknown_name("params.yaml: train.variants", variant, section.variants))
    changes = section.variants[variant].model_dump(exclude_none=True) if variant else {}
    settings = {**section.model_dump(exclude={"variants"}), **changes}
    for name in settings["mixture"]:
        if name not in trainable():
            raise ParamsError(unknown_name("params.yaml: train.mixture", name, trainable()))
    low, high = settings["depths"]
    return Recipe(**{**settings, "depths": (low, high), "paths": tuple(settings["paths"])})


def main() -> None:
    """Train, or go on training, and write the weights."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--variant")
    parser.add_argument("--device", default="cpu", help="of torch; default cpu")
    arguments = parser.parse_args()
    variant = arguments.variant
    train_on(arguments.device)
    recipe = recipe_of(params.load().train, variant)
    scratch = SCRATCH / variant if variant else SCRATCH
    weights = VARIANT_WEIGHTS / variant if variant else WEIGHTS
    network, curve = train(recipe, TinyConfig(passes=recipe.passes), scratch)
    size = export(network, weights)
    pl.DataFrame(curve).write_csv(weights / "curve.csv")
    items = sum(recipe.mixture.values())
    print(f"train: {recipe.steps} steps of {items} items, {size} bytes", file=sys.stderr)


if __name__ == "__main__":
    run_main(main)
