"""Regions (structure): winding rooms between walls, each with one coloured lamp.

Walls divide a 6 x 6 floor into two winding rooms with one lamp each. The question asks which
lamp shares the room of a tile. The thought fills *every* room with the colour of its lamp, as a
segmentation does.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from g2u.puzzles import forest, puzzle
from g2u.puzzles.forest import GRID, NEIGHBOURS, TILE, Forest
from g2u.puzzles.puzzle import COLOUR_NAMES, COLOURS, INK, Asked, Pixels, Puzzle, Split
from g2u.records import Sample

SETTINGS = puzzle.SETTINGS
SCORERS = ("choice",)
HELPS = "structure"
DEPTHS = (1, 14)


def make(rng: np.random.Generator, depth: int, split: Split) -> Puzzle:
    """A floor plan and the question about a tile of each room, `depth` steps from its lamp."""
    grown, form = puzzle.draw_structure(split, lambda: forest.draw(rng, depth), forest.canonical)
    order = rng.permutation(len(COLOURS))[: forest.ROOTS]
    choices = tuple(COLOUR_NAMES[colour] for colour in sorted(order.tolist()))
    colours = COLOURS[order[list(grown.root)]]
    source = _draw(grown, colours, frozenset())
    asked = tuple(
        Asked(
            f"tile{tile}",
            f"Which lamp is in the room of {forest.place_name(tile)}?",
            COLOUR_NAMES[order[grown.root[tile]]],
            "choice",
            choices,
            _draw(grown, colours, frozenset(grown.path(tile))),
        )
        for tile in forest.pick(rng, grown, depth)
    )
    return Puzzle(form, source, _draw(grown, colours, frozenset(range(GRID * GRID))), asked)


def _draw(grown: Forest, colours: Pixels, filled: frozenset[int]) -> Pixels:
    """The plan with the tiles of `filled` in the colours of their lamps."""
    picture = puzzle.blank()
    for tile, parent in enumerate(grown.parent):
        row, column = divmod(tile, GRID)
        y, x = row * TILE, column * TILE
        floor = picture[y : y + TILE, x : x + TILE]
        if tile in filled:
            floor[:] = colours[tile]
        if parent == tile:
            floor[2:6, 2:6] = colours[tile]
            floor[3:5, 3:5] = 255
        open_to = {parent, *(near for near in NEIGHBOURS[tile] if grown.parent[near] == tile)}
        for near, side in (
            (tile - GRID if row > 0 else -1, floor[0]),
            (tile + GRID if row < GRID - 1 else -1, floor[-1]),
            (tile - 1 if column > 0 else -1, floor[:, 0]),
            (tile + 1 if column < GRID - 1 else -1, floor[:, -1]),
        ):
            if near not in open_to:
                side[:] = INK
    return picture


def read(settings: Mapping[str, Any]) -> Iterator[Sample]:
    """Questions about tiles; `depth` = steps to the lamp, 1..14."""
    return puzzle.read(make, settings, DEPTHS, "steps")
