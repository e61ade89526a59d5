"""Parquet files that polars, `datasets` and the Hub's viewer read without this project.

A picture is an encoded file in a {bytes, path} struct with the Hugging Face `Image` feature. Tables
with pictures are shards that close at 512 rows or 64 MB, so their boundaries do not move when rows
are appended. Files appear whole or not at all; equal rows give equal bytes. Pictures are compressed
already: they are stored as they are. Other files in a folder of shards are left alone. Rows are
written and read as a stream, a row group of 8 MB at a time.
"""

import functools
import json
import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from g2u.errors import DataError
from g2u.files import beside
from g2u.pictures.held import FILES

PART = re.compile(r"part-\d{5}\.parquet")
"""Name of a shard."""
FIRST = "part-00000.parquet"
SHARD_ROWS = 512
SHARD_BYTES = 64 * 2**20
GROUP_BYTES = 8 * 2**20
GROUP_ROWS = 2**16
READ_ROWS = 4096
SHARED_LENGTH = 64
IMAGE = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
LATER: Mapping[str, Any] = {
    "trace": (), "place": None, "seen": None, "donor": 0, "alter": None, "amount": 0,
    "asked": "", "is_asked_placed": False,
}  # fmt: skip
"""Columns that came later, and what stands for each in a table of before."""


def write_rows(
    path: Path, schema: pa.Schema, rows: Iterable[dict[str, Any]], texts: str = "zstd"
) -> None:
    """Write one parquet file, whole or not at all; equal rows give equal bytes.

    Args:
        path: the file.
        schema: its columns.
        rows: what goes into it.
        texts: how all but pictures are compressed; "none" for who reads them under limits.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = beside(path)
    try:
        _write(fresh, schema, rows, texts)
        os.replace(fresh, path)
    finally:
        fresh.unlink(missing_ok=True)


def _write(
    path: Path, schema: pa.Schema, rows: Iterable[dict[str, Any]], texts: str = "zstd"
) -> None:
    described = schema.with_metadata(_features(schema))
    encoded = [leaf for leaf in _leaves(schema) if leaf.endswith(".bytes")]
    others = [leaf for leaf in _leaves(schema) if leaf not in encoded]
    with pq.ParquetWriter(
        path,
        described,
        compression={**dict.fromkeys(others, texts), **dict.fromkeys(encoded, "none")},
        use_dictionary=others,
        write_statistics=others,
    ) as writer:
        for group in _groups(rows):
            writer.write_table(pa.Table.from_pylist(group, schema=described))


def _groups(rows: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """Row groups: 65,536 rows, or as many as hold 8 MB of pictures, so that little is held twice.

    An empty table has one empty group.
    """
    group: list[dict[str, Any]] = []
    size = count = 0
    for row in rows:
        size += _weight(row)
        group.append(row)
        if size > GROUP_BYTES or len(group) == GROUP_ROWS:
            yield group
            group, size, count = [], 0, count + 1
    if group or not count:
        yield group


def read_rows(
    path: Path, schema: pa.Schema, columns: list[str] | None = None
) -> list[dict[str, Any]]:
    """Rows of a parquet file as dicts.

    Raises:
        DataError: the file is missing, is no parquet, or lacks a column.
    """
    return list(iterate_rows(path, schema, columns))


def iterate_rows(
    path: Path, schema: pa.Schema, columns: list[str] | None = None
) -> Iterator[dict[str, Any]]:
    """The same, few in memory at a time; equal short texts are one object."""
    return (row for _, row in _placed_rows(path, schema, columns or schema.names))


def _placed_rows(
    path: Path, schema: pa.Schema, columns: list[str]
) -> Iterator[tuple[tuple[int, int], dict[str, Any]]]:
    """The row group of each row, its number in there, and the row."""
    try:
        with pq.ParquetFile(path) as file:
            there = file.schema_arrow.names
            held = [name for name in columns if name in there]
            absent = [name for name in columns if name not in there and name not in LATER]
            later = {name: LATER[name] for name in columns if name not in there and name in LATER}
            if absent:
                raise DataError(
                    f"{path}: no column {absent[0]!r}; expected {', '.join(schema.names)}; g2u run "
                    "makes it"
                )
            for group in range(file.num_row_groups):
                number = 0
                for batch in file.iter_batches(READ_ROWS, [group], held, use_threads=False):
                    for row in batch.to_pylist():
                        told = {n: _shared(value) for n, value in row.items()}
                        yield (group, number), told | later
                        number += 1
    except (pa.ArrowInvalid, OSError) as error:
        raise _unreadable(path, error) from None


def _unreadable(path: Path, error: Exception) -> DataError:
    if isinstance(error, FileNotFoundError):
        return DataError(f"{path}: missing; g2u run makes it")
    return DataError(f"{path}: not a whole parquet file ({error}); g2u run makes it")


@dataclass(frozen=True, slots=True)
class Shard:
    """A file of rows with pictures, as it was when it was looked at."""

    path: Path
    changed: int
    """In nanoseconds since 1970."""


@dataclass(frozen=True, slots=True)
class Lying:
    """The picture's file of a row of a shard, read when it is called for, with its row group."""

    shard: Shard
    group: int
    row: int
    digest: str
    """What the row's column says; rows of a shard that was written anew are other pictures."""

    def __call__(self) -> bytes:
        """The file. Raises DataError where the shard is gone, damaged, or another by now."""
        table = FILES.get((self.shard, self.group), self._read, lambda read: int(read.nbytes))
        if self.row >= len(table) or table["digest"][self.row].as_py() != self.digest:
            FILES.drop((self.shard, self.group))
            raise DataError(
                f"{self.shard.path}: changed while it was read: picture {self.digest[:12]} is gone;"
                " the same command reads it anew"
            )
        found: bytes = table["image"][self.row].as_py()["bytes"]
        return found

    def _read(self) -> pa.Table:
        try:
            with pq.ParquetFile(self.shard.path) as file:
                if "image" not in file.schema_arrow.names:
                    raise DataError(f"{self.shard.path}: no column 'image'; g2u run makes it anew")
                if self.group < file.num_row_groups:
                    return file.read_row_group(self.group, ["digest", "image"], use_threads=False)
        except (pa.ArrowInvalid, OSError) as error:
            raise _unreadable(self.shard.path, error) from None
        return pa.table({"digest": [], "image": []})


def _shared(value: Any) -> Any:
    """A short text as the one object of that text: ids and arms recur in every table."""
    return sys.intern(value) if type(value) is str and len(value) <= SHARED_LENGTH else value


def has_columns(path: Path, schema: pa.Schema) -> bool:
    """Whether a file is parquet with these columns, described as `write_rows` describes them; a
    file of before may lack those that came `LATER`.
    """
    try:
        found = pq.read_schema(path)
    except (pa.ArrowInvalid, OSError):
        return False
    fewest = [name for name in schema.names if name not in LATER or name in found.names]
    return b"huggingface" in (found.metadata or {}) and found.names == fewest


def count_rows(path: Path) -> int:
    """Rows of a parquet file, from its footer."""
    return int(pq.ParquetFile(path).metadata.num_rows)


def write_shards(
    folder: Path,
    schema: pa.Schema,
    rows: Iterable[dict[str, Any]],
    others: Mapping[str, tuple[pa.Schema, Sequence[dict[str, Any]]]] | None = None,
    texts: str = "zstd",
) -> None:
    """Write rows with pictures as part-00000.parquet ...; an empty table has one empty shard.

    All files are written beside their places and then change places with those that were there:
    where `rows` raises, these stay. The first shard goes first and comes last, so that a folder
    with a first shard is whole, whenever a run was killed.

    Args:
        folder: made if it is not there; files of other names in it stay as they are.
        schema: of the rows.
        rows: read once.
        others: further tables that belong to the rows, by file name.
        texts: how all but pictures are compressed; "none" for who reads them under limits.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for left in folder.glob(".part-*.parquet.g2u-new"):
        left.unlink()
    fresh: dict[Path, Path] = {}
    try:
        for number, shard in enumerate(_shards(rows)):
            place = folder / f"part-{number:05d}.parquet"
            fresh[place] = beside(place)
            _write(fresh[place], schema, shard, texts)
        for name, (kind, table) in (others or {}).items():
            fresh[folder / name] = beside(folder / name)
            _write(fresh[folder / name], kind, table)
        _take_places(folder, fresh)
    finally:
        for path in fresh.values():
            path.unlink(missing_ok=True)
        with suppress(OSError):  # not empty, as it should be
            folder.rmdir()


def _take_places(folder: Path, fresh: Mapping[Path, Path]) -> None:
    surplus = [part for part in shards(folder) if part not in fresh]
    if surplus or len(fresh) > 1:
        (folder / FIRST).unlink(missing_ok=True)
    for part in surplus:
        part.unlink()
    for place in sorted(fresh, reverse=True, key=lambda place: place.name != FIRST):
        os.replace(fresh[place], place)


def shards(folder: Path) -> list[Path]:
    """The shards that lie in a folder, in order; none where it is missing."""
    return sorted(path for path in folder.glob("part-*") if PART.fullmatch(path.name))


def read_shards(
    folder: Path, schema: pa.Schema, columns: list[str] | None = None
) -> Iterator[dict[str, Any]]:
    """Rows of all shards, in order."""
    for part in _whole(folder):
        yield from iterate_rows(part, schema, columns)


def read_places(folder: Path, schema: pa.Schema) -> Iterator[dict[str, Any]]:
    """The same, with a `Lying` as each row's `image`: no picture is read."""
    for part in _whole(folder):
        yield from places_of(part, schema)


def places_of(path: Path, schema: pa.Schema) -> Iterator[dict[str, Any]]:
    """The rows of one shard, with a `Lying` as each row's `image`."""
    try:
        shard = Shard(path, path.stat().st_mtime_ns)
    except OSError as error:
        raise _unreadable(path, error) from None
    columns = [name for name in schema.names if name != "image"]
    for place, row in _placed_rows(path, schema, columns):
        yield {**row, "image": Lying(shard, *place, row["digest"])}


def _whole(folder: Path) -> list[Path]:
    parts = shards(folder)
    if not parts or parts[0].name != FIRST:
        raise DataError(f"{folder}: missing or not whole; g2u run makes it")
    return parts


def _shards(rows: Iterable[dict[str, Any]]) -> Iterator[Iterator[dict[str, Any]]]:
    """The rows of each shard, each to be read before the next."""
    number = count = size = 0

    def shard_of(row: dict[str, Any]) -> int:
        nonlocal number, count, size
        weight = _weight(row)
        if count and (count == SHARD_ROWS or size + weight > SHARD_BYTES):
            number, count, size = number + 1, 0, 0
        count, size = count + 1, size + weight
        return number

    for _, shard in groupby(rows, key=shard_of):
        yield shard
    if not count:
        yield iter(())


def _weight(row: dict[str, Any]) -> int:
    """Bytes of the pictures in a row."""
    return sum(map(_bytes, row.values()))


def _bytes(value: Any) -> int:
    if type(value) is dict:
        held = value.get("bytes")
        return len(held) if type(held) is bytes else sum(map(_bytes, value.values()))
    return sum(map(_bytes, value)) if type(value) is list else 0


@functools.cache
def _leaves(schema: pa.Schema) -> tuple[str, ...]:
    """The columns that parquet stores, by path: a picture's file and its path are two."""
    table = schema.empty_table()
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink)
    stored = pq.ParquetFile(pa.BufferReader(sink.getvalue())).schema
    return tuple(stored.column(number).path for number in range(len(stored)))


def _features(schema: pa.Schema) -> dict[bytes, bytes]:
    """The Hugging Face feature description of a schema, so that `datasets` decodes the pictures."""
    features = {field.name: _feature(field.type) for field in schema}
    return {b"huggingface": json.dumps({"info": {"features": features}}).encode()}


def _feature(kind: pa.DataType) -> dict[str, Any]:
    if kind == IMAGE:
        return {"_type": "Image"}
    if pa.types.is_list(kind):
        return {"_type": "List", "feature": _feature(kind.value_type)}
    if pa.types.is_struct(kind):
        return {field.name: _feature(field.type) for field in kind}
    name = {"double": "float64"}.get(str(kind), str(kind))
    return {"_type": "Value", "dtype": name}
