"""Training items for the embedded model: puzzles without end, and easy-VQA's train split.

Every item carries a question with its answer, an edit prompt with the picture it asks for, and a
thought to read. Test material never occurs: puzzles are drawn from the structures open to training
(g2u/questions/puzzles/puzzle.py), easy-VQA's test split is not read.
"""

import importlib
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib.resources import files
from types import ModuleType

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from g2u.pictures import filters
from g2u.questions.benchmarks.easy_vqa import question_format
from g2u.questions.puzzles.puzzle import SIZE, Split
from g2u.questions.wording import PLAN, question_prompt
from g2u.records import Question
from g2u_tiny.model.canvas import to_canvas

FAMILIES = ("detail", "context", "structure")
PROMPTS: dict[str, tuple[str, ...]] = {
    "detail": (
        "Enhance the details of this picture: make every edge and colour clear.",
        "Sharpen the picture and raise its contrast.",
        "Make the details clearer.",
        "Enhance details.",
    ),
    "context": (
        "Extend this picture beyond its borders and continue what is there.",
        "Zoom out and continue the scene on every side.",
        "Expand the context around the picture.",
        "Extend context.",
    ),
    "structure": (
        "Draw the structure of this picture: colour every line from its start to its end.",
        "Trace each line in a colour of its own and outline each shape.",
        "Draw the structure onto the picture.",
        "Draw structure.",
    ),
}
"""Wordings the model learns for each edit family; params.yaml may use others."""
FOCUS_PROMPT = "Mark what is asked: {question}"
"""The question-aware edit."""
EASY_VQA = "easy_vqa"
PLANTED_SHARE, FOCUS_SHARE = 0.78, 0.1
"""Shares of a puzzle's items whose edit holds the work, and holds what the question asks for."""
PLAN_SHARE = 0.04
"""Share of items that ask which edit would help."""
PLANS = (
    PLAN,
    "What should be drawn to answer this? {question}",
    "Before you answer, which edit makes it easier? {question}",
    "{question} Which edit of the picture would show it?",
)
"""Wordings of that question."""
UNDRAWN = ("digits",)
"""Benchmarks whose thoughts a model is not taught to draw throughout."""
UNDECIDED = "none"
"""Its answer where no edit helps."""


PATHS = frozenset({"direct", "draw", "read"})


@dataclass(frozen=True, slots=True)
class Item:
    """One training item; pictures are [48, 48, 3], 0..255."""

    source: NDArray[np.uint8]
    question: str
    answer: str
    edit_prompt: str
    edited: NDArray[np.uint8]
    is_planted: bool
    """Whether `edited` holds the puzzle's work, the hard case, which weighs most in the loss."""
    is_drawn: bool = True
    """Whether the model learns to draw `edited`."""
    thought: NDArray[np.uint8] | None = None
    """The thought to read, as it is; None: `edited`, corrupted as `corrupted` says."""
    trains: frozenset[str] = PATHS
    """The paths whose losses count."""


EDITS: dict[str, Callable[[NDArray[np.uint8]], NDArray[np.uint8]]] = {
    "detail": filters.sharpen,
    "context": filters.extend,
    "structure": filters.outline,
}
"""What the model learns for a family where the picture has no planted work."""


class EasySplit:
    """A split of easy-VQA on the canvas: pictures, and questions by picture."""

    def __init__(self, split: str) -> None:
        root = files("easy_vqa") / "data" / split
        rows = json.loads((root / "questions.json").read_text())
        numbers = sorted({int(row[2]) for row in rows})
        self.pictures: dict[int, NDArray[np.uint8]] = {}
        for number in numbers:
            with (root / "images" / f"{number}.png").open("rb") as file:
                self.pictures[number] = to_canvas(Image.open(file).convert("RGB"), SIZE)
        self.rows = [(str(text), str(answer), int(number)) for text, answer, number in rows]
        self.facts = _facts(self.rows)
        """Colour and shape of the pictures whose questions tell both."""


def _facts(rows: list[tuple[str, str, int]]) -> dict[int, tuple[str, str]]:
    colours, shapes = {}, {}
    for text, answer, number in rows:
        if text.startswith(("what color", "what is the color")):
            colours[number] = answer
        elif text.startswith("what shape"):
            shapes[number] = answer
    return {n: (colour, shapes[n]) for n, colour in colours.items() if n in shapes}


def puzzle_benchmark(name: str) -> ModuleType:
    """The module of a procedural benchmark."""
    return importlib.import_module(f"g2u.questions.benchmarks.{name}")


def helped(names: Iterable[str]) -> list[str]:
    """The procedural benchmarks among `names` whose thoughts help and are drawn."""
    modules = {name: puzzle_benchmark(name) for name in names if name != EASY_VQA}
    return [name for name, module in modules.items() if module.HELPS and name not in UNDRAWN]


def puzzle_item(
    rng: np.random.Generator, name: str, depths: tuple[int, int], split: Split = "train"
) -> Item:
    """An item of the procedural benchmark `name`, with a depth of the inclusive range `depths`."""
    benchmark = puzzle_benchmark(name)
    low, high = max(depths[0], benchmark.DEPTHS[0]), min(depths[1], benchmark.DEPTHS[1])
    puzzle = benchmark.make(rng, int(rng.integers(min(low, high), high + 1)), split)
    asked = puzzle.asked[0]
    question = Question("", asked.text, choices=asked.choices, format=asked.format)
    helps = str(benchmark.HELPS)
    chance = rng.random()
    if puzzle.thought is not None and chance < PLANTED_SHARE:
        prompt, edited, is_planted = _wording(rng, helps), puzzle.thought, True
    elif asked.focus is not None and chance < PLANTED_SHARE + FOCUS_SHARE:
        prompt, edited = FOCUS_PROMPT.format(question=asked.text), asked.focus
        is_planted = True
    else:
        others = [family for family in FAMILIES if family != helps]
        family = others[int(rng.integers(len(others)))]
        prompt, edited, is_planted = _wording(rng, family), EDITS[family](puzzle.source), False
    wording, answer = question_prompt(question), asked.answer
    if rng.random() < PLAN_SHARE:
        wording, answer = _plan(rng, asked.text), helps or UNDECIDED
    return Item(puzzle.source, wording, answer, prompt, edited, is_planted, puzzle.is_drawn)


def easy_item(rng: np.random.Generator, split: EasySplit) -> Item:
    """A question of easy-VQA with one of the three edits."""
    text, answer, number = split.rows[int(rng.integers(len(split.rows)))]
    source = split.pictures[number]
    wording = question_prompt(Question("", text, format=question_format(text)))
    if rng.random() < PLAN_SHARE:
        wording, answer = _plan(rng, text), UNDECIDED
    family = FAMILIES[int(rng.integers(3))]
    edited = EDITS[family](source)
    return Item(source, wording, answer, _wording(rng, family), edited, is_planted=False)


def _plan(rng: np.random.Generator, question: str) -> str:
    return PLANS[int(rng.integers(len(PLANS)))].format(question=question)


def _wording(rng: np.random.Generator, family: str) -> str:
    wordings = PROMPTS[family]
    return wordings[int(rng.integers(len(wordings)))]
