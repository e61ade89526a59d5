"""The training loop of the embedded model: three losses from one packed forward pass.

Packed sequence (names as in g2u.models.tiny.network; lengths depend on the batch):
    S picture | Q question, D direct answer | P edit prompt, N noised edit | T thought, R question,
    A answer
D sees S Q; N, which holds the picture it edits, sees P; A sees S T R. Direct answering, drawing and
answering with a thought share one trunk; every batch trains direct answering, every second one the
third path. The reader's thoughts are oracle edits, 40 % of them corrupted, never the model's own
drawings.
"""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from g2u.models.tiny.canvas import to_unit
from g2u.models.tiny.network import (
    HIDDEN_SCORE,
    Segment,
    TinyConfig,
    TinyNetwork,
    to_patches,
    visibility,
)
from g2u.models.tiny.text import BYTE_BEGIN, BYTE_PAD, encode_answer, encode_text
from g2u.training.curriculum import EasyTrain, Item, easy_item, ladder_item

QUESTION_PIECES, PROMPT_PIECES, ANSWER_BYTES = 28, 16, 12


@dataclass(frozen=True, slots=True)
class Recipe:
    """Section `train` of params.yaml."""

    seed: int
    steps: int
    batch: int
    ladders: int
    """Ladder items of a batch; the rest comes from easy-VQA."""
    rungs: tuple[int, int]
    learning_rate: float
    checkpoint_every: int
    threads: int


@dataclass(frozen=True, slots=True)
class Batch:
    """Tensors of one step; pictures as patches [B, P, C] in -1..1."""

    source: Tensor
    edited: Tensor
    question: Tensor
    prompt: Tensor
    answer_in: Tensor
    answer_out: Tensor
    is_traced: Tensor
    """[B] bool."""


def make_batch(items: list[Item], config: TinyConfig) -> Batch:
    """Stack items; texts padded to fixed lengths."""

    def patches(pictures: list[NDArray[np.uint8]]) -> Tensor:
        return to_patches(torch.from_numpy(to_unit(np.stack(pictures))), config.patch)

    answers = [encode_answer(item.answer) for item in items]
    targets = np.full((len(items), ANSWER_BYTES), BYTE_PAD, dtype=np.int64)
    for row, symbols in enumerate(answers):
        targets[row, : len(symbols)] = symbols
    shifted = np.concatenate([np.full((len(items), 1), BYTE_BEGIN), targets[:, :-1]], 1)

    def grams(texts: list[str], length: int) -> Tensor:
        return torch.from_numpy(
            np.stack([encode_text(text, length, config.buckets) for text in texts])
        )

    return Batch(
        source=patches([item.source for item in items]),
        edited=patches([item.edited for item in items]),
        question=grams([item.question for item in items], QUESTION_PIECES),
        prompt=grams([item.edit_prompt for item in items], PROMPT_PIECES),
        answer_in=torch.from_numpy(shifted),
        answer_out=torch.from_numpy(targets),
        is_traced=torch.tensor([item.is_traced for item in items]),
    )


def corrupted(batch: Batch, ladders: int, kept: Tensor) -> Tensor:
    """The thoughts to read [B, P, C]: 10 % another item's, 10 % the source, 15 % damaged, 5 %
    blank.

    Where the source is hidden (`kept` [B] is False) thoughts are true or damaged only, so that the
    question can be answered from them.
    """
    thought = batch.edited.clone()
    size, patches, _ = thought.shape
    chance = torch.rand(size)
    misleading = (chance < 0.2) | ((chance >= 0.35) & (chance < 0.4))
    chance[misleading & ~kept] = 1.0
    other = torch.cat([torch.randperm(ladders), ladders + torch.randperm(size - ladders)])
    swap, copy = chance < 0.1, (chance >= 0.1) & (chance < 0.2)
    damage, blank = (chance >= 0.2) & (chance < 0.35), (chance >= 0.35) & (chance < 0.4)
    thought[swap] = batch.edited[other][swap]
    thought[copy] = batch.source[copy]
    clean = thought[damage]
    lost = torch.rand(len(clean), patches, 1) < torch.rand(len(clean), 1, 1) * 0.4
    faded = torch.rand(len(clean), patches, 1)
    mean = clean.mean(1, keepdim=True).expand_as(clean)
    mixed = torch.where(lost, faded * clean + (1 - faded) * mean, clean)
    thought[damage] = (mixed + torch.randn_like(mixed) * torch.rand(len(clean), 1, 1) * 0.3).clamp(
        -1, 1
    )
    thought[blank] = torch.rand(int(blank.sum()), 1, 1) * 2 - 1
    return thought


def layout(config: TinyConfig, names: str) -> tuple[list[Segment], Tensor]:
    """Segments of the packed sequence and their additive mask [N, N]."""
    lengths = {
        "S": config.patches,
        "Q": QUESTION_PIECES,
        "D": ANSWER_BYTES,
        "P": PROMPT_PIECES,
        "N": config.patches,
        "T": config.patches,
        "R": QUESTION_PIECES,
        "A": ANSWER_BYTES,
    }
    sees = {
        "S": "S", "Q": "SQ", "D": "SQD", "P": "P", "N": "PN", "T": "T", "R": "STR", "A": "STRA",
    }  # fmt: skip
    segments = [Segment(n, lengths[n], sees[n], causal=n in "DA") for n in names]
    return segments, visibility(segments)


def packed(
    network: TinyNetwork, batch: Batch, names: str, extra: dict[str, Tensor]
) -> tuple[Tensor, dict[str, slice]]:
    """Trunk output [B, N, D] of the packed sequence and where each segment lies in it.

    Args:
        network: the model.
        batch: the items.
        names: segment names, in order.
        extra: "drawing" = embedded noised edit [B, P, D], "thought" = patches [B, P, C],
            "shown" = [B] bool, whether S may be seen by Q and D; "kept" = the same for R and A.
    """
    segments, mask = layout(network.config, names)
    embedded: dict[str, Callable[[], Tensor]] = {
        "S": lambda: network.embed_picture(batch.source, 0),
        "Q": lambda: network.embed_text(batch.question),
        "D": lambda: network.embed_bytes(batch.answer_in),
        "P": lambda: network.embed_text(batch.prompt),
        "N": lambda: extra["drawing"],
        "T": lambda: network.embed_picture(extra["thought"], 1),
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
    full = mask[None, None] + absent
    for sight, readers in (("shown", "QD"), ("kept", "RA")):
        for name in readers:
            if sight in extra and name in where:
                hidden = (~extra[sight])[:, None, None] * HIDDEN_SCORE
                full[:, 0, where[name], where["S"]] += hidden
    angles = network.rotations([s.name in "SNT" for s in segments], [s.length for s in segments])
    tokens = torch.cat([embedded[s.name]() for s in segments], 1)
    hidden_states, _ = network.trunk(tokens, angles, full)
    return hidden_states, where


def answer_loss(logits: Tensor, targets: Tensor) -> Tensor:
    """Cross-entropy summed over the bytes of each answer: [B]."""
    losses = functional.cross_entropy(
        logits.transpose(1, 2), targets, ignore_index=BYTE_PAD, reduction="none"
    )
    return losses.sum(1)


def step_losses(
    network: TinyNetwork, batch: Batch, ladders: int, *, reads_thought: bool
) -> dict[str, Tensor]:
    """The three losses of one batch, each [B]."""
    size = len(batch.source)
    time = torch.rand(size) ** 2.5
    time[torch.rand(size) < 0.4] = 0
    level = time[:, None, None]
    noised = (1 - level) * torch.randn_like(batch.edited) + level * batch.edited
    estimate = _self_condition(network, batch, noised, time)
    extra = {
        "drawing": network.embed_noised(batch.source, noised, time, estimate),
        "shown": torch.rand(size) > 0.04,
    }
    if reads_thought:
        extra["kept"] = torch.rand(size) > 0.35
        extra["thought"] = corrupted(batch, ladders, extra["kept"])
    hidden, where = packed(network, batch, "SQDPN" + ("TRA" if reads_thought else ""), extra)
    predicted = network.predict_picture(hidden[:, where["N"]], batch.source).float()
    changed = ((batch.edited - batch.source).abs().view(size, -1, 3).amax(-1) > 0.5).float()
    weight = 1 + 6 * changed[..., None] * batch.is_traced[:, None, None]
    error = (predicted - batch.edited).square().view(size, -1, 3)
    losses = {
        "direct": answer_loss(network.predict_bytes(hidden[:, where["D"]]), batch.answer_out),
        "draw": (weight * error).mean((1, 2)),
    }
    if reads_thought:
        logits = network.predict_bytes(hidden[:, where["A"]])
        losses["read"] = answer_loss(logits, batch.answer_out)
    return losses


def _self_condition(
    network: TinyNetwork, batch: Batch, noised: Tensor, time: Tensor
) -> Tensor | None:
    """The model's own estimate of the edit after one or two passes, for 60 % of the batches."""
    chance = float(torch.rand(()))
    if chance < 0.4:
        return None
    estimate: Tensor | None = None
    with torch.no_grad():
        for _ in range(1 if chance < 0.75 else 2):
            drawing = network.embed_noised(batch.source, noised, time, estimate)
            hidden, where = packed(network, batch, "PN", {"drawing": drawing})
            estimate = network.predict_picture(hidden[:, where["N"]], batch.source).float()
    assert estimate is not None
    return estimate * (torch.rand(len(time)) < 0.85)[:, None, None]


def optimizers(network: TinyNetwork, rate: float) -> list[torch.optim.Optimizer]:
    """Muon for the trunk's matrices, AdamW for everything else."""
    matrices = [p for n, p in network.named_parameters() if "blocks" in n and p.ndim == 2]
    chosen = {id(p) for p in matrices}
    others = [p for p in network.parameters() if id(p) not in chosen]
    return [
        torch.optim.Muon(
            matrices, lr=rate, weight_decay=0.02, momentum=0.95, adjust_lr_fn="match_rms_adamw"
        ),
        torch.optim.AdamW(others, lr=rate, betas=(0.9, 0.98), weight_decay=0.0),
    ]


def rate_factor(step: int, steps: int) -> float:
    """60 steps of warm-up, constant to half-time, then linear to 2 %."""
    done = step / steps
    return min(1.0, (step + 1) / 60) * (1.0 if done < 0.5 else max(0.02, 2 * (1 - done)))


def train(
    recipe: Recipe, config: TinyConfig, scratch: Path
) -> tuple[TinyNetwork, list[dict[str, Any]]]:
    """Train from scratch or from the checkpoint in `scratch`; returns the network and its curve.

    The checkpoint that is shipped is the last one, whatever it scores.
    """
    torch.set_num_threads(recipe.threads)
    torch.manual_seed(recipe.seed)
    rng = np.random.default_rng(recipe.seed)
    network = TinyNetwork(config)
    optimisers = optimizers(network, recipe.learning_rate)
    curve: list[dict[str, Any]] = []
    step = 0
    saved = scratch / "checkpoint.pt"
    if saved.exists():
        state = torch.load(saved, weights_only=True)
        if state["recipe"] != json.dumps(asdict(recipe)):
            raise ValueError(f"{saved} belongs to another recipe; delete it to start anew")
        network.load_state_dict(state["network"])
        for optimiser, kept in zip(optimisers, state["optimisers"], strict=True):
            optimiser.load_state_dict(kept)
        torch.set_rng_state(state["torch_rng"])
        rng.bit_generator.state = json.loads(state["numpy_rng"])
        step, curve = state["step"], json.loads(state["curve"])
    easy = EasyTrain()
    recent: list[dict[str, float]] = []
    while step < recipe.steps:
        for optimiser in optimisers:
            for group in optimiser.param_groups:
                group["lr"] = recipe.learning_rate * rate_factor(step, recipe.steps)
        items = [ladder_item(rng, recipe.rungs) for _ in range(recipe.ladders)]
        items += [easy_item(rng, easy) for _ in range(recipe.batch - recipe.ladders)]
        batch = make_batch(items, config)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            losses = step_losses(network, batch, recipe.ladders, reads_thought=step % 2 == 0)
        scale = torch.where(batch.is_traced, 4.0, 1.5)
        loss = losses["direct"].mean() + (scale * losses["draw"]).mean()
        if "read" in losses:
            loss = loss + losses["read"].mean()
        for optimiser in optimisers:
            optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        for optimiser in optimisers:
            optimiser.step()
        step += 1
        recent.append(_summary(losses, batch, recipe.ladders))
        if step % 50 == 0:
            curve.append({"step": step, **_mean(recent)})
            recent = []
            print(json.dumps(curve[-1]), flush=True)
        if step % recipe.checkpoint_every == 0 or step == recipe.steps:
            _save(saved, recipe, network, optimisers, rng, step, curve)
    return network, curve


def _summary(losses: dict[str, Tensor], batch: Batch, ladders: int) -> dict[str, float]:
    found: dict[str, float] = {}
    traced = batch.is_traced
    for name, values in losses.items():
        if name == "draw":
            found["draw_ladder"] = float(values[traced].mean())
            found["draw_other"] = float(values[~traced].mean())
        else:
            found[f"{name}_ladder"] = float(values[:ladders].mean())
            found[f"{name}_easy_vqa"] = float(values[ladders:].mean())
    return found


def _mean(rows: list[dict[str, float]]) -> dict[str, float]:
    names = sorted({name for row in rows for name in row})
    return {n: round(float(np.mean([row[n] for row in rows if n in row])), 4) for n in names}


def _save(
    path: Path,
    recipe: Recipe,
    network: TinyNetwork,
    optimisers: list[torch.optim.Optimizer],
    rng: np.random.Generator,
    step: int,
    curve: list[dict[str, Any]],
) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    torch.save(
        {
            "recipe": json.dumps(asdict(recipe)),
            "network": network.state_dict(),
            "optimisers": [optimiser.state_dict() for optimiser in optimisers],
            "torch_rng": torch.get_rng_state(),
            "numpy_rng": json.dumps(rng.bit_generator.state),
            "step": step,
            "curve": json.dumps(curve),
        },
        fresh,
    )
    fresh.replace(path)
