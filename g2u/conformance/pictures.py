"""Pictures that are shown to a model that is checked: numbers, and what is far from a number."""

import numpy as np
from numpy.typing import NDArray

from g2u.pictures.decoding import picture_of_pixels, pixels_of
from g2u.records import Picture

SIDE, CELL = 128, 8
"""Of a numbered picture, and of a dot of its digits, in pixels."""
SMALL_SIDE, SMALL_CELL = 256, 3
"""Of a picture whose number is lost where it is shown at 64 pixels: 21 pixels high."""
ROWS: dict[str, tuple[int, ...]] = {
    "1": (4, 12, 4, 4, 4, 4, 14),
    "2": (14, 17, 1, 2, 4, 8, 31),
    "3": (31, 2, 4, 2, 1, 17, 14),
    "4": (2, 6, 10, 18, 31, 2, 2),
    "5": (31, 16, 30, 1, 1, 17, 14),
    "6": (6, 8, 16, 30, 17, 17, 14),
    "7": (31, 1, 2, 4, 8, 8, 8),
    "8": (14, 17, 17, 14, 17, 17, 14),
    "9": (14, 17, 17, 15, 1, 2, 12),
}
"""Digits of 5 x 7 dots, a row per number, its highest bit on the left."""
LIGHT = ((255, 255, 255), (250, 230, 90), (150, 210, 250), (250, 180, 200), (190, 240, 170))
DARK = ((20, 20, 20), (20, 50, 170), (160, 20, 30), (10, 95, 45), (110, 25, 125))
"""Colours of digits and grounds, one of each: whoever sees colours alone sees a change too."""
RIPPLE = 40
"""Levels of 255 by which `rippled` changes a pixel."""
FIXED = 20261
"""Seed of the pictures that are the same in every check."""


def numbered(number: str, draw: np.random.Generator, side: int = SIDE, cell: int = CELL) -> Picture:
    """A square picture of a number: two digits of two colours, somewhere on a third.

    Args:
        number: two digits, none of them 0.
        draw: draws the colours and the place.
        side: of the picture, in pixels.
        cell: of a dot, in pixels; a digit is 7 dots high.
    """
    return picture_of_pixels(_numbered(number, draw, (side, side), cell))


def source(draw: np.random.Generator) -> Picture:
    """A numbered picture of 264 x 200 pixels, which are no multiples of 16, without the darkest and
    lightest levels, so that `rippled` cuts nothing off.
    """
    (number,) = numbers(1, draw)
    pixels = _numbered(number, draw, (200, 264), 2 * CELL)
    return picture_of_pixels(pixels.clip(RIPPLE, 255 - RIPPLE))


def _numbered(
    number: str, draw: np.random.Generator, size: tuple[int, int], cell: int
) -> NDArray[np.uint8]:
    grounds, inks = (LIGHT, DARK) if draw.integers(2) else (DARK, LIGHT)
    pixels = np.empty((*size, 3), dtype=np.uint8)
    pixels[:] = draw.permutation(grounds)[0]
    left = draw.integers(4, size[1] - 11 * cell - 4)
    top = draw.integers(4, size[0] - 7 * cell - 4)
    for digit, ink in zip(number, draw.permutation(inks)[:2], strict=True):
        dots = np.array([[row >> bit & 1 for bit in range(4, -1, -1)] for row in ROWS[digit]])
        mask = np.kron(dots, np.ones((cell, cell), dtype=np.int64)).astype(bool)
        pixels[top : top + 7 * cell, left : left + 5 * cell][mask] = ink
        left += 6 * cell
    return pixels


def blank() -> Picture:
    """A white square, without a number."""
    return picture_of_pixels(np.full((SIDE, SIDE, 3), 255, dtype=np.uint8))


def loud(kind: int, draw: np.random.Generator) -> Picture:
    """A picture as far from a number as can be: noise, stripes, or one dark colour; drawn fresh."""
    grey = draw.integers(0, 256, (SIDE, SIDE, 1))
    stripes = (np.arange(SIDE)[:, None, None] // int(draw.integers(3, 12)) % 2) * 255
    pixels = (
        draw.integers(0, 256, (SIDE, SIDE, 3)),
        np.where(stripes, draw.integers(0, 100, 3), draw.integers(155, 256, 3)) + 0 * grey,
        draw.integers(0, 60, 3) + 0 * grey,
    )[kind % 3]
    return picture_of_pixels(pixels.astype(np.uint8))


def rippled(picture: Picture) -> Picture:
    """A `source` with a ripple of two pixels that is no more where it is shown a quarter as large:
    in each 4 x 4 pixels two are lighter and two are darker, and those that are picked where every
    fourth is taken stay as they are.
    """
    pixels = np.asarray(pixels_of(picture)).astype(int)
    ripple = np.zeros(pixels.shape[:2], dtype=int)
    ripple[1::4, 1::4] = ripple[3::4, 3::4] = RIPPLE
    ripple[1::4, 3::4] = ripple[3::4, 1::4] = -RIPPLE
    return picture_of_pixels((pixels + ripple[..., None]).astype(np.uint8))


def numbers(count: int, draw: np.random.Generator) -> list[str]:
    """Distinct numbers of two distinct digits, none of them 0; at most 72."""
    every = [f"{a}{b}" for a in ROWS for b in ROWS if a != b]
    return [every[place] for place in draw.choice(len(every), count, replace=False)]
