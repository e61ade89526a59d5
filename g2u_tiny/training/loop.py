"""The training loop of the embedded model: seeded, resumable, the last checkpoint ships."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from g2u.errors import ParamsError
from g2u.pictures.ink import Pixels
from g2u_tiny.model.chance import normal
from g2u_tiny.model.network import TinyConfig, TinyNetwork
from g2u_tiny.model.sequence import drawn, grams_of, patches_of, pictures_of, see
from g2u_tiny.model.weights import load_network
from g2u_tiny.training.coldstart import talk_items
from g2u_tiny.training.curriculum import (
    EASY_VQA,
    PATHS,
    EasySplit,
    Item,
    easy_item,
    helped,
    puzzle_item,
)
from g2u_tiny.training.losses import Batch, Lengths, make_batch, step_losses
from g2u_tiny.training.muon import Muon

ANSWER_LENGTH = 96
"""Answer bytes of a network that talks about drawings."""
DRAWING_STEPS = 4
"""Of a drawing that is then criticised."""
TALK_LENGTHS = Lengths(question=16, prompt=8, answer=ANSWER_LENGTH)


@dataclass(frozen=True, slots=True)
class Recipe:
    """Section `train` of params.yaml."""

    seed: int
    steps: int
    mixture: dict[str, int]
    """Items of a batch by benchmark."""
    depths: tuple[int, int]
    """Serial depth of the puzzles, inclusive; the greatest grows over the first 40 % of the steps.
    """
    paths: tuple[str, ...]
    """What is trained: direct, draw, read. The direct-only baseline has direct alone."""
    learning_rate: float
    checkpoint_every: int
    threads: int
    start: str | None = None
    """Folder of the weights to go on from; None: from scratch."""
    talk: int = 0
    """Further items of a batch, which teach to talk about drawings (coldstart.py)."""
    passes: int = 0
    """Passes that think before each direct answer; 0: it answers at once."""


def optimizers(network: TinyNetwork, rate: float) -> list[torch.optim.Optimizer]:
    """Muon for the trunk's matrices, AdamW for everything else."""
    muon = torch.optim.Muon if has_bfloat16() else Muon
    matrices = [p for n, p in network.named_parameters() if "blocks" in n and p.ndim == 2]
    chosen = {id(p) for p in matrices}
    others = [p for p in network.parameters() if id(p) not in chosen]
    return [
        muon(matrices, lr=rate, weight_decay=0.02, momentum=0.95, adjust_lr_fn="match_rms_adamw"),
        torch.optim.AdamW(others, lr=rate, betas=(0.9, 0.98), weight_decay=0.0),
    ]


def has_bfloat16() -> bool:
    """Whether the CPU multiplies bfloat16 itself."""
    able = torch.cpu.get_capabilities()
    return any(able.get(name) for name in ("avx512_bf16", "amx_bf16", "bf16"))


def precision() -> torch.autocast:
    """bfloat16 where the CPU multiplies it itself, else float32: emulated, it takes 2.5 times as
    long (1.73 s against 0.67 s a step, on a Xeon with AVX-512 alone).
    """
    return torch.autocast("cpu", dtype=torch.bfloat16, enabled=has_bfloat16())


def rate_factor(step: int, steps: int) -> float:
    """60 steps of warm-up, constant to half-time, then linear to 2 %."""
    done = step / steps
    return min(1.0, (step + 1) / 60) * (1.0 if done < 0.5 else max(0.02, 2 * (1 - done)))


def depth_range(recipe: Recipe, step: int) -> tuple[int, int]:
    """Serial depths of the items of a step: from shallow puzzles to the deepest, for every path;
    all at once where a trained network goes on.
    """
    low, high = recipe.depths
    if recipe.start:
        return low, high
    grown = low + 1 + (high - low - 1) * step / (0.4 * recipe.steps)
    return low, min(high, int(grown))


def train(
    recipe: Recipe, config: TinyConfig, scratch: Path
) -> tuple[TinyNetwork, list[dict[str, Any]]]:
    """Train from scratch or from the checkpoint in `scratch`; returns the network and its curve.

    The checkpoint that is shipped is the last one, whatever it scores.

    Raises:
        ParamsError: the checkpoint belongs to another recipe.
    """
    torch.set_num_threads(recipe.threads)
    torch.manual_seed(recipe.seed)
    rng = np.random.default_rng(recipe.seed)
    talk_rng = np.random.default_rng([recipe.seed, 1])  # other items are the same without talk
    with torch.device("cpu"):
        network = _talkative(Path(recipe.start)) if recipe.start else TinyNetwork(config)
    network = network.to(torch.get_default_device())
    optimisers = optimizers(network, recipe.learning_rate)
    curve: list[dict[str, Any]] = []
    step = 0
    saved = scratch / "checkpoint.pt"
    if saved.exists():
        state = torch.load(saved, weights_only=True, map_location="cpu")
        if state["recipe"] != _decisive(recipe):
            raise ParamsError(
                f"params.yaml: train: {saved} belongs to another recipe; take that recipe back to "
                "go on with it, or delete the file to start anew"
            )
        network.load_state_dict(state["network"])
        for optimiser, kept in zip(optimisers, state["optimisers"], strict=True):
            optimiser.load_state_dict(kept)
        torch.set_rng_state(state["torch_rng"])
        rng.bit_generator.state = json.loads(state["numpy_rng"])
        talk_rng.bit_generator.state = json.loads(state["talk_rng"])
        step, curve = state["step"], json.loads(state["curve"])
    easy = EasySplit("train")
    groups = [number for number, count in enumerate(recipe.mixture.values()) for _ in range(count)]
    recent: list[dict[str, float]] = []
    while step < recipe.steps:
        for optimiser in optimisers:
            for group in optimiser.param_groups:
                group["lr"] = recipe.learning_rate * rate_factor(step, recipe.steps)
        depths = depth_range(recipe, step)
        items = [
            _item(rng, name, depths, easy) for name, n in recipe.mixture.items() for _ in range(n)
        ]
        batch = make_batch(items, groups, network.config)
        paths = frozenset(recipe.paths) - ({"read"} if step % 2 else set())
        with precision():
            losses = step_losses(network, batch, paths)
        loss = weighted(losses, batch)
        told: dict[str, float] = {}
        if recipe.talk:
            names = helped(list(recipe.mixture))
            draws = partial(_drawings, network)
            spoken = talk_items(talk_rng, names, depths, easy, recipe.talk, draws)
            further, told = _talk_loss(network, spoken)
            loss = loss + further
        for optimiser in optimisers:
            optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        for optimiser in optimisers:
            optimiser.step()
        step += 1
        recent.append({**_summary(losses, batch, list(recipe.mixture)), **told})
        if step % 50 == 0:
            curve.append({"step": step, **_mean(recent)})
            recent = []
            print(json.dumps(curve[-1]), flush=True)
        if step % recipe.checkpoint_every == 0 or step == recipe.steps:
            _save(saved, recipe, network, optimisers, (rng, talk_rng), step, curve)
    return network, curve


def weighted(losses: dict[str, Tensor], batch: Batch) -> Tensor:
    """The loss of a batch: each path over the items that train it, hard drawings weighing most."""
    loss = (losses["direct"] * batch.trains["direct"]).mean()
    if "draw" in losses:
        weight = torch.where(batch.is_planted, 4.0, 1.5) * batch.is_drawn * batch.trains["draw"]
        loss = loss + (weight * losses["draw"]).mean()
    if "read" in losses:
        loss = loss + (losses["read"] * batch.trains["read"]).mean()
    return loss


def _talk_loss(network: TinyNetwork, items: list[Item]) -> tuple[Tensor, dict[str, float]]:
    """The loss of items that teach to talk about drawings, and each path's part of it."""
    batch = make_batch(items, [0] * len(items), network.config, TALK_LENGTHS)
    with precision():
        losses = step_losses(network, batch, PATHS)
    return weighted(losses, batch), {
        f"talk_{path}": float(values.detach()[batch.trains[path]].mean())
        for path, values in losses.items()
        if batch.trains[path].any()
    }


def _drawings(
    network: TinyNetwork, sources: Sequence[Pixels], prompts: Sequence[str]
) -> list[Pixels]:
    """What the network draws now, as pictures."""
    if not sources:
        return []
    config = network.config
    canvases = patches_of(sources, config.patch)
    with torch.no_grad():
        prefix = see(network, (), grams_of(prompts, TALK_LENGTHS.prompt, config.buckets))
        made = drawn(network, canvases, normal(canvases.shape), DRAWING_STEPS, prefix)
    return list(pictures_of(made, config.patch))


def _talkative(folder: Path) -> TinyNetwork:
    """The network of a folder, with room for answers of a sentence: places beyond those it had
    begin as the last.
    """
    stored = load_network(folder)
    network = TinyNetwork(replace(stored.config, answer_length=ANSWER_LENGTH))
    tensors = stored.state_dict()
    places = tensors["byte_place"]
    further = places[-1:].expand(ANSWER_LENGTH - len(places), -1)
    network.load_state_dict({**tensors, "byte_place": torch.cat([places, further])})
    return network


def _decisive(recipe: Recipe) -> str:
    """What of a recipe decides the weights."""
    free = ("threads", "checkpoint_every")
    known = {n: value for n, value in asdict(recipe).items() if n not in free}
    return json.dumps(
        {n: value for n, value in known.items() if value not in (None, 0) or n == "seed"}
    )


def _item(rng: np.random.Generator, name: str, depths: tuple[int, int], easy: EasySplit) -> Item:
    if name == EASY_VQA:
        return easy_item(rng, easy)
    return puzzle_item(rng, name, depths)


def _summary(losses: dict[str, Tensor], batch: Batch, names: list[str]) -> dict[str, float]:
    """Each loss by benchmark; drawing where the edit holds the work, and elsewhere."""
    found: dict[str, float] = {}
    for path, values in losses.items():
        values = values.detach()
        for number, name in enumerate(names):
            chosen = batch.group == number
            if path == "draw":
                chosen = chosen & batch.is_planted
            if chosen.any():
                found[f"{path}_{name}"] = float(values[chosen].mean())
        if path == "draw" and not batch.is_planted.all():
            found["draw_other"] = float(values[~batch.is_planted].mean())
    return found


def _mean(rows: list[dict[str, float]]) -> dict[str, float]:
    names = sorted({name for row in rows for name in row})
    return {n: round(float(np.mean([row[n] for row in rows if n in row])), 4) for n in names}


def _save(
    path: Path,
    recipe: Recipe,
    network: TinyNetwork,
    optimisers: list[torch.optim.Optimizer],
    rngs: tuple[np.random.Generator, np.random.Generator],
    step: int,
    curve: list[dict[str, Any]],
) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    torch.save(
        {
            "recipe": _decisive(recipe),
            "network": network.state_dict(),
            "optimisers": [optimiser.state_dict() for optimiser in optimisers],
            "torch_rng": torch.get_rng_state(),
            "numpy_rng": json.dumps(rngs[0].bit_generator.state),
            "talk_rng": json.dumps(rngs[1].bit_generator.state),
            "step": step,
            "curve": json.dumps(curve),
        },
        fresh,
    )
    fresh.replace(path)
