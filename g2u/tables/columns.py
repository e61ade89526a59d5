"""Tables derived from records: columns from annotations, rows in and out.

A text or literal is a string, a whole number int32, any other float64, a tuple a list; `X | None`
is nullable. A record within a record is a struct, unless its columns are named: then these stand
in its place.
"""

import types
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Annotated, Any, Generic, Literal, TypeVar, Union, get_args, get_origin
from typing import get_type_hints as hints_of

import pyarrow as pa

from g2u.tables.parquet import iterate_rows, write_rows

R = TypeVar("R")
Row = Mapping[str, Any]
Long = Annotated[int, pa.int64()]
"""A whole number beyond 2**31."""
PLAIN = {str: pa.string(), int: pa.int32(), float: pa.float64(), bool: pa.bool_()}
PLAIN |= {bytes: pa.binary()}


def _same(value: Any) -> Any:
    return value


@dataclass(frozen=True, slots=True)
class Column:
    """How the values of a field lie in a table."""

    type: pa.DataType
    stored: Callable[[Any], Any] = _same
    """A value as Arrow takes it."""
    loaded: Callable[[Any], Any] = _same
    """The value of what Arrow gives back."""

    def listed(self) -> "Column":
        """The column of tuples of such values."""
        stored, loaded = self.stored, self.loaded
        if stored is _same and loaded is _same:
            return Column(pa.list_(self.type), list, tuple)
        return Column(
            pa.list_(self.type),
            lambda values: [stored(value) for value in values],
            lambda values: tuple(loaded(value) for value in values),
        )

    def nullable(self) -> "Column":
        """The column of such values and None."""
        stored, loaded = self.stored, self.loaded
        if stored is _same and loaded is _same:
            return self
        return Column(
            self.type,
            lambda value: None if value is None else stored(value),
            lambda value: None if value is None else loaded(value),
        )


@dataclass(frozen=True, slots=True)
class Table(Generic[R]):
    """Records of one kind as rows."""

    schema: pa.Schema
    row: Callable[[R], dict[str, Any]]
    record: Callable[[Row], R]

    def write(self, path: Path, records: Iterable[R]) -> None:
        """Write one parquet file, whole or not at all."""
        write_rows(path, self.schema, map(self.row, records))

    def read(self, path: Path) -> list[R]:
        """The records of a file, in their order.

        Raises:
            DataError: the file is missing, is no parquet, or lacks a column.
        """
        return list(map(self.record, iterate_rows(path, self.schema)))


def table_of(kind: type[R], **named: "Column | Table[Any]") -> Table[R]:
    """The table of a dataclass, its columns in the order of the fields.

    Args:
        kind: the dataclass.
        named: by field, its column where the annotation does not say it, or the table of a record
            whose columns stand in its place.

    Raises:
        TypeError: an annotation that has no column.
    """
    hints = hints_of(kind, include_extras=True)
    found = {
        field.name: named[field.name] if field.name in named else column_of(hints[field.name])
        for field in fields(kind)  # type: ignore[arg-type]
    }
    parts = {name: each for name, each in found.items() if isinstance(each, Table)}
    columns = {name: each for name, each in found.items() if isinstance(each, Column)}
    schema = [
        pair
        for name, each in found.items()
        for pair in (each.schema if isinstance(each, Table) else [(name, each.type)])
    ]

    def row(record: R) -> dict[str, Any]:
        values = {name: each.stored(getattr(record, name)) for name, each in columns.items()}
        for name, part in parts.items():
            values |= part.row(getattr(record, name))
        return values

    def record(row: Row) -> R:
        values = {name: each.loaded(row[name]) for name, each in columns.items()}
        for name, part in parts.items():
            values[name] = part.record(row)
        return kind(**values)

    return Table(pa.schema(schema), row, record)


def column_of(kind: Any) -> Column:
    """The column of a type.

    Raises:
        TypeError: there is none.
    """
    origin, inner = get_origin(kind), get_args(kind)
    if kind in PLAIN:
        return Column(PLAIN[kind])
    if origin is Annotated and isinstance(inner[1], pa.DataType):
        return Column(inner[1])
    if origin is Literal:
        return column_of(type(inner[0]))
    if origin is tuple and inner[1:] == (...,):
        return column_of(inner[0]).listed()
    if origin in (Union, types.UnionType) and len(inner) == 2 and types.NoneType in inner:
        return column_of(next(each for each in inner if each is not types.NoneType)).nullable()
    if is_dataclass(kind) and isinstance(kind, type):
        table = table_of(kind)
        return Column(pa.struct(list(table.schema)), table.row, table.record)
    raise TypeError(f"no column for {kind}; name one")
