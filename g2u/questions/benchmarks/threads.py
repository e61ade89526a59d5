"""Threads (detail): four threads cross; their colours have faded but for the first pixels.

Four threads run from left to right and change places where they cross. Only their left ends still
show their colours, the rest is pale and grainy. The question asks what colour ends at a place. The
thought restores the colour of *every* thread over its whole length.
"""

from collections.abc import Iterator
from typing import Annotated

import numpy as np
from pydantic import Field

from g2u.questions.puzzles import arrivals, puzzle, strands, weave
from g2u.questions.puzzles.puzzle import COLOURS, Puzzle, Split
from g2u.questions.puzzles.strands import LINES
from g2u.records import Sample

SCORERS = ("choice",)
HELPS = "detail"
DEPTHS = (2, 14)
CENTRES = (6, 18, 30, 42)
LEFT = 4
"""Width of the ends that kept their colours, in pixels."""
FADED = 190
GRAIN = 5.0
"""Standard deviation of the noise, of 0..255."""


class Settings(puzzle.Settings):
    """What params.yaml may say of it."""

    depth: Annotated[int, Field(ge=DEPTHS[0], le=DEPTHS[1])]
    """Crossings, 2 to 14."""


def make(rng: np.random.Generator, depth: int, split: Split) -> Puzzle:
    """Threads that cross in `depth` columns, and the question about two of the right ends."""
    levels, form = strands.draw_of(rng, depth, split)
    pitch = (puzzle.SIZE - LEFT - 2) // max(depth, 5)
    left = LEFT + 1 + int(rng.integers(0, max(1, puzzle.SIZE - LEFT - 1 - pitch * depth)))
    order = rng.permutation(LINES)
    faded = np.full((LINES, 3), FADED, dtype=np.uint8)
    woven = weave.Weave(levels, CENTRES, left, pitch)
    source = weave.draw(woven, faded, puzzle.blank())
    grain = rng.normal(0, GRAIN, source.shape)
    source = np.clip(source + grain, 0, 255).astype(np.uint8)
    for place in range(LINES):
        source[CENTRES[place] - 1 : CENTRES[place] + 2, :LEFT] = COLOURS[order[place]]
    asked = arrivals.ask(
        rng,
        levels,
        order,
        "What colour is the thread that ends at {end}?",
        lambda shown: weave.draw(woven, COLOURS[order], source.copy(), shown),
    )
    thought = weave.draw(woven, COLOURS[order], puzzle.blank())
    return Puzzle(form, source, thought, asked, puzzle.misled(thought, source, puzzle.RIGHT))


def read(settings: Settings) -> Iterator[Sample]:
    """Questions about two ends of each picture; `depth` = columns of crossings, 2..14."""
    return puzzle.read(make, settings, "crossings")
