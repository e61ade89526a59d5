"""The weights' files: where they lie, which were released, and whether a file is what it has to be.

`fetching` brings the released ones. They lie outside any clone, beside their licence.
"""

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file

from g2u.errors import ModelError, in_one_line

Tensors: TypeAlias = Mapping[str, NDArray[np.generic]]
"""By name: kernels [out, in, 3, 3], biases and slopes [out]."""
PLACE = "G2U_WEIGHTS"
"""Environment variable: another folder for weights than the user's cache."""
COMMAND = "python -m g2u.models.realesrgan.fetching"
"""Brings the released weights."""
RELEASED = {
    "x4plus": "be8cd8be87497140fcc4edc6117516747831d8005c1f51bbd6013f59c6ccfc55",
    "animevideov3": "cd79bc6ab474d84d3cf97ab7674e2e8126da48168d3e3e3dca9ba24a19763f70",
}
"""`digest_of` the released weights, by network."""


def folder() -> Path:
    """Where weights lie: below $G2U_WEIGHTS, or in the user's cache."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(os.environ.get(PLACE) or Path(cache) / "g2u" / "weights") / "realesrgan"


def digest_of(tensors: Tensors) -> str:
    """sha256 over names, types, shapes and numbers, whatever their order in a file."""
    found = hashlib.sha256()
    for name in sorted(tensors):
        values = np.ascontiguousarray(tensors[name])
        found.update(f"{name} {values.dtype.str} {values.shape}\n".encode())
        found.update(values.data)
    return found.hexdigest()


def read(path: Path, network: str, expected: str | None) -> Tensors:
    """The tensors of a file.

    Args:
        path: of safetensors.
        network: its name.
        expected: their digest; None = any, of a network of that name.

    Raises:
        ModelError: no safetensors, other weights than expected, or not those of such a network.
    """
    remedy = f"remove it, then: {COMMAND}" if expected else "expected that network's tensors"
    try:
        tensors: Tensors = load_file(path)
    except (SafetensorError, OSError) as error:
        said = in_one_line(str(error), 100)
        raise ModelError(f"{path}: not a whole safetensors file ({said}); {remedy}") from None
    if expected is not None and (found := digest_of(tensors)) != expected:
        raise ModelError(
            f"{path}: other weights than the released {network}: digest {found[:12]}, expected "
            f"{expected[:12]}; {remedy}"
        )
    if flaw := _flaw_of(network, tensors):
        raise ModelError(f"{path}: not the weights of {network}: {flaw}; {remedy}")
    return tensors


def names_of(network: str, layers: int) -> list[str]:
    """Names of a network's convolutions, in the order in which they are made."""
    if network == "animevideov3":
        return [f"layers.{number}" for number in range(layers)]
    inner = [f"{dense}.{number}" for dense in range(3) for number in range(5)]
    blocks = max(layers - 6, 0) // len(inner)
    trunk = [f"trunk.{block}.{name}" for block in range(blocks) for name in inner]
    return ["first", *trunk, "body", "up.0", "up.1", "high", "last"]


def _flaw_of(network: str, tensors: Tensors) -> str:
    """What is missing, too much or of another shape than such a network's; empty where all fits."""
    kernels = {n.removesuffix(".weight"): v for n, v in tensors.items() if n.endswith(".weight")}
    names = names_of(network, len(kernels))
    has_slopes = network == "animevideov3"
    wanted = {f"{name}.{part}" for name in names for part in ("weight", "bias")}
    wanted |= {f"{name}.slope" for name in names[:-1] if has_slopes}
    for name in sorted(wanted ^ tensors.keys()):
        return f"{name} is {'missing' if name in wanted else 'not of it'}"
    first = kernels[names[0]]
    width = first.shape[0] if first.ndim == 4 else 0
    growth = kernels["trunk.0.0.0"].shape[0] if "trunk.0.0.0" in kernels else 0
    for name in names:
        seen = 3 if name == names[0] else width
        made = width
        if name.startswith("trunk."):
            number = int(name[-1])
            seen, made = width + number * growth, growth if number < 4 else width
        elif name == names[-1]:
            made = 3 * 16 if has_slopes else 3
        shapes = {f"{name}.weight": (made, seen, 3, 3), f"{name}.bias": (made,)}
        if has_slopes and name != names[-1]:
            shapes[f"{name}.slope"] = (made,)
        for part, shape in shapes.items():
            if tensors[part].shape != shape:
                return f"{part} has shape {tensors[part].shape}; expected {shape}"
    return ""
