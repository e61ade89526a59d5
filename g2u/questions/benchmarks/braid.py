"""Braid (context): a woven pattern of which only the first repeat is in the picture.

Four strands run from top to bottom and cross level by level. The lower half is outside of the
picture; there the pattern of the upper half is repeated, and a ruler at the right margin counts the
levels. Only the beginnings of the strands are coloured. The question asks what colour comes out at
a place. The thought continues the pattern to the lower border with *every* strand in its colour.
"""

from collections.abc import Iterator
from typing import Annotated

import numpy as np
from pydantic import Field

from g2u.questions.puzzles import arrivals, puzzle, strands, weave
from g2u.questions.puzzles.puzzle import COLOURS, INK, Pixels, Puzzle, Split
from g2u.questions.puzzles.strands import LINES
from g2u.records import Sample

SCORERS = ("choice",)
HELPS = "context"
DEPTHS = (3, 14)
"""At depth 2 no braid would be left for training."""
CENTRES = (5, 15, 25, 35)
TOP = 4
"""Height of the straight beginning in pixels."""
RULER = slice(44, 47)
BEYOND = 216
"""Grey of what lies outside of the picture."""


class Settings(puzzle.Settings):
    """What params.yaml may say of it."""

    depth: Annotated[int, Field(ge=DEPTHS[0], le=DEPTHS[1])]
    """Levels, 3 to 14."""


def make(rng: np.random.Generator, depth: int, split: Split) -> Puzzle:
    """A braid of `depth` levels, of an odd number the repeat lacks its last, and two questions."""
    shown = (depth + 1) // 2
    empty = strands.empty_share(rng, split)

    def repeated() -> strands.Levels:
        pattern = strands.draw(rng, shown, empty)
        return pattern + pattern[: depth - shown]

    levels, form = puzzle.draw_structure(split, repeated, strands.canonical)
    pitch = min((puzzle.SIZE - TOP - 2) // depth, 8)
    woven = weave.Weave(levels, CENTRES, TOP, pitch)
    dark = np.full((LINES, 3), INK, dtype=np.uint8)
    order = rng.permutation(LINES)
    colours = COLOURS[order]
    source = weave.draw(woven, dark, puzzle.blank())
    source[:, :TOP] = weave.draw(woven, colours, puzzle.blank())[:, :TOP]
    source[38:] = puzzle.BACKGROUND
    source[:38, TOP + pitch * shown :] = BEYOND
    for level in range(1, depth + 1):
        source[RULER, TOP + pitch * level - 1] = INK
    asked = arrivals.ask(
        rng,
        levels,
        order,
        "What colour is the strand that comes out at {end}?",
        lambda shown: _upright(weave.draw(woven, colours, _continued(source), shown)),
    )
    source, thought = _upright(source), _upright(weave.draw(woven, colours, _continued(source)))
    return Puzzle(form, source, thought, asked, puzzle.misled(thought, source, puzzle.BOTTOM))


def _continued(source: Pixels) -> Pixels:
    """The sheet without the border of the picture, still empty below it."""
    sheet = source.copy()
    sheet[(source == BEYOND).all(-1)] = puzzle.BACKGROUND
    return sheet


def _upright(sheet: Pixels) -> Pixels:
    """From left-to-right to top-to-bottom."""
    return np.ascontiguousarray(sheet.transpose(1, 0, 2))


def read(settings: Settings) -> Iterator[Sample]:
    """Questions about two ends of each braid; `depth` = levels in all, 3..14."""
    return puzzle.read(make, settings, "levels")
