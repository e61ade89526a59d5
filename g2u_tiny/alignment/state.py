"""What learns and where it stands: saved whole at every look of the watch, so nothing is lost."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from g2u.errors import ParamsError
from g2u_tiny.alignment.lowrank import attach, changes, put
from g2u_tiny.alignment.recipe import AlignRecipe
from g2u_tiny.alignment.section import PATH
from g2u_tiny.model.network import TinyNetwork
from g2u_tiny.model.weights import load_network


@dataclass(slots=True)
class Learner:
    """The network that is trained beside its frozen base."""

    network: TinyNetwork
    base: TinyNetwork
    former: TinyNetwork
    """The network that made the drawings of this turn."""
    parameters: list[nn.Parameter]
    optimiser: torch.optim.Optimizer
    generator: torch.Generator
    turns: int = 0
    """Of R3, to tell whose turn it is."""
    done: int = 0
    seconds: float = 0.0
    """CPU time of all turns, without the looks of the watch."""
    curve: list[dict[str, Any]] = field(default_factory=list)
    sound: dict[str, Tensor] = field(default_factory=dict)
    """The changes at the last check that the watch had no objection to."""

    def descend(self, loss: Tensor) -> None:
        """One step of the optimiser, the gradient's norm held below 1."""
        self.optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.parameters, 1.0)
        self.optimiser.step()

    def copy(self) -> dict[str, Tensor]:
        """The changes as they are now."""
        return {name: tensor.clone() for name, tensor in changes(self.network).items()}


def begin(recipe: AlignRecipe) -> Learner:
    """A learner that equals its base."""
    torch.manual_seed(recipe.seed)
    with torch.device("cpu"):
        base = load_network(Path(recipe.base)).requires_grad_(requires_grad=False)
        network, former = (load_network(Path(recipe.base)) for _ in range(2))
        parameters = attach(network, recipe.rank)
        attach(former, recipe.rank)
    for each in (base, network, former):
        each.to(torch.get_default_device())
    optimiser = torch.optim.AdamW(parameters, lr=recipe.learning_rate, weight_decay=0.0)
    generator = torch.Generator().manual_seed(recipe.seed)
    learner = Learner(network, base, former, parameters, optimiser, generator)
    learner.sound = learner.copy()
    return learner


def save(path: Path, learner: Learner, recipe: AlignRecipe, rng: np.random.Generator) -> None:
    """Write a checkpoint whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    torch.save(
        {
            "recipe": recipe.decisive(),
            "changes": learner.copy(),
            "sound": learner.sound,
            "optimiser": learner.optimiser.state_dict(),
            "generator": learner.generator.get_state(),
            "numpy_rng": json.dumps(rng.bit_generator.state),
            "turns": learner.turns,
            "done": learner.done,
            "seconds": learner.seconds,
            "curve": json.dumps(learner.curve),
        },
        fresh,
    )
    fresh.replace(path)


def resume(path: Path, learner: Learner, recipe: AlignRecipe, rng: np.random.Generator) -> None:
    """Go on from a checkpoint, if there is one.

    Raises:
        ParamsError: it belongs to another recipe.
    """
    if not path.exists():
        return
    state = torch.load(path, weights_only=True, map_location="cpu")
    if state["recipe"] != recipe.decisive():
        raise ParamsError(
            f"{PATH}: align: {path} belongs to another recipe; take that recipe back to go "
            "on with it, or delete the file to start anew"
        )
    put(learner.network, state["changes"])
    learner.sound = state["sound"]
    learner.optimiser.load_state_dict(state["optimiser"])
    learner.generator.set_state(state["generator"])
    rng.bit_generator.state = json.loads(state["numpy_rng"])
    learner.turns, learner.done = state["turns"], state["done"]
    learner.seconds = state["seconds"]
    learner.curve = json.loads(state["curve"])
