"""The training loop of an alignment: seeded, resumable, watched."""

import json
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from g2u_tiny.alignment import gvu, r3, rule, supervised, watch
from g2u_tiny.alignment.lowrank import put
from g2u_tiny.alignment.recipe import AlignRecipe
from g2u_tiny.alignment.state import Learner, begin, resume, save
from g2u_tiny.alignment.tasks import Pool

SYSTEMS: dict[str, Callable[..., dict[str, float]]] = {
    "gvu": gvu.turn,
    "r3": r3.turn,
    "supervised": supervised.turn,
}


def align(recipe: AlignRecipe, pool: Pool, watched: Pool, scratch: Path) -> Learner:
    """Train from the base, or from the checkpoint in `scratch`; its sound weights are returned.

    Raises:
        ParamsError: the checkpoint belongs to another recipe.
    """
    torch.set_num_threads(recipe.threads)
    rng = np.random.default_rng(recipe.seed)
    learner = begin(recipe)
    saved = scratch / "checkpoint.pt"
    resume(saved, learner, recipe, rng)
    if not learner.curve:
        _check(learner, watched, recipe, {})
    measured: list[dict[str, float]] = []
    while learner.done < recipe.turns and not rule.stops(learner.curve, recipe.fall):
        began = time.process_time()
        measured.append(SYSTEMS[recipe.system](learner, pool, recipe, rng))
        learner.seconds += time.process_time() - began
        learner.done += 1
        if learner.done % recipe.check_every == 0 or learner.done == recipe.turns:
            _check(learner, watched, recipe, _means(measured))
            measured = []
            save(saved, learner, recipe, rng)
    put(learner.network, learner.sound)
    return learner


def _check(learner: Learner, watched: Pool, recipe: AlignRecipe, means: dict[str, float]) -> None:
    """One look of the watch; weights that it does not object to are sound."""
    found = watch.look(learner, watched, recipe)
    training = {f"training {name}": value for name, value in means.items()}
    spent = {"cpu seconds": round(learner.seconds, 1)}
    learner.curve.append({"turn": learner.done, **spent, **found, **training})
    print(json.dumps(learner.curve[-1]), flush=True)
    if not rule.objects(learner.curve, recipe.fall):
        learner.sound = learner.copy()


def _means(rows: list[dict[str, float]]) -> dict[str, float]:
    names = sorted({name for row in rows for name in row})
    return {n: round(float(np.mean([row[n] for row in rows if n in row])), 5) for n in names}
