"""Parquet files that polars, `datasets` and the Hub's viewer read without this project.

A picture is an encoded file in a {bytes, path} struct with the Hugging Face `Image` feature. Tables
with pictures are shards that close at 512 rows or 64 MB, so their boundaries do not move when rows
are appended. Files appear whole or not at all; equal rows give equal bytes. Pictures are compressed
already: they are stored as they are.
"""

import functools
import json
import os
import shutil
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from g2u.errors import DataError

SHARD_ROWS = 512
SHARD_BYTES = 64 * 2**20
GROUP_BYTES = 8 * 2**20
READ_ROWS = 4096
SHARED_LENGTH = 64
IMAGE = pa.struct([("bytes", pa.binary()), ("path", pa.string())])


def write_rows(
    path: Path, schema: pa.Schema, rows: Sequence[dict[str, Any]], texts: str = "zstd"
) -> None:
    """Write one parquet file, whole or not at all; equal rows give equal bytes.

    Args:
        path: the file.
        schema: its columns.
        rows: what goes into it.
        texts: how all but pictures are compressed; "none" for who reads them under limits.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.new")
    described = schema.with_metadata(_features(schema))
    encoded = [f"{field.name}.bytes" for field in schema if field.type == IMAGE]
    others = [leaf for leaf in _leaves(schema) if leaf not in encoded]
    try:
        with pq.ParquetWriter(
            fresh,
            described,
            compression={**dict.fromkeys(others, texts), **dict.fromkeys(encoded, "none")},
            use_dictionary=others,
            write_statistics=others,
        ) as writer:
            for group in _groups(rows):
                writer.write_table(pa.Table.from_pylist(group, schema=described))
        os.replace(fresh, path)
    finally:
        fresh.unlink(missing_ok=True)


def _groups(rows: Sequence[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """Row groups: all rows, or as many as hold 8 MB of pictures, so that little is held twice."""
    group: list[dict[str, Any]] = []
    size = 0
    for row in rows:
        size += _weight(row)
        group.append(row)
        if size > GROUP_BYTES:
            yield group
            group, size = [], 0
    if group or not rows:
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
    try:
        with pq.ParquetFile(path) as file:
            there = file.schema_arrow.names
            absent = [name for name in columns or schema.names if name not in there]
            if absent:
                raise DataError(
                    f"{path}: no column {absent[0]!r}; expected {', '.join(schema.names)}"
                )
            for number in range(file.num_row_groups):
                for batch in file.iter_batches(READ_ROWS, [number], columns, use_threads=False):
                    for row in batch.to_pylist():
                        yield {name: _shared(value) for name, value in row.items()}
    except FileNotFoundError:
        raise DataError(f"{path}: missing; run dvc repro, which makes it") from None
    except (pa.ArrowInvalid, OSError) as error:
        raise DataError(f"{path}: not a whole parquet file ({error}); run dvc repro") from None


def _shared(value: Any) -> Any:
    """A short text as the one object of that text: ids and arms recur in every table."""
    return sys.intern(value) if type(value) is str and len(value) <= SHARED_LENGTH else value


def count_rows(path: Path) -> int:
    """Rows of a parquet file, from its footer."""
    return int(pq.ParquetFile(path).metadata.num_rows)


def write_shards(
    folder: Path, schema: pa.Schema, rows: Iterable[dict[str, Any]], texts: str = "zstd"
) -> None:
    """Write rows with pictures as part-00000.parquet ...; an empty table has one empty shard.

    The folder appears whole or not at all: where `rows` raises, what was there stays.
    """
    fresh = folder.with_name(f".{folder.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    try:
        for number, shard in enumerate(_shards(rows)):
            write_rows(fresh / f"part-{number:05d}.parquet", schema, shard, texts)
        if folder.exists():
            shutil.rmtree(folder)
        os.replace(fresh, folder)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def read_shards(
    folder: Path, schema: pa.Schema, columns: list[str] | None = None
) -> Iterator[dict[str, Any]]:
    """Rows of all shards, in order."""
    parts = sorted(folder.glob("part-*.parquet"))
    if not parts:
        raise DataError(f"{folder}: missing or empty; run dvc repro, which makes it")
    for part in parts:
        yield from iterate_rows(part, schema, columns)


def _shards(rows: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    shard: list[dict[str, Any]] = []
    size, count = 0, 0
    for row in rows:
        weight = _weight(row)
        if shard and (len(shard) == SHARD_ROWS or size + weight > SHARD_BYTES):
            yield shard
            shard, size, count = [], 0, count + 1
        shard.append(row)
        size += weight
    if shard or not count:
        yield shard


def _weight(row: dict[str, Any]) -> int:
    """Bytes of the pictures in a row."""
    pictures = (row.get(name) for name in ("image", "original"))
    return sum(len(picture["bytes"]) for picture in pictures if picture)


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
