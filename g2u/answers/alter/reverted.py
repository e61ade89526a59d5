"""reverted: ink of the thoughts is taken back to what the picture shows there.

With 100 % a thought is its picture again, in the thought's size: what is left is a second picture.
"""

from dataclasses import replace

import numpy as np

from g2u.answers.patches import aligned, dosed
from g2u.pictures.decoding import picture_of_pixels, pixels_of
from g2u.protocols import Calls
from g2u.records import Laid, Picture

NEEDS: frozenset[str] = frozenset()
DIFFERENCE = "{amount} % of what the thoughts change is taken back"


async def alter(laid: Laid, amount: int, calls: Calls) -> Laid | None:
    """Patch by patch, until so much of the change is gone (sum of absolute differences); None for
    thoughts that were not made of a picture.
    """
    del calls
    if None in laid.sources:
        return None
    pairs = zip(laid.thoughts, laid.sources, strict=True)
    thoughts = (t and s and reverted(t, s, amount) for t, s in pairs)
    return replace(laid, thoughts=tuple(thoughts))


def reverted(thought: Picture, source: Picture, amount: int) -> Picture:
    """The thought without so many percent of what it changes."""
    pixels, before = np.array(pixels_of(thought)), aligned(source, thought)
    change = np.abs(pixels.astype(np.float64) - before).sum(axis=2)
    for _, patch in dosed(change, amount, thought.digest, source.digest):
        pixels[patch] = before[patch]
    return picture_of_pixels(pixels)
