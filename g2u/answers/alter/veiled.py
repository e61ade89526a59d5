"""veiled: the question's pictures give way to noise, the thoughts stay.

Beside `only`, which leaves them out: here as many pictures are shown as before.
"""

from dataclasses import replace
from functools import lru_cache

import numpy as np

from g2u.answers.patches import dosed
from g2u.pictures.decoding import picture_of_pixels, pixels_of
from g2u.protocols import Calls
from g2u.records import Laid, Picture

NEEDS: frozenset[str] = frozenset()
DIFFERENCE = "{amount} % of the pictures is noise"


async def alter(laid: Laid, amount: int, calls: Calls) -> Laid | None:
    """Patch by patch; None where the question has no picture."""
    del calls
    if not laid.pictures:
        return None
    return replace(laid, pictures=tuple(veiled(picture, amount) for picture in laid.pictures))


@lru_cache(maxsize=8)
def veiled(picture: Picture, amount: int) -> Picture:
    """The picture with uniform noise (0..255 in each channel) on so many percent of it."""
    pixels = np.array(pixels_of(picture))
    seed = int(picture.digest[:16], 16)
    noise = np.random.default_rng(seed).integers(0, 256, pixels.shape, dtype=np.uint8)
    for _, patch in dosed(np.ones(pixels.shape[:2]), amount, picture.digest):
        pixels[patch] = noise[patch]
    return picture_of_pixels(pixels)
