"""Classical filters of pictures [height, width, 3], 0..255: what needs no generator.

One per edit family and some more; family `filter` makes thoughts of them, and the embedded model
learns the first three where a picture has no planted work.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter, ImageOps

Pixels = NDArray[np.uint8]
UPSCALED = 4
"""Times as large that `upscale` makes a picture."""


def sharpen(source: Pixels) -> Pixels:
    """Detail: contrast stretched, edges sharpened."""
    picture = ImageOps.autocontrast(Image.fromarray(source), cutoff=1)
    return np.asarray(picture.filter(ImageFilter.UnsharpMask(radius=2, percent=120, threshold=2)))


def extend(source: Pixels) -> Pixels:
    """Context: the picture at two thirds, its border continued outwards."""
    height, width = source.shape[:2]
    inner = (width * 2 // 3, height * 2 // 3)
    small = np.asarray(Image.fromarray(source).resize(inner, Image.Resampling.BOX))
    top, left = (height - inner[1]) // 2, (width - inner[0]) // 2
    rest = ((top, height - inner[1] - top), (left, width - inner[0] - left), (0, 0))
    return np.pad(small, rest, mode="edge")


def outline(source: Pixels) -> Pixels:
    """Structure: edges in magenta on the dimmed picture."""
    grey = source.astype(np.int32)
    down = np.abs(np.diff(grey, axis=0, prepend=grey[:1])).max(-1)
    right = np.abs(np.diff(grey, axis=1, prepend=grey[:, :1])).max(-1)
    edged = source // 2
    edged[np.maximum(down, right) > 40] = (255, 0, 255)
    return edged


def equalize(source: Pixels) -> Pixels:
    """Detail: contrast-limited adaptive histogram equalisation (Zuiderveld 1994)."""
    from skimage.exposure import equalize_adapthist

    brighter = equalize_adapthist(source)
    return np.asarray(np.rint(brighter * 255), dtype=np.uint8)


def zoom(source: Pixels) -> Pixels:
    """Detail: the middle half of each side at full size."""
    height, width = source.shape[:2]
    top, left = height // 4, width // 4
    middle = Image.fromarray(source).crop((left, top, width - left, height - top))
    return np.asarray(middle.resize((width, height), Image.Resampling.BICUBIC))


def upscale(source: Pixels) -> Pixels:
    """Detail: UPSCALED times as large, bicubic, edges sharpened: as large as Real-ESRGAN's pictures
    and made without a network.
    """
    height, width = source.shape[:2]
    larger = Image.fromarray(source).resize(
        (width * UPSCALED, height * UPSCALED), Image.Resampling.BICUBIC
    )
    return np.asarray(larger.filter(ImageFilter.UnsharpMask(radius=UPSCALED, percent=200)))


FILTERS: dict[str, Callable[[Pixels], Pixels]] = {
    "sharpen": sharpen,
    "extend": extend,
    "outline": outline,
    "equalize": equalize,
    "zoom": zoom,
    "upscale": upscale,
}
