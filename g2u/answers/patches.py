"""Parts of a picture in an order that pixels decide: what alterations with a dose share.

A greater dose holds all that a smaller one holds. Patches, not pixels: a model that looks at
patches would see a little of every one.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from g2u.digests import sha256
from g2u.pictures.decoding import pixels_of
from g2u.pictures.ink import Pixels
from g2u.records import Picture

ACROSS = 24
"""Patches along the shorter side: 2 px of 48, 42 px of 1024."""
Slices = tuple[slice, slice]


def aligned(source: Picture, like: Picture) -> Pixels:
    """Pixels [height, width, 3] of a source, 0..255, in the size of a thought of it."""
    found = pixels_of(source)
    if found.size != (like.width, like.height):
        found = found.resize((like.width, like.height), Image.Resampling.BICUBIC)
    return np.asarray(found)


def dosed(weights: NDArray[np.float64], amount: int, *seed: str) -> Iterator[tuple[int, Slices]]:
    """Patches that hold `amount` % of all weight, the fewest of a random order; each with its
    place in that order.

    Args:
        weights: [height, width], not negative; patches without any are left out.
        amount: 1..100.
        seed: what the order is drawn by.
    """
    height, width = weights.shape
    side = max(1, min(height, width) // ACROSS)
    rows, columns = np.arange(0, height, side), np.arange(0, width, side)
    held = np.add.reduceat(np.add.reduceat(weights, rows, axis=0), columns, axis=1).ravel()
    order = np.random.default_rng(int(sha256(list(seed))[:16], 16)).permutation(held.size)
    order = order[held[order] > 0]
    if not order.size:
        return
    reached = np.cumsum(held[order]) / held[order].sum()
    count = len(order) if amount >= 100 else int(np.searchsorted(reached, amount / 100)) + 1
    for number, place in enumerate(order[:count].tolist()):
        top, left = (int(each) * side for each in divmod(place, len(columns)))
        yield number, (slice(top, top + side), slice(left, left + side))
