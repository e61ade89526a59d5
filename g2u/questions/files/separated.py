"""A TSV or CSV file as rows of text, read as a stream.

One row is held at a time, and any row is found again. Every cell is text and only the empty cell is
missing, so None, NA and null stay what they are.
"""

import csv
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from g2u.errors import DataError

csv.field_size_limit(min(sys.maxsize, 2**31 - 1))


@dataclass(frozen=True, slots=True)
class TextRow:
    """One row of the file."""

    number: int
    """From 2, as a spreadsheet counts; the header is 1."""
    offset: int
    """Bytes before it in the file."""
    cells: dict[str, str]


class SeparatedFile:
    """A UTF-8 file with a header and one delimiter; byte-order marks and Windows line ends pass."""

    def __init__(self, path: Path, delimiter: str = "\t") -> None:
        """Reads the header.

        Raises:
            DataError: no such file, not UTF-8, no header, or a column that occurs twice.
        """
        self.path = path
        self._delimiter = delimiter
        with self._open() as file:
            self.columns = next((cells for _, cells in self._records(file, 0)), [])
        if not self.columns:
            raise DataError(f"{path}: nothing in it; expected a header and rows")
        double = sorted({name for name in self.columns if self.columns.count(name) > 1})
        if double:
            raise DataError(f"{path}: column {double[0]!r} occurs twice; expected it once")

    def rows(self) -> Iterator[TextRow]:
        """All rows, in order. Raises DataError where one is not as wide as the header."""
        with self._open() as file:
            records = self._records(file, 0)
            next(records)
            for number, (offset, cells) in enumerate(records, 2):
                yield self._row(number, offset, cells)

    def at(self, number: int, offset: int) -> TextRow:
        """The row that `rows` yielded with this number and offset."""
        with self._open() as file:
            file.seek(offset)
            _, cells = next(self._records(file, offset))
        return self._row(number, offset, cells)

    def _row(self, number: int, offset: int, cells: list[str]) -> TextRow:
        if len(cells) != len(self.columns):
            raise DataError(
                f"{self.path}: row {number} has {len(cells)} cells; expected {len(self.columns)}"
            )
        return TextRow(number, offset, dict(zip(self.columns, cells, strict=True)))

    def _open(self) -> BinaryIO:
        try:
            return self.path.open("rb")
        except OSError as error:
            problem = str(error.strerror).lower()
            raise DataError(f"{self.path}: {problem}; expected a table of text") from None

    def _records(self, file: BinaryIO, start: int) -> Iterator[tuple[int, list[str]]]:
        """Records and the bytes before each. The reader takes lines only as it needs them, so the
        bytes it has taken when a record is complete end that record.
        """
        taken = start

        def lines() -> Iterator[str]:
            nonlocal taken
            for line in file:
                text = line.decode("utf-8-sig" if taken == 0 else "utf-8")
                taken += len(line)
                if "\0" in text:
                    raise csv.Error("line contains NUL")
                yield text

        reader = csv.reader(lines(), delimiter=self._delimiter, strict=True)
        try:
            before = taken
            for cells in reader:
                if cells:
                    yield before, cells
                before = taken
        except (UnicodeDecodeError, csv.Error) as error:
            raise DataError(
                f"{self.path}: line {reader.line_num}: not a UTF-8 table: {error}"
            ) from None
