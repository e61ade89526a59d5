"""The network's files: a folder of weights, or of low-rank changes to another folder's.

A folder holds config.json and model.safetensors (fp16). Changes are LoRA's (Hu et al. 2021, arXiv
2106.09685): of a matrix W [out, in] the product B A with A [rank, in] and B [out, rank], stored as
<name>.a and <name>.b; their config.json names the folder they change, relative to their own, as
"base", and its digest.
"""

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file

from g2u_tiny.model.network import TinyConfig, TinyNetwork


def load_network(folder: Path) -> TinyNetwork:
    """The network in float32, ready to be called."""
    stored = json.loads((folder / "config.json").read_text())
    tensors = load_file(folder / "model.safetensors")
    if "base" in stored:
        network = load_network(folder / stored["base"])
        with torch.no_grad():
            for name, matrix in network.named_parameters():
                if f"{name}.a" in tensors:
                    matrix.add_(tensors[f"{name}.b"].float() @ tensors[f"{name}.a"].float())
        return network
    network = TinyNetwork(config_of(stored))
    network.load_state_dict({name: tensor.float() for name, tensor in tensors.items()})
    return network.eval()


def config_of(stored: dict[str, Any]) -> TinyConfig:
    """The network's size, among all that config.json says."""
    names = {field.name for field in fields(TinyConfig)}
    return TinyConfig(**{name: value for name, value in stored.items() if name in names})
