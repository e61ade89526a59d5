"""The embedded unified model: one transformer that draws pictures and answers questions.

Shapes: B batch, K pictures of an item, P = (size / patch)^2 patches of a picture, C = 3 patch^2
values of a patch (RGB in -1..1), L text tokens, M answer bytes, D width, N = all tokens of a
sequence.

To answer, a sequence is pictures in order (S, T), text (Q) and answer bytes (A). A picture's tokens
see that picture alone, text sees the pictures and itself, the answer sees all before it: what
picture tokens hold cannot depend on the question. To draw, it is further pictures, the edit prompt
(P) and the drawing (N), whose tokens hold both the picture that is edited and its noised edit.

A network of `passes` thinks before it answers from one picture: it takes the picture's tokens
through the layers that often, each pass from the last one's output, and reads them in the
picture's place. That is the baseline of serial compute without pixels.

Drawing is a rectified flow with x-prediction and self-conditioning. Flow time t = 0 is noise and
t = 1 the picture (the reverse of BAGEL's). Sources: rectified flow, Liu et al. 2022, arXiv
2209.03003; self-conditioning, Chen et al. 2022, arXiv 2208.04202; query-key norm, Henry et al.
2020, arXiv 2010.04245; squared ReLU, So et al. 2021, arXiv 2109.08668; axial rotary positions, Su
et al. 2021, arXiv 2104.09864.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from g2u_tiny.model.text import BYTE_SYMBOLS

Cache = list[tuple[Tensor, Tensor]]
"""Keys and values [B, heads, N, D / heads] of every layer."""
HIDDEN_SCORE = -1e4


@dataclass(frozen=True, slots=True)
class TinyConfig:
    """Size of the network; stored beside the weights."""

    size: int = 48
    """Side of the square canvas in pixels; pictures are resized to it."""
    patch: int = 8
    """Side of a patch in pixels."""
    width: int = 192
    layers: int = 3
    """Few: what a drawing of several steps can follow, one pass must not."""
    heads: int = 6
    buckets: int = 4096
    """Hash buckets of text n-grams."""
    text_length: int = 48
    """Most text tokens read."""
    answer_length: int = 48
    """Answer bytes told apart by their place, and the most written."""
    slots: int = 8
    """Pictures told apart by their place; later ones share the last slot."""
    passes: int = 0
    """Passes of a picture's tokens through the layers before an answer; 0: it answers at once."""

    @property
    def patches(self) -> int:
        """Patches of a picture."""
        return (self.size // self.patch) ** 2

    @property
    def values(self) -> int:
        """Values of a patch."""
        return 3 * self.patch**2


@dataclass(frozen=True, slots=True)
class Segment:
    """A run of tokens that are seen and see alike."""

    name: str
    length: int
    sees: str
    """Names of the segments it attends to, its own included."""
    causal: bool = False


@dataclass(frozen=True, slots=True)
class View:
    """A run of tokens and the run of tokens, past ones included, that they attend to."""

    rows: slice
    columns: slice
    mask: Tensor | None
    """Additive, broadcasts to [B, heads, rows, columns]; None: all is seen."""


def unit(x: Tensor) -> Tensor:
    """Layer norm without parameters over the last axis."""
    return functional.layer_norm(x, (x.shape[-1],))


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Rotary positions: x [..., N, D/heads], cos and sin [N, D/heads/2]."""
    a, b = x.chunk(2, -1)
    return torch.cat([a * cos - b * sin, b * cos + a * sin], -1)


def visibility(segments: Sequence[Segment]) -> Tensor:
    """Additive mask [N, N] over the packed segments: 0 where row sees column, else -1e4."""
    owner = [s for s in segments for _ in range(s.length)]
    seen = torch.tensor([[b.name in a.sees for b in owner] for a in owner])
    offset = 0
    for segment in segments:
        if segment.causal:
            block = slice(offset, offset + segment.length)
            seen[block, block] &= torch.ones(segment.length, segment.length).tril().bool()
        offset += segment.length
    return torch.zeros(seen.shape).masked_fill(~seen, HIDDEN_SCORE)


class Block(nn.Module):
    """Attention and a squared-ReLU layer, each behind a parameterless norm."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.scale = nn.Parameter(torch.tensor(2.0 * (width // heads) ** -0.5))
        self.qkv = nn.Linear(width, 3 * width, bias=False)
        self.out = nn.Linear(width, width, bias=False)
        self.up = nn.Linear(width, 4 * width, bias=False)
        self.down = nn.Linear(4 * width, width, bias=False)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.down.weight)

    def forward(
        self,
        x: Tensor,
        angles: tuple[Tensor, Tensor],
        views: Sequence[View],
        past: tuple[Tensor, Tensor] | None,
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """X [B, N, D]; the rows of `views` follow one another. Returns x of those rows, and this
        layer's keys and values of all.
        """
        batch, length, width = x.shape
        sizes = [len(range(length)[view.rows]) for view in views]
        normed = unit(x)
        is_whole = sum(sizes) == length
        if is_whole:
            query, key, value = self._heads(self.qkv(normed))
        else:
            key, value = self._heads(functional.linear(normed, self.qkv.weight[width:]))
        cos, sin = angles[0].to(value.dtype), angles[1].to(value.dtype)
        key = rotate(unit(key), cos, sin).to(value.dtype)
        if past is not None:
            key = torch.cat([past[0].expand(batch, -1, -1, -1), key], 2)
            value = torch.cat([past[1].expand(batch, -1, -1, -1), value], 2)
        if not views:
            return x[:, :0], (key, value)
        if not is_whole:
            x, normed = (torch.cat([t[:, view.rows] for view in views], 1) for t in (x, normed))
            cos, sin = (torch.cat([t[view.rows] for view in views]) for t in (cos, sin))
            (query,) = self._heads(functional.linear(normed, self.qkv.weight[:width]))
        query = rotate(unit(query) * self.scale, cos, sin).to(value.dtype)
        parts = []
        for view, asked in zip(views, query.split(sizes, 2), strict=True):
            scores = asked @ key[:, :, view.columns].transpose(-1, -2)
            if view.mask is not None:
                scores = scores + view.mask.to(value.dtype)
            weights = torch.softmax(scores, -1).to(value.dtype)
            parts.append(weights @ value[:, :, view.columns])
        mixed = torch.cat(parts, 2).transpose(1, 2).reshape(x.shape)
        x = x + self.out(mixed)
        return x + self.down(functional.relu(self.up(unit(x))).square()), (key, value)

    def _heads(self, joined: Tensor) -> Tensor:
        """[B, N, k D] -> [k, B, heads, N, D / heads]."""
        batch, length, width = joined.shape
        each = self.out.weight.shape[0]
        split = joined.view(batch, length, width // each, self.heads, each // self.heads)
        return split.permute(2, 0, 3, 1, 4)


class TinyNetwork(nn.Module):
    """Embeddings, trunk and the two heads: patches and bytes."""

    angles: Tensor

    def __init__(self, config: TinyConfig) -> None:
        super().__init__()
        self.config = config
        width, grid = config.width, config.size // config.patch
        self.clean = nn.Linear(config.values, width)
        self.noised = nn.Linear(config.values, width)
        self.estimate = nn.Linear(config.values, width)
        self.row = nn.Parameter(torch.randn(grid, 1, width) * 0.5)
        self.column = nn.Parameter(torch.randn(1, grid, width) * 0.5)
        self.slot = nn.Parameter(torch.randn(config.slots, width) * 0.3)
        self.drawing = nn.Parameter(torch.randn(width) * 0.02)
        self.grams = nn.Embedding(config.buckets, width, padding_idx=0)
        self.place = nn.Parameter(torch.randn(config.text_length, width) * 0.5)
        self.bytes = nn.Embedding(BYTE_SYMBOLS, width)
        self.byte_place = nn.Parameter(torch.randn(config.answer_length, width) * 0.5)
        self.time = nn.Sequential(nn.Linear(64, width), nn.SiLU(), nn.Linear(width, width))
        self.blocks = nn.ModuleList(Block(width, config.heads) for _ in range(config.layers))
        self.byte_head = nn.Linear(width, BYTE_SYMBOLS)
        self.patch_head = nn.Linear(width, config.values)
        self.gate = nn.Linear(width, 1)
        for layer in (self.patch_head, self.byte_head):
            nn.init.zeros_(layer.weight)
        steps = width // config.heads // 4
        rates = 1.5 * 0.06 ** (torch.arange(steps) / (steps - 1))  # radians per patch
        y, x = torch.meshgrid(torch.arange(grid), torch.arange(grid), indexing="ij")
        angles = torch.cat([y.reshape(-1, 1) * rates, x.reshape(-1, 1) * rates], 1)
        self.register_buffer("angles", angles, persistent=False)
        if config.passes:
            self.thinking = nn.Parameter(torch.randn(width) * 0.02)

    def embed_picture(self, patches: Tensor, slot: int) -> Tensor:
        """[B, P, C] -> [B, P, D]; `slot` is the picture's place in the item, from 0."""
        place = (self.row + self.column).reshape(1, -1, self.config.width)
        return self.clean(patches) + place + self.slot[min(slot, self.config.slots - 1)]

    def embed_text(self, grams: Tensor) -> Tensor:
        """[B, L, 45] -> [B, L, D]: the mean of a token's n-grams, scaled to keep its variance."""
        batch, length, _ = grams.shape
        count = (grams > 0).sum(-1, keepdim=True).clamp_min(1)
        bag = functional.embedding_bag(
            grams.flatten(0, 1), self.grams.weight, mode="sum", padding_idx=0
        )
        return bag.view(batch, length, -1) / count.float().sqrt() + self.place[:length]

    def embed_bytes(self, symbols: Tensor, start: int = 0) -> Tensor:
        """[B, M] -> [B, M, D]; `start` is the first one's place; far places share the last."""
        places = torch.arange(start, start + symbols.shape[1])
        return self.bytes(symbols) + self.byte_place[places.clamp_max(len(self.byte_place) - 1)]

    def embed_noised(
        self, source: Tensor, noised: Tensor, time: Tensor, estimate: Tensor | None
    ) -> Tensor:
        """[B, P, C] each, time [B] in 0..1 -> [B, P, D]; `estimate` is the last prediction."""
        x = self.embed_picture(source, 0) + self.noised(noised) + self.drawing + self._clock(time)
        return x if estimate is None else x + self.estimate(estimate)

    def _clock(self, time: Tensor) -> Tensor:
        """[B] in 0..1 -> [B, 1, D]."""
        rates = torch.exp(-math.log(1000) * torch.arange(32.0, device=time.device) / 32) * 100
        waves = rates * time[:, None]
        clock: Tensor = self.time(torch.cat([waves.cos(), waves.sin()], 1))
        return clock[:, None]

    def rotations(self, pictures: Sequence[bool], lengths: Sequence[int]) -> tuple[Tensor, Tensor]:
        """Cos and sin [N, D/heads/2] of segments that are pictures (rotated) or not (angle 0)."""
        parts = [
            self.angles if is_picture else self.angles.new_zeros(length, self.angles.shape[1])
            for is_picture, length in zip(pictures, lengths, strict=True)
        ]
        angles = torch.cat(parts)
        return angles.cos(), angles.sin()

    def trunk(
        self,
        x: Tensor,
        angles: tuple[Tensor, Tensor],
        mask: Tensor | Sequence[View],
        past: Cache | None = None,
        wanted: Sequence[View] | None = None,
    ) -> tuple[Tensor, Cache]:
        """X [B, N, D] -> normed [B, N, D], and the keys and values of past and present.

        `mask` is additive and broadcasts to [B, heads, N, past + N], or says the same by views.
        `wanted` are the views of those rows whose output is read: the last layer works out these
        alone (None: all; empty: its keys and values), and they alone are returned.
        """
        views = [View(slice(None), slice(None), mask)] if isinstance(mask, Tensor) else mask
        cache: Cache = []
        last = len(self.blocks) - 1
        for number, block in enumerate(self.blocks):
            seen = wanted if number == last and wanted is not None else views
            x, kept = block(x, angles, seen, past[number] if past is not None else None)
            cache.append(kept)
        return unit(x), cache

    def predict_picture(self, hidden: Tensor, source: Tensor) -> Tensor:
        """The clean picture [B, P, C] from drawing tokens: gated source plus a change."""
        return torch.sigmoid(self.gate(hidden)) * source + self.patch_head(hidden)

    def predict_bytes(self, hidden: Tensor) -> Tensor:
        """Logits [B, M, 259] of the next byte."""
        return self.byte_head(hidden).float()


def to_patches(pixels: Tensor, patch: int) -> Tensor:
    """[B, size, size, 3] in -1..1 -> [B, P, C]."""
    batch, size = pixels.shape[0], pixels.shape[1]
    grid = size // patch
    split = pixels.view(batch, grid, patch, grid, patch, 3)
    return split.permute(0, 1, 3, 2, 4, 5).reshape(batch, grid * grid, patch * patch * 3)


def from_patches(patches: Tensor, patch: int) -> Tensor:
    """[B, P, C] -> [B, size, size, 3]."""
    batch, grid = patches.shape[0], math.isqrt(patches.shape[1])
    split = patches.view(batch, grid, grid, patch, patch, 3)
    return split.permute(0, 1, 3, 2, 4, 5).reshape(batch, grid * patch, grid * patch, 3)
