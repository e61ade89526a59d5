"""Learning from one's own drawings through the noising process, as training does.

DiffusionNFT (Zheng et al. 2025, arXiv 2509.16117): drawings of any sampler are noised anew, and the
network learns to see the good ones in their noise and not to see the bad ones. With r in 0..1 how
good a drawing x is for its group, e the network's estimate and e' that of the network that drew:
    r |(1 - b) e' + b e - x|^2 + (1 - r) |(1 + b) e' - b e - x|^2
It needs no probabilities, so it also reaches what a drawing owes to the estimate that each step
hands to the next one (self-conditioning), which the probabilities of noised pictures do not hold.
"""

import numpy as np
import torch
from torch import Tensor

from g2u_tiny.alignment import grpo
from g2u_tiny.alignment.lowrank import changes, put
from g2u_tiny.alignment.policy import Drawings
from g2u_tiny.alignment.recipe import AlignRecipe
from g2u_tiny.alignment.state import Learner
from g2u_tiny.model.chance import normal, uniform, whole
from g2u_tiny.model.network import TinyNetwork
from g2u_tiny.model.sequence import TIME_POWER, estimated, see

PASSES = (0, 0, 1, 2, 3)
"""Estimates that are handed on before the one that learns, drawn evenly per update."""
AT_NOISE = 0.4
"""Share of drawings that are noised wholly, as in training."""


def goodness(rewards: Tensor, spread: str) -> Tensor:
    """[N, G] -> [N, G] in 0..1: 1/2 for the group's mean, 0 and 1 two deviations from it."""
    return 0.5 + 0.5 * (grpo.advantages(rewards, spread) / 2).clamp(-1, 1)


def contrastive_loss(
    estimate: Tensor, former: Tensor, drawn: Tensor, good: Tensor, b: float
) -> Tensor:
    """The loss [B] of estimates [B, P, C]; `good` [B] is r."""
    towards = ((1 - b) * former + b * estimate - drawn).square().mean((1, 2))
    away = ((1 + b) * former - b * estimate - drawn).square().mean((1, 2))
    return good * towards + (1 - good) * away


def update(
    learner: Learner, drawings: Drawings, rewards: Tensor, recipe: AlignRecipe
) -> dict[str, float]:
    """Updates of the drawing policy by rewards [B] of its drawings, `recipe.group` to a group."""
    groups = rewards.view(-1, recipe.group)
    good = goodness(groups, recipe.spread).flatten()
    return {**learn(learner, drawings, good, recipe), "spread": float(groups.std(1).mean())}


def learn(
    learner: Learner, drawings: Drawings, good: Tensor, recipe: AlignRecipe
) -> dict[str, float]:
    """Updates by how good [B] each drawing is, 0..1."""
    put(learner.former, changes(learner.network))
    losses = []
    for _ in range(recipe.updates):
        size, rng = len(good), learner.generator
        time = uniform([size], rng) ** TIME_POWER
        time[uniform([size], rng) < AT_NOISE] = 0
        level = time[:, None, None]
        noise = normal(drawings.pictures.shape, rng)
        noised = (1 - level) * noise + level * drawings.pictures
        passes = PASSES[whole(len(PASSES), rng)]
        with torch.no_grad():
            before = None
            for _ in range(passes):
                before = _estimate(learner.former, drawings, noised, time, before)
            former = _estimate(learner.former, drawings, noised, time, before)
            base = _estimate(learner.base, drawings, noised, time, before)
        estimate = _estimate(learner.network, drawings, noised, time, before)
        loss = contrastive_loss(estimate, former, drawings.pictures, good, recipe.reach).mean()
        away = (estimate - base).square().mean()
        learner.descend(loss + recipe.kl * away)
        losses.append((float(loss.detach()), float(away.detach())))
    mean = np.mean(losses, 0)
    return {"loss": float(mean[0]), "divergence": float(mean[1])}


def _estimate(
    network: TinyNetwork, drawings: Drawings, noised: Tensor, time: Tensor, before: Tensor | None
) -> Tensor:
    prefix = see(network, (), drawings.grams)
    return estimated(network, drawings.source, noised, time, before, prefix)
