r"""Any table by a column map: parquet, JSON lines, JSON, CSV, TSV, a Hugging Face dataset.

my_benchmark:
source: table
file: path/to/file.parquet        # or hf: {path: owner/name, split: test}
format: choice                    # choice, yes_no, short, label, open
scorer: choice                    # where it is not the format's own
columns:
id: question_id                 # left out: the row's number
question: "{context}\n{question}"    # a column, or a text with columns in it
pictures: [image]
choices: options                # a list, or one column per option: [A, B, C, D]
answer: answer                # a column, or a text with columns in it
labels: [topic, level]
answer_is: letter                 # of a choice: letter, text, or index (from 0)
"""

import ast
import json
import string
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from g2u.errors import DataError
from g2u.records import AnswerFormat, Question, Sample, Target
from g2u.settings import OneOf, Section, unfit
from g2u.sources.ahead import ahead
from g2u.sources.cells import pictures_in
from g2u.sources.rows import Row, dataset_rows, rows_of

SCORERS = (
    "boxed", "choice", "displacement", "equivalent", "graded", "json_object", "label", "letters",
    "list", "number", "relaxed", "route", "short", "times", "yes_no",
)  # fmt: skip


class Columns(Section):
    """Where a question's parts are: each a column; texts may hold columns, as "{column}"."""

    id: str | None = None
    """A column; null = the row's number."""
    question: Annotated[str, Field(min_length=1)]
    """A text or a column."""
    pictures: str | list[str] = []
    """Columns, in the order in which pictures are shown."""
    choices: str | list[str] | None = None
    """A column that holds lists, or one column per option; null = `choices` of the preset."""
    answer: Annotated[str, Field(min_length=1)]
    """A text or a column: the gold answer."""
    hint: str = ""
    """A text or a column, shown before the question; empty = none."""
    category: str = ""
    """A text or a column; empty = none."""
    labels: list[str] = []
    """Columns that are kept as groups."""
    drawing: str = ""
    """A text or a column: the benchmark's own instruction for a drawing; empty = none."""


class Dataset(Section):
    """A dataset of the Hugging Face Hub."""

    path: str
    """OWNER/NAME."""
    split: str
    """Such as test."""
    name: str | None = None
    """Of its configuration; null = its only one."""
    revision: str | None = None
    """A commit; null = the newest."""


class Settings(Section):
    """What params.yaml may say of it."""

    file: str | None = None
    """A file, or a folder of parquet files; either this or `hf`."""
    hf: Dataset | None = None
    """A dataset of the Hub."""
    image_root: str | None = None
    """Folder of the pictures that cells name by their paths; null = they hold all pictures."""
    format: AnswerFormat = "short"
    """How questions are answered."""
    scorer: Annotated[str, OneOf(lambda: SCORERS)] | None = None
    """How answers are scored; null = as the format is called."""
    columns: Columns
    """Where a question's parts are."""
    choices: list[str] = []
    """Of every question, where `columns` names none."""
    answer_is: Literal["letter", "text", "index"] = "letter"
    """Of a choice: what the column of answers holds; an index counts from 0."""

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if (self.file is None) == (self.hf is None):
            raise unfit(": expected file: PATH or hf: {path, split}, one of them")
        if (self.scorer or self.format) == "open":
            raise unfit(": format open needs a scorer, such as short")
        return self


def read(settings: Settings) -> Iterator[Sample]:
    """The rows, in order.

    Raises:
        DataError: names file, row and column of what is wrong.
    """
    reader = _Reader(settings)
    if settings.hf is not None:
        rows = dataset_rows(settings.hf.model_dump(exclude_none=True))
    else:
        rows = rows_of(Path(str(settings.file)))
    yield from ahead(reader.sample, rows)


class _Reader:
    """Follows a column map."""

    def __init__(self, settings: Settings) -> None:
        self.columns = settings.columns
        self.format = settings.format
        self.scorer = settings.scorer or settings.format
        self.classes = tuple(settings.choices)
        self.answer_is = settings.answer_is
        self.where = str(settings.file) if settings.hf is None else settings.hf.path
        self.root = Path(settings.image_root) if settings.image_root else None

    def sample(self, numbered: tuple[int, Row]) -> Sample:
        """A row's question, target and pictures."""
        number, row = numbered
        where = f"{self.where}: row {number}"
        pictures = tuple(
            picture
            for column in _listed(self.columns.pictures)
            for picture in pictures_in(
                _cell(row, column, where), f"{where}, column {column}", self.root
            )
        )
        choices = self._choices(row, where)
        text = self._text(row, "question", where)
        if not text.strip():
            raise DataError(f"{where}, column {self.columns.question}: empty question")
        question = Question(
            id=str(_cell(row, self.columns.id, where)) if self.columns.id else str(number),
            text=text,
            choices=choices,
            letters=tuple(string.ascii_uppercase[: len(choices)]) if self._is_lettered else (),
            format=self.format,
            pictures=tuple(picture.digest for picture in pictures),
            hint=self._text(row, "hint", where),
            category=self._text(row, "category", where),
            labels=tuple(
                (name, str(_cell(row, name, where)))
                for name in self.columns.labels
                if _cell(row, name, where) not in (None, "")
            ),
            drawing=self._text(row, "drawing", where),
        )
        answer = self._answer(row, question, where)
        return Sample(question, Target(question.id, answer, self.scorer), pictures)

    @property
    def _is_lettered(self) -> bool:
        return bool(self.scorer == "choice")

    def _text(self, row: Row, name: str, where: str) -> str:
        """A mapped text: a column's, or a template with columns in it."""
        named = str(getattr(self.columns, name))
        if not named:
            return ""
        if "{" not in named:
            value = _cell(row, named, where)
            return "" if value is None else str(value)
        try:
            return named.format_map(row)
        except (KeyError, IndexError, ValueError) as error:
            raise DataError(f"{where}: {name}: {named!r} names {error}, no column") from None

    def _choices(self, row: Row, where: str) -> tuple[str, ...]:
        named = self.columns.choices
        if named is None:
            return self.classes
        if isinstance(named, str):
            found = _cell(row, named, where)
            if isinstance(found, str):
                found = _spelt(found, f"{where}, column {named}")
            return tuple(str(choice) for choice in found or ())
        cells = [_cell(row, name, where) for name in named]
        return tuple(str(cell) for cell in cells if cell not in (None, ""))

    def _answer(self, row: Row, question: Question, where: str) -> str:
        column = self.columns.answer
        found = self._text(row, "answer", where) if "{" in column else _cell(row, column, where)
        answer = json.dumps(found) if isinstance(found, (list, dict)) else str(found).strip()
        if found is None or not answer:
            raise DataError(f"{where}, column {column}: empty; expected the gold answer")
        if not self._is_lettered:
            return answer
        letters = question.option_letters()
        if self.answer_is == "index" and answer.isdigit() and int(answer) < len(letters):
            return letters[int(answer)]
        if self.answer_is == "letter" and answer.upper() in letters:
            return answer.upper()
        same = [
            letter
            for letter, choice in zip(letters, question.choices, strict=True)
            if choice.strip() == answer
        ]
        if self.answer_is != "index" and len(same) == 1:
            return same[0]
        raise DataError(
            f"{where}, column {column}: {answer!r} is no {self.answer_is} of "
            f"{len(letters)} options; set answer_is in params.yaml"
        )


def _listed(named: Any) -> tuple[str, ...]:
    return (named,) if isinstance(named, str) else tuple(named)


def _cell(row: Row, column: str, where: str) -> Any:
    if column not in row:
        raise DataError(f"{where}: no column {column!r}; found {', '.join(row)}")
    return row[column]


def _spelt(text: str, where: str) -> Any:
    try:
        found = ast.literal_eval(text) if text.strip() else ()
    except (ValueError, SyntaxError):
        raise DataError(f"{where}: {text[:60]!r} spells no list of options") from None
    return found
