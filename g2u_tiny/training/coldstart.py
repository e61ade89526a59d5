"""Items that teach the embedded model to talk about drawings: what aligning starts from.

R3 and GvU start from models that can describe a picture, criticise it and mend it. The shipped
recipe teaches none of that, so a training that starts from its weights adds four kinds of items:
    naming: say which edit prompt a drawing was made by (what GvU's reward reads);
    reflection: name the quarter of a drawing that is wrong, or that no further edit is needed;
    mending: draw that quarter anew;
    painting: draw a picture from words alone, on a grey sheet.
Half of the faults are planted in true drawings of training structures: a quarter is left undone,
shows wrong colours, or a mixture of right and wrong ones. The other half are the model's own: what
it draws at that step of its training, beside what it should have drawn.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from g2u.pictures.ink import INK_STEP, distance, ink
from g2u.questions.puzzles.puzzle import SIZE, Pixels, Puzzle
from g2u.questions.wording import NAMING, REFLECT, STOP
from g2u_tiny import painting
from g2u_tiny.training.curriculum import (
    FAMILIES,
    FOCUS_PROMPT,
    PROMPTS,
    EasySplit,
    Item,
    puzzle_benchmark,
)

HALF = SIZE // 2
QUARTERS = {
    "top left": (slice(0, HALF), slice(0, HALF)),
    "top right": (slice(0, HALF), slice(HALF, SIZE)),
    "bottom left": (slice(HALF, SIZE), slice(0, HALF)),
    "bottom right": (slice(HALF, SIZE), slice(HALF, SIZE)),
}
KINDS = (
    "naming", "painting", "reflection", "painting", "naming", "painting", "mending", "painted",
)  # fmt: skip
"""A batch holds them in turn; `painted` names the prompt of a picture from words."""
FLAWED = ("reflection", "mending")
"""Those that start from a drawing that may be wrong."""
OWN_SHARE = 0.5
"""Of the drawings to be criticised or mended: made by the model itself."""
SOUND = 0.04
"""Share of a drawing's ink that may be wrong where it needs no further edit."""

Draws = Callable[[Sequence[Pixels], Sequence[str]], Sequence[Pixels]]
"""What the model draws of each picture by each prompt."""


def instruction(quarter: str) -> str:
    """What is to be mended, in words."""
    return f"redraw the {quarter}."


def reflection(prompt: str) -> str:
    """How the model is asked about its drawing; as the family of rounds asks."""
    return REFLECT.format(prompt=prompt)


def damaged(
    rng: np.random.Generator, source: Pixels, thought: Pixels, adversary: Pixels | None
) -> tuple[Pixels, str]:
    """The drawing with a fault in one quarter, and which; "" where no fault can be planted."""
    wrong = [source] if adversary is None else [source, adversary, _mean(thought, adversary)]
    places = [
        (quarter, other)
        for quarter, place in QUARTERS.items()
        for other in wrong
        if (np.abs(other[place].astype(int) - thought[place]).max(-1) > 64).mean() > 0.01
    ]
    if not places:
        return thought, ""
    quarter, other = places[int(rng.integers(len(places)))]
    faulty = thought.copy()
    faulty[QUARTERS[quarter]] = other[QUARTERS[quarter]]
    return faulty, quarter


def worst(drawn: Pixels, thought: Pixels, source: Pixels) -> str:
    """The quarter of a drawing with most wrong ink; "" where the drawing needs no further edit."""
    true = ink(thought, source)
    wrong = (true | ink(drawn, source)) & (distance(drawn, thought) > INK_STEP)
    if wrong.sum() <= SOUND * true.sum():
        return ""
    return max(QUARTERS, key=lambda quarter: int(wrong[QUARTERS[quarter]].sum()))


def talk_items(
    rng: np.random.Generator,
    names: list[str],
    depths: tuple[int, int],
    easy: EasySplit,
    count: int,
    draws: Draws,
) -> list[Item]:
    """`count` items, the kinds in turn, on puzzles that a thought helps."""
    kinds = [KINDS[number % len(KINDS)] for number in range(count)]
    flawed = [_flawed(rng, names, depths) if kind in FLAWED else None for kind in kinds]
    own = [each for each in flawed if each is not None and rng.random() < OWN_SHARE]
    drawings = draws([each.puzzle.source for each in own], [each.prompt for each in own])
    for each, drawn in zip(own, drawings, strict=True):
        assert each.puzzle.thought is not None
        each.drawn = drawn
        each.quarter = worst(drawn, each.puzzle.thought, each.puzzle.source)
    return [
        _of_flawed(rng, kind, each) if each is not None else _item(rng, kind, names, depths, easy)
        for kind, each in zip(kinds, flawed, strict=True)
    ]


@dataclass
class _Flawed:
    """A drawing to be criticised or mended."""

    puzzle: Puzzle
    prompt: str
    drawn: Pixels
    quarter: str
    """Where it is wrong; "" nowhere."""


def _flawed(rng: np.random.Generator, names: list[str], depths: tuple[int, int]) -> _Flawed:
    """With a planted fault, if one can be planted."""
    puzzle, helps = _puzzle(rng, names, depths)
    assert puzzle.thought is not None
    drawn, quarter = damaged(rng, puzzle.source, puzzle.thought, puzzle.adversary)
    return _Flawed(puzzle, _wording(rng, helps), drawn, quarter)


def _of_flawed(rng: np.random.Generator, kind: str, flawed: _Flawed) -> Item:
    puzzle, drawn, quarter = flawed.puzzle, flawed.drawn, flawed.quarter
    assert puzzle.thought is not None
    if kind == "mending" and quarter:
        return Item(
            drawn, NAMING, flawed.prompt, instruction(quarter), puzzle.thought, is_planted=True,
            thought=puzzle.thought, trains=frozenset({"draw"}),
        )  # fmt: skip
    if rng.random() < 0.3:
        drawn, quarter = puzzle.thought, ""
    said = f"Edit: {instruction(quarter)}" if quarter else STOP
    return _told(puzzle.source, drawn, reflection(flawed.prompt), said, frozenset({"read"}))


def _puzzle(
    rng: np.random.Generator, names: list[str], depths: tuple[int, int]
) -> tuple[Puzzle, str]:
    """A puzzle of one of the benchmarks, and the family that helps it."""
    benchmark = puzzle_benchmark(names[int(rng.integers(len(names)))])
    low, high = max(depths[0], benchmark.DEPTHS[0]), min(depths[1], benchmark.DEPTHS[1])
    puzzle = benchmark.make(rng, int(rng.integers(min(low, high), high + 1)), "train")
    return puzzle, str(benchmark.HELPS)


def _item(
    rng: np.random.Generator, kind: str, names: list[str], depths: tuple[int, int], easy: EasySplit
) -> Item:
    if kind != "naming":
        return _painting(rng, easy, is_named=kind == "painted")
    puzzle, helps = _puzzle(rng, names, depths)
    prompt, edited = _edit(rng, puzzle, helps)
    alone = rng.random() < 0.4
    source = edited if alone else puzzle.source
    return _told(source, edited, NAMING, prompt, frozenset({"direct"} if alone else BOTH))


BOTH = frozenset({"direct", "read"})


def _told(source: Pixels, shown: Pixels, asked: str, said: str, trains: frozenset[str]) -> Item:
    """An item of words: nothing is drawn."""
    return Item(source, asked, said, asked, shown, is_planted=False, thought=shown, trains=trains)


def _edit(rng: np.random.Generator, puzzle: Puzzle, helps: str) -> tuple[str, Pixels]:
    """The edit that helps, agnostic or for a question, and its prompt."""
    asked = puzzle.asked[0]
    if asked.focus is not None and rng.random() < 0.6:
        return FOCUS_PROMPT.format(question=asked.text), asked.focus
    assert puzzle.thought is not None
    return _wording(rng, helps), puzzle.thought


def _wording(rng: np.random.Generator, helps: str) -> str:
    wordings = PROMPTS[helps if helps in FAMILIES else FAMILIES[0]]
    return wordings[int(rng.integers(len(wordings)))]


def _painting(rng: np.random.Generator, easy: EasySplit, *, is_named: bool) -> Item:
    """A picture of easy-VQA from its words, or the words of a picture."""
    numbers = list(easy.facts)
    number = numbers[int(rng.integers(len(numbers)))]
    colour, shape = easy.facts[number]
    prompt, picture = painting.PROMPT.format(colour=colour, shape=shape), easy.pictures[number]
    if is_named:
        return _told(picture, picture, NAMING, prompt, frozenset({"direct"}))
    return Item(
        painting.sheet(SIZE), NAMING, prompt, prompt, picture, is_planted=True,
        thought=picture, trains=frozenset({"draw"}),
    )  # fmt: skip


def _mean(one: Pixels, other: Pixels) -> Pixels:
    return ((one.astype(np.uint16) + other) // 2).astype(np.uint8)
