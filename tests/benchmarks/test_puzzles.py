"""The procedural benchmarks: truth told by pixels, splits by structure, fair questions."""

import re
from collections import Counter
from itertools import pairwise
from types import ModuleType

import numpy as np
import pytest

from g2u import plugins
from g2u.errors import ParamsError
from g2u.questions.benchmarks import braid, digits, hairpin, ladder, mosaic, threads, tracks
from g2u.questions.puzzles import forest, strands
from g2u.questions.puzzles.puzzle import (
    COLOUR_NAMES,
    COLOURS,
    INK,
    Asked,
    Pixels,
    Puzzle,
    Split,
    split_of,
)
from g2u.settings import checked

NAMES = ("ladder", "hairpin", "tracks", "braid", "threads", "mosaic", "palette", "digits")
SERIAL = NAMES[:6]
ANSWERS = {name: 2 if name == "mosaic" else 4 for name in SERIAL}
"""How many answers are possible, and equally likely, when only the picture is known."""


def module(name: str) -> ModuleType:
    found = plugins.benchmark(name)
    assert isinstance(found, ModuleType)
    return found


def some(name: str, depth: int = 6, count: int = 30, split: Split = "test") -> list[Puzzle]:
    rng = np.random.default_rng([7, NAMES.index(name), depth])
    low, high = module(name).DEPTHS
    return [module(name).make(rng, max(low, min(depth, high)), split) for _ in range(count)]


def colour_of(pixels: Pixels) -> str:
    """The commonest planted colour among pixels [..., 3]."""
    flat = pixels.reshape(-1, 3).astype(int)
    near = np.abs(flat[:, None] - COLOURS.astype(int)).sum(-1)
    counts = Counter(near.argmin(1)[near.min(1) < 60].tolist())
    return COLOUR_NAMES[counts.most_common(1)[0][0]]


def coloured(pixels: Pixels) -> int:
    """How many pixels are no shade of grey."""
    return int((np.ptp(pixels.astype(int), axis=-1) > 60).sum())


def place_of(asked: Asked) -> tuple[int, int]:
    """Row and column that the question names, from 0."""
    row, column = re.findall(r"\d+", asked.text)[:2]
    return int(row) - 1, int(column) - 1


def tile(picture: Pixels, row: int, column: int) -> Pixels:
    return picture[row * 8 : row * 8 + 8, column * 8 : column * 8 + 8]


def walk_ladder(source: Pixels, asked: Asked) -> str:
    """Down a line pixel row by pixel row, across every rung that begins there."""
    dark = (source == INK).all(-1)
    left = int(np.flatnonzero(dark[1])[0])
    column, y = ladder.START_NAMES.index(asked.name), 1
    while y < 46:
        y += 1
        x = left + ladder.SPACING * column
        right, back = bool(dark[y, x + 4]) if column < 3 else False, bool(dark[y, x - 3])
        if right or back:
            column += 1 if right else -1
            while dark[y, left + ladder.SPACING * column + (4 if back else -3)]:
                y += 1
            y -= 1
    return ladder.END_NAMES[column]


def walk_tracks(source: Pixels, asked: Asked) -> str:
    """From mark to mark in the plan, from the bottom."""
    column = int(asked.name) - 1
    marks = (source[:, list(tracks.MARKS)] == INK).all(-1)
    for after, now in pairwise(marks[::-1]):
        for gap in np.flatnonzero(now & ~after).tolist():
            if column in (gap, gap + 1):
                column = 2 * gap + 1 - column
                break
    return colour_of(source[: tracks.TOP, tracks.COLUMNS[column]])


def walk_mosaic(source: Pixels, asked: Asked) -> str:
    """From notch to notch until a tile has a colour."""
    row, column = place_of(asked)
    for _ in range(40):
        here = tile(source, row, column)
        dark = np.argwhere((here == mosaic.NOTCH).all(-1))
        if not len(dark):
            return colour_of(here)
        y, x = dark.mean(0) - 3
        if abs(y) > abs(x):
            row += 1 if y > 0 else -1
        else:
            column += 1 if x > 0 else -1
    raise AssertionError("the notches go in a circle")


def walk_hairpin(source: Pixels, asked: Asked) -> str:
    """From the outlet down pixel row by pixel row, across every rung, and up the other side."""
    dark = (source == INK).all(-1)
    place, y, step = hairpin.OUTLETS.index(int(asked.name)), hairpin.TOP, 1
    sheet = dark[:, ::-1]
    while y >= hairpin.TOP:
        y += step
        if step == 1 and y >= hairpin.TURNS[place]:
            sheet, step = dark, -1
        x = hairpin.COLUMNS[place]
        right = place < 3 and bool(sheet[y, x + 3])
        left = place > 0 and bool(sheet[y, x - 2])
        if y < hairpin.TURNS[-1] and (right or left):
            beside = x + 3 if right else x - 2
            place += 1 if right else -1
            while sheet[y + step, beside]:
                y += step
    return colour_of(source[hairpin.TOP : hairpin.TOP + 4, hairpin.COLUMNS[place]])


def walk_braid(source: Pixels, asked: Asked) -> str:
    """Read the crossings that are shown, and walk them from the last level to the first."""
    ruler = np.flatnonzero((source[:, braid.RULER.start] == INK).all(-1))
    pitch = int(ruler[0]) + 1 - braid.TOP
    border = np.flatnonzero((source[:, 0] == braid.BEYOND).all(-1))
    shown = (int(border[0]) - braid.TOP) // pitch if len(border) else len(ruler)
    place = int(asked.name) - 1
    for level in reversed(range(len(ruler))):
        y = braid.TOP + pitch * (level % shown) + pitch // 2
        for gap in range(3):
            if (source[y, 10 * gap + 10] == INK).all() and place in (gap, gap + 1):
                place = 2 * gap + 1 - place
                break
    return colour_of(source[: braid.TOP, braid.CENTRES[place]])


def glance(source: Pixels, asked: Asked) -> str:
    return colour_of(tile(source, *place_of(asked))[:7, :7])


WALKS = {
    "ladder": walk_ladder,
    "hairpin": walk_hairpin,
    "tracks": walk_tracks,
    "braid": walk_braid,
    "mosaic": walk_mosaic,
    "palette": glance,
}


@pytest.mark.parametrize("name", WALKS)
@pytest.mark.parametrize("depth", [2, 5, 10, 14])
def test_the_answer_follows_from_the_pixels_of_the_source(name: str, depth: int) -> None:
    for puzzle in some(name, depth):
        assert puzzle.asked
        for asked in puzzle.asked:
            assert WALKS[name](puzzle.source, asked) == asked.answer


def read_thought(name: str, thought: Pixels, asked: Asked) -> str:
    """One glance at the thought: no step is followed."""
    if name == "mosaic":
        return colour_of(tile(thought, *place_of(asked)))
    if name == "threads":
        centre = threads.CENTRES[int(asked.name) - 1]
        return colour_of(thought[centre - 1 : centre + 2, -1])
    if name in ("tracks", "braid"):
        x = (tracks.COLUMNS if name == "tracks" else braid.CENTRES)[int(asked.name) - 1]
        return colour_of(thought[46, x : x + 1])
    if name == "hairpin":
        x = 47 - hairpin.COLUMNS[hairpin.OUTLETS.index(int(asked.name))]
        return colour_of(thought[hairpin.TOP, x : x + 1])
    starts = ladder.START_NAMES.index(asked.name)
    wanted = COLOURS[starts].astype(int)
    hits = np.flatnonzero(np.abs(thought[46].astype(int) - wanted).sum(-1) == 0)
    left = np.flatnonzero((thought[46] != 248).any(-1))[0]
    return ladder.END_NAMES[round((hits.mean() - 1.5 - left) / ladder.SPACING)]


@pytest.mark.parametrize("name", SERIAL)
@pytest.mark.parametrize("depth", [3, 10, 14])
def test_the_answer_can_be_read_off_the_thought_at_a_glance(name: str, depth: int) -> None:
    for puzzle in some(name, depth):
        assert puzzle.thought is not None
        for asked in puzzle.asked:
            assert read_thought(name, puzzle.thought, asked) == asked.answer


@pytest.mark.parametrize("name", SERIAL)
@pytest.mark.parametrize("depth", [3, 10, 14])
def test_an_adversary_shows_a_wrong_answer_and_looks_like_a_thought(name: str, depth: int) -> None:
    for puzzle in some(name, depth):
        assert puzzle.thought is not None
        assert puzzle.adversary is not None
        assert coloured(puzzle.adversary) == coloured(puzzle.thought)
        for asked in puzzle.asked:
            wrong = read_thought(name, puzzle.adversary, asked)
            assert wrong != asked.answer
            assert wrong in asked.choices


@pytest.mark.parametrize("name", SERIAL)
def test_the_thought_without_the_question_is_at_chance(name: str) -> None:
    """Whoever knows the picture but not which question is asked finds all answers equally likely.

    The thought adds nothing that the source does not decide, and the question is drawn evenly.
    """
    counts: Counter[int] = Counter()
    for puzzle in some(name, 8, 1500):
        first, second = puzzle.asked
        assert first.answer != second.answer
        possible = first.choices or COLOUR_NAMES[:3]
        counts[possible.index(first.answer)] += 1
    share, total = 1 / ANSWERS[name], counts.total()
    assert len(counts) == ANSWERS[name]
    for count in counts.values():
        assert abs(count / total - share) < 4.5 * (share * (1 - share) / total) ** 0.5


@pytest.mark.parametrize("name", NAMES)
def test_no_test_structure_occurs_in_training_or_development(name: str) -> None:
    rng = np.random.default_rng(1)
    make, depths = module(name).make, module(name).DEPTHS

    def structures(split: Split, count: int) -> set[object]:
        low, high = depths[0], min(12, depths[1])
        return {make(rng, int(rng.integers(low, high + 1)), split).structure for _ in range(count)}

    tests, development = structures("test", 300), structures("development", 300)
    trained = structures("train", 900)
    assert len(tests) > 100
    assert tests.isdisjoint(trained | development)
    assert development.isdisjoint(trained)
    assert {split_of(structure) for structure in tests} == {"test"}  # type: ignore[arg-type]


def test_a_structure_is_the_same_for_all_its_pictures() -> None:
    assert strands.canonical(((0,), (2,), (1,))) == strands.canonical(((0, 2), (), (1,)))
    assert strands.canonical(((0,), (1,))) != strands.canonical(((1,), (0,)))
    grown = forest.draw(np.random.default_rng(3), 8)
    board = np.array(grown.parent).reshape(6, 6)
    flipped = [int(p // 6 * 6 + 5 - p % 6) for p in board[:, ::-1].ravel()]
    turned = np.rot90(np.arange(36).reshape(6, 6)).ravel()
    back = np.argsort(turned)
    rotated = [int(back[grown.parent[t]]) for t in turned]
    for other in (flipped, rotated):
        assert tuple(other) != grown.parent
        assert forest.canonical(forest.Forest(tuple(other), (), ())) == forest.canonical(grown)


@pytest.mark.parametrize("name", SERIAL)
def test_a_focus_thought_is_a_part_of_the_whole_one(name: str) -> None:
    for puzzle in some(name, 6, 5):
        for asked in puzzle.asked:
            assert asked.focus is not None
            assert puzzle.thought is not None
            assert coloured(puzzle.source) < coloured(asked.focus) < coloured(puzzle.thought)
            assert read_thought(name, asked.focus, asked) == asked.answer


def test_the_digits_can_be_told_from_the_clean_page() -> None:
    for puzzle in some("digits"):
        assert puzzle.thought is not None
        for asked in puzzle.asked:
            ink = tile(puzzle.thought, *place_of(asked))[:7, 1:6, 0] == INK
            assert (digits.GLYPHS[int(asked.answer)] == ink).all()


@pytest.mark.parametrize("name", NAMES)
def test_the_same_seed_gives_the_same_items_and_another_seed_others(name: str) -> None:
    source = module(name)
    settings = {"items": 20, "seed": 3, "depth": source.DEPTHS[1]}

    def digests(**changes: int) -> list[str]:
        typed = checked(source.Settings, {**settings, **changes})
        return [s.pictures[0].digest for s in source.read(typed)]

    assert len(digests()) == 20
    assert digests() == digests()
    assert digests(items=8) == digests()[:8]
    assert set(digests()).isdisjoint(digests(seed=4))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("change", [{"depth": 0}, {"depth": 15}, {"split": "exam"}])
def test_settings_that_cannot_be_are_refused(name: str, change: dict[str, object]) -> None:
    settings = {"items": 2, "seed": 0, "depth": module(name).DEPTHS[0], **change}
    with pytest.raises(ParamsError, match="expected"):
        list(module(name).read(checked(module(name).Settings, settings)))
