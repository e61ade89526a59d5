"""Hairpin (structure): a ladder lottery that is folded: down on the left, up again on the right.

Four lines go down through levels of rungs, turn round at the bottom and come up through further
levels. The question asks where one line comes out. The thought colours *every* line from its start
to its end.
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
HELPS = "structure"
DEPTHS = (2, 14)
COLUMNS = (2, 8, 14, 20)
"""Left edge of each line on its way down; on its way up the mirror image. Lines are 2 wide."""
TURNS = (45, 42, 39, 36)
"""Upper edge of each line where it turns round."""
TOP = 2
CABLE_NAMES = ("A", "B", "C", "D")
OUTLET_NAMES = ("1", "2", "3", "4")
"""From left to right: the innermost line comes out first."""


def make(rng: np.random.Generator, depth: int, split: Split) -> Puzzle:
    """A hairpin of `depth` levels, the first half on the left, and two questions."""
    empty = 0.1 if split != "train" or rng.random() < 0.6 else 0.4
    levels, form = puzzle.draw_structure(
        split, lambda: strands.draw(rng, depth, empty), strands.canonical
    )
    half = (depth + 1) // 2
    pitch = min((TURNS[-1] - TOP - 1) // half, 8)
    thickness = 2 if pitch >= 5 else 1
    slack = max(1, pitch - 2 * thickness)
    rows = [TOP + 1 + pitch * (level % half) + int(rng.integers(0, slack)) for level in range(half)]
    climbs = [
        TOP + 1 + pitch * (half - 1 - level) + int(rng.integers(0, slack))
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
    reached = strands.ends(levels)
    asked = tuple(
        Asked(
            CABLE_NAMES[start],
            f"At which outlet does cable {CABLE_NAMES[start]} come out?",
            OUTLET_NAMES[LINES - 1 - reached[start]],
            "choice",
            OUTLET_NAMES,
            _draw(source.copy(), levels, rows, climbs, COLOURS, (start,)),
        )
        for start in rng.permutation(LINES)[:2].tolist()
    )
    thought = _draw(source.copy(), levels, rows, climbs, COLOURS, everything)
    return Puzzle(form, source, thought, asked)


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


def read(settings: Mapping[str, Any]) -> Iterator[Sample]:
    """Questions about two cables of each hairpin; `depth` = levels in all, 2..14."""
    return puzzle.read(make, settings, DEPTHS, "rungs")
