"""Strands drawn from left to right, crossing on diagonals: the look of threads and braid."""

from dataclasses import dataclass

import numpy as np

from g2u.questions.puzzles import strands
from g2u.questions.puzzles.puzzle import SIZE, Pixels
from g2u.questions.puzzles.strands import LINES, Levels


@dataclass(frozen=True, slots=True)
class Weave:
    """Where the strands lie; all in pixels."""

    levels: Levels
    centres: tuple[int, ...]
    """Height of the four places, evenly spaced."""
    left: int
    """Where the first level begins."""
    pitch: int
    """Width of a level."""


def draw(
    woven: Weave, colours: Pixels, sheet: Pixels, shown: range | tuple[int, ...] = range(LINES)
) -> Pixels:
    """The strands of `shown` drawn onto `sheet`, 3 pixels thick, strand s in colours[s]."""
    occupants = strands.occupants(woven.levels)
    first, spacing = woven.centres[0], woven.centres[1] - woven.centres[0]
    for column in range(SIZE):
        level = (column - woven.left) // woven.pitch
        along = ((column - woven.left) % woven.pitch + 0.5) / woven.pitch
        if column < woven.left or level >= len(woven.levels):
            now = occupants[0 if column < woven.left else -1]
            places = {strand: float(place) for place, strand in enumerate(now)}
        else:
            after = occupants[level + 1]
            places = {
                s: place + along * (after.index(s) - place)
                for place, s in enumerate(occupants[level])
            }
        for strand in shown:
            centre = first + spacing * places[strand]
            sheet[int(np.floor(centre - 1)) : int(np.floor(centre + 2)), column] = colours[strand]
    return sheet
