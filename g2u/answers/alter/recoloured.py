"""recoloured: ink of the thoughts loses its colour's meaning, and keeps its form.

In each patch red, green and blue change places, the one way or the other: no colour stands for
another one throughout.
"""

from dataclasses import replace

import numpy as np

from g2u.answers.patches import aligned, dosed
from g2u.pictures.decoding import picture_of_pixels, pixels_of
from g2u.pictures.ink import INK_STEP
from g2u.protocols import Calls
from g2u.records import Laid, Picture

NEEDS: frozenset[str] = frozenset()
DIFFERENCE = "{amount} % of the thoughts' ink is of another colour"
TURNS = (1, 2)
"""Steps that channels move on."""


async def alter(laid: Laid, amount: int, calls: Calls) -> Laid | None:
    """Patch by patch; None where no thought has ink that is of a colour."""
    del calls
    pairs = zip(laid.thoughts, laid.sources, strict=True)
    thoughts = tuple(recoloured(t, s, amount) if t and s else t for t, s in pairs)
    return replace(laid, thoughts=thoughts) if thoughts != laid.thoughts else None


def recoloured(thought: Picture, source: Picture, amount: int) -> Picture:
    """The thought with so many percent of its coloured ink in another colour."""
    pixels, before = np.array(pixels_of(thought)), aligned(source, thought)
    is_ink = np.abs(pixels.astype(np.int16) - before).max(axis=2) > INK_STEP
    is_ink &= pixels.max(axis=2) > pixels.min(axis=2)
    turned = np.stack([np.roll(pixels, turn, axis=2) for turn in TURNS])
    for number, patch in dosed(is_ink.astype(np.float64), amount, thought.digest):
        other = turned[number % len(TURNS)][patch]
        pixels[patch] = np.where(is_ink[patch][..., None], other, pixels[patch])
    return picture_of_pixels(pixels)
