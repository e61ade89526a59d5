"""Tracks (context): four tracks leave the picture; the plan beside it says how they go on.

Only the beginning of four tracks is in the picture. A plan at the right margin has one line per
level, with a mark for each place where two neighbouring tracks cross. The question asks which
track, told by its colour, arrives at a stop. The thought continues *every* track to the border.
"""

from collections.abc import Iterator
from typing import Annotated

import numpy as np
from pydantic import Field

from g2u.questions.puzzles import arrivals, puzzle, strands
from g2u.questions.puzzles.puzzle import COLOURS, INK, Pixels, Puzzle, Split
from g2u.questions.puzzles.strands import LINES, Levels
from g2u.records import Sample

SCORERS = ("choice",)
HELPS = "context"
DEPTHS = (2, 14)
TOP = 6
"""Height of the tracks' visible beginning in pixels."""
COLUMNS = (2, 11, 20, 29)
MARKS = (40, 43, 46)
"""Left edge of a gap's mark, 2 pixels wide."""
BEYOND = 216
"""Grey of what lies outside of the picture."""


class Settings(puzzle.Settings):
    """What params.yaml may say of it."""

    depth: Annotated[int, Field(ge=DEPTHS[0], le=DEPTHS[1])]
    """Levels, 2 to 14."""


def make(rng: np.random.Generator, depth: int, split: Split) -> Puzzle:
    """A plan of `depth` levels and the question about two of the stops."""
    levels, form = strands.draw_of(rng, depth, split)
    pitch = min(4, (puzzle.SIZE - 1 - TOP) // depth)
    top = TOP + 1 + int(rng.integers(0, 2)) * (pitch < 4)
    rows = [min(top + pitch * level, puzzle.SIZE - 2) for level in range(depth)]
    order = rng.permutation(LINES)
    colours = COLOURS[order]
    source = _draw(levels, rows, pitch, colours)
    asked = arrivals.ask(
        rng,
        levels,
        order,
        "What colour is the track that arrives at stop {end}?",
        lambda shown: _continue(source, levels, rows, colours, shown),
    )
    thought = _continue(source, levels, rows, colours, range(LINES))
    return Puzzle(form, source, thought, asked, puzzle.misled(thought, source, puzzle.BOTTOM))


def _draw(levels: Levels, rows: list[int], pitch: int, colours: Pixels) -> Pixels:
    source = puzzle.blank()
    source[TOP:, :38] = BEYOND
    for x, colour in zip(COLUMNS, colours, strict=True):
        source[:TOP, x - 1 : x + 3] = colour
    for y, level in zip(rows, levels, strict=True):
        for gap in level:
            source[y : y + pitch - 1, MARKS[gap] : MARKS[gap] + 2] = INK
    return source


def _continue(
    source: Pixels, levels: Levels, rows: list[int], colours: Pixels, shown: range | tuple[int]
) -> Pixels:
    """The picture with the tracks of `shown` continued to the lower border."""
    thought = source.copy()
    thought[TOP:, :38] = puzzle.BACKGROUND
    borders = [0, *(y + 1 for y in rows), puzzle.SIZE]
    for y, level in zip(rows, levels, strict=True):
        for gap in level:
            thought[y, COLUMNS[gap] : COLUMNS[gap + 1]] = INK
    for step, now in enumerate(strands.occupants(levels)):
        for place, strand in enumerate(now):
            if strand in shown:
                x = COLUMNS[place]
                thought[borders[step] : borders[step + 1], x - 1 : x + 3] = colours[strand]
    return thought


def read(settings: Settings) -> Iterator[Sample]:
    """Questions about two stops of each plan; `depth` = levels of the plan, 2..14."""
    return puzzle.read(make, settings, "levels")
