"""R3: reason, reflect, refine; each round is rewarded for its improvement (arXiv 2602.15772).

A drawing is made, the model says what it still needs ("Edit: ...") or that nothing is, the drawing
is edited as it says. With V the worth of a drawing, an edit earns V(t) - V(t-1), stopping earns 1
where V is at least `recipe.perfect`, else 0; a reply that names no edit has stopped. The two
policies are trained in turn: the text policy by several reflections on one drawing, the drawing
policy by several drawings of one prompt or one instruction.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from g2u.questions.wording import REFLECT
from g2u.thoughts.edits.rounds import instruction
from g2u_tiny.alignment import grpo, policy
from g2u_tiny.alignment.gvu import update_drawing
from g2u_tiny.alignment.recipe import AlignRecipe
from g2u_tiny.alignment.rewards import Rows, grams, reward, rows_of
from g2u_tiny.alignment.state import Learner
from g2u_tiny.alignment.tasks import Pool
from g2u_tiny.model.network import TinyNetwork
from g2u_tiny.model.sequence import Prefix, see
from g2u_tiny.model.text import BYTE_PAD

REFLECTION_BYTES = 40


def turn(
    learner: Learner, pool: Pool, recipe: AlignRecipe, rng: np.random.Generator
) -> dict[str, float]:
    """One turn of the text policy, or of the drawing policy: `recipe.alternate` turns each."""
    rows = rows_of(pool.drawn(rng, recipe.groups, recipe.paints), learner.base.config.patch)
    first = drawn(learner.network, rows, learner, recipe)
    worth = reward(recipe.reward, learner.base, rows, first, 1)
    speaks = (learner.turns // recipe.alternate) % 2 == 0
    learner.turns += 1
    go = _speak if speaks else _refine
    return {"worth": float(worth.mean()), **go(learner, rows, first, worth, recipe)}


def drawn(network: TinyNetwork, rows: Rows, learner: Learner, recipe: AlignRecipe) -> Tensor:
    """Round 0: a drawing [B, P, C] of each task, without added noise."""
    prompts = grams(network, [task.prompt for task in rows.tasks])
    made = policy.draw(network, rows.source, prompts, recipe.plain_sampler, learner.generator)
    return made.pictures


def reflections(network: TinyNetwork, rows: Rows, first: Tensor) -> Prefix:
    """What the model is asked about its drawings."""
    asked = [REFLECT.format(prompt=task.prompt) for task in rows.tasks]
    return see(network, [rows.source, first], grams(network, asked))


def refined(
    network: TinyNetwork,
    first: Tensor,
    texts: Sequence[str],
    learner: Learner,
    recipe: AlignRecipe,
) -> tuple[Tensor, Tensor]:
    """The drawings after what each text asks for, and [B] bool: where it stopped."""
    named = [instruction(text) for text in texts]
    prompts = grams(network, [text or "" for text in named])
    made = policy.draw(network, first, prompts, recipe.plain_sampler, learner.generator)
    stopped = torch.tensor([text is None for text in named])
    return torch.where(stopped[:, None, None], first, made.pictures), stopped


def earned(worth: Tensor, after: Tensor, stopped: Tensor, perfect: float) -> Tensor:
    """The reward of a round [B]: 1 or 0 for stopping, else the improvement."""
    return torch.where(stopped, (worth >= perfect).float(), after - worth)


def _speak(
    learner: Learner, rows: Rows, first: Tensor, worth: Tensor, recipe: AlignRecipe
) -> dict[str, float]:
    """Several reflections on each drawing; the text policy learns which to make."""
    many, copies = rows.repeated(recipe.group), first.repeat_interleave(recipe.group, 0)
    with torch.no_grad():
        seen = reflections(learner.network, many, copies)
    said, texts = policy.say(learner.network, seen, REFLECTION_BYTES, learner.generator)
    pictures, stopped = refined(learner.network, copies, texts, learner, recipe)
    after = reward(recipe.reward, learner.base, many, pictures, recipe.group)
    before_worth = worth.repeat_interleave(recipe.group)
    rewards = earned(before_worth, after, stopped, recipe.perfect)
    gain = grpo.advantages(rewards.view(-1, recipe.group), recipe.spread).flatten()
    is_said = said != BYTE_PAD
    places = said.clamp_max(BYTE_PAD - 1)[..., None]
    with torch.no_grad():
        old = policy.text_logs(learner.network, seen, said)
        kept = policy.text_logs(learner.base, reflections(learner.base, many, copies), said)
        before = old.gather(-1, places)[..., 0]
    divergences = []
    for _ in range(recipe.updates):
        seen = reflections(learner.network, many, copies)
        logs = policy.text_logs(learner.network, seen, said)
        chosen = logs.gather(-1, places)[..., 0]
        surrogate = _mean(grpo.clipped_loss(chosen, before, gain, recipe.text_clip), is_said)
        divergence = _mean(grpo.byte_divergence(logs, kept), is_said)
        learner.descend(surrogate + recipe.kl * divergence)
        divergences.append(float(divergence.detach()))
    return {
        "reward": float(rewards.mean()),
        "stopped": float(stopped.float().mean()),
        "improvement": float((after - before_worth)[~stopped].mean()) if (~stopped).any() else 0.0,
        "text_divergence": float(np.mean(divergences)),
    }


def _refine(
    learner: Learner, rows: Rows, first: Tensor, worth: Tensor, recipe: AlignRecipe
) -> dict[str, float]:
    """Several drawings of each prompt, or of what the model says its drawing needs."""
    with torch.no_grad():
        seen = reflections(learner.network, rows, first)
    _, texts = policy.say(learner.network, seen, REFLECTION_BYTES, learner.generator)
    named = [instruction(text) for text in texts]
    anew = torch.tensor([text is None for text in named])
    start = torch.where(anew[:, None, None], rows.source, first)
    asked = [text or task.prompt for text, task in zip(named, rows.tasks, strict=True)]
    many = rows.repeated(recipe.group)
    prompts = grams(learner.base, [text for text in asked for _ in range(recipe.group)])
    drawings = policy.draw(
        learner.network,
        start.repeat_interleave(recipe.group, 0),
        prompts,
        recipe.sampler,
        learner.generator,
    )
    after = reward(recipe.reward, learner.base, many, drawings.pictures, recipe.group)
    measured = update_drawing(learner, drawings, after, recipe)
    return {"reward": float((after - worth.repeat_interleave(recipe.group)).mean()), **measured}


def _mean(values: Tensor, is_said: Tensor) -> Tensor:
    """Over the bytes of each text, then over the texts."""
    return ((values * is_said).sum(1) / is_said.sum(1)).mean()
