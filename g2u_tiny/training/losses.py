"""The three losses of the embedded model, from one packed forward pass.

Packed sequence (names as in g2u_tiny.model.network; lengths depend on the batch):
    S picture | Q question, D direct answer | P edit prompt, N noised edit | T thought, R question,
    A answer
D sees S Q; N, which holds the picture it edits, sees P; A sees S T R. Direct answering, drawing and
answering with a thought share one trunk; every batch trains direct answering, every second one the
third path. The reader's thoughts are oracle edits, 40 % of them corrupted, never the model's own
drawings. A network that thinks answers directly from what it thought over S, in a pass of its own.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from g2u_tiny.model.chance import normal, placed, uniform, whole
from g2u_tiny.model.network import (
    HIDDEN_SCORE,
    Segment,
    TinyConfig,
    TinyNetwork,
    View,
    visibility,
)
from g2u_tiny.model.sequence import grams_of, patches_of, thought_over
from g2u_tiny.model.text import BYTE_BEGIN, BYTE_PAD, encode_answer
from g2u_tiny.training.curriculum import PATHS, Item


@dataclass(frozen=True, slots=True)
class Lengths:
    """What texts are padded to."""

    question: int = 10
    """Tokens."""
    prompt: int = 6
    answer: int = 10
    """Bytes, the end symbol included."""


HIDDEN = 0.35
"""Share of items that hide the original from whoever reads a thought: else it never learns to look
there.
"""
SELF_PASSES = (0, 0, 0, 1, 1, 2, 2, 3, 4, 5)
"""Passes of self-conditioning, drawn evenly per batch."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Tensors of one step; pictures as patches [B, P, C] in -1..1."""

    source: Tensor
    edited: Tensor
    question: Tensor
    prompt: Tensor
    answer_in: Tensor
    answer_out: Tensor
    is_planted: Tensor
    """[B] bool."""
    is_drawn: Tensor
    """[B] bool."""
    thought: Tensor | None
    """Thoughts to read as they are [B, P, C]; None: the edits, corrupted."""
    trains: dict[str, Tensor]
    """Path -> [B] bool, whose losses count."""
    group: Tensor
    """[B], which benchmark an item is of; thoughts are swapped within a group."""


def make_batch(
    items: list[Item], groups: list[int], config: TinyConfig, lengths: Lengths | None = None
) -> Batch:
    """Stack items, `groups` in ascending order; texts padded to fixed lengths."""
    lengths = lengths or Lengths()

    def patches(pictures: list[NDArray[np.uint8]]) -> Tensor:
        return patches_of(pictures, config.patch)

    answers = [encode_answer(item.answer) for item in items]
    targets = np.full((len(items), lengths.answer), BYTE_PAD, dtype=np.int64)
    for row, symbols in enumerate(answers):
        targets[row, : len(symbols)] = symbols
    shifted = np.concatenate([np.full((len(items), 1), BYTE_BEGIN), targets[:, :-1]], 1)

    def grams(texts: list[str], length: int) -> Tensor:
        return grams_of(texts, length, config.buckets)

    return Batch(
        source=patches([item.source for item in items]),
        edited=patches([item.edited for item in items]),
        question=grams([item.question for item in items], lengths.question),
        prompt=grams([item.edit_prompt for item in items], lengths.prompt),
        answer_in=placed(shifted),
        answer_out=placed(targets),
        is_planted=torch.tensor([item.is_planted for item in items]),
        is_drawn=torch.tensor([item.is_drawn for item in items]),
        thought=patches([item.thought for item in items if item.thought is not None])
        if all(item.thought is not None for item in items)
        else None,
        trains={
            path: torch.tensor([path in item.trains for item in items]) for path in sorted(PATHS)
        },
        group=torch.tensor(groups),
    )


def corrupted(batch: Batch, kept: Tensor) -> Tensor:
    """The thoughts to read [B, P, C]: 10 % another item's, 10 % the source, 15 % damaged, 5 %
    blank.

    Where the source is hidden (`kept` [B] is False) thoughts are true or damaged only, so that the
    question can be answered from them.
    """
    thought = batch.edited.clone()
    size, patches, _ = thought.shape
    chance = uniform([size])
    misleading = (chance < 0.2) | ((chance >= 0.35) & (chance < 0.4))
    chance[misleading & ~kept] = 1.0
    other = torch.argsort(batch.group + uniform([size]))
    swap, copy = chance < 0.1, (chance >= 0.1) & (chance < 0.2)
    damage, blank = (chance >= 0.2) & (chance < 0.35), (chance >= 0.35) & (chance < 0.4)
    thought[swap] = batch.edited[other][swap]
    thought[copy] = batch.source[copy]
    clean = thought[damage]
    lost = uniform([len(clean), patches, 1]) < uniform([len(clean), 1, 1]) * 0.4
    faded = uniform([len(clean), patches, 1])
    mean = clean.mean(1, keepdim=True).expand_as(clean)
    mixed = torch.where(lost, faded * clean + (1 - faded) * mean, clean)
    noise = normal(mixed.shape) * uniform([len(clean), 1, 1]) * 0.3
    thought[damage] = (mixed + noise).clamp(-1, 1)
    thought[blank] = uniform([int(blank.sum()), 1, 1]) * 2 - 1
    return thought


SEES = {"P": "P", "N": "PN", "Q": "SQ", "D": "SQD", "S": "S", "T": "T", "R": "STR", "A": "STRA"}
"""What each segment attends to."""
ORDER = "PNQDSTRA"
"""Segments as they lie in the sequence: those that are seen together lie together."""
VIEWS = (("PN", "PN"), ("QD", "QDS"), ("S", "S"), ("T", "T"), ("RA", "STRA"))
"""Segments that attend at once, and the run of segments that holds all they see."""
READ = "NDA"
"""Segments whose output is read; each is the last of its view."""


def layout(config: TinyConfig, names: str, batch: Batch) -> list[Segment]:
    """The segments `names` of the packed sequence."""
    lengths = {
        **dict.fromkeys("SNT", config.patches),
        **dict.fromkeys("QR", batch.question.shape[1]),
        **dict.fromkeys("DA", batch.answer_in.shape[1]),
        "P": batch.prompt.shape[1],
    }
    return [Segment(n, lengths[n], SEES[n], causal=n in "DA") for n in ORDER if n in names]


def packed(
    network: TinyNetwork, batch: Batch, names: str, extra: dict[str, Tensor]
) -> tuple[Tensor, dict[str, slice]]:
    """Trunk output [B, N, D] of the segments that are read, and where each lies in it.

    Args:
        network: the model.
        batch: the items.
        names: segment names, in order.
        extra: "drawing" = embedded noised edit [B, P, D], "thought" = embedded thought [B, P, D],
            "shown" = [B] bool, whether S may be seen by Q and D; "kept" = the same for R and A;
            "state" = what was thought over S [B, P, D], in its place.
    """
    segments = layout(network.config, names, batch)
    embedded: dict[str, Callable[[], Tensor]] = {
        "S": lambda: extra["state"] if "state" in extra else network.embed_picture(batch.source, 0),
        "Q": lambda: network.embed_text(batch.question),
        "D": lambda: network.embed_bytes(batch.answer_in),
        "P": lambda: network.embed_text(batch.prompt),
        "N": lambda: extra["drawing"],
        "T": lambda: extra["thought"],
        "R": lambda: network.embed_text(batch.question),
        "A": lambda: network.embed_bytes(batch.answer_in),
    }
    where: dict[str, slice] = {}
    offset = 0
    for segment in segments:
        where[segment.name] = slice(offset, offset + segment.length)
        offset += segment.length
    absent = torch.zeros(len(batch.source), 1, 1, offset)
    for name, grams in (("Q", batch.question), ("P", batch.prompt), ("R", batch.question)):
        if name in where:
            absent[:, 0, 0, where[name]] = (grams[..., 0] == 0) * HIDDEN_SCORE
    seen = visibility(segments)[None, None]
    views: list[View] = []
    wanted: list[View] = []
    found: dict[str, slice] = {}
    for seers, seen_by_them in VIEWS:
        if not set(seers) <= set(names):
            continue
        rows = slice(where[seers[0]].start, where[seers[-1]].stop)
        columns = slice(where[seen_by_them[0]].start, where[seen_by_them[-1]].stop)
        mask = None
        if seers not in "ST":
            mask = seen[..., rows, columns] + absent[..., columns]
            sight = extra.get("shown" if seers == "QD" else "kept") if seers != "PN" else None
            if sight is not None:
                start = where["S"].start - columns.start
                source = slice(start, start + network.config.patches)
                mask[..., source] += (~sight)[:, None, None, None] * HIDDEN_SCORE
        views.append(View(rows, columns, mask))
        if (last := seers[-1]) in READ:
            size = where[last].stop - where[last].start
            wanted.append(
                View(where[last], columns, None if mask is None else mask[..., -size:, :])
            )
            start = sum(piece.stop - piece.start for piece in found.values())
            found[last] = slice(start, start + size)
    angles = network.rotations([s.name in "SNT" for s in segments], [s.length for s in segments])
    tokens = torch.cat([embedded[s.name]() for s in segments], 1)
    hidden_states, _ = network.trunk(tokens, angles, views, wanted=wanted)
    return hidden_states, found


def answer_loss(logits: Tensor, targets: Tensor) -> Tensor:
    """Cross-entropy summed over the bytes of each answer: [B]."""
    losses = functional.cross_entropy(
        logits.transpose(1, 2), targets, ignore_index=BYTE_PAD, reduction="none"
    )
    return losses.sum(1)


def step_losses(network: TinyNetwork, batch: Batch, paths: frozenset[str]) -> dict[str, Tensor]:
    """The losses of one batch, each [B]; `paths` holds "direct" and may hold "draw" and "read"."""
    size = len(batch.source)
    names, extra = "SQD", {"shown": uniform([size]) > 0.04}
    losses: dict[str, Tensor] = {}
    if network.config.passes:
        extra["state"] = thought_over(network, batch.source, batch.question)
        hidden, where = packed(network, batch, names, extra)
        losses["direct"] = _answered(network, batch, hidden[:, where["D"]])
        names, extra = "", {}
    if "draw" in paths:
        names += "PN"
        time = uniform([size]) ** 2.5
        time[uniform([size]) < 0.4] = 0
        level = time[:, None, None]
        noised = (1 - level) * normal(batch.edited.shape) + level * batch.edited
        estimate = _self_condition(network, batch, noised, time)
        extra["drawing"] = network.embed_noised(batch.source, noised, time, estimate)
    if "read" in paths:
        names += "STRA"
        if batch.thought is None:
            extra["kept"] = uniform([size]) > HIDDEN
            thought = corrupted(batch, extra["kept"])
        else:
            thought = batch.thought
        extra["thought"] = network.embed_picture(thought, 1)
    if not names:
        return losses
    hidden, where = packed(network, batch, names, extra)
    if "D" in names:
        losses["direct"] = _answered(network, batch, hidden[:, where["D"]])
    if "draw" in paths:
        predicted = network.predict_picture(hidden[:, where["N"]], batch.source).float()
        changed = ((batch.edited - batch.source).abs().view(size, -1, 3).amax(-1) > 0.5).float()
        weight = 1 + 6 * changed[..., None] * batch.is_planted[:, None, None]
        error = (predicted - batch.edited).square().view(size, -1, 3)
        losses["draw"] = (weight * error).mean((1, 2))
    if "read" in paths:
        losses["read"] = _answered(network, batch, hidden[:, where["A"]])
    return losses


def _answered(network: TinyNetwork, batch: Batch, hidden: Tensor) -> Tensor:
    """Of a path's answers, by the trunk's output at their bytes [B, M, D]: [B]."""
    return answer_loss(network.predict_bytes(hidden), batch.answer_out)


def _self_condition(
    network: TinyNetwork, batch: Batch, noised: Tensor, time: Tensor
) -> Tensor | None:
    """The model's own estimate of the edit after 1 to 5 passes, for 70 % of the batches: a drawing
    goes on from what is drawn.
    """
    passes = SELF_PASSES[whole(len(SELF_PASSES))]
    estimate: Tensor | None = None
    with torch.no_grad():
        for _ in range(passes):
            drawing = network.embed_noised(batch.source, noised, time, estimate)
            hidden, where = packed(network, batch, "PN", {"drawing": drawing})
            estimate = network.predict_picture(hidden[:, where["N"]], batch.source).float()
    if estimate is None:
        return None
    return estimate * (uniform([len(time)]) < 0.85)[:, None, None]
