"""Mosaic (detail): worn tiles, each with a notch that shows which neighbour had the same colour.

Two tiles of a 6 x 6 floor have kept their colours. Every other tile is worn; a notch at one of
its sides shows the neighbour whose colour it shared. The question asks what colour a worn tile
had. The thought restores the colour of *every* tile.
"""

from collections.abc import Iterator
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from g2u.questions.puzzles import forest, puzzle
from g2u.questions.puzzles.forest import GRID, TILE, Forest
from g2u.questions.puzzles.puzzle import COLOUR_NAMES, COLOURS, Asked, Pixels, Puzzle, Split
from g2u.records import Sample

SCORERS = ("choice",)
HELPS = "detail"
DEPTHS = (1, 14)
WORN = 214
NOTCH = 80


class Settings(puzzle.Settings):
    """What params.yaml may say of it."""

    depth: Annotated[int, Field(ge=DEPTHS[0], le=DEPTHS[1])]
    """Hops to the tile that kept its colour, 1 to 14."""


def make(rng: np.random.Generator, depth: int, split: Split) -> Puzzle:
    """A floor and the question about one tile of each tree, `depth` hops from its colour."""
    grown, form = puzzle.draw_structure(split, lambda: forest.draw(rng, depth), forest.canonical)
    order = rng.permutation(len(COLOURS))[: forest.ROOTS]
    choices = tuple(COLOUR_NAMES[colour] for colour in sorted(order.tolist()))
    colours = COLOURS[order[list(grown.root)]]
    tint = rng.integers(-8, 9, GRID * GRID)
    source = _draw(grown, colours, tint, frozenset(t for t, p in enumerate(grown.parent) if t == p))
    asked = tuple(
        Asked(
            f"tile{tile}",
            f"What colour was the tile in {forest.place_name(tile)}?",
            COLOUR_NAMES[order[grown.root[tile]]],
            "choice",
            choices,
            _draw(grown, colours, tint, frozenset(grown.path(tile))),
        )
        for tile in forest.pick(rng, grown, depth)
    )
    everything = frozenset(range(GRID * GRID))
    thought = _draw(grown, colours, tint, everything)
    is_root = np.arange(GRID * GRID) == np.array(grown.parent)
    exchanged = np.where(is_root[:, None], colours, COLOURS[order[1 - np.array(grown.root)]])
    return Puzzle(form, source, thought, asked, _draw(grown, exchanged, tint, everything))


def _draw(
    grown: Forest, colours: Pixels, tint: np.ndarray[Any, Any], restored: frozenset[int]
) -> Pixels:
    """The floor with the tiles of `restored` and the roots in their colours."""
    picture = puzzle.blank()
    for tile, parent in enumerate(grown.parent):
        row, column = divmod(tile, GRID)
        y, x = row * TILE, column * TILE
        worn = tile not in restored and tile != parent
        picture[y : y + TILE - 1, x : x + TILE - 1] = WORN + tint[tile] if worn else colours[tile]
        if parent == tile:
            picture[y + 2 : y + 5, x + 2 : x + 5] = 255
            continue
        down, right = parent // GRID - row, parent % GRID - column
        top = y + (0 if down < 0 else 5 if down > 0 else 2)
        left = x + (0 if right < 0 else 5 if right > 0 else 2)
        high, wide = (2, 3) if down else (3, 2)
        picture[top : top + high, left : left + wide] = NOTCH
    return picture


def read(settings: Settings) -> Iterator[Sample]:
    """Questions about worn tiles; `depth` = hops to the tile that kept its colour, 1..14."""
    return puzzle.read(make, settings, "hops")
