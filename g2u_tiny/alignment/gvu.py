"""GvU: the drawing policy is rewarded for what the frozen base can read off its drawings.

GvU (arXiv 2603.06043) over Flow-GRPO (arXiv 2505.05470): for each task a group of drawings, their
intrinsic rewards, advantages within the group, a clipped update, a KL term to the base.
"""

import numpy as np
import torch
from torch import Tensor

from g2u_tiny.alignment import forward, grpo, policy
from g2u_tiny.alignment.policy import Drawings
from g2u_tiny.alignment.recipe import AlignRecipe
from g2u_tiny.alignment.rewards import grams, reward, rows_of
from g2u_tiny.alignment.state import Learner
from g2u_tiny.alignment.tasks import Pool


def turn(
    learner: Learner, pool: Pool, recipe: AlignRecipe, rng: np.random.Generator
) -> dict[str, float]:
    """One round of drawings and updates; returns what it measured."""
    tasks = pool.drawn(rng, recipe.groups, recipe.paints)
    rows = rows_of(tasks, learner.base.config.patch).repeated(recipe.group)
    prompts = grams(learner.base, [task.prompt for task in rows.tasks])
    drawings = policy.draw(learner.network, rows.source, prompts, recipe.sampler, learner.generator)
    rewards = reward(recipe.reward, learner.base, rows, drawings.pictures, recipe.group)
    measured = update_drawing(learner, drawings, rewards, recipe)
    return {"reward": float(rewards.mean()), **measured}


def update_drawing(
    learner: Learner, drawings: Drawings, rewards: Tensor, recipe: AlignRecipe
) -> dict[str, float]:
    """Updates of the drawing policy by rewards [B] of its drawings, `recipe.group` to a group."""
    if recipe.update == "forward":
        return forward.update(learner, drawings, rewards, recipe)
    gain = grpo.advantages(rewards.view(-1, recipe.group), recipe.spread).flatten()
    spreads = policy.spreads(recipe.sampler)
    with torch.no_grad():
        base_means = policy.step_means(learner.base, drawings, recipe.sampler)
    parts: list[tuple[float, float, float]] = []
    for _ in range(recipe.updates):
        means = policy.step_means(learner.network, drawings, recipe.sampler)
        logs = policy.step_logs(drawings, means, recipe.sampler)
        surrogate = torch.stack(
            [
                grpo.clipped_loss(log, before, gain, recipe.clip).mean()
                for log, before in zip(logs, drawings.logs, strict=True)
            ]
        ).mean()
        divergence = torch.stack(
            [
                grpo.normal_divergence(mean, base, spread).mean()
                for mean, base, spread in zip(means, base_means, spreads, strict=True)
            ]
        ).mean()
        learner.descend(surrogate + recipe.kl * divergence)
        away = torch.stack([(a - b).abs() for a, b in zip(logs, drawings.logs, strict=True)])
        clipped = float((away.detach() > recipe.clip).float().mean())
        parts.append((float(surrogate.detach()), float(divergence.detach()), clipped))
    mean = np.mean(parts, 0)
    spread = float(rewards.view(-1, recipe.group).std(1).mean()) if recipe.group > 1 else 0.0
    return {"divergence": float(mean[1]), "clipped": float(mean[2]), "spread": spread}
