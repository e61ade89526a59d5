"""Pictures of one coloured shape, painted from words alone, and a check of what was painted.

As in easy-VQA's pictures (github.com/vzhou842/easy-VQA at 3b553bb7): a rectangle, a circle or a
triangle, any way up, of one colour on a plain light ground. The check knows no model: the shape is
told by the share of its smallest enclosing rectangle that it fills (1, pi/4 and 1/2), the colour by
the nearest of the named ones, as CSS has them.
"""

from dataclasses import dataclass

import numpy as np
from PIL import ImageColor
from scipy import ndimage

from g2u.pictures.ink import Pixels

PROMPT = "Draw a {colour} {shape}."
SHEET = 128
"""Level of the grey sheet that a picture is painted on: about 0 in the network's -1..1."""
COLOURS = ("black", "gray", "red", "green", "blue", "brown", "yellow", "teal")
SHAPES = {"rectangle": 1.0, "circle": np.pi / 4, "triangle": 0.5}
"""Share of the smallest enclosing rectangle that is filled."""
LEAST = 20
"""Pixels of the smallest shape."""


@dataclass(frozen=True, slots=True)
class Painted:
    """What a picture shows; "" where nothing of size is on it."""

    colour: str
    shape: str


def sheet(size: int) -> Pixels:
    """The empty grey sheet [size, size, 3]."""
    return np.full((size, size, 3), SHEET, dtype=np.uint8)


def painted(picture: Pixels) -> Painted:
    """The greatest shape of a picture."""
    ground = np.median(np.concatenate([picture[0], picture[-1], picture[:, 0], picture[:, -1]]), 0)
    apart = np.abs(picture.astype(np.float64) - ground).max(-1)
    numbered, count = ndimage.label(apart > max(24.0, apart.max() / 2))
    if not count:
        return Painted("", "")
    sizes = ndimage.sum_labels(np.ones_like(numbered), numbered, np.arange(1, count + 1))
    mask = numbered == 1 + int(np.argmax(sizes))
    if mask.sum() < LEAST:
        return Painted("", "")
    colour = np.median(picture[ndimage.binary_erosion(mask) if mask.sum() > 60 else mask], 0)
    gaps = {n: np.abs(colour - np.array(ImageColor.getrgb(n))).sum() for n in COLOURS}
    filled = mask.sum() / _enclosing(mask)
    return Painted(
        min(gaps, key=lambda name: gaps[name]),
        min(SHAPES, key=lambda name: abs(SHAPES[name] - filled)),
    )


def _enclosing(mask: np.ndarray) -> float:
    """Area of the smallest rectangle, at any angle, around the pixels of a mask."""
    points = np.argwhere(mask).astype(np.float64)
    areas = []
    for angle in np.linspace(0, np.pi / 2, 46)[:-1]:
        turned = points @ np.array(
            [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
        )
        areas.append(float(np.prod(np.ptp(turned, axis=0) + 1)))
    return min(areas)
