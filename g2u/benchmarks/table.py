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
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

from g2u.errors import DataError, ParamsError, unknown_name
from g2u.records import AnswerFormat, Question, Sample, Target
from g2u.sources.ahead import ahead
from g2u.sources.cells import pictures_in
from g2u.sources.rows import Row, dataset_rows, rows_of

SETTINGS = frozenset(
    {"file", "hf", "image_root", "format", "scorer", "columns", "choices", "answer_is"}
)
SCORERS = (
    "boxed", "choice", "displacement", "equivalent", "graded", "json_object", "label", "list",
    "number", "relaxed", "route", "short", "times", "yes_no", "exact_published",
    "relaxed_published",
)  # fmt: skip
COLUMNS = frozenset(
    {"id", "question", "pictures", "choices", "answer", "hint", "category", "labels", "drawing"}
)
ANSWERS = ("letter", "text", "index")


def read(settings: Mapping[str, Any]) -> Iterator[Sample]:
    """The rows, in order.

    Raises:
        ParamsError: a column map that does not say enough, or says what does not exist.
        DataError: names file, row and column of what is wrong.
    """
    reader = _Reader(settings)
    if "hf" in settings:
        rows = dataset_rows(settings["hf"])
    elif "file" in settings:
        rows = rows_of(Path(str(settings["file"])))
    else:
        raise ParamsError("params.yaml: a table benchmark needs file: PATH or hf: {path, split}")
    yield from ahead(reader.sample, rows)


class _Reader:
    """A column map, checked once."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self.columns: Mapping[str, Any] = settings.get("columns") or {}
        for name in self.columns:
            if name not in COLUMNS:
                raise ParamsError(unknown_name("params.yaml: table: columns", str(name), COLUMNS))
        for name in ("question", "answer"):
            if name not in self.columns:
                raise ParamsError(f"params.yaml: table: columns lacks {name!r}")
        for name, known in (
            ("format", get_args(AnswerFormat)),
            ("scorer", SCORERS),
            ("answer_is", ANSWERS),
        ):
            if name in settings and settings[name] not in known:
                raise ParamsError(
                    unknown_name(f"params.yaml: table: {name}", str(settings[name]), known)
                )
        self.format: AnswerFormat = settings.get("format", "short")
        self.scorer = settings.get("scorer", self.format)
        self.classes = tuple(str(choice) for choice in settings.get("choices", ()))
        self.answer_is = settings.get("answer_is", "letter")
        self.where = str(settings.get("file") or settings["hf"].get("path"))
        root = settings.get("image_root")
        self.root = Path(str(root)) if root else None
        if self.scorer == "open":
            raise ParamsError("params.yaml: table: format open needs a scorer, such as short")

    def sample(self, numbered: tuple[int, Row]) -> Sample:
        """A row's question, target and pictures."""
        number, row = numbered
        where = f"{self.where}: row {number}"
        pictures = tuple(
            picture
            for column in _listed(self.columns.get("pictures", ()))
            for picture in pictures_in(
                _cell(row, column, where), f"{where}, column {column}", self.root
            )
        )
        choices = self._choices(row, where)
        text = self._text(row, "question", where)
        if not text.strip():
            raise DataError(f"{where}, column {self.columns['question']}: empty question")
        question = Question(
            id=str(_cell(row, self.columns["id"], where)) if "id" in self.columns else str(number),
            text=text,
            choices=choices,
            letters=tuple(string.ascii_uppercase[: len(choices)]) if self._is_lettered else (),
            format=self.format,
            pictures=tuple(picture.digest for picture in pictures),
            hint=self._text(row, "hint", where),
            category=self._text(row, "category", where),
            labels=tuple(
                (name, str(_cell(row, name, where)))
                for name in self.columns.get("labels", ())
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
        named = str(self.columns.get(name, ""))
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
        named = self.columns.get("choices")
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
        column = str(self.columns["answer"])
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
