"""Tracks (context): four tracks leave the picture; the plan beside it says how they go on.

Only the beginning of four tracks is in the picture. A plan at the right margin has one line per
level, with a mark for each place where two neighbouring tracks cross. The question asks where one
track arrives. The thought continues *every* track, in a colour of its own, down to the border.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from g2u.puzzles import puzzle, strands
from g2u.puzzles.puzzle import COLOURS, INK, Asked, Pixels, Puzzle, Split
from g2u.puzzles.strands import LINES, Levels
from g2u.records import Sample

SETTINGS = puzzle.SETTINGS
SCORERS = ("choice",)
HELPS = "context"
DEPTHS = (2, 14)
TOP = 6
"""Height of the tracks' visible beginning in pixels."""
COLUMNS = (2, 11, 20, 29)
MARKS = (40, 43, 46)
"""Left edge of a gap's mark, 2 pixels wide."""
TRACK_NAMES = ("A", "B", "C", "D")
STOP_NAMES = ("1", "2", "3", "4")
BEYOND = 216
"""Grey of what lies outside of the picture."""


def make(rng: np.random.Generator, depth: int, split: Split) -> Puzzle:
    """A plan of `depth` levels and the question about two of the tracks."""
    empty = 0.1 if split != "train" or rng.random() < 0.6 else 0.4
    levels, form = puzzle.draw_structure(
        split, lambda: strands.draw(rng, depth, empty), strands.canonical
    )
    pitch = min(4, (puzzle.SIZE - 1 - TOP) // depth)
    top = TOP + 1 + int(rng.integers(0, 2)) * (pitch < 4)
    rows = [min(top + pitch * level, puzzle.SIZE - 2) for level in range(depth)]
    source = _draw(levels, rows, pitch)
    reached = strands.ends(levels)
    asked = tuple(
        Asked(
            TRACK_NAMES[start],
            f"At which stop does track {TRACK_NAMES[start]} arrive?",
            STOP_NAMES[reached[start]],
            "choice",
            STOP_NAMES,
            _continue(source, levels, rows, (start,)),
        )
        for start in rng.permutation(LINES)[:2].tolist()
    )
    return Puzzle(form, source, _continue(source, levels, rows, range(LINES)), asked)


def _draw(levels: Levels, rows: list[int], pitch: int) -> Pixels:
    source = puzzle.blank()
    source[TOP:, :38] = BEYOND
    for x in COLUMNS:
        source[:TOP, x : x + 2] = INK
    for y, level in zip(rows, levels, strict=True):
        for gap in level:
            source[y : y + pitch - 1, MARKS[gap] : MARKS[gap] + 2] = INK
    return source


def _continue(source: Pixels, levels: Levels, rows: list[int], shown: range | tuple[int]) -> Pixels:
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
                thought[borders[step] : borders[step + 1], x - 1 : x + 3] = COLOURS[strand]
    return thought


def read(settings: Mapping[str, Any]) -> Iterator[Sample]:
    """Questions about two tracks of each plan; `depth` = levels of the plan, 2..14."""
    return puzzle.read(make, settings, DEPTHS, "levels")
