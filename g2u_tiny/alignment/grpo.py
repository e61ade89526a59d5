"""Group-relative policy optimisation (Shao et al. 2024, arXiv 2402.03300; GvU and R3 train by it).

N groups of G tries each; shapes [N, G] or [B] with B = N G, the tries of a group side by side.
"""

import torch
from torch import Tensor

ROUNDING = 1e-6
"""Rewards that differ by less than this share of their size are alike: float32 rounds so."""


def advantages(rewards: Tensor, spread: str = "group") -> Tensor:
    """[N, G] -> [N, G]: how many standard deviations above its group's mean; 0 where all are alike.

    They sum to zero in a group. The deviation is that within the `group`, as in GvU, or the mean
    one of the `batch`, where a group that hardly differs weighs hardly anything.
    """
    exact = rewards.double()
    centred = exact - exact.mean(1, keepdim=True)
    variance = centred.square().mean(1, keepdim=True)
    if spread == "batch":
        variance = variance.mean().expand_as(variance)
    deviation = variance.sqrt()
    apart = deviation > ROUNDING * exact.abs().amax(1, keepdim=True)
    return torch.where(apart, centred / deviation.clamp_min(1e-30), 0.0).to(rewards.dtype)


def clipped_loss(logs: Tensor, before: Tensor, gain: Tensor, clip: float) -> Tensor:
    """The clipped surrogate, to be minimised (PPO: Schulman et al. 2017, arXiv 1707.06347, eq. 7).

    Args:
        logs: log-probabilities [B, ...] under the policy that is trained.
        before: the same under the policy that made the tries.
        gain: advantages [B].
        clip: the ratio counts between 1 - clip and 1 + clip.
    """
    ratio = torch.exp(logs - before)
    gain = gain.view(-1, *[1] * (logs.ndim - 1))
    return -torch.minimum(ratio * gain, ratio.clamp(1 - clip, 1 + clip) * gain)


def normal_divergence(mean: Tensor, base: Tensor, spread: float) -> Tensor:
    """KL(N(mean, spread) || N(base, spread)) [B], averaged over the values [B, P, C]."""
    return ((mean - base) ** 2).mean((1, 2)) / (2 * spread**2)


def byte_divergence(logs: Tensor, base: Tensor) -> Tensor:
    """KL of next-byte distributions [B, M, V] -> [B, M], exactly."""
    chance = logs.exp()
    return (chance * torch.where(chance > 0, logs - base, torch.zeros_like(logs))).sum(-1)
