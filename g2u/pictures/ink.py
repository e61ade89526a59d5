"""Ink: what a thought adds to its source; how much of an oracle's ink a thought shows.

Ink are pixels that differ from the source by more than a quarter of the range in some channel.
Pictures are [height, width, 3], 0..255.
"""

import numpy as np
from numpy.typing import NDArray

INK_STEP = 64
"""Of 0..255: a change above this is ink; colours within it agree."""
Pixels = NDArray[np.uint8]


def distance(one: Pixels, other: Pixels) -> NDArray[np.int64]:
    """Greatest difference over the channels [height, width], 0..255."""
    gap: NDArray[np.int64] = np.abs(one.astype(np.int64) - other).max(-1)
    return gap


def ink(picture: Pixels, source: Pixels) -> NDArray[np.bool_]:
    """Where the picture has ink [height, width]."""
    return distance(picture, source) > INK_STEP


def ink_f1(thought: Pixels, oracle: Pixels, source: Pixels) -> float:
    """F1 of the ink, counted where colours agree, 0..1; 1 where neither has any."""
    drawn, true = ink(thought, source), ink(oracle, source)
    agree = distance(thought, oracle) <= INK_STEP
    found = drawn.sum() + true.sum()
    return float(2 * (drawn & true & agree).sum() / found) if found else 1.0
