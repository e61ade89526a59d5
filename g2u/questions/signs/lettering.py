"""Text as outlines, and outlines as pixels.

Shapes: an outline is a list of contours [n, 2] of int64, x to the right. In `outline` 1000 units
are the height of a capital, y upwards; in `covered` 64 units are a pixel, y downwards.
"""

from functools import cache
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from g2u.questions.signs.faces import (
    anton,
    b612_mono,
    barlow_condensed,
    bebas_neue,
    courier_prime,
    crimson_pro,
    eb_garamond,
    jost,
    league_spartan,
    libre_baskerville,
    oswald,
    overpass,
    roboto_slab,
    rubik,
    work_sans,
    zilla_slab,
)

CAPITAL = 1000
"""Height of a capital in the units of a face."""
UNITS = 64
"""Units of a pixel in `covered`."""
SAMPLES = 4
"""Rows, and columns, of points looked at in a pixel."""
Outline = list[NDArray[np.int64]]
FACES: dict[str, ModuleType] = {
    module.__name__.rpartition(".")[2]: module
    for module in (
        anton,
        b612_mono,
        barlow_condensed,
        bebas_neue,
        courier_prime,
        crimson_pro,
        eb_garamond,
        jost,
        league_spartan,
        libre_baskerville,
        oswald,
        overpass,
        roboto_slab,
        rubik,
        work_sans,
        zilla_slab,
    )
}


@cache
def _glyph(face: str, letter: str) -> tuple[int, Outline]:
    """Advance and contours."""
    advance, *contours = FACES[face].GLYPHS[letter].split(";")
    points = [[pair.split(",") for pair in contour.split()] for contour in contours]
    return int(advance), [np.array(each, dtype=np.int64) for each in points if each]


def outline(text: str, face: str) -> Outline:
    """A line of capitals, figures and spaces, from x = 0 and the foot of the letters on.

    Raises:
        KeyError: another letter.
    """
    found, x = [], 0
    for letter in text:
        advance, contours = _glyph(face, letter)
        found += [contour + np.array([x, 0]) for contour in contours]
        x += advance
    return found


def covered(shape: Outline, height: int, width: int) -> NDArray[np.uint8]:
    """How much of each pixel lies within an outline (its winding is not 0).

    Args:
        shape: contours, closed by themselves.
        height: of the sheet, in pixels.
        width: of the sheet, in pixels.

    Returns:
        [height, width], 0 .. SAMPLES squared.
    """
    ends = [np.roll(contour, -1, axis=0) for contour in shape]
    edges = np.concatenate([np.concatenate(shape), np.concatenate(ends)], axis=1)
    (x0, y0, x1, y1), step = edges.T, UNITS // SAMPLES
    is_down = y1 > y0
    top, bottom = np.where(is_down, y0, y1), np.where(is_down, y1, y0)
    rows, columns = height * SAMPLES, width * SAMPLES
    first = np.clip(-(-(top - step // 2) // step), 0, rows)
    last = np.clip(-(-(bottom - step // 2) // step), 0, rows)
    edge = np.repeat(np.arange(len(edges)), last - first)
    row = np.arange(len(edge)) - np.repeat(np.cumsum(last - first) - last, last - first)
    run = -((row * step + step // 2 - y0[edge]) * (x0 - x1)[edge] // (y1 - y0)[edge])
    column = np.clip(-(-(x0[edge] + run - step // 2) // step), 0, columns)
    turns = np.zeros((rows, columns + 1), dtype=np.int8)
    np.add.at(turns, (row, column), np.where(is_down, 1, -1)[edge].astype(np.int8))
    inside = (np.cumsum(turns[:, :-1], axis=1, dtype=np.int8) != 0).view(np.uint8)
    lines = sum(inside[start::SAMPLES] for start in range(SAMPLES))
    found: NDArray[np.uint8] = sum(lines[:, start::SAMPLES] for start in range(SAMPLES))
    return found
