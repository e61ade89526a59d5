"""Four strands that change places level by level: the structure of ladder, tracks and threads.

A level holds swaps of neighbouring strands; gap g lies between places g and g + 1. Whoever follows
a strand must make every swap it meets, in order: the work is serial, its depth is the number of
levels.
"""

from collections.abc import Hashable

import numpy as np

from g2u.questions.puzzles import puzzle
from g2u.questions.puzzles.puzzle import Split

LINES = 4

Levels = tuple[tuple[int, ...], ...]
"""Per level the gaps (0..2) with a swap; gaps of one level never touch."""


def canonical(levels: Levels) -> Levels:
    """The Foata normal form: equal for two exactly if they swap alike step by step."""
    depth = [0] * (LINES + 1)  # depth[g + 1]: level of the last swap in gap g; two sentinels
    placed: dict[int, list[int]] = {}
    for level in levels:
        for gap in level:
            row = 1 + max(depth[max(gap, 0) : gap + 3])
            depth[gap + 1] = row
            placed.setdefault(row, []).append(gap)
    return tuple(tuple(sorted(placed[row])) for row in sorted(placed))


def draw(rng: np.random.Generator, depth: int, empty: float = 0.1) -> Levels:
    """Random levels: a share `empty` without a swap, 30 % with two, the rest with one."""
    chances = rng.random(depth)
    gaps = rng.integers(0, LINES - 1, depth)
    return tuple(
        () if chance < empty else (0, 2) if chance < empty + 0.3 else (int(gap),)
        for chance, gap in zip(chances, gaps, strict=True)
    )


def draw_of(rng: np.random.Generator, depth: int, split: Split) -> tuple[Levels, Hashable]:
    """Levels of the split and their canonical form."""
    empty = empty_share(rng, split)
    return puzzle.draw_structure(split, lambda: draw(rng, depth, empty), canonical)


def empty_share(rng: np.random.Generator, split: Split) -> float:
    """Share of levels without a swap: in training 40 % of the puzzles have many."""
    return 0.1 if split != "train" or rng.random() < 0.6 else 0.4


def occupants(levels: Levels) -> list[tuple[int, ...]]:
    """Which strand is at each place before the first level and after each: depth + 1 tuples."""
    now = list(range(LINES))
    found = [tuple(now)]
    for level in levels:
        for gap in level:
            now[gap], now[gap + 1] = now[gap + 1], now[gap]
        found.append(tuple(now))
    return found


def ends(levels: Levels) -> tuple[int, ...]:
    """For each start 0..3, the place 0..3 in which its strand ends."""
    last = occupants(levels)[-1]
    return tuple(last.index(start) for start in range(LINES))
