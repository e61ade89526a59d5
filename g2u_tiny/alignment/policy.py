"""The two policies of the embedded model: drawings by a stochastic flow, and texts byte by byte.

Flow-GRPO (Liu et al. 2025, arXiv 2505.05470) makes a flow's sampler stochastic, so that a drawing
has a probability. Here a step from time t to s takes the estimate e of the clean picture and the
noise n = (x - t e) / (1 - t) that goes with it:
    x' = s e + (1 - s) (sqrt(1 - eta^2) n + eta z),  z ~ N(0, 1)
whose noise level is that of the flow for any eta (DDIM's family: Song et al. 2020, arXiv
2010.02502); eta = 0 is the sampler of g2u_tiny.model.inference. The last step (s = 1) adds no
noise and has no probability. Shapes as in g2u_tiny.model.sequence.
"""

import math
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor

from g2u_tiny.model.chance import normal, placed
from g2u_tiny.model.network import TinyNetwork
from g2u_tiny.model.sequence import Prefix, byte_logits, estimated, flow_times, see
from g2u_tiny.model.text import BYTE_BEGIN, BYTE_END, BYTE_PAD


@dataclass(frozen=True, slots=True)
class Sampler:
    """How drawings are made."""

    steps: int
    eta: float
    """Share of fresh noise in a step, 0..1."""


@dataclass(frozen=True, slots=True)
class Drawings:
    """Drawings and how they came about."""

    source: Tensor
    """[B, P, C]."""
    grams: Tensor
    """The edit prompts [B, L, 45]."""
    states: tuple[Tensor, ...]
    """The noised pictures [B, P, C] at the flow times but the last."""
    estimates: tuple[Tensor | None, ...]
    """The estimate before each state; None before the first."""
    pictures: Tensor
    """What was drawn [B, P, C], rounded to bytes as a PNG is."""
    logs: tuple[Tensor, ...]
    """Log-probabilities [B] of the stochastic steps, per value."""


def draw(
    network: TinyNetwork, source: Tensor, grams: Tensor, sampler: Sampler, rng: torch.Generator
) -> Drawings:
    """One drawing per row."""
    times = flow_times(sampler.steps)
    with torch.no_grad():
        prefix = see(network, (), grams)
        x = normal(source.shape, rng)
        states, estimates, logs = [], [], []
        estimate: Tensor | None = None
        for now, later in pairwise(times):
            states.append(x)
            estimates.append(estimate)
            estimate = estimated(network, source, x, now, estimate, prefix)
            if later == 1:
                x = estimate
                continue
            mean = _mean(x, estimate, now, later, sampler.eta)
            spread = (1 - later) * sampler.eta
            z = normal(source.shape, rng)
            x = mean + spread * z
            logs.append(_log_density(x, mean, spread))
    rounded = ((x.clamp(-1, 1) + 1) * 127.5).round() / 127.5 - 1
    return Drawings(
        source, grams, tuple(states), tuple(estimates), rounded, tuple(logs) if sampler.eta else ()
    )


def step_means(network: TinyNetwork, drawings: Drawings, sampler: Sampler) -> list[Tensor]:
    """The means [B, P, C] that a network gives the stochastic steps; can be differentiated."""
    times = flow_times(sampler.steps)
    prefix = see(network, (), drawings.grams)
    means = []
    for number, (now, later) in enumerate(pairwise(times[:-1])):
        x, before = drawings.states[number], drawings.estimates[number]
        estimate = estimated(network, drawings.source, x, now, before, prefix)
        means.append(_mean(x, estimate, now, later, sampler.eta))
    return means


def step_logs(drawings: Drawings, means: list[Tensor], sampler: Sampler) -> list[Tensor]:
    """Log-probabilities [B] of the drawings' own steps under those means, per value."""
    times = flow_times(sampler.steps)
    return [
        _log_density(reached, mean, (1 - later) * sampler.eta)
        for reached, mean, later in zip(drawings.states[1:], means, times[1:-1], strict=True)
    ]


def spreads(sampler: Sampler) -> list[float]:
    """The standard deviation of each stochastic step."""
    return [(1 - later) * sampler.eta for later in flow_times(sampler.steps)[1:-1]]


def say(
    network: TinyNetwork, prefix: Prefix, length: int, rng: torch.Generator | None
) -> tuple[Tensor, list[str]]:
    """Bytes [B, length] up to the end symbol, then padding, and the texts; drawn at temperature 1,
    the likeliest without `rng`.
    """
    size = prefix.absent.shape[0]
    said = torch.full((size, length), BYTE_PAD)
    ended = torch.zeros(size, dtype=torch.bool)
    cache, symbols = prefix.cache, torch.full((size, 1), BYTE_BEGIN)
    angles = network.rotations([False], [1])
    with torch.no_grad():
        for place in range(length):
            mask = torch.cat([prefix.absent, torch.zeros(size, 1, 1, place + 1)], -1)
            tokens = network.embed_bytes(symbols, place)
            hidden, cache = network.trunk(tokens, angles, mask, cache)
            logits = network.predict_bytes(hidden)[:, -1, : BYTE_END + 1]
            logits[:, BYTE_BEGIN] = -torch.inf
            chosen = (
                placed(torch.multinomial(logits.softmax(-1).cpu(), 1, generator=rng))
                if rng is not None
                else logits.argmax(-1, keepdim=True)
            )
            said[:, place] = torch.where(ended, BYTE_PAD, chosen[:, 0])
            ended |= chosen[:, 0] == BYTE_END
            symbols = chosen
            if ended.all():
                break
    texts = [
        bytes(s for s in row if s < BYTE_BEGIN).decode(errors="replace") for row in said.tolist()
    ]
    return said, texts


def text_logs(network: TinyNetwork, prefix: Prefix, said: Tensor) -> Tensor:
    """Log-probabilities [B, M, 257] of every byte at each place of `said`; can be differentiated.

    Padding is fed as any symbol would be; what it says is to be left out of sums.
    """
    logits = byte_logits(network, said, prefix)[..., : BYTE_END + 1].clone()
    logits[..., BYTE_BEGIN] = -torch.inf
    return torch.log_softmax(logits, -1)


def _mean(x: Tensor, estimate: Tensor, now: float, later: float, eta: float) -> Tensor:
    noise = (x - now * estimate) / (1 - now)
    return later * estimate + (1 - later) * math.sqrt(1 - eta**2) * noise


def _log_density(x: Tensor, mean: Tensor, spread: float) -> Tensor:
    """Of a normal, up to its constant, averaged over the values of a picture: [B]."""
    if spread == 0:
        return torch.zeros(len(x))
    return -((x - mean) ** 2).mean((1, 2)) / (2 * spread**2)
