"""Pictures of any size on the network's square canvas, and back."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image


def to_canvas(picture: Image.Image, size: int) -> NDArray[np.uint8]:
    """RGB picture of any size -> [size, size, 3], 0..255; the aspect ratio is not kept."""
    if picture.size != (size, size):
        picture = picture.resize((size, size), Image.Resampling.BICUBIC)
    return np.asarray(picture, dtype=np.uint8)


def to_unit(canvas: NDArray[np.uint8]) -> NDArray[np.float32]:
    """0..255 -> -1..1."""
    return canvas.astype(np.float32) / np.float32(127.5) - np.float32(1)


def to_bytes(values: NDArray[np.float32]) -> NDArray[np.uint8]:
    """-1..1 (clipped) -> 0..255, rounded half up."""
    scaled = (np.clip(values, -1, 1) + np.float32(1)) * np.float32(127.5) + np.float32(0.5)
    return scaled.astype(np.uint8)
