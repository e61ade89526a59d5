"""Ladder lottery: follow one of four lines through the rungs; procedural, with oracle thoughts.

A picture holds four vertical lines and levels of rungs. Whoever walks down a line crosses every
rung it meets. The question asks where one line ends. The oracle thought colours *every* line from
its start to its end, so it does not depend on the question and does not hold the answer by itself.

Held out by structure: a ladder whose canonical form (Foata normal form of its rungs: commuting
rungs are moved up as far as they go) falls into one fifth of all hash values is a test ladder;
`draw_levels` with `held_out=False` never returns one.
"""

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from g2u.errors import ParamsError
from g2u.pictures import encode_png, picture_of
from g2u.records import Question, Sample, Target

SIZE = 48
LINES = 4
START_NAMES = ("A", "B", "C", "D")
END_NAMES = ("1", "2", "3", "4")
SPACING = 12
MOST_RUNGS = 14
BACKGROUND = 248
INK = 70
STRAND_COLOURS = np.array(
    [[230, 30, 30], [40, 80, 230], [20, 160, 60], [240, 150, 0]], dtype=np.uint8
)

Levels = tuple[tuple[int, ...], ...]
"""Per level, from the top, the gaps (0..2) that hold a rung; gaps of one level never touch."""
Pixels = NDArray[np.uint8]
"""[48, 48, 3], 0..255."""

SETTINGS = frozenset({"items", "rungs", "seed"})
SCORERS = ("choice",)


def canonical(levels: Levels) -> Levels:
    """The Foata normal form: equal for two ladders exactly if they connect alike step by step."""
    depth = [0] * (LINES + 1)  # depth[g + 1]: level of the last rung in gap g; two sentinels
    placed: dict[int, list[int]] = {}
    for level in levels:
        for gap in level:
            row = 1 + max(depth[max(gap, 0) : gap + 3])
            depth[gap + 1] = row
            placed.setdefault(row, []).append(gap)
    return tuple(tuple(sorted(placed[row])) for row in sorted(placed))


def is_held_out(levels: Levels) -> bool:
    """Whether the ladder's structure belongs to the test fifth."""
    return hashlib.sha256(repr(canonical(levels)).encode()).digest()[0] % 5 == 0


def draw_levels(
    rng: np.random.Generator, rungs: int, *, held_out: bool, empty: float = 0.1
) -> Levels:
    """Levels of a random ladder from the test fifth, or from the rest; `empty` = share of bare
    levels.
    """
    while True:
        draws = rng.random(rungs)
        gaps = rng.integers(0, 3, rungs)
        levels = tuple(
            () if u < empty else (0, 2) if u < empty + 0.3 else (int(gap),)
            for u, gap in zip(draws, gaps, strict=True)
        )
        if is_held_out(levels) == held_out:
            return levels


def ends(levels: Levels) -> tuple[int, ...]:
    """For each start 0..3, the column 0..3 in which its line ends."""
    occupant = list(range(LINES))
    for level in levels:
        for gap in level:
            occupant[gap], occupant[gap + 1] = occupant[gap + 1], occupant[gap]
    return tuple(occupant.index(start) for start in range(LINES))


def render(levels: Levels, rng: np.random.Generator) -> tuple[Pixels, Pixels]:
    """The picture and its oracle thought, both [48, 48, 3]; `rng` jitters positions only."""
    left = int(rng.integers(3, 7))
    columns = [left + SPACING * c for c in range(LINES)]
    pitch = 42 // max(len(levels), 5)
    thickness = 2 if pitch >= 5 else 1
    top = 3 + int(rng.integers(0, 2))
    slack = max(1, pitch - 2 * thickness)
    heights = [top + pitch * r + int(rng.integers(0, slack)) for r in range(len(levels))]
    source = np.full((SIZE, SIZE, 3), BACKGROUND, dtype=np.uint8)
    for x in columns:
        source[1:47, x : x + 2] = INK
    for y, level in zip(heights, levels, strict=True):
        for gap in level:
            source[y : y + thickness, columns[gap] : columns[gap + 1]] = INK
    thought = source.copy()
    occupant = list(range(LINES))
    begun = [1] * LINES
    for y, level in zip(heights, levels, strict=True):
        for gap in level:
            for column in (gap, gap + 1):
                _colour(thought, columns[column], begun[column], y + 1, occupant[column])
                begun[column] = y + 1
            occupant[gap], occupant[gap + 1] = occupant[gap + 1], occupant[gap]
    for column in range(LINES):
        _colour(thought, columns[column], begun[column], 47, occupant[column])
    return source, thought


def _colour(picture: Pixels, x: int, top: int, bottom: int, strand: int) -> None:
    picture[top:bottom, x - 1 : x + 3] = STRAND_COLOURS[strand]


def question_text(start: int) -> str:
    """The question about the line that starts at column `start` (0..3)."""
    return f"Where does line {START_NAMES[start]} end?"


def read(settings: Mapping[str, Any]) -> Iterator[Sample]:
    """Test questions: two about each picture, of `rungs` levels, from the held-out structures.

    Raises:
        ParamsError: `rungs` is outside 2..14 (more do not fit into 48 pixels).
    """
    rungs, items = int(settings["rungs"]), int(settings["items"])
    if not 2 <= rungs <= MOST_RUNGS:
        raise ParamsError(
            f"params.yaml: presets.benchmarks: rungs is {rungs}; expected 2 to {MOST_RUNGS}"
        )
    for number in range((items + 1) // 2):
        rng = np.random.default_rng([int(settings["seed"]), rungs, number])
        levels = draw_levels(rng, rungs, held_out=True)
        source, thought = (picture_of(encode_png(pixels)) for pixels in render(levels, rng))
        reached = ends(levels)
        for start in sorted(rng.permutation(LINES)[: min(2, items - 2 * number)].tolist()):
            question = Question(
                id=f"{rungs}-{number}-{START_NAMES[start]}",
                text=question_text(start),
                choices=END_NAMES,
                format="choice",
                pictures=(source.digest,),
                category=f"{rungs} rungs",
            )
            target = Target(question.id, "ABCD"[reached[start]], "choice")
            yield Sample(question, target, (source,), oracles=(thought,))
