"""Random tensors of a training, and where they lie.

A training runs on torch's default device. What is random is drawn on the CPU and moved there, so a
seed means the same on every device, and a checkpoint goes on on another one.
"""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


def placed(values: Tensor | NDArray[np.generic]) -> Tensor:
    """The same values on the default device."""
    tensor = values if isinstance(values, Tensor) else torch.from_numpy(values)
    return tensor.to(torch.get_default_device())


def uniform(shape: Sequence[int], rng: torch.Generator | None = None) -> Tensor:
    """Values in 0..1 of that shape; without `rng` by torch's own."""
    return placed(torch.rand(tuple(shape), generator=rng, device="cpu"))


def normal(shape: Sequence[int], rng: torch.Generator | None = None) -> Tensor:
    """Values of mean 0 and deviation 1 of that shape; without `rng` by torch's own."""
    return placed(torch.randn(tuple(shape), generator=rng, device="cpu"))


def whole(below: int, rng: torch.Generator | None = None) -> int:
    """One of 0..below - 1."""
    return int(torch.randint(below, (), generator=rng, device="cpu"))
