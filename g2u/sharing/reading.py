"""Files of foreign datasets, read under limits: nothing is believed that a file says of itself.

Files are opened without following links or waiting for writers. JSON has a size and a depth. Shards
are stored without compression (`SHARED` of g2u.sharing.export), so that no column grows when it is
read, and are read a row at a time, so that a value that many rows refer to is held once.
"""

import errno
import json
import os
import stat
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from io import BufferedReader
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from g2u.errors import DataError
from g2u.tables.parquet import SHARD_ROWS

FILE_BYTES = 256 * 2**20
"""A shard closes at 64 MiB of pictures; its last row may hold two of 64 MiB."""
FOOTER_BYTES = 4 * 2**20
GROUP_BYTES = 160 * 2**20
"""Of the columns that are read; a row group closes at 8 MiB of pictures."""
TEXT_BYTES = 16 * 2**20
"""A column of texts or numbers in a row group."""
LISTED = 1024
"""Entries of any list in a footer (columns, row groups, ...)."""
STATED = 2**20
"""Bytes of any text in a footer."""
DEPTH = 32
SHOWN = 200


def shown(text: object, most: int = SHOWN) -> str:
    """Foreign text for a message: one line, control characters as escapes, cut after `most`."""
    escaped = "".join(
        character if not unicodedata.category(character).startswith(("C", "Zl", "Zp"))
        else character.encode("unicode_escape").decode()
        for character in str(text)[: most + 1]
    )  # fmt: skip
    return escaped if len(escaped) <= most else f"{escaped[:most]}..."


def opened(path: Path, most: int) -> BufferedReader:
    """A plain file, to read.

    Args:
        path: where it lies.
        most: bytes that it may have.

    Raises:
        DataError: it is missing, no plain file, cannot be read or is greater.
    """
    where = shown(path)
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise DataError(f"{where}: missing; expected a dataset that g2u export wrote") from None
    except (OSError, ValueError) as error:
        said = error.strerror if isinstance(error, OSError) else error
        is_link = isinstance(error, OSError) and error.errno == errno.ELOOP
        why = "a link" if is_link else f"cannot be read: {said}"
        raise DataError(f"{where}: {why}; expected plain files") from None
    status = os.fstat(handle)
    lies = "" if stat.S_ISREG(status.st_mode) else "not a plain file; expected plain files"
    if not lies and status.st_size > most:
        lies = f"{status.st_size} bytes; expected at most {most}"
    if lies:
        os.close(handle)
        raise DataError(f"{where}: {lies}")
    return os.fdopen(handle, "rb")


def object_of(raw: bytes) -> dict[str, Any]:
    """The object that a JSON text is.

    Raises:
        ValueError: it is something else, repeats a name, holds what is no JSON, or is too deep.
    """
    try:
        found = json.loads(raw, object_pairs_hook=_named_once, parse_constant=_no_constant)
    except RecursionError:
        raise ValueError(f"nested deeper than {DEPTH}") from None
    if not isinstance(found, dict):
        raise ValueError("expected an object")
    level: list[Any] = [found]
    for _ in range(DEPTH):
        level = [inner for value in level for inner in _inner(value)]
    if level:
        raise ValueError(f"nested deeper than {DEPTH}")
    return found


def shard_rows(
    file: BufferedReader, schema: pa.Schema, columns: Sequence[str], count: int
) -> Iterator[dict[str, Any]]:
    """Rows of a shard, one in memory at a time with the bytes of its row group.

    Args:
        file: a shard.
        schema: the columns that it has, with their types.
        columns: those that are read.
        count: rows that it has.

    Raises:
        ValueError: it is another table, or goes beyond a limit.
    """
    size = _check_footer(file)
    try:
        with pq.ParquetFile(
            file,
            pre_buffer=False,  # else Arrow's threads read it, and may abort a Python that ends
            thrift_string_size_limit=STATED,
            thrift_container_size_limit=LISTED,
        ) as table:
            _check_columns(table.schema_arrow, schema, columns)
            _check_sizes(table.metadata, columns, count)
            number = pictured = 0
            for group in range(table.num_row_groups):
                for batch in table.iter_batches(1, [group], list(columns), use_threads=False):
                    (row,) = batch.to_pylist()
                    pictured += len((row.get("image") or {}).get("bytes") or b"")
                    if pictured > size:
                        raise ValueError("pictures that add up to more than their file")
                    yield row
                    number += 1
    except (pa.ArrowException, OSError, MemoryError) as error:
        raise ValueError(f"not a sound shard: {shown(error)}") from None
    if number != count:
        raise ValueError(f"{number} rows; expected {count}")


def _check_footer(file: BufferedReader) -> int:
    """Bytes of the file, whose footer is within the limits."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - 8))
    tail = file.read(8)
    file.seek(0)
    if len(tail) != 8 or tail[4:] != b"PAR1":
        raise ValueError("not a parquet file")
    footer = int.from_bytes(tail[:4], "little")
    if footer > min(FOOTER_BYTES, size):
        raise ValueError(f"a footer of {footer} bytes; expected at most {FOOTER_BYTES}")
    return size


def _check_columns(found: pa.Schema, expected: pa.Schema, columns: Iterable[str]) -> None:
    if found.names != expected.names:
        raise ValueError(
            f"columns {shown(', '.join(found.names))}; expected {', '.join(expected.names)}"
        )
    for name in columns:
        if found.field(name).type != expected.field(name).type:
            raise ValueError(f"column {name} is of {shown(found.field(name).type)}; expected "
                             f"{expected.field(name).type}")  # fmt: skip


def _check_sizes(said: Any, columns: Sequence[str], count: int) -> None:
    """Compare what a footer says with the limits."""
    if said.num_rows != count or count > SHARD_ROWS or said.num_row_groups > SHARD_ROWS:
        raise ValueError(
            f"{said.num_rows} rows in {said.num_row_groups} groups; expected {count}, at most "
            f"{SHARD_ROWS}"
        )
    for number in range(said.num_row_groups):
        group, total = said.row_group(number), 0
        for place in range(group.num_columns):
            column = group.column(place)
            name = column.path_in_schema
            if name.split(".")[0] not in columns:
                continue
            if column.compression != "UNCOMPRESSED":
                raise ValueError(
                    f"column {name} is compressed ({column.compression}); expected columns as g2u "
                    "export stores them"
                )
            size = max(column.total_compressed_size, column.total_uncompressed_size)
            total += size
            if (name != "image.bytes" and size > TEXT_BYTES) or total > GROUP_BYTES:
                raise ValueError(f"{size} bytes in column {name}; expected less in a row group")


def _named_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name is repeated")
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def _inner(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()
