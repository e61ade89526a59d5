"""Hairpin (structure): a ladder lottery that is folded: down on the left, up again on the right.

Four lines go down through levels of rungs, turn round at the bottom and come up through further
levels. Only the beginnings of the lines are coloured. The question asks what colour comes out at a
place. The thought colours *every* line from its start to its end.
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
HELPS = "structure"
DEPTHS = (2, 14)
COLUMNS = (2, 8, 14, 20)
"""Left edge of each line on its way down; on its way up the mirror image. Lines are 2 wide."""
TURNS = (45, 42, 39, 36)
"""Upper edge of each line where it turns round."""
TOP = 2
OUTLETS = (4, 3, 2, 1)
"""Counted from left to right: the innermost line comes out first."""
COLOURED = 4
"""Length of the coloured beginning, in pixels; the first rung lies below it."""


class Settings(puzzle.Settings):
    """What params.yaml may say of it."""

    depth: Annotated[int, Field(ge=DEPTHS[0], le=DEPTHS[1])]
    """Levels of rungs, 2 to 14."""


def make(rng: np.random.Generator, depth: int, split: Split) -> Puzzle:
    """A hairpin of `depth` levels, the first half on the left, and two questions."""
    levels, form = strands.draw_of(rng, depth, split)
    half = (depth + 1) // 2
    highest = TOP + COLOURED
    pitch = min((TURNS[-1] - highest) // half, 8)
    thickness = 2 if pitch >= 5 else 1
    slack = max(1, pitch - 2 * thickness)
    rows = [highest + pitch * level + int(rng.integers(0, slack)) for level in range(half)]
    climbs = [
        highest + pitch * (half - 1 - level) + int(rng.integers(0, slack))
        for level in range(depth - half)
    ]
    source = puzzle.blank()
    everything = range(LINES)
    ink = np.full((LINES, 3), INK, dtype=np.uint8)
    _draw(source, levels, rows, climbs, ink, everything, wide=False)
    for number, (y, level) in enumerate(zip(rows + climbs, levels, strict=True)):
        for gap in level:
            left, right = COLUMNS[gap], COLUMNS[gap + 1] + 2
            across = slice(left, right) if number < half else _mirrored(left, right)
            source[y : y + thickness, across] = INK
    order = rng.permutation(LINES)
    colours = COLOURS[order]
    for x, colour in zip(COLUMNS, colours, strict=True):
        source[TOP : TOP + COLOURED, x - 1 : x + 3] = colour
    asked = arrivals.ask(
        rng,
        levels,
        order,
        "What colour is the cable that leaves outlet {end}?",
        lambda shown: _draw(source.copy(), levels, rows, climbs, colours, shown),
        OUTLETS,
    )
    thought = _draw(source.copy(), levels, rows, climbs, colours, everything)
    return Puzzle(form, source, thought, asked, puzzle.misled(thought, source, puzzle.RIGHT))


def _mirrored(left: int, right: int) -> slice:
    return slice(puzzle.SIZE - right, puzzle.SIZE - left)


def _draw(
    sheet: Pixels,
    levels: Levels,
    rows: list[int],
    climbs: list[int],
    colours: Pixels,
    shown: range | tuple[int, ...],
    *,
    wide: bool = True,
) -> Pixels:
    """The strands of `shown` in their colours; `rows` and `climbs` are the heights of the rungs."""
    occupants, half, margin = strands.occupants(levels), len(rows), int(wide)
    down = [TOP, *(y + 1 for y in rows), 48]
    up = [48, *(y + 1 for y in climbs), TOP]
    for place in range(LINES):
        x, turn = COLUMNS[place], TURNS[place]
        for step in range(len(levels) + 1):
            strand = occupants[step][place]
            if strand not in shown:
                continue
            across = slice(x - margin, x + 2 + margin)
            if step <= half:
                sheet[down[step] : min(down[step + 1], turn + 2), across] = colours[strand]
            if step == half:
                sheet[turn : turn + 2, x : puzzle.SIZE - x] = colours[strand]
            if step >= half:
                back = _mirrored(across.start, across.stop)
                low = min(up[step - half], turn + 2)
                sheet[up[step - half + 1] : low, back] = colours[strand]
    return sheet


def read(settings: Settings) -> Iterator[Sample]:
    """Questions about two ends of each hairpin; `depth` = levels in all, 2..14."""
    return puzzle.read(make, settings, "rungs")
