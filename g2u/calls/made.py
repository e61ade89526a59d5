"""Calls that a workspace's results were made from, as replies: who pulled the results pays nothing.

Stages leave the calls that they were made from beside their tables (data/<benchmark>/calls/), and a
drawing lies among the thoughts under its call. What the call cache lacks is looked for there,
checked, and taken into the call cache.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from g2u.calls.costs import mean_seconds
from g2u.calls.encoding import as_entry, drawn_of, numbers_of, text_of
from g2u.calls.store import Entry, Replies
from g2u.errors import DataError
from g2u.pictures.decoding import picture_of
from g2u.premises import Checked, Role
from g2u.tables import parquet
from g2u.tables.schemas import CALLS, THOUGHTS

Place = tuple[Path, int]
"""A parquet file, and a row of it."""
Files = Callable[[], Iterable[Path]]


class MadeStore:
    """`Replies` that also knows what results were made from.

    Args:
        store: the call cache.
        calls: files of g2u.tables.schemas.CALLS; asked for at the first reply that the cache lacks.
        thoughts: files of g2u.tables.schemas.THOUGHTS; likewise.
        costs: the file that says what the calls of a file of calls cost (g2u/calls/costs.py).
        takes: whether what is found there is put into the cache.
    """

    def __init__(
        self,
        store: Replies,
        calls: Files,
        thoughts: Files,
        costs: Callable[[Path], Path],
        *,
        takes: bool,
    ) -> None:
        self._store, self._calls, self._thoughts, self._takes = store, calls, thoughts, takes
        self._costs = lru_cache(maxsize=None)(lambda path: mean_seconds(costs(path)))
        self._indices: dict[str, dict[str, Place]] = {}
        self._rows = lru_cache(maxsize=4)(_rows)

    @property
    def place(self) -> str:
        """The call cache's."""
        return self._store.place

    def get_many(self, keys: Iterable[str], kind: str | None = None) -> Mapping[str, Entry]:
        """See `Replies.get_many`."""
        wanted = list(keys)
        found = dict(self._store.get_many(wanted, kind))
        made = {key: place for key in wanted if key not in found and (place := self._place(key))}
        for key in sorted(made, key=lambda key: made[key]):
            entry = self._entry(key)
            if entry is None or (kind is not None and entry.kind != kind):
                continue
            found[key] = entry
            if self._takes:
                self._store.put(key, entry)
        return found

    def take_in(self, files: Iterable[Path]) -> None:
        """Put what these files of calls hold into the call cache, where it is missing there."""
        for path in files:
            self.get_many(_column(path, "call"))

    def require_room(self, keys: Iterable[str]) -> None:
        """See `Replies.require_room`."""
        self._store.require_room(keys)

    def put(self, key: str, entry: Entry) -> None:
        """See `Replies.put`."""
        self._store.put(key, entry)

    def _place(self, key: str) -> Place | None:
        return self._index("call").get(key) or self._index("thought").get(key)

    def _index(self, column: str) -> dict[str, Place]:
        """Where each call lies; read once."""
        if column not in self._indices:
            files = self._calls() if column == "call" else self._thoughts()
            self._indices[column] = {
                key: (path, number)
                for path in files
                for number, key in enumerate(_column(path, column))
                if key
            }
        return self._indices[column]

    def _entry(self, key: str) -> Entry | None:
        """The reply of a call; None where it is not sound, or no longer there."""
        told = self._index("call").get(key)
        seconds = 0.0
        if told is not None:
            row = self._row(told, key, "call")
            if row is None:
                return None
            seconds = self._costs(told[0]).get(row["kind"], 0.0)
            if row["reply"] is not None:
                return _sound(row["reply"], row["kind"], seconds)
        drawn = self._index("thought").get(key)
        thought = self._row(drawn, key, "thought") if drawn is not None else None
        return _drawn(thought, seconds) if thought else None

    def _row(self, place: Place, key: str, column: str) -> dict[str, Any] | None:
        path, number = place
        rows = self._rows(path, column)
        return rows[number] if number < len(rows) and rows[number][column] == key else None


def checks_of(path: Path) -> dict[Role, Checked]:
    """What the checks of models came to that are among a stage's calls, by role."""
    return {checked.role: checked for checked in checks_in(path)}


def checks_in(path: Path) -> list[Checked]:
    """The same, one after the other: a stage may have asked several models in one role."""
    rows = parquet.iterate_rows(path, CALLS.schema, ["kind", "reply"])
    return [Checked.of(row["reply"]) for row in rows if row["kind"] == "check"]


def _rows(path: Path, column: str) -> list[dict[str, Any]]:
    """A shard's rows; none where it is gone or damaged."""
    try:
        if column == "call":
            return parquet.read_rows(path, CALLS.schema)
        return list(parquet.places_of(path, THOUGHTS.schema))
    except DataError:
        return []


def _column(path: Path, column: str) -> list[str]:
    """Names of the calls of a file; of thoughts, empty where no model was asked."""
    try:
        if column == "call":
            return [row["call"] for row in parquet.iterate_rows(path, CALLS.schema, ["call"])]
        rows = parquet.iterate_rows(path, THOUGHTS.schema, ["thought", "identity"])
        return [row["thought"] if row["identity"] else "" for row in rows]
    except DataError:
        return []


def _drawn(thought: Mapping[str, Any], seconds: float) -> Entry | None:
    """A thought's drawing as the call cache keeps it, None where it is gone or no picture."""
    try:
        found = picture_of(thought["image"]())
    except DataError:
        return None
    told = THOUGHTS.record(thought)
    entry = as_entry("edit", replace(found, trace=told.trace, seen=told.seen))
    return replace(entry, seconds=seconds) if isinstance(entry, Entry) else None


def _sound(body: bytes, kind: str, seconds: float) -> Entry | None:
    """A reply as the call cache keeps it, None if it is none of this kind."""
    entry = Entry(body, kind, seconds)
    try:
        if kind == "edit":
            made = as_entry("edit", drawn_of(entry))
            return replace(entry, picture=made.picture) if isinstance(made, Entry) else None
        if kind == "check":
            Checked.of(body)
            return entry
        numbers: tuple[float, ...] = ()
        if kind == "answer":
            text_of(entry)
        else:
            numbers = numbers_of(entry)
    except (DataError, ValueError, TypeError, KeyError, AttributeError):
        return None
    return entry if all(map(math.isfinite, numbers)) else None
