"""Any VLMEvalKit TSV: one row a question, pictures as base64, by reference or as files.

Layout: VLMEvalKit, vlmeval/dataset/image_base.py, image_mcq.py, image_vqa.py. A picture cell of at
most 64 characters names the row that holds the picture; a cell may hold a list of pictures. Rows
with options are multiple choice, MathVista's `question_type` is followed, other rows are yes/no if
every answer among them is yes or no, else short; `format` and `scorer` of the preset say otherwise.
The file is read as a stream: of 1 GB, a row at a time is in memory.
"""

import re
import string
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from itertools import islice
from pathlib import Path
from threading import Lock
from typing import Annotated, Self

from pydantic import model_validator

from g2u.errors import DataError, in_one_line
from g2u.pictures.decoding import picture_of
from g2u.questions.files.ahead import ahead
from g2u.questions.files.answers import SEVERAL, accepted, letters_of
from g2u.questions.files.cells import SPELT_LIST, file_below, pictures_in, spelt
from g2u.questions.files.marks import Marked, Marks, Placed
from g2u.questions.files.options import Options, letter_of, lettered, options_in
from g2u.questions.files.oracles import Belongs, oracles_of
from g2u.questions.files.separated import SeparatedFile, TextRow
from g2u.questions.files.texts import one_text
from g2u.records import AnswerFormat, Picture, Question, Sample, Target
from g2u.settings import OneOf, Positive, Section, Text, unfit

SCORERS = (
    "anls", "anls_published", "boxed", "choice", "contains", "displacement", "equivalent",
    "exact_published", "graded", "json_object", "label", "list", "multi_choice",
    "multi_choice_partial", "number", "relaxed", "relaxed_published", "route", "short",
    "times", "vqa_soft", "vqa_soft_published", "yes_no",
)  # fmt: skip
REFERENCE_LENGTH = 64
KEPT_BYTES = 16 * 2**20
"""Pictures kept for rows that refer to others."""
PRECISION = re.compile(r"([0-9])(?:\.0+)?")
LISTED = ("options", "choices")
"""Columns in which other sources have lists of options."""
GROUPS = ("split", "category", "l2-category", "image_path")
"""Columns that are always kept as groups."""
MATHVISTA = {"integer": "number", "float": "number", "list": "list", "text": "short"}
"""Its answer_type -> how the answer is read."""


class Settings(Section):
    """What params.yaml may say of it."""

    file: str
    """The TSV."""
    image_root: str | None = None
    """Folder of the pictures that cells name by their paths; null = they hold all pictures."""
    items: Positive | None = None
    """How many rows are read, 1 and more; null = all."""
    format: AnswerFormat | None = None
    """How questions without options are answered; null = yes_no or short, as the answers are."""
    scorer: Annotated[str, OneOf(lambda: SCORERS)] | None = None
    """How their answers are scored; null = as the format is called."""
    labels: list[str] = []
    """Columns that are kept as groups, beside those of `GROUPS`."""
    answers: dict[str, str] = {}
    """What gold answers stand for, where the scorer needs other words: {"1": "yes", "0": "no"}."""

    separator: Text | None = None
    """What stands between accepted answers in one cell; null = a cell is one answer, or a list."""
    oracle: str | list[str] = []
    """Columns of the pictures that a perfect generator would draw, in order; an empty cell has
    none. No model sees them but in the oracle arm.
    """
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
    def _is_scored(self) -> Self:
        if (self.scorer or self.format) == "open":
            raise unfit(": format open needs a scorer, such as short")
        return self


def read(settings: Settings) -> Iterator[Sample]:
    """The rows of `file`, in order; the first `items` of them if given.

    Raises:
        DataError: names file, row and column of what is wrong.
    """
    table = _Table(settings)
    yield from ahead(table.sample, islice(table.file.rows(), settings.items))


class _Table:
    """A TSV whose rows refer to one another."""

    def __init__(self, settings: Settings) -> None:
        self.file = SeparatedFile(Path(settings.file))
        self._root = Path(settings.image_root) if settings.image_root else None
        self._labels = (*GROUPS, *settings.labels)
        self._answers = settings.answers
        self._separator = settings.separator
        self._marked = Marked(settings.marks == "text")
        self._may_lack = settings.may_lack_pictures
        self._places: dict[str, tuple[int, int]] = {}
        self._kept: OrderedDict[str, tuple[Picture, ...]] = OrderedDict()
        self._kept_bytes = 0
        self._lock = Lock()
        named = settings.oracle
        self._oracles = (named,) if isinstance(named, str) else tuple(named)
        self._oracle_of = settings.oracle_of
        self._check_columns([*settings.labels, *self._oracles])
        found = self._survey(settings.items)
        self._format: AnswerFormat = settings.format or found
        self._scorer = settings.scorer or self._format

    def sample(self, row: TextRow) -> Sample:
        """The question, target and pictures of a row."""
        cells, place = row.cells, self._place(row, "answer")
        pictures = self._pictures(row)
        options = lettered(_option_cells(cells), self._place(row, "options"))
        is_several = self._scorer in SEVERAL
        form: AnswerFormat = self._format if is_several else "choice" if options else self._format
        scorer = self._scorer if is_several else "choice" if options else self._scorer
        answer = self._gold(row)
        if cells.get("question_type") and not options:
            form, scorer, options, answer = self._mathvista(row)
        held = next((name for name in LISTED if cells.get(name, "").strip(" []")), None)
        if held and not options and not cells.get("question_type"):
            what = f"{cells[held][:60]!r} would not be shown; expected options in columns A, B ..."
            raise self._error(row, held, f"{what}, or source: table with choices: {held}")
        if not cells["question"].strip():
            raise self._error(row, "question", "empty; expected the question's text")
        if not answer:
            raise self._error(row, "answer", "empty; expected the gold answer")
        if scorer == "choice":
            answer = letter_of(answer, options, place)
        elif scorer in SEVERAL:
            answer = letters_of(answer, options, place, None)
        asked = self._place(row, "question")
        told = Placed(one_text(cells["question"], asked), options, cells.get("hint", ""))
        texts = self._marked.question(told, len(pictures), self._row(row))
        question = Question(
            id=cells["index"],
            text=texts.text,
            choices=tuple(texts.options.values()),
            letters=tuple(options),
            format=form,
            pictures=tuple(picture.digest for picture in pictures),
            hint=texts.hint,
            category=cells.get("l2-category") or cells.get("category", ""),
            labels=tuple((name, cells[name]) for name in self._labels if cells.get(name)),
            is_placed=texts.is_placed,
        )
        drawn = {name: cells[name] for name in self._oracles}
        oracles = oracles_of(drawn, len(pictures), self._oracle_of, self._row(row), self._root)
        target, whole = Target(question.id, answer, scorer), texts.of(question)
        return Sample(question, target, pictures, oracles, place=place, whole=whole)

    def _gold(self, row: TextRow) -> str:
        """The gold answer, as the preset reads it."""
        answer = row.cells["answer"].strip()
        return accepted(
            self._answers.get(answer, answer), self._separator, f"{self._row(row)}, column answer"
        )

    def _mathvista(self, row: TextRow) -> tuple[AnswerFormat, str, Options, str]:
        """Format, scorer, options and answer of a row in MathVista's dialect."""
        cells = row.cells
        if cells["question_type"] == "multi_choice":
            options = options_in(cells.get("choices", ""), self._place(row, "choices"))
            return "open", "choice", options, cells.get("answer_option") or self._gold(row)
        scorer = MATHVISTA.get(cells.get("answer_type", ""))
        if scorer is None:
            known = ", ".join(MATHVISTA)
            raise self._error(
                row, "answer_type", f"{cells.get('answer_type', '')[:60]!r}; expected {known}"
            )
        answer = self._gold(row)
        if cells.get("answer_type") == "float" and cells.get("precision", "").strip():
            answer = f"{answer} +- {self._half_step(row)}"
        return "open", scorer, {}, answer

    def _half_step(self, row: TextRow) -> str:
        """Half of the last place to which MathVista rounds an answer before it compares."""
        said = PRECISION.fullmatch(row.cells["precision"].strip())
        if not said:
            what = f"{row.cells['precision'][:20]!r}; expected decimal places, such as 1.0"
            raise self._error(row, "precision", what)
        return f"{Decimal(5).scaleb(-int(said[1]) - 1):f}"

    def _check_columns(self, named: Iterable[str]) -> None:
        small = [name for name in self.file.columns if name in string.ascii_lowercase]
        if {"a", "b"} <= set(small) and "A" not in self.file.columns:
            raise DataError(
                f"{self.file.path}: columns {', '.join(small)}; expected options in columns A, B "
                "...; source: table reads others, as choices: [a, b]"
            )
        for name in ("index", "question", "answer", *named):
            if name not in self.file.columns:
                raise DataError(
                    f"{self.file.path}: no column {name!r}; found {', '.join(self.file.columns)}"
                )

    def _survey(self, items: int | None) -> AnswerFormat:
        """Find every row by its index; returns how the file's open questions are answered: yes_no
        if every answer is yes or no, a fact about the benchmark and not about a row.
        """
        answers: set[str] = set()
        row = None
        for count, row in enumerate(self.file.rows()):
            index = row.cells["index"]
            if not index.strip():
                raise self._error(row, "index", "empty; expected a unique id")
            if index in self._places:
                raise self._error(row, "index", f"{index[:80]!r} occurs twice; expected unique")
            self._places[index] = (row.number, row.offset)
            is_read = items is None or count < items
            is_open = not _option_cells(row.cells)
            if is_read and is_open and len(answers) <= 2:
                answers.add(self._gold(row).lower())
        if row is None:
            raise DataError(f"{self.file.path}: no rows; expected at least one question")
        return "yes_no" if answers and answers <= {"yes", "no"} else "short"

    def _pictures(self, row: TextRow) -> tuple[Picture, ...]:
        """The row's pictures; from `image` (own or referred to), else from `image_path`."""
        cell = row.cells.get("image", "").strip()
        if cell and not _refers(cell):
            return self._keep(row, pictures_in(cell, self._place(row, "image"), self._root))
        if cell:
            return self._of_row(row, cell)
        if row.cells.get("image_path", "").strip():
            where = self._place(row, "image_path")
            names = spelt(row.cells["image_path"].strip())
            return tuple(
                picture_of(file_below(self._root, str(name), where), where) for name in names
            )
        held = [name for name in ("image", "image_path") if name in self.file.columns]
        if held and not self._may_lack:
            what = "empty; expected base64, a row's index or a path, or may_lack_pictures: true"
            raise self._error(row, held[0], what)
        return ()

    def _of_row(self, row: TextRow, index: str) -> tuple[Picture, ...]:
        """The pictures of another row."""
        with self._lock:
            if index in self._kept:
                self._kept.move_to_end(index)
                return self._kept[index]
        if index not in self._places:
            raise self._error(row, "image", f"refers to row {index!r}, which does not exist")
        owner = self.file.at(*self._places[index])
        held = owner.cells["image"].strip()
        if not held or _refers(held):
            raise self._error(row, "image", f"refers to row {index!r}, which holds no picture")
        return self._keep(owner, pictures_in(held, self._place(owner, "image"), self._root))

    def _keep(self, row: TextRow, pictures: tuple[Picture, ...]) -> tuple[Picture, ...]:
        """Hold the row's pictures for rows that refer to it, the latest 16 MB."""
        index = row.cells["index"]
        with self._lock:
            if index not in self._kept:
                self._kept[index] = pictures
                self._kept_bytes += sum(len(picture.encoded) for picture in pictures)
            while self._kept_bytes > KEPT_BYTES and len(self._kept) > 1:
                _, oldest = self._kept.popitem(last=False)
                self._kept_bytes -= sum(len(picture.encoded) for picture in oldest)
        return pictures

    def _place(self, row: TextRow, column: str) -> str:
        return f"{self._row(row)}, column {column}"

    def _row(self, row: TextRow) -> str:
        index = in_one_line(row.cells["index"], 80)
        return f"{self.file.path}: row {row.number} (index {index})"

    def _error(self, row: TextRow, column: str, what: str) -> DataError:
        return DataError(
            f"{self._place(row, column)}: {what}; mend the file and run the same command again"
        )


def _option_cells(cells: Mapping[str, str]) -> dict[str, str]:
    """The cells of columns A to Z in which something is."""
    return {letter: cells[letter] for letter in string.ascii_uppercase if cells.get(letter)}


def _refers(cell: str) -> bool:
    """Whether an image cell is the index of another row."""
    return len(cell) <= REFERENCE_LENGTH and not SPELT_LIST.fullmatch(cell)
