"""The watch: held-out drawings at fixed times, by which rule.py stops a hacked reward.

Drawings of development structures, without added noise, from the same noise at every look: their
reward, their fidelity (F1 of the ink where there is an oracle), the share of paintings that are
right.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from g2u_tiny.alignment import policy, r3
from g2u_tiny.alignment.policy import Sampler
from g2u_tiny.alignment.recipe import AlignRecipe
from g2u_tiny.alignment.rewards import Rows, grams, reward, rows_of, structure
from g2u_tiny.alignment.state import Learner
from g2u_tiny.alignment.tasks import PAINTING, Pool, Task, words_of
from g2u_tiny.alignment.tasks import paintings as sheets
from g2u_tiny.model.network import TinyNetwork
from g2u_tiny.model.sequence import pictures_of
from g2u_tiny.painting import painted

NOISE_SEED = 5
STEPS = 8
"""Flow steps of the drawings that are looked at; as many as cells draw with."""
PAINTINGS = 4
"""Paintings of every prompt."""
COMPARED = 20
"""Paintings of every prompt by the trained network, beside the base's."""


def look(learner: Learner, pool: Pool, recipe: AlignRecipe) -> dict[str, Any]:
    """What the network draws now: by kind, and the means that the rule goes by."""
    found: dict[str, Any] = {}
    fidelities, rewards = [], []
    for kind, each in pool.kinds.items():
        tasks = [*each] * (PAINTINGS if kind == PAINTING else 1)
        drawn, rows = _drawn(learner.network, tasks)
        worth = 0.0
        if recipe.reward != "structure" or tasks[0].oracle is not None:
            worth = float(reward(recipe.reward, learner.base, rows, drawn, 1).mean())
            rewards.append(worth)
        fidelity = _fidelity(rows, drawn, learner)
        found[f"reward {kind}"] = round(worth, 5)
        if fidelity is not None:
            found[f"fidelity {kind}"] = round(fidelity, 4)
            fidelities.append(fidelity)
        if recipe.system == "r3" and tasks[0].oracle is not None:
            found |= _after_a_round(learner, rows, drawn, recipe, kind)
    found["reward"] = round(float(np.mean(rewards)), 5)
    found["fidelity"] = round(float(np.mean(fidelities)), 4)
    return found


@dataclass(frozen=True, slots=True)
class Painting:
    """A picture painted from words, by the base and by the trained network, from one noise."""

    prompt: str
    before: bool
    """Whether the base painted what the words say."""
    after: bool


def paintings(learner: Learner) -> list[Painting]:
    """`COMPARED` of every prompt."""
    tasks = [*sheets(learner.base.config.size)] * COMPARED
    drawn = [_drawn(network, tasks)[0] for network in (learner.base, learner.network)]
    right = [_are_right(tasks, each, learner.base.config.patch) for each in drawn]
    return [Painting(t.prompt, *each) for t, *each in zip(tasks, *right, strict=True)]


def _drawn(network: TinyNetwork, tasks: Sequence[Task]) -> tuple[Tensor, Rows]:
    rows = rows_of(tasks, network.config.patch)
    prompts = grams(network, [task.prompt for task in rows.tasks])
    noise = torch.Generator().manual_seed(NOISE_SEED)
    made = policy.draw(network, rows.source, prompts, Sampler(STEPS, 0.0), noise)
    return made.pictures, rows


def _fidelity(rows: Rows, drawn: Tensor, learner: Learner) -> float | None:
    """The mean over the tasks; None where nothing tells."""
    if rows.tasks[0].oracle is not None:
        return float(structure(rows, drawn, learner.base.config.patch).mean())
    if rows.tasks[0].kind != PAINTING:
        return None
    return float(np.mean(_are_right(rows.tasks, drawn, learner.base.config.patch)))


def _are_right(tasks: Sequence[Task], drawn: Tensor, patch: int) -> list[bool]:
    """Of each painting, whether it shows what its words say."""
    pictures = pictures_of(drawn, patch)
    return [painted(p) == words_of(t) for t, p in zip(tasks, pictures, strict=True)]


def _after_a_round(
    learner: Learner, rows: Rows, first: Tensor, recipe: AlignRecipe, kind: str
) -> dict[str, Any]:
    """R3: the same drawings after the likeliest reflection, and after keeping the better one."""
    with torch.no_grad():
        seen = r3.reflections(learner.network, rows, first)
    _, texts = policy.say(learner.network, seen, r3.REFLECTION_BYTES, None)
    after, stopped = r3.refined(learner.network, first, texts, learner, recipe)
    before_worth = reward(recipe.reward, learner.base, rows, first, 1)
    worth = reward(recipe.reward, learner.base, rows, after, 1)
    kept = torch.where((worth > before_worth)[:, None, None], after, first)
    patch = learner.base.config.patch
    return {
        f"stopped {kind}": round(float(stopped.float().mean()), 4),
        f"refined {kind}": round(float(structure(rows, after, patch).mean()), 4),
        f"kept {kind}": round(float(structure(rows, kept, patch).mean()), 4),
    }
