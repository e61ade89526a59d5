"""Strands with coloured beginnings: which colour arrives at a place, asked by four benchmarks.

Beginnings are coloured in random order, so whoever wants the colour at an end has to follow a
strand through all levels.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from g2u.questions.puzzles import strands
from g2u.questions.puzzles.puzzle import COLOUR_NAMES, Asked, Pixels
from g2u.questions.puzzles.strands import LINES, Levels


def ask(
    rng: np.random.Generator,
    levels: Levels,
    order: NDArray[np.int64],
    text: str,
    focus: Callable[[tuple[int]], Pixels],
    numbers: tuple[int, ...] = (1, 2, 3, 4),
) -> tuple[Asked, ...]:
    """Questions about two of the four ends.

    Args:
        rng: decides which two, and their order.
        levels: the structure.
        order: [4], the colour (a place among COLOUR_NAMES) of each strand.
        text: the question; "{end}" stands for the end's number.
        focus: draws the thought of one strand.
        numbers: what the four ends are called.
    """
    at_end = strands.occupants(levels)[-1]
    return tuple(
        Asked(
            str(numbers[end]),
            text.format(end=numbers[end]),
            COLOUR_NAMES[order[at_end[end]]],
            "choice",
            COLOUR_NAMES,
            focus((at_end[end],)),
        )
        for end in rng.permutation(LINES)[:2].tolist()
    )
