"""Low-rank changes of a network (LoRA: Hu et al. 2021, arXiv 2106.09685): trained and stored.

A changed matrix is W + B A, with A [rank, in] drawn at random and B [out, rank] zero at first.
"""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import torch
from safetensors.torch import save
from torch import Tensor, nn
from torch.nn.utils import parametrize

from g2u_tiny.model import verified_digest
from g2u_tiny.model.network import TinyNetwork

CHANGED = ("qkv", "out", "up", "down", "patch_head", "byte_head")
"""Linear layers that may change, by their last name."""


class LowRank(nn.Module):
    """W -> W + B A."""

    def __init__(self, rows: int, columns: int, rank: int) -> None:
        super().__init__()
        self.a = nn.Parameter(torch.randn(rank, columns) / columns**0.5)
        self.b = nn.Parameter(torch.zeros(rows, rank))

    def forward(self, weight: Tensor) -> Tensor:
        """[out, in] -> [out, in]."""
        return weight + self.b @ self.a


def attach(network: TinyNetwork, rank: int) -> list[nn.Parameter]:
    """Freeze the network but for low-rank changes; returns what is trained."""
    network.requires_grad_(requires_grad=False)
    for _, layer in _layers(network):
        rows, columns = layer.weight.shape
        parametrize.register_parametrization(layer, "weight", LowRank(rows, columns, rank))
    return [parameter for parameter in network.parameters() if parameter.requires_grad]


def changes(network: TinyNetwork) -> dict[str, Tensor]:
    """The trained matrices by the names that files of changes give them: <matrix>.a, <matrix>.b."""
    found = {}
    for name, layer in _layers(network):
        change = layer.parametrizations["weight"][0]  # type: ignore[index]
        assert isinstance(change, LowRank)
        found[f"{name}.weight.a"] = change.a.detach()
        found[f"{name}.weight.b"] = change.b.detach()
    return found


def put(network: TinyNetwork, tensors: Mapping[str, Tensor]) -> None:
    """Give a network with changes those of `tensors`."""
    with torch.no_grad():
        for name, tensor in changes(network).items():
            tensor.copy_(tensors[name])


def export(network: TinyNetwork, base: Path, folder: Path) -> int:
    """Write the changes as a folder that g2u_tiny.model.weights loads; returns their bytes."""
    tensors = {
        n: t.cpu().to(torch.float16).contiguous() for n, t in sorted(changes(network).items())
    }
    weights = save(tensors)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.safetensors").write_bytes(weights)
    config = {
        "base": os.path.relpath(base, folder),
        "base_sha256": verified_digest(base),
        "weights_sha256": hashlib.sha256(weights).hexdigest(),
        "parameters": sum(tensor.numel() for tensor in tensors.values()),
    }
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    return len(weights)


def _layers(network: TinyNetwork) -> Iterator[tuple[str, nn.Linear]]:
    for name, layer in network.named_modules():
        if isinstance(layer, nn.Linear) and name.rsplit(".", 1)[-1] in CHANGED:
            yield name, layer
