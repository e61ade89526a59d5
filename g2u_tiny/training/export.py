"""From a trained network to the files that ship: fp16 safetensors and a config."""

import hashlib
import json
from dataclasses import asdict
from pathlib import Path

import torch
from safetensors.torch import save

from g2u_tiny.model.network import TinyNetwork

MAX_BYTES = 10 * 10**6


def export(network: TinyNetwork, folder: Path) -> int:
    """Write model.safetensors and config.json; returns the weights' size in bytes.

    Raises:
        ValueError: over 10 MB.
    """
    tensors = {
        name: tensor.detach().cpu().to(torch.float16).contiguous()
        for name, tensor in sorted(network.state_dict().items())
    }
    weights = save(tensors)
    if len(weights) > MAX_BYTES:
        raise ValueError(f"weights take {len(weights)} bytes; at most {MAX_BYTES} may ship")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.safetensors").write_bytes(weights)
    config = {
        **asdict(network.config),
        "weights_sha256": hashlib.sha256(weights).hexdigest(),
        "parameters": sum(parameter.numel() for parameter in network.parameters()),
    }
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    return len(weights)
