"""A procedural picture with its planted truth, and the split of puzzles by structure.

A puzzle's *structure* is what decides its answers, in a canonical form that is the same for every
picture of it (positions jittered, colours permuted, mirrored where the rule allows it). One fifth
of all structures is for testing, one fifth for development, the rest for training, told by a hash
of the structure alone: no test structure can occur in training.
"""

import hashlib
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass
from typing import Literal, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from g2u.pictures.decoding import picture_of_pixels
from g2u.records import AnswerFormat, Question, Sample, Target
from g2u.settings import NotNegative, Positive, Section

SIZE = 48
"""Side of every picture in pixels."""
BACKGROUND = 248
INK = 70
COLOUR_NAMES = ("red", "blue", "green", "orange")
COLOURS = np.array([[230, 30, 30], [40, 80, 230], [20, 160, 60], [240, 150, 0]], dtype=np.uint8)
Pixels = NDArray[np.uint8]
"""[48, 48, 3], 0..255."""
Split = Literal["train", "development", "test"]


class Settings(Section):
    """What params.yaml may say of a procedural benchmark; each file bounds `depth`."""

    items: Positive
    """How many questions, 1 and more; two about each picture."""
    depth: int
    """Serial steps to follow."""
    seed: NotNegative
    """Of the pictures, 0 and more."""
    split: Split = "test"
    """Of the structures: train, development or test."""


Structure = TypeVar("Structure")


@dataclass(frozen=True, slots=True)
class Asked:
    """One question about a puzzle."""

    name: str
    """Unique within the puzzle."""
    text: str
    answer: str
    """The text; for `choice`, one of `choices`."""
    format: AnswerFormat
    choices: tuple[str, ...] = ()
    focus: Pixels | None = None
    """The question-aware thought: of the work that `Puzzle.thought` shows, what this asks for."""


@dataclass(frozen=True, slots=True)
class Puzzle:
    """A picture, the question-agnostic thought that holds the work, and questions."""

    structure: Hashable
    source: Pixels
    thought: Pixels | None
    """None where no thought helps."""
    asked: tuple[Asked, ...]
    adversary: Pixels | None = None
    """A thought that looks like the true one and shows a wrong answer to every question."""
    is_drawn: bool = True
    """Whether a model is taught to draw edits of it; it reads them anyhow."""


class Maker(Protocol):
    """How a benchmark makes puzzles."""

    def __call__(self, rng: np.random.Generator, depth: int, split: Split) -> Puzzle:
        """One puzzle of the split, with the serial depth `depth`; at most two questions."""
        ...


def blank() -> Pixels:
    """An empty sheet."""
    return np.full((SIZE, SIZE, 3), BACKGROUND, dtype=np.uint8)


def misled(thought: Pixels, source: Pixels, arrivals: tuple[slice, slice]) -> Pixels:
    """The thought with its colours exchanged in a ring where strands arrive: each end is wrong.

    Args:
        thought: [48, 48, 3].
        source: what is in it stays as it is.
        arrivals: rows and columns of the part that holds the ends.
    """
    wrong = thought.copy()
    part, drawn = wrong[arrivals], (thought != source).any(-1)[arrivals]
    for number, colour in enumerate(COLOURS):
        has_it = (thought[arrivals] == colour).all(-1) & drawn
        part[has_it] = COLOURS[(number + 1) % len(COLOURS)]
    return wrong


BOTTOM = (slice(SIZE // 2, SIZE), slice(0, SIZE))
RIGHT = (slice(0, SIZE), slice(SIZE // 2, SIZE))


def split_of(structure: Hashable) -> Split:
    """The split that a canonical structure belongs to: test and development get a fifth each."""
    fifth = hashlib.sha256(repr(structure).encode()).digest()[0] % 5
    return "test" if fifth == 0 else "development" if fifth == 1 else "train"


def draw_structure(
    split: Split, draw: Callable[[], Structure], canonical: Callable[[Structure], Hashable]
) -> tuple[Structure, Hashable]:
    """Draw until the canonical form belongs to `split`; returns both."""
    while True:
        drawn = draw()
        form = canonical(drawn)
        if split_of(form) == split:
            return drawn, form


def read(make: Maker, settings: Settings, noun: str) -> Iterator[Sample]:
    """`items` questions, two about each picture, of the split."""
    depth, split = settings.depth, settings.split
    left, number = settings.items, 0
    while left > 0:
        rng = np.random.default_rng([settings.seed, depth, number])
        puzzle = make(rng, depth, split)
        source = picture_of_pixels(puzzle.source)
        oracles, adversaries = (
            () if pixels is None else (picture_of_pixels(pixels),)
            for pixels in (puzzle.thought, puzzle.adversary)
        )
        for asked in puzzle.asked[:left]:
            question = Question(
                id=f"{depth}-{number}-{asked.name}",
                text=asked.text,
                choices=asked.choices,
                format=asked.format,
                pictures=(source.digest,),
                category=f"{depth} {noun}",
            )
            letter = asked.choices.index(asked.answer) if asked.choices else -1
            gold = asked.answer if letter < 0 else "ABCD"[letter]
            target = Target(question.id, gold, asked.format)
            yield Sample(question, target, (source,), oracles, adversaries)
            left -= 1
        number += 1
