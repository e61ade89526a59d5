"""The two networks: RRDBNet, and the compact one for video (SRVGGNetCompact).

Real-ESRGAN (arXiv 2107.10833), section 3.4, after ESRGAN (arXiv 1809.00219), section 3.1; the names
and orders of layers are those of the released files. Sizes are read from the tensors.
Shapes: [1, 3, H, W] in, [1, 3, 4 H, 4 W] out; RGB, 0..1 in, not clipped out.
"""

from collections.abc import Mapping
from math import ceil
from typing import Protocol

import torch
import torch.nn.functional as F  # noqa: N812 - its usual name
from torch import Tensor

SLOPE = 0.2
"""Of the leaky ReLU."""
DAMPING = 0.2
"""Of each residual branch."""
DENSE, CONVOLUTIONS = 3, 5
"""Dense blocks of a residual block, convolutions of a dense block."""
SCALE = 4


class Network(Protocol):
    """Draws four times as large."""

    radius: int
    """Receptive field: how many source pixels away something still counts."""

    def __call__(self, pixels: Tensor) -> Tensor:
        """[1, 3, H, W] to [1, 3, 4 H, 4 W]."""
        ...


class Layers:
    """Convolutions of 3x3 with their names."""

    def __init__(self, tensors: Mapping[str, Tensor]) -> None:
        self.tensors = tensors

    def convolved(self, name: str, pixels: Tensor) -> Tensor:
        """Same height and width: zeros beyond the border."""
        weight, bias = self.tensors[f"{name}.weight"], self.tensors[f"{name}.bias"]
        return F.conv2d(pixels, weight, bias, padding=1)

    def count(self, prefix: str) -> int:
        """How many numbered layers there are below a name."""
        depth = prefix.count(".") + 1
        return len({n.split(".")[depth] for n in self.tensors if n.startswith(f"{prefix}.")})


class Rrdb(Layers):
    """RRDBNet: residual blocks of dense blocks, then twice nearest neighbour and convolution."""

    def __init__(self, tensors: Mapping[str, Tensor]) -> None:
        super().__init__(tensors)
        self._blocks = self.count("trunk")
        at_source = 2 + self._blocks * DENSE * CONVOLUTIONS
        self.radius = at_source + ceil(1 / 2 + 3 / SCALE)

    def __call__(self, pixels: Tensor) -> Tensor:
        """See `Network`."""
        first = self.convolved("first", pixels)
        found = first
        for block in range(self._blocks):
            inner = found
            for dense in range(DENSE):
                inner = self._dense(f"trunk.{block}.{dense}", inner)
            found = inner.mul_(DAMPING).add_(found)
        found = self.convolved("body", found).add_(first)
        for name in ("up.0", "up.1"):
            larger = F.interpolate(found, scale_factor=2.0, mode="nearest")
            found = self._active(name, larger)
        return self.convolved("last", self._active("high", found))

    def _dense(self, name: str, pixels: Tensor) -> Tensor:
        """Each convolution reads the block's input and all that came before it."""
        seen = [pixels]
        for number in range(CONVOLUTIONS - 1):
            seen.append(self._active(f"{name}.{number}", torch.cat(seen, 1)))
        last = self.convolved(f"{name}.{CONVOLUTIONS - 1}", torch.cat(seen, 1))
        return last.mul_(DAMPING).add_(pixels)

    def _active(self, name: str, pixels: Tensor) -> Tensor:
        return F.leaky_relu_(self.convolved(name, pixels), SLOPE)


class Compact(Layers):
    """SRVGGNetCompact: convolutions at the source's size, added to its nearest neighbours."""

    def __init__(self, tensors: Mapping[str, Tensor]) -> None:
        super().__init__(tensors)
        self.radius = self.count("layers")

    def __call__(self, pixels: Tensor) -> Tensor:
        """See `Network`."""
        found = pixels
        for number in range(self.radius - 1):
            slope = self.tensors[f"layers.{number}.slope"]
            found = F.prelu(self.convolved(f"layers.{number}", found), slope)
        found = F.pixel_shuffle(self.convolved(f"layers.{self.radius - 1}", found), SCALE)
        return found.add_(F.interpolate(pixels, scale_factor=float(SCALE), mode="nearest"))


NETWORKS: Mapping[str, type[Rrdb] | type[Compact]] = {"x4plus": Rrdb, "animevideov3": Compact}
