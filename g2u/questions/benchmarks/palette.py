"""Palette (nothing helps): read the colour of one of 36 tiles.

A 6 x 6 floor in patches of colour, large or as small as one tile: each tile has the colour of the
nearest of 2 to 36 seeds. The answer is one glance away and a thought has nothing to add. There is
no oracle.
"""

from collections.abc import Iterator
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from g2u.questions.puzzles import puzzle
from g2u.questions.puzzles.forest import GRID, TILE, place_name
from g2u.questions.puzzles.puzzle import COLOUR_NAMES, COLOURS, Asked, Puzzle, Split
from g2u.records import Sample

SCORERS = ("short",)
HELPS = ""
DEPTHS = (1, 1)


class Settings(puzzle.Settings):
    """What params.yaml may say of it."""

    depth: Annotated[int, Field(ge=DEPTHS[0], le=DEPTHS[1])] = 1
    """One glance decides, whatever is asked: 1."""


def make(rng: np.random.Generator, depth: int, split: Split) -> Puzzle:
    """A floor of random colours and the question about two of its tiles; `depth` is 1."""
    del depth
    tiles, form = puzzle.draw_structure(
        split, lambda: _patches(rng), lambda drawn: bytes(drawn.tolist())
    )
    picture = COLOURS[tiles.reshape(GRID, GRID)].repeat(TILE, 0).repeat(TILE, 1)
    picture[TILE - 1 :: TILE] = picture[:, TILE - 1 :: TILE] = puzzle.BACKGROUND
    asked = tuple(
        Asked(
            f"tile{tile}",
            f"What colour is the tile in {place_name(tile)}?",
            COLOUR_NAMES[tiles[tile]],
            "short",
        )
        for tile in rng.permutation(GRID * GRID)[:2].tolist()
    )
    return Puzzle(form, picture, None, asked)


def _patches(rng: np.random.Generator) -> NDArray[np.int64]:
    """A colour number for each of the 36 tiles."""
    seeds = rng.random((int(rng.integers(2, GRID * GRID + 1)), 2)) * GRID
    centres = np.argwhere(np.ones((GRID, GRID))) + 0.5
    nearest = np.square(centres[:, None] - seeds).sum(-1).argmin(1)
    colours: NDArray[np.int64] = rng.integers(0, len(COLOURS), len(seeds))[nearest]
    return colours


def read(settings: Settings) -> Iterator[Sample]:
    """Questions about two tiles of each floor."""
    return puzzle.read(make, settings, "glance")
