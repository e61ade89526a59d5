"""Automaton (context): a pattern that grows row by row, of which only the first row is shown.

The picture shows the first row of a cellular automaton with three colours on paper ruled for 12
rows. A cell's colour follows from the three cells above it by one fixed rule, the same in all
pictures. The question asks for a cell of a row further down. The thought continues the *whole*
pattern. Rule: totalistic, as in Wolfram, A New Kind of Science (2002), page 886: the new colour
depends on the sum of the three colours above; beyond the borders lies colour 0.
"""

from collections.abc import Hashable, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from g2u.puzzles import puzzle
from g2u.puzzles.puzzle import COLOUR_NAMES, COLOURS, Asked, Pixels, Puzzle, Split
from g2u.records import Sample

SETTINGS = puzzle.SETTINGS
SCORERS = ("short",)
HELPS = "context"
DEPTHS = (1, 11)
CELLS = 12
SIDE = 4
"""Side of a cell in pixels."""
STATES = 3
CODE = 1232
"""Wolfram's code number: its digits in base 3 are the new colours for the sums 6 down to 0."""


def rule() -> NDArray[np.int64]:
    """New colour [7] for each sum of three colours."""
    return np.array([CODE // STATES**total % STATES for total in range(3 * STATES - 2)])


RULE = rule()


def grow(first: NDArray[np.int64]) -> NDArray[np.int64]:
    """All rows [12, 12] that follow from the first."""
    rows = [first]
    for _ in range(CELLS - 1):
        framed = np.pad(rows[-1], 1)
        rows.append(RULE[framed[:-2] + framed[1:-1] + framed[2:]])
    return np.stack(rows)


def canonical(first: NDArray[np.int64]) -> Hashable:
    """The first row or its mirror image, whichever comes first."""
    forward = tuple(first.tolist())
    return min(forward, forward[::-1])


def make(rng: np.random.Generator, depth: int, split: Split) -> Puzzle:
    """A first row and the question about two cells of row `depth` + 1, of different colours.

    Every colour of the row is as likely to be asked for: the row alone tells nothing.
    """
    while True:
        first, form = puzzle.draw_structure(
            split, lambda: rng.integers(0, STATES, CELLS), canonical
        )
        rows = grow(first)
        places = [np.flatnonzero(rows[depth] == colour) for colour in range(STATES)]
        if all(len(found) for found in places):
            break
    columns = [int(rng.choice(places[colour])) for colour in rng.permutation(STATES)[:2]]
    asked = tuple(
        Asked(
            f"cell{column + 1}",
            f"What colour is the cell in row {depth + 1}, column {column + 1}?",
            COLOUR_NAMES[rows[depth, column]],
            "short",
            focus=_draw(rows[: depth + 1]),
        )
        for column in columns
    )
    return Puzzle(form, _draw(rows[:1]), _draw(rows), asked)


def _draw(rows: NDArray[np.int64]) -> Pixels:
    picture = puzzle.blank()
    picture[SIDE - 1 :: SIDE, :] = puzzle.BACKGROUND - 40
    shown = COLOURS[rows].repeat(SIDE, 0).repeat(SIDE, 1)
    picture[: len(shown)] = shown
    return picture


def read(settings: Mapping[str, Any]) -> Iterator[Sample]:
    """Questions about two cells of a row; `depth` = rows to continue, 1..11."""
    return puzzle.read(make, settings, DEPTHS, "rows")
