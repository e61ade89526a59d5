"""Training items for the embedded model: ladders drawn without end, and easy-VQA's train split.

Every item carries a question with its answer, an edit prompt with the picture it asks for, and a
thought to read. Test material never occurs: ladders of the held-out structures are refused by
`ladder.draw_levels`, easy-VQA's test split is not read.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter, ImageOps

from g2u.benchmarks import ladder
from g2u.benchmarks.easy_vqa import question_format
from g2u.models.tiny.canvas import to_canvas
from g2u.prompts import question_prompt
from g2u.records import Question

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


@dataclass(frozen=True, slots=True)
class Item:
    """One training item; pictures are [48, 48, 3], 0..255."""

    source: NDArray[np.uint8]
    question: str
    answer: str
    edit_prompt: str
    edited: NDArray[np.uint8]
    is_traced: bool
    """Whether `edited` is a coloured ladder, the hard case, which weighs most in the loss."""


def sharpen(source: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The detail edit: contrast stretched, edges sharpened."""
    picture = ImageOps.autocontrast(Image.fromarray(source), cutoff=1)
    return np.asarray(picture.filter(ImageFilter.UnsharpMask(radius=2, percent=120, threshold=2)))


def extend(source: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The context edit: the picture at two thirds, its border continued outwards."""
    size = source.shape[0]
    inner = size * 2 // 3
    small = np.asarray(Image.fromarray(source).resize((inner, inner), Image.Resampling.BOX))
    before = (size - inner) // 2
    after = size - inner - before
    return np.pad(small, ((before, after), (before, after), (0, 0)), mode="edge")


def outline(source: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The structure edit of a picture without lines to trace: edges in magenta on the dimmed
    picture.
    """
    grey = source.astype(np.int32)
    down = np.abs(np.diff(grey, axis=0, prepend=grey[:1])).max(-1)
    right = np.abs(np.diff(grey, axis=1, prepend=grey[:, :1])).max(-1)
    edged = source // 2
    edged[np.maximum(down, right) > 40] = (255, 0, 255)
    return edged


EDITS: dict[str, Callable[[NDArray[np.uint8]], NDArray[np.uint8]]] = {
    "detail": sharpen,
    "context": extend,
    "structure": outline,
}


class EasyTrain:
    """easy-VQA's train split on the canvas: pictures, and questions by picture."""

    def __init__(self) -> None:
        root = files("easy_vqa") / "data" / "train"
        rows = json.loads((root / "questions.json").read_text())
        numbers = sorted({int(row[2]) for row in rows})
        self.pictures: dict[int, NDArray[np.uint8]] = {}
        for number in numbers:
            with (root / "images" / f"{number}.png").open("rb") as file:
                self.pictures[number] = to_canvas(Image.open(file).convert("RGB"), ladder.SIZE)
        self.rows = [(str(text), str(answer), int(number)) for text, answer, number in rows]


def ladder_item(rng: np.random.Generator, rungs: tuple[int, int]) -> Item:
    """A ladder of `rungs` levels (inclusive range) from the structures open to training."""
    depth = int(rng.integers(rungs[0], rungs[1] + 1))
    empty = 0.1 if rng.random() < 0.6 else 0.4
    levels = ladder.draw_levels(rng, depth, held_out=False, empty=empty)
    source, traced = ladder.render(levels, rng)
    start = int(rng.integers(ladder.LINES))
    question = Question("", ladder.question_text(start), choices=ladder.END_NAMES, format="choice")
    family = "structure" if rng.random() < 0.8 else FAMILIES[int(rng.integers(2))]
    edited = traced if family == "structure" else EDITS[family](source)
    answer = ladder.END_NAMES[ladder.ends(levels)[start]]
    return Item(
        source,
        question_prompt(question),
        answer,
        _wording(rng, family),
        edited,
        family == "structure",
    )


def easy_item(rng: np.random.Generator, split: EasyTrain) -> Item:
    """A question of easy-VQA's train split with one of the three edits."""
    text, answer, number = split.rows[int(rng.integers(len(split.rows)))]
    source = split.pictures[number]
    question = Question("", text, format=question_format(text))
    family = FAMILIES[int(rng.integers(3))]
    prompt = _wording(rng, family)
    edited = EDITS[family](source)
    return Item(source, question_prompt(question), answer, prompt, edited, is_traced=False)


def _wording(rng: np.random.Generator, family: str) -> str:
    wordings = PROMPTS[family]
    return wordings[int(rng.integers(len(wordings)))]
