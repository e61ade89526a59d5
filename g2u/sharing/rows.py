"""Rows of shared thoughts: their columns, and what must hold of each before it is believed."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal

import pyarrow as pa
from pydantic import AfterValidator, Field, StringConstraints
from pydantic import ValidationError as Invalid

from g2u.digests import canonical
from g2u.errors import DataError
from g2u.pictures.decoding import MAX_BYTES
from g2u.records import Picture, Seen, Size
from g2u.sharing.manifest import Hex, Manifest, Name, SharedCell, SharedFile, Strict, fault
from g2u.sharing.reading import FILE_BYTES, object_of, opened, shard_rows, shown
from g2u.tables import schemas as tables
from g2u.tables.parquet import IMAGE
from g2u.tables.places import Cell

LINKED = ("question", "position", "choice")
REPLY = pa.struct([("arm", pa.string()), ("status", pa.string()), ("response", pa.string())])
"""What the cell's model said in an arm; `status` as in the answers: ok, failed, not_applicable."""
USE = pa.struct(
    [
        ("question", pa.string()),
        ("position", pa.int32()),
        ("choice", pa.string()),
        ("text", pa.string()),
        ("choices", pa.list_(pa.string())),
        ("format", pa.string()),
        ("asked", pa.string()),
        ("is_placed", pa.bool_()),
        ("pictures", pa.list_(pa.string())),
        ("originals", pa.list_(IMAGE)),
        ("replies", pa.list_(REPLY)),
    ]
)
"""Where a thought is shown: the question and the place of its picture (`LINKED`), what is asked
(text, choices, format; `asked` is all of it in the words in which g2u asks; `pictures` the digests
of all its pictures in order, `originals` these pictures where it has several) and what the cell's
model replied in each arm; empty where no licence is stated.
"""
SHARED = pa.schema([*tables.THOUGHTS.schema, ("original", IMAGE), ("uses", pa.list_(USE))])
"""Columns of a configuration: those of g2u.tables.schemas.THOUGHTS, the original, and where it is
shown.
"""
READ = tables.THOUGHTS.schema.names
"""Columns that g2u reads; the others are for people."""
PIXELS = 4096 * 4096
"""Of a shared picture: decoding takes 300 MiB at most."""
LETTERS = 2**16
"""Of a text; a prompt of a thousand words has 6,000."""


def _sampler(text: str) -> str:
    settings = object_of(text.encode())
    if not all(isinstance(value, str | int | float) for value in settings.values()):
        raise ValueError("expected settings without lists or objects")
    if canonical(settings).decode() != text:
        raise ValueError("expected JSON with sorted names and no spaces")
    return text


Text = Annotated[str, Field(max_length=LETTERS)]
Number = Annotated[int, Field(ge=0, lt=2**63)]
Side = Annotated[int, Field(ge=1, le=PIXELS)]


class Image(Strict):
    """A picture as `datasets` stores it."""

    bytes: Annotated[bytes, Field(max_length=MAX_BYTES)]
    path: None


class Shown(Strict):
    """What the model was shown, as in `g2u.records.Seen`."""

    pictures: Annotated[list[dict[Literal["width", "height"], Side]], Field(max_length=100)]
    tokens: Number | None


class Row(Strict):
    """A thought, as in the columns of g2u.tables.schemas.THOUGHTS."""

    thought: Hex
    digest: Hex
    image: Image
    width: Side
    height: Side
    source: Annotated[str, StringConstraints(pattern=r"\A([0-9a-f]{64})?\z")]
    given: Annotated[str, StringConstraints(pattern=r"\A([0-9a-f]{64}( [0-9a-f]{64}){0,99})?\z")]
    benchmark: Name
    family: Name
    model: Name
    identity: Text
    prompt: Text
    writer: Text
    base: Text
    style: Text
    sampler: Annotated[Text, AfterValidator(_sampler)]
    seed: Number
    draw: Number
    round: Number
    trace: Annotated[Sequence[Text], Field(max_length=2)]
    place: Number | None
    seen: Shown | None


def check_row(row: Mapping[str, Any], cell: SharedCell | Cell) -> None:
    """That a row is one of the cell's, and its name that of the call that it describes.

    Raises:
        ValueError: why it is not.
    """
    try:
        Row.model_validate({name: row[name] for name in READ})
    except Invalid as error:
        raise ValueError(fault(error)) from None
    for axis in ("benchmark", "model", "family"):
        if row[axis] != getattr(cell, axis):
            raise ValueError(f"{axis} is {row[axis]}; expected {getattr(cell, axis)}")
    if row["width"] * row["height"] > PIXELS:
        raise ValueError(f"{row['width']}x{row['height']} pixels; expected at most {PIXELS}")
    if row["thought"] != (tables.edit_call(row) if row["identity"] else row["digest"]):
        raise ValueError(
            f"{row['thought'][:12]} is not the name of what the row describes (identity, given, "
            "prompt, sampler, seed); refused"
        )


def is_call(row: Mapping[str, Any]) -> bool:
    """Whether a row is the whole reply of a call: a model drew it, and nothing beside it."""
    return bool(row["identity"]) and row["place"] is None


def told(picture: Picture, row: Mapping[str, Any]) -> Picture:
    """A row's picture, with what was said with it and what its model was shown."""
    shown = row["seen"]
    seen = shown and Seen(tuple(Size(**size) for size in shown["pictures"]), shown["tokens"])
    return replace(picture, trace=tuple(row["trace"]), seen=seen)


def read_rows(
    folder: Path, manifest: Manifest, cell: SharedCell
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Where and what the rows of a configuration are, each checked, one in memory at a time.

    Raises:
        DataError: a changed shard, or a row that is not what it has to be.
    """
    for name in cell.shards:
        for number, row in enumerate(read_shard(folder, manifest, cell, name, READ)):
            where = f"{folder / name}: row {number}"
            try:
                check_row(row, cell)
            except ValueError as error:
                raise DataError(f"{where}: {shown(error, 400)}") from None
            yield where, row


def read_shard(
    folder: Path, manifest: Manifest, cell: SharedCell, name: str, columns: Sequence[str]
) -> Iterator[dict[str, Any]]:
    """Some columns of a shard of thoughts, in order; see `read_table`."""
    return read_table(folder / name, manifest.files[name], SHARED, columns, cell.shards[name])


def read_table(
    path: Path, said: SharedFile, schema: pa.Schema, columns: Sequence[str], count: int
) -> Iterator[dict[str, Any]]:
    """Some columns of a shard, in order; the shard's bytes are those of the manifest.

    Args:
        path: the shard.
        said: what the manifest says of it.
        schema: all its columns.
        columns: those that are read.
        count: its rows.

    Raises:
        DataError: it is another file, or beyond a limit.
    """
    with opened(path, FILE_BYTES) as file:
        if hashlib.file_digest(file, "sha256").hexdigest() != said.sha256:
            raise DataError(f"{path}: changed; get the dataset again")
        try:
            yield from shard_rows(file, schema, columns, count)
        except ValueError as error:
            raise DataError(f"{path}: {shown(error, 400)}") from None
