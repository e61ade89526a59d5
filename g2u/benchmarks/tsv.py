"""Any VLMEvalKit TSV: one row a question, pictures as base64, by reference or as files.

Layout: VLMEvalKit, vlmeval/dataset/image_base.py and image_mcq.py. Every cell is text and only the
empty cell is missing, so option texts such as None or N/A are kept. A picture cell of at most 64
characters names the row that holds the picture; a cell may hold a list of pictures. Rows with
options are multiple choice; the others are yes/no if every answer among them is yes or no, else
short.
"""

import ast
import base64
import binascii
import csv
import re
import string
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from g2u.errors import DataError
from g2u.pictures import MAX_BYTES, picture_of
from g2u.records import AnswerFormat, Picture, Question, Sample, Target

SETTINGS = frozenset({"file", "image_root", "items"})
SCORERS = ("choice", "short", "yes_no")
REFERENCE_LENGTH = 64
LIST_CELL = re.compile(r"\s*\[.*\]\s*", re.DOTALL)
Row = dict[str, str]


def read(settings: Mapping[str, Any]) -> Iterator[Sample]:
    """The rows of `file`, in order; the first `items` of them if given.

    Raises:
        DataError: names file, row and column of what is wrong.
    """
    if "file" not in settings:
        raise DataError("params.yaml: a tsv benchmark needs file: path/to/file.tsv")
    table = _Table(Path(str(settings["file"])), settings.get("image_root"))
    rows = table.rows[: int(settings["items"])] if "items" in settings else table.rows
    open_format = _open_format(rows)
    for row in rows:
        yield table.sample(row, open_format)


class _Table:
    """A TSV in memory, with its pictures found by row."""

    def __init__(self, path: Path, image_root: str | None) -> None:
        self.path = path
        self._root = Path(image_root).resolve() if image_root else None
        self._decoded: dict[str, tuple[Picture, ...]] = {}
        self.rows, self._columns = self._read()
        self._lines = {row["index"]: line for line, row in enumerate(self.rows, start=2)}
        self._by_index = {row["index"]: row for row in self.rows}
        if len(self._by_index) < len(self.rows):
            counts = Counter(row["index"] for row in self.rows)
            double = next(row for row in reversed(self.rows) if counts[row["index"]] > 1)
            raise self._error(double, "index", f"{double['index']!r} occurs twice; expected unique")

    def sample(self, row: Row, open_format: AnswerFormat) -> Sample:
        """The question, target and pictures of a row."""
        letters = tuple(c for c in string.ascii_uppercase if row.get(c))
        pictures = self._pictures(row)
        form: AnswerFormat = "choice" if letters else open_format
        if not row["question"].strip():
            raise self._error(row, "question", "empty; expected the question's text")
        question = Question(
            id=row["index"],
            text=row["question"],
            choices=tuple(row[letter] for letter in letters),
            letters=letters,
            format=form,
            pictures=tuple(picture.digest for picture in pictures),
            hint=row.get("hint", ""),
            category=row.get("l2-category") or row.get("category", ""),
        )
        return Sample(question, self._target(row, form, letters), pictures)

    def _target(self, row: Row, form: AnswerFormat, letters: tuple[str, ...]) -> Target:
        answer = row["answer"].strip()
        if not answer:
            raise self._error(row, "answer", "empty; expected the gold answer")
        if form == "choice":
            answer = answer.upper() if len(answer) == 1 else answer
            if answer not in letters:
                raise self._error(
                    row, "answer", f"{answer!r} has no option; expected one of {', '.join(letters)}"
                )
        return Target(row["index"], answer, form)

    def _read(self) -> tuple[list[Row], list[str]]:
        csv.field_size_limit(min(sys.maxsize, 2**31 - 1))
        try:
            with self.path.open(encoding="utf-8-sig", newline="") as file:
                reader = csv.reader(file, delimiter="\t", strict=True)
                columns = next(reader, [])
                self._check_columns(columns)
                rows = [self._row(columns, cells, number) for number, cells in enumerate(reader, 2)]
        except FileNotFoundError:
            raise DataError(f"{self.path}: no such file; expected a VLMEvalKit TSV") from None
        except (UnicodeDecodeError, csv.Error) as error:
            raise DataError(f"{self.path}: not a UTF-8 tab-separated table: {error}") from None
        if not rows:
            raise DataError(f"{self.path}: no rows; expected at least one question")
        return rows, columns

    def _check_columns(self, columns: list[str]) -> None:
        for name in ("index", "question", "answer"):
            if name not in columns:
                raise DataError(
                    f"{self.path}: no column {name!r}; found {', '.join(columns) or 'nothing'}"
                )
        double = sorted({name for name in columns if columns.count(name) > 1})
        if double:
            raise DataError(f"{self.path}: column {double[0]!r} occurs twice; expected it once")

    def _row(self, columns: list[str], cells: list[str], number: int) -> Row:
        if len(cells) != len(columns):
            raise DataError(
                f"{self.path}: row {number} has {len(cells)} cells; expected {len(columns)}"
            )
        row = dict(zip(columns, cells, strict=True))
        if not row["index"].strip():
            raise DataError(f"{self.path}: row {number}, column index: empty; expected a unique id")
        return row

    def _pictures(self, row: Row) -> tuple[Picture, ...]:
        """The row's pictures; from `image` (own or referred to), else from `image_path`."""
        if row.get("image", "").strip():
            return self._from_cells(row)
        if row.get("image_path", "").strip():
            if row["index"] not in self._decoded:
                names = _cells(row["image_path"])
                self._decoded[row["index"]] = tuple(self._from_file(row, name) for name in names)
            return self._decoded[row["index"]]
        if "image" in self._columns or "image_path" in self._columns:
            column = "image" if "image" in self._columns else "image_path"
            raise self._error(row, column, "empty; expected base64, a row's index or a path")
        return ()

    def _from_cells(self, row: Row) -> tuple[Picture, ...]:
        cell = row["image"].strip()
        if len(cell) <= REFERENCE_LENGTH and not LIST_CELL.fullmatch(cell):
            owner = self._by_index.get(cell)
            if owner is None:
                raise self._error(row, "image", f"refers to row {cell!r}, which does not exist")
            held = owner.get("image", "").strip()
            if len(held) <= REFERENCE_LENGTH and not LIST_CELL.fullmatch(held):
                raise self._error(row, "image", f"refers to row {cell!r}, which holds no picture")
            row = owner
        if row["index"] not in self._decoded:
            self._decoded[row["index"]] = tuple(
                self._from_base64(row, text) for text in _cells(row["image"])
            )
        return self._decoded[row["index"]]

    def _from_base64(self, row: Row, text: str) -> Picture:
        if len(text) > MAX_BYTES * 4 // 3 + 4:
            raise self._error(row, "image", f"over {MAX_BYTES} bytes")
        try:
            encoded = base64.b64decode("".join(text.split()), validate=True)
        except (binascii.Error, ValueError) as error:
            raise self._error(
                row, "image", f"not base64 ({error}); expected an encoded picture"
            ) from None
        return picture_of(encoded, self._place(row, "image"))

    def _from_file(self, row: Row, name: str) -> Picture:
        if self._root is None:
            raise self._error(
                row, "image_path", "is a path; name its folder as image_root in params.yaml"
            )
        path = (self._root / name).resolve()
        if not path.is_relative_to(self._root):
            raise self._error(row, "image_path", f"{name!r} leaves image_root; refused")
        try:
            encoded = path.read_bytes()
        except OSError:
            raise self._error(
                row, "image_path", f"{name!r} cannot be read below image_root"
            ) from None
        return picture_of(encoded, self._place(row, "image_path"))

    def _place(self, row: Row, column: str) -> str:
        return (
            f"{self.path}: row {self._lines[row['index']]} (index {row['index']}), column {column}"
        )

    def _error(self, row: Row, column: str, what: str) -> DataError:
        lines = getattr(self, "_lines", {})
        line = lines.get(row["index"], "?")
        return DataError(
            f"{self.path}: row {line} (index {row['index']}), column {column}: {what}; "
            "mend the file and run the same command again"
        )


def _open_format(rows: list[Row]) -> AnswerFormat:
    """yes_no if every open answer is yes or no; a fact about the benchmark, not about a row."""
    answers = {
        row["answer"].strip().lower()
        for row in rows
        if not any(row.get(letter) for letter in string.ascii_uppercase)
    }
    return "yes_no" if answers and answers <= {"yes", "no"} else "short"


def _cells(cell: str) -> list[str]:
    """A cell's entries: itself, or the strings of the list it spells."""
    if not LIST_CELL.fullmatch(cell):
        return [cell.strip()]
    try:
        found = ast.literal_eval(cell.strip())
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return [cell.strip()]
    return [str(entry) for entry in found]
