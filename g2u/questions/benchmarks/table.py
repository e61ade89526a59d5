r"""Any table by a column map: parquet, JSON lines, JSON, CSV, TSV, a Hugging Face dataset.

my_benchmark:
  source: table
  file: path/to/file.parquet      # or hf: {path: owner/name, split: test}
  format: choice                  # choice, yes_no, short, label, open
  scorer: choice                  # where it is not the format's own
  columns:
    id: question_id               # left out: the row's number
    question: "{context}\n{question}"    # a column, or a text with columns in it
    pictures: [image]
    choices: options              # a list, or one column per option: [A, B, C, D]
    answer: answer                # a column, or a text with columns in it
    labels: [topic, level]
    oracle: solution_image        # the truth to draw, where the file has it
  answer_is: letter               # of a choice: letter, text, or index (from 0)
  answers: {"1": "yes", "0": "no"}    # what gold answers stand for
  separator: "|"                  # between accepted answers of one cell; a list needs none
  frame: pixels                   # of scorers point and box: what the numbers of answers count in
  box_is: left_top_width_height   # what the four numbers of a box are
  replies: thousand               # and those that the question asks for; left out: the same
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from string import Formatter
from typing import Annotated, Any, Self, get_args

from pydantic import model_validator

from g2u.errors import DataError
from g2u.questions.files.ahead import ahead
from g2u.questions.files.answers import SEVERAL, accepted, letters_of, of_people
from g2u.questions.files.cells import is_empty, pictures_in
from g2u.questions.files.marks import Marked, Marks, Placed
from g2u.questions.files.options import Kind, Options, letter_of, options_in, options_of
from g2u.questions.files.oracles import Belongs, oracles_of
from g2u.questions.files.regions import Edges, Frame, mask_of, region_of
from g2u.questions.files.rows import Row, dataset_rows, rows_of
from g2u.questions.files.rubrics import rubric_of
from g2u.questions.files.texts import one_text, text_of
from g2u.records import AnswerFormat, Picture, Question, Sample, Target
from g2u.settings import OneOf, Section, Text, unfit

SCORERS = (
    "anls", "anls_published", "box", "boxed", "choice", "contains", "displacement", "equivalent",
    "exact_published", "graded", "json_object", "label", "letters", "list", "multi_choice",
    "multi_choice_partial", "number", "point", "relaxed", "relaxed_published", "route", "rubric",
    "short", "times", "vqa_soft", "vqa_soft_published", "yes_no",
)  # fmt: skip
ONE_TEXT = (
    "anls", "anls_published", "contains", "exact_published", "label", "number", "relaxed",
    "relaxed_published", "short", "vqa_soft", "vqa_soft_published", "yes_no",
)  # fmt: skip
"""Scorers for which a list in the answer's cell is one of accepted answers."""
PLACES = ("box", "point")
"""Scorers whose answers lie in the question's first picture."""
NUMBERED = re.compile(r"(.*?)\d+")
"""A column of image_1, image_2 ..., of which those that are needed are filled."""
SENTENCE = (".", "?", "!")
"""Ends of a text that is no column's name."""


class Columns(Section):
    """Where a question's parts are: each a column; texts may hold columns, as "{column}", and a
    sentence without one is the same in every row.
    """

    id: str | None = None
    """A column; null = the row's number."""
    question: Text
    """A text or a column."""
    pictures: str | list[str] = []
    """Columns, in the order of their pictures; of image_1, image_2 ... those that are filled."""
    choices: str | list[str] | None = None
    """A column that holds lists, or one column per option; null = `choices` of the preset."""
    answer: Text
    """A text or a column: the gold answer."""
    hint: str = ""
    """A text or a column, shown before the question; empty = none."""
    category: str = ""
    """A text or a column; empty = none."""
    labels: list[str] = []
    """Columns that are kept as groups."""
    drawing: str = ""
    """A text or a column: the benchmark's own instruction for a drawing; empty = none."""
    oracle: str | list[str] = []
    """Columns of the pictures that a perfect generator would draw, in order; an empty cell has
    none. No model sees them but in the oracle arm.
    """


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
    answer_is: Kind | None = None
    """Of a choice: what the column of answers holds (an index counts from 0); null = letters or
    texts.
    """
    answers: dict[str, str] = {}
    """What gold answers stand for, where the scorer needs other words: {"1": "yes", "0": "no"}."""

    separator: Text | None = None
    """What stands between accepted answers in one cell; null = a cell is one answer, or a list."""
    frame: Frame | None = None
    """Of scorers point and box: what the numbers of gold answers count in; masks need it as well.
    """
    box_is: Edges | None = None
    """What the four numbers of a gold box are; scorer box needs it, and point where answers are
    boxes.
    """
    replies: Frame | None = None
    """What the numbers of replies count in, as the question asks for them; null = as `frame`."""
    oracle_of: Belongs = "picture"
    """What an oracle belongs to: picture = each has one; question = one stands with its first."""
    may_lack_pictures: bool = False
    """Whether a row whose picture cells are empty is a question without a picture; else an error.
    """
    marks: Marks | None = None
    """Marks of pictures inside texts, such as <image 2>: null = pictures stand where they say;
    text = left as they are, all pictures first.
    """

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if (self.file is None) == (self.hf is None):
            raise unfit(": expected file: PATH or hf: {path, split}, one of them")
        if (self.scorer or self.format) == "open":
            raise unfit(": format open needs a scorer, such as short")
        if (self.scorer in PLACES) != (self.frame is not None):
            raise unfit(
                ": scorers point and box, and no others, need frame: pixels, relative, percent or "
                "thousand"
            )
        if self.scorer == "box" and self.box_is is None:
            raise unfit(f": scorer box needs box_is: {', '.join(get_args(Edges))}")
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
        self.answers = settings.answers
        self.separator = settings.separator
        self.frame: Frame = settings.frame or "pixels"
        self.edges = settings.box_is
        self.replies: Frame = settings.replies or self.frame
        self.marked = Marked(settings.marks == "text")
        self.where = str(settings.file) if settings.hf is None else settings.hf.path
        self.root = Path(settings.image_root) if settings.image_root else None
        self.pictures = _listed(self.columns.pictures)
        self.oracles, self.oracle_of = _listed(self.columns.oracle), settings.oracle_of
        stems = [match[1] for name in self.pictures if (match := NUMBERED.fullmatch(name))]
        self.may_lack = len(stems) == len(self.pictures) > 1 == len(set(stems))
        self.may_lack_all = settings.may_lack_pictures
        if self._is_lettered:
            options_of(self.classes, "params.yaml: choices")

    def sample(self, numbered: tuple[int, Row]) -> Sample:
        """A row's question, target and pictures."""
        number, row = numbered
        where = f"{self.where}: row {number}"
        pictures = self._pictures(row, where)
        options = self._options(row, where)
        asked = f"{where}, column {self.columns.question}"
        told = Placed(
            one_text(self._text(row, "question", where), asked),
            options,
            one_text(self._text(row, "hint", where), f"{where}: hint"),
            self._text(row, "drawing", where),
        )
        texts = self.marked.question(told, len(pictures), where)
        if not texts.text.strip():
            raise DataError(f"{asked}: empty question")
        name = text_of(_cell(row, self.columns.id, where), where) if self.columns.id else number
        if name == "":
            raise DataError(f"{where}, column {self.columns.id}: empty; expected a unique id")
        question = Question(
            id=str(name),
            text=texts.text,
            choices=tuple(texts.options.values()) or self.classes,
            letters=tuple(options) if self._is_lettered else (),
            format=self.format,
            pictures=tuple(picture.digest for picture in pictures),
            hint=texts.hint,
            category=self._text(row, "category", where),
            labels=tuple(
                (name, label)
                for name in self.columns.labels
                if (label := _label(_cell(row, name, where), f"{where}, column {name}"))
            ),
            drawing=texts.drawing,
            is_placed=texts.is_placed,
        )
        place = f"{where}, column {self.columns.answer}"
        answer = self._answer(row, options, pictures, place)
        target = Target(question.id, answer, self.scorer)
        oracles, whole = self._oracles(row, pictures, where), texts.of(question)
        return Sample(question, target, pictures, oracles, place=place, whole=whole)

    def _oracles(self, row: Row, pictures: tuple[Picture, ...], where: str) -> tuple[Picture, ...]:
        cells = {name: _cell(row, name, where) for name in self.oracles}
        return oracles_of(cells, len(pictures), self.oracle_of, where, self.root)

    @property
    def _is_lettered(self) -> bool:
        return self.scorer in ("choice", *SEVERAL)

    def _pictures(self, row: Row, where: str) -> tuple[Picture, ...]:
        cells = {name: _cell(row, name, where) for name in self.pictures}
        if self.may_lack or self.may_lack_all:
            filled = {name: cell for name, cell in cells.items() if not is_empty(cell)}
            if cells and not filled and not self.may_lack_all:
                raise DataError(
                    f"{where}: no picture in {', '.join(self.pictures)}; expected one, or "
                    "may_lack_pictures: true in the preset"
                )
            cells = filled if self.may_lack or not filled else cells
        return tuple(
            picture
            for name, cell in cells.items()
            for picture in pictures_in(cell, f"{where}, column {name}", self.root)
        )

    def _text(self, row: Row, name: str, where: str, *, is_whole: bool = False) -> str:
        """A mapped text: a column's, or a template with columns in it, none empty if `is_whole`."""
        named = str(getattr(self.columns, name))
        if not named:
            return ""
        if "{" not in named:
            if named not in row and named.endswith(SENTENCE):
                return named
            return text_of(_cell(row, named, where), f"{where}, column {named}")
        try:
            parts = list(Formatter().parse(named))
        except ValueError as error:
            raise DataError(f"{where}: {name}: {named!r}: {error}") from None
        filled = []
        for literal, column, form, _ in parts:
            filled.append(literal)
            if column is None:
                continue
            if column not in row:
                raise DataError(f"{where}: {name}: {named!r} names {column!r}, no column")
            text = text_of(row[column], f"{where}, column {column}")
            if is_whole and not text.strip():
                raise DataError(f"{where}, column {column}: empty; expected a part of {named!r}")
            try:
                filled.append(format(row[column], form) if form and text else text)
            except (ValueError, TypeError) as error:
                raise DataError(f"{where}, column {column}: {name}: {error}") from None
        return "".join(filled)

    def _options(self, row: Row, where: str) -> Options:
        """The row's own options, or the lettered ones of all rows."""
        named = self.columns.choices
        if named is None:
            return options_of(self.classes, where) if self._is_lettered else {}
        if isinstance(named, str):
            return options_in(_cell(row, named, where), f"{where}, column {named}")
        columns = f"{where}, columns {', '.join(named)}"
        return options_of([_cell(row, name, where) for name in named], columns)

    def _answer(self, row: Row, options: Options, pictures: tuple[Picture, ...], where: str) -> str:
        """The gold answer in the form in which targets are kept."""
        column = self.columns.answer
        found = (
            self._text(row, "answer", where, is_whole=True)
            if "{" in column
            else _cell(row, column, where)
        )
        if self.scorer in PLACES:
            return self._place(found, pictures, where)
        if self.scorer == "rubric":
            return rubric_of(found, where)
        if self.scorer in SEVERAL:
            return letters_of(found, options, where, self.answer_is)
        if isinstance(found, (list, dict)) and found:
            return self._structured(found, where)
        answer = text_of(found, where).strip() if not isinstance(found, (list, dict)) else ""
        whole = str(int(found)) if isinstance(found, float) and found.is_integer() else answer
        answer = self.answers.get(answer, self.answers.get(whole, answer))
        if not answer:
            raise DataError(f"{where}: empty; expected the gold answer")
        if self._is_lettered:
            return letter_of(answer, options, where, self.answer_is)
        return accepted(answer, self.separator, where)

    def _place(self, found: Any, pictures: tuple[Picture, ...], where: str) -> str:
        """The kept form of a box, a polygon or a mask in the first picture."""
        if not pictures:
            raise DataError(f"{where}: no picture in this row; expected the one that it lies in")
        is_spelt = isinstance(found, str) and found.lstrip()[:1] in ("[", "(")
        is_list = isinstance(found, (list, tuple)) and not isinstance(found, bytes)
        if is_spelt or is_list or self.scorer == "box":
            return region_of(found, pictures[0], self.frame, self.replies, self.edges, where)
        (mask, *more) = pictures_in(found, where, self.root)
        if more:
            raise DataError(f"{where}: {1 + len(more)} masks; expected one")
        return mask_of(mask, pictures[0], self.replies, where)

    def _structured(self, found: list[Any] | dict[str, Any], where: str) -> str:
        """A gold answer of several parts, as JSON."""
        if isinstance(found, list) and self.scorer in ONE_TEXT:
            return of_people(found, where)
        if self.scorer not in (("list", "route") if isinstance(found, list) else ("json_object",)):
            kind = "a list" if isinstance(found, list) else "an object"
            raise DataError(
                f"{where}: {kind}, {str(found)[:60]!r}, for scorer {self.scorer}; expected one "
                f"answer, or scorer: {'list' if isinstance(found, list) else 'json_object'}"
            )
        try:
            return json.dumps(found, ensure_ascii=False, allow_nan=False)
        except (TypeError, ValueError) as error:
            raise DataError(f"{where}: {str(found)[:60]!r}: {error}") from None


def _listed(named: Any) -> tuple[str, ...]:
    return (named,) if isinstance(named, str) else tuple(named)


def _cell(row: Row, column: str, where: str) -> Any:
    if column not in row:
        raise DataError(f"{where}: no column {column!r}; found {', '.join(row)}")
    return row[column]


def _label(cell: Any, where: str) -> str:
    """A group, or the list of the groups that a question belongs to."""
    if isinstance(cell, list) and all(isinstance(entry, str) for entry in cell):
        return str(cell) if cell else ""
    return text_of(cell, where)
