"""easy-VQA: 5,000 pictures of one coloured shape, 48,248 questions, from the PyPI package easy-vqa.

Source: Victor Zhou, github.com/vzhou842/easy-VQA at 3b553bb7 (MIT). 64x64 pixels, 13 answers.
"""

import json
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from typing import Literal

from g2u.errors import DataError
from g2u.pictures.decoding import picture_of
from g2u.records import AnswerFormat, Picture, Question, Sample, Target
from g2u.settings import Positive, Section

SCORERS = ("short", "yes_no")


class Settings(Section):
    """What params.yaml may say of it."""

    split: Literal["train", "test"]
    """Of the package."""
    items: Positive
    """How many questions are read, 1 and more."""
    version: str
    """Of the installed package, such as "1.0"."""


def question_format(text: str) -> AnswerFormat:
    """Yes/no or short, told by the question's own words: open questions begin with "what"."""
    return "short" if text.lower().startswith(("what", "which")) else "yes_no"


def read(settings: Settings) -> Iterator[Sample]:
    """The first `items` questions of a split, whole pictures first: questions stay with their
    picture.

    Raises:
        DataError: the package is missing, or another version than params.yaml names.
    """
    try:
        installed = version("easy-vqa")
    except PackageNotFoundError:
        raise DataError(
            "easy_vqa: package easy-vqa is not installed; pip install easy-vqa"
        ) from None
    if installed != settings.version:
        raise DataError(
            f"easy_vqa: version {installed} is installed, params.yaml names {settings.version}; "
            f"pip install easy-vqa=={settings.version}"
        )
    root = files("easy_vqa") / "data" / settings.split
    rows = json.loads((root / "questions.json").read_text())
    order = sorted(range(len(rows)), key=lambda row: (int(rows[row][2]), row))
    pictures: dict[int, Picture] = {}
    for row in order[: settings.items]:
        text, answer, number = str(rows[row][0]), str(rows[row][1]), int(rows[row][2])
        if number not in pictures:
            file = root / "images" / f"{number}.png"
            pictures[number] = picture_of(file.read_bytes(), f"easy_vqa: picture {number}")
        form = question_format(text)
        question = Question(
            id=f"{settings.split}-{row}",
            text=text,
            format=form,
            pictures=(pictures[number].digest,),
            category=_category(text),
        )
        yield Sample(question, Target(question.id, answer, form), (pictures[number],))


def _category(text: str) -> str:
    if question_format(text) == "yes_no":
        return "yes/no"
    return "colour" if "color" in text.lower() else "shape"
