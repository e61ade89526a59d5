"""A loaded network and how pictures go through it: whole, or in tiles where they are large."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import numpy as np
import torch
from numpy.typing import NDArray

from g2u.models.realesrgan.network import NETWORKS, SCALE
from g2u.pictures.decoding import MAX_BYTES, MAX_PIXELS, picture_of_pixels, pixels_of
from g2u.protocols import Reply
from g2u.records import EditRequest, Failure, Picture

OVERLAP = 64
"""Source pixels that a tile sees beyond its border, at most. x4plus could see 349, but what is
further away than this changes no value of 0..255 by more than 1 (measured: docs/models.md).
"""
MOST = MAX_PIXELS // SCALE**2
"""Pixels of a source."""


class Drawing:
    """One network on its device.

    Args:
        network: its name.
        tensors: its weights by name.
        device: of torch.
        tile: side in source pixels of what is drawn at once, without its overlap.

    Raises:
        RuntimeError: the tensors are not those of such a network.
    """

    def __init__(
        self, network: str, tensors: Mapping[str, NDArray[np.generic]], device: str, tile: int
    ) -> None:
        self._device = torch.device(device)
        layers = {
            name: self._placed(torch.from_numpy(values.astype(np.float32)))
            for name, values in tensors.items()
        }
        self._network = NETWORKS[network](layers)
        self._tile, self._overlap = tile, min(self._network.radius, OVERLAP)

    def edit(self, request: EditRequest) -> Reply[Picture]:
        """The picture, four times as large; its prompt and its seed are not looked at."""
        if request.settings:
            name = request.settings[0][0]
            return Failure(f"realesrgan takes no sampler settings; got {name}")
        if len(request.pictures) != 1:
            return Failure(
                f"realesrgan draws over one picture; got {len(request.pictures) or 'none'}"
            )
        (source,) = request.pictures
        if source.width * source.height > MOST:
            return Failure(
                f"a picture of {source.width}x{source.height} pixels, drawn {SCALE} times as "
                f"large, has more than {MAX_PIXELS} pixels; expected at most {MOST}"
            )
        drawn = self.draw(np.asarray(pixels_of(source)))
        if drawn is None:
            return Failure("the network gave numbers that are not finite")
        made = picture_of_pixels(drawn)
        if len(made.encoded) > MAX_BYTES:
            return Failure(f"a drawing of {len(made.encoded)} bytes; expected at most {MAX_BYTES}")
        return made

    def draw(self, pixels: NDArray[np.uint8]) -> NDArray[np.uint8] | None:
        """[H, W, 3] to [4 H, 4 W, 3]; None where a value is not finite."""
        height, width = pixels.shape[:2]
        whole = np.empty((SCALE * height, SCALE * width, 3), np.uint8)
        with torch.inference_mode(), _the_same_each_time(self._device):
            for core, seen in self._tiles(height, width):
                made = self._network(self._in(pixels[seen]))[0]
                top, left = (core[n].start - seen[n].start for n in (0, 1))
                rows, columns = (core[n].stop - core[n].start for n in (0, 1))
                made = made[
                    :,
                    SCALE * top : SCALE * (top + rows),
                    SCALE * left : SCALE * (left + columns),
                ]
                if not made.sum().isfinite():  # no sum is where a value is not
                    return None
                levels = made.clamp_(0, 1).mul_(255).round_().to(torch.uint8)
                place = tuple(slice(SCALE * s.start, SCALE * s.stop) for s in core)
                whole[place] = levels.permute(1, 2, 0).cpu().numpy()
        return whole

    def _tiles(self, height: int, width: int) -> Iterator[tuple[tuple[slice, ...], ...]]:
        """Rows and columns that are kept of a tile, and those that it sees."""
        side = self._tile + 2 * self._overlap
        step = self._tile if height * width > side**2 else max(height, width)
        for top in range(0, height, step):
            for left in range(0, width, step):
                core, seen = [], []
                for start, end in ((top, height), (left, width)):
                    stop = min(start + step, end)
                    core.append(slice(start, stop))
                    seen.append(
                        slice(max(start - self._overlap, 0), min(stop + self._overlap, end))
                    )
                yield tuple(core), tuple(seen)

    def _in(self, pixels: NDArray[np.uint8]) -> torch.Tensor:
        levels = torch.from_numpy(np.array(pixels)).to(self._device)
        return self._placed(levels.permute(2, 0, 1)[None].float().div_(255))

    def _placed(self, values: torch.Tensor) -> torch.Tensor:
        """On the device; of pictures and kernels, channels last, which is faster."""
        layout = torch.channels_last if values.ndim == 4 else torch.contiguous_format
        return values.to(self._device).contiguous(memory_format=layout)


@contextmanager
def _the_same_each_time(device: torch.device) -> Iterator[None]:
    """One thread, as more may add up in another order; on a GPU float32, no choice by timing."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        if device.type == "cuda":
            with torch.backends.cudnn.flags(
                enabled=True, benchmark=False, deterministic=True, allow_tf32=False
            ):
                yield
        else:
            yield
    finally:
        torch.set_num_threads(threads)
