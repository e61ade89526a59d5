"""Supervised training of the same low-rank changes on oracle drawings: what equal compute buys.

Not understanding: the reference that GvU and R3 are read beside. Each turn takes as many tasks as
they make drawings, and learns to see the oracle in its noise (forward.py with every drawing good).
"""

import numpy as np
import torch

from g2u_tiny.alignment import forward
from g2u_tiny.alignment.policy import Drawings
from g2u_tiny.alignment.recipe import AlignRecipe
from g2u_tiny.alignment.rewards import grams
from g2u_tiny.alignment.state import Learner
from g2u_tiny.alignment.tasks import Pool
from g2u_tiny.model.sequence import patches_of


def turn(
    learner: Learner, pool: Pool, recipe: AlignRecipe, rng: np.random.Generator
) -> dict[str, float]:
    """One batch of oracles and the updates by it; the pool's tasks have oracles."""
    tasks = pool.drawn(rng, recipe.groups * recipe.group)
    patch = learner.base.config.patch
    sources = patches_of([task.source for task in tasks], patch)
    oracles = patches_of([task.oracle for task in tasks if task.oracle is not None], patch)
    prompts = grams(learner.base, [task.prompt for task in tasks])
    drawings = Drawings(sources, prompts, (), (), oracles, ())
    return forward.learn(learner, drawings, torch.ones(len(tasks)), recipe)
