"""What the network sees and says, as tensors: used to call it and to train its policies.

Pictures are patches [B, P, C] in -1..1, text is n-gram ids [B, L, 45]; shape legend: network.py.
Every function can be differentiated.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from g2u_tiny.model.canvas import to_bytes, to_unit
from g2u_tiny.model.chance import placed
from g2u_tiny.model.network import (
    HIDDEN_SCORE,
    Cache,
    Segment,
    TinyNetwork,
    View,
    from_patches,
    to_patches,
    unit,
    visibility,
)
from g2u_tiny.model.text import BYTE_BEGIN, encode_text

TIME_POWER = 2.5


@dataclass(frozen=True, slots=True)
class Prefix:
    """Pictures and text that have been seen."""

    cache: Cache
    absent: Tensor
    """[B, 1, 1, N], additive: hides the padding of the text."""


def flow_times(steps: int) -> list[float]:
    """(i / steps)^2.5 for i = 0..steps: a noised picture is readable early."""
    return [(i / steps) ** TIME_POWER for i in range(steps + 1)]


def patches_of(pictures: Sequence[NDArray[np.uint8]], patch: int) -> Tensor:
    """Pictures of the canvas' size, 0..255, as patches."""
    return to_patches(placed(to_unit(np.stack(pictures))), patch)


def pictures_of(patches: Tensor, patch: int) -> NDArray[np.uint8]:
    """Patches as pictures [B, size, size, 3], clipped and rounded to 0..255."""
    return to_bytes(from_patches(patches, patch).cpu().numpy())


def grams_of(texts: Sequence[str], length: int, buckets: int) -> Tensor:
    """Texts, padded or cut to `length` tokens."""
    return placed(np.stack([encode_text(text, length, buckets) for text in texts]))


def see(
    network: TinyNetwork, pictures: Sequence[Tensor], grams: Tensor, state: Tensor | None = None
) -> Prefix:
    """Pictures in order, then text; a picture sees itself, the text sees all. `state` [B, P, D] is
    what was thought over a picture, and is seen in place of all.
    """
    patches = network.config.patches
    segments, embedded, seen = [], [], ""
    looked = [network.embed_picture(picture, slot) for slot, picture in enumerate(pictures)]
    for slot, tokens in enumerate(looked if state is None else [state]):
        seen += chr(ord("a") + slot)
        segments.append(Segment(seen[-1], patches, seen[-1]))
        embedded.append(tokens)
    length = grams.shape[1]
    segments.append(Segment("Q", length, seen + "Q"))
    embedded.append(network.embed_text(grams))
    total = sum(segment.length for segment in segments)
    absent = torch.zeros(len(grams), 1, 1, total)
    absent[:, 0, 0, total - length :] = (grams[..., 0] == 0) * HIDDEN_SCORE
    angles = network.rotations(
        [segment.name != "Q" for segment in segments], [s.length for s in segments]
    )
    mask = visibility(segments)[None, None] + absent
    _, cache = network.trunk(torch.cat(embedded, 1), angles, mask, wanted=())
    return Prefix(cache, absent)


def _behind(network: TinyNetwork, prefix: Prefix) -> tuple[Tensor, tuple[Tensor, Tensor]]:
    """Mask and angles of a picture's tokens that see a prefix and themselves."""
    patches = network.config.patches
    mask = torch.cat([prefix.absent, torch.zeros(len(prefix.absent), 1, 1, patches)], -1)
    return mask, network.rotations([True], [patches])


def estimated(
    network: TinyNetwork,
    source: Tensor,
    noised: Tensor,
    time: float | Tensor,
    before: Tensor | None,
    prefix: Prefix,
) -> Tensor:
    """The clean picture that the network sees in a noised one [B, P, C] at flow time `time`, one
    for all or one for each row.

    `before` is its last estimate; the prefix holds the edit prompt.
    """
    mask, angles = _behind(network, prefix)
    times = time if isinstance(time, Tensor) else torch.full((len(noised),), time)
    tokens = network.embed_noised(source, noised, times, before)
    hidden, _ = network.trunk(tokens, angles, mask, prefix.cache)
    return network.predict_picture(hidden, source)


def drawn(
    network: TinyNetwork, source: Tensor, noise: Tensor, steps: int, prefix: Prefix
) -> Tensor:
    """What the flow makes of noise [B, P, C] in `steps` steps; the prefix holds the edit prompt."""
    x, estimate = noise, None
    for now, later in pairwise(flow_times(steps)):
        estimate = estimated(network, source, x, now, estimate, prefix)
        x = x + (estimate - x) / (1 - now) * (later - now)
    return x


def thought_over(network: TinyNetwork, source: Tensor, grams: Tensor) -> Tensor:
    """What thinking over a picture [B, P, C] and a question comes to: [B, P, D].

    As many passes as `network.config.passes`, each at the cost of a flow step of a drawing: the
    picture's tokens see the question and themselves. A pass goes its share of the way that the
    layers say, as an Euler step of a residual network does (Chen et al. 2018, arXiv 1806.07366):
    with whole steps, all passes together change as many times as fast as the weights do.
    """
    prefix = see(network, (), grams)
    mask, angles = _behind(network, prefix)
    views = [View(slice(None), slice(None), mask)]
    state = network.embed_picture(source, 0) + network.thinking
    passes = network.config.passes
    for _ in range(passes):
        said = state
        for block, past in zip(network.blocks, prefix.cache, strict=True):
            said, _ = block(said, angles, views, past)
        state = torch.lerp(state, said, 1 / passes)
    return unit(state)


def byte_logits(network: TinyNetwork, symbols: Tensor, prefix: Prefix) -> Tensor:
    """Logits [B, M, 259] of each byte of `symbols` [B, M], given the bytes before it."""
    begin = torch.full_like(symbols[:, :1], BYTE_BEGIN)
    shifted = torch.cat([begin, symbols[:, :-1]], 1)
    length = symbols.shape[1]
    causal = visibility([Segment("A", length, "A", causal=True)])[None, None]
    past = prefix.absent.expand(-1, -1, length, -1)
    mask = torch.cat([past, causal.expand(len(symbols), -1, -1, -1)], -1)
    angles = network.rotations([False], [length])
    hidden, _ = network.trunk(network.embed_bytes(shifted), angles, mask, prefix.cache)
    return network.predict_bytes(hidden)
