"""Ladder lottery (structure): follow one of four lines through the rungs.

A picture holds four vertical lines and levels of rungs. Whoever walks down a line crosses every
rung it meets. The question asks where one line ends. The thought colours *every* line from its
start to its end: it does not depend on the question and does not hold the answer by itself.
"""

from collections.abc import Iterator
from typing import Annotated

import numpy as np
from pydantic import Field

from g2u.questions.puzzles import puzzle, strands
from g2u.questions.puzzles.puzzle import COLOURS, INK, Asked, Pixels, Puzzle, Split
from g2u.questions.puzzles.strands import LINES, Levels
from g2u.records import Sample

SCORERS = ("choice",)
HELPS = "structure"
DEPTHS = (2, 14)
LEFT = 5
SPACING = 12
START_NAMES = ("A", "B", "C", "D")
END_NAMES = ("1", "2", "3", "4")


class Settings(puzzle.Settings):
    """What params.yaml may say of it."""

    depth: Annotated[int, Field(ge=DEPTHS[0], le=DEPTHS[1])]
    """Levels of rungs, 2 to 14."""


def make(rng: np.random.Generator, depth: int, split: Split) -> Puzzle:
    """A ladder of `depth` levels and the question about two of its lines."""
    levels, form = strands.draw_of(rng, depth, split)
    source, rows, columns = _draw(levels, rng)
    reached = strands.ends(levels)
    asked = tuple(
        Asked(
            START_NAMES[start],
            f"Where does line {START_NAMES[start]} end?",
            END_NAMES[reached[start]],
            "choice",
            END_NAMES,
            _colour(source, levels, rows, columns, (start,)),
        )
        for start in rng.permutation(LINES)[:2].tolist()
    )
    thought = _colour(source, levels, rows, columns, range(LINES))
    return Puzzle(form, source, thought, asked, puzzle.misled(thought, source, puzzle.BOTTOM))


def _draw(levels: Levels, rng: np.random.Generator) -> tuple[Pixels, list[int], list[int]]:
    """The picture, the height of each level and the left edge of each line; `rng` jitters."""
    columns = [LEFT + SPACING * place for place in range(LINES)]
    pitch = 42 // max(len(levels), 5)
    thickness = 2 if pitch >= 5 else 1
    top = 3 + int(rng.integers(0, 2))
    slack = max(1, pitch - 2 * thickness)
    rows = [top + pitch * level + int(rng.integers(0, slack)) for level in range(len(levels))]
    source = puzzle.blank()
    for x in columns:
        source[1:47, x : x + 2] = INK
    for y, level in zip(rows, levels, strict=True):
        for gap in level:
            source[y : y + thickness, columns[gap] : columns[gap + 1]] = INK
    return source, rows, columns


def _colour(
    source: Pixels, levels: Levels, rows: list[int], columns: list[int], shown: range | tuple[int]
) -> Pixels:
    """The picture with the strands of `shown` in their colours, from start to end."""
    thought = source.copy()
    borders = [1, *(y + 1 for y in rows), 47]
    for step, now in enumerate(strands.occupants(levels)):
        for place, strand in enumerate(now):
            if strand in shown:
                x = columns[place]
                thought[borders[step] : borders[step + 1], x - 1 : x + 3] = COLOURS[strand]
    return thought


def read(settings: Settings) -> Iterator[Sample]:
    """Questions about two lines of each ladder; `depth` = levels of rungs, 2..14."""
    return puzzle.read(make, settings, "rungs")
