"""Rows of any table: parquet, JSON lines, JSON, CSV, TSV, or a dataset of the Hugging Face Hub.

Cells keep their types; in CSV and TSV all are text and only the empty cell is missing.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from g2u.errors import DataError
from g2u.questions.files.separated import SeparatedFile

BATCH_ROWS = 64
READ_BYTES = 2**20
"""Of a column that are read at once."""
BYTE_ORDER_MARK = "\ufeff".encode()
Row = dict[str, Any]


def rows_of(path: Path) -> Iterator[tuple[int, Row]]:
    """Number (from 1) and cells of every row; a folder stands for its parquet files, by name.

    Raises:
        DataError: missing, not readable, or of an unknown kind.
    """
    if path.is_dir():
        parts = sorted(path.rglob("*.parquet"))
        if not parts:
            raise DataError(f"{path}: no parquet file in it")
        rows = (row for part in parts for _, row in _parquet(part))
        yield from enumerate(rows, 1)
        return
    readers = {
        ".parquet": _parquet,
        ".jsonl": _json_lines,
        ".json": _json,
        ".csv": _csv,
        ".tsv": _tsv,
    }
    if path.suffix not in readers:
        raise DataError(f"{path}: unknown kind; expected {', '.join(readers)} or a folder")
    if not path.exists():
        raise DataError(f"{path}: no such file")
    yield from readers[path.suffix](path)


def dataset_rows(named: Mapping[str, Any]) -> Iterator[tuple[int, Row]]:
    """Rows of `datasets.load_dataset(path, name, split, revision)`; pictures as encoded files.

    Raises:
        DataError: the package is missing, or it cannot load the dataset.
    """
    try:
        import datasets
    except ImportError:
        raise DataError("package datasets is not installed; pip install 'g2u[datasets]'") from None
    known = {"path", "name", "split", "revision"}
    unknown = sorted(set(named) - known)
    if unknown or "path" not in named or "split" not in named:
        raise DataError(f"hf: {named}; expected path and split, perhaps name and revision")
    try:
        table = datasets.load_dataset(**named)
    except (OSError, ValueError) as error:
        raise DataError(f"hf: {named['path']}: {' '.join(str(error).split())[:300]}") from None
    for name, feature in table.features.items():
        if isinstance(feature, datasets.Image):
            table = table.cast_column(name, datasets.Image(decode=False))
    for number, row in enumerate(table, 1):
        yield number, dict(row)


def _parquet(path: Path) -> Iterator[tuple[int, Row]]:
    """As a stream: what pyarrow reads ahead by itself, a file's pictures, it keeps to the end."""
    try:
        with pq.ParquetFile(path, buffer_size=READ_BYTES, pre_buffer=False) as file:
            number = 0
            for batch in file.iter_batches(batch_size=BATCH_ROWS, use_threads=False):
                for row in batch.to_pylist():
                    number += 1
                    yield number, row
    except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
        said = " ".join(str(error).split())[:200]
        raise DataError(f"{path}: not a whole parquet file ({said})") from None


def _json_lines(path: Path) -> Iterator[tuple[int, Row]]:
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, 1):
                text = line.removeprefix(BYTE_ORDER_MARK) if number == 1 else line
                if text.strip():
                    yield number, _object(text, f"{path}: line {number}")
    except OSError as error:
        raise DataError(f"{path}: {str(error.strerror).lower()}; expected JSON lines") from None


def _json(path: Path) -> Iterator[tuple[int, Row]]:
    try:
        found = json.loads(path.read_text(encoding="utf-8-sig"), object_pairs_hook=_unique)
    except (ValueError, RecursionError, OSError) as error:
        raise DataError(f"{path}: not JSON ({error})") from None
    if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
        raise DataError(f"{path}: expected a list of objects")
    yield from enumerate(found, 1)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object. Raises ValueError where a name occurs twice: which is meant, nobody can tell."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"{twice!r} occurs twice in one object")
    return found


def _object(line: bytes, where: str) -> Row:
    try:
        found = json.loads(line.decode(), object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{where}: not JSON ({error})") from None
    if not isinstance(found, dict):
        raise DataError(f"{where}: expected an object")
    return found


def _csv(path: Path) -> Iterator[tuple[int, Row]]:
    for row in SeparatedFile(path, ",").rows():
        yield row.number, dict(row.cells)


def _tsv(path: Path) -> Iterator[tuple[int, Row]]:
    for row in SeparatedFile(path).rows():
        yield row.number, dict(row.cells)
