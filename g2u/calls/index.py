"""Where replies lie: the indices of all segments in memory, 20 bytes a reply."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from g2u.calls.segment import HEADER, taken_apart
from g2u.calls.segment import Index as Lines
from g2u.calls.store import Entry, unpacked

FEW = 4096
"""Replies that are kept in a dictionary until they are sorted in."""
ROW = np.dtype([("segment", "u4"), ("offset", "u4"), ("size", "u4")])
Row = tuple[int, int, int]


class Place(NamedTuple):
    """Where a reply lies, with its header."""

    segment: str
    offset: int
    """In bytes."""
    size: int
    """In bytes."""


Reading = Callable[[Sequence[Place]], Iterable[bytes | None]]
"""Gives what lies at sorted places; None where a segment is gone."""


class Index:
    """From key to places."""

    def __init__(self) -> None:
        self._names: list[str] = []
        self._numbers: dict[str, int] = {}
        self._keys: npt.NDArray[Any] = np.zeros(0, "u8")
        """Sorted; the last word of each, as the reply itself tells whose it is."""
        self._rows: npt.NDArray[Any] = np.zeros(0, ROW)
        self._few: dict[int, list[Row]] = {}
        self._count = 0

    def add(self, segment: str, lines: Lines) -> None:
        """Take in replies of a segment."""
        if not len(lines):
            return
        if segment not in self._numbers:
            self._numbers[segment] = len(self._names)
            self._names.append(segment)
        words = np.frombuffer(bytes.fromhex(lines["key"].tobytes().decode()), ">u8")
        keys = words[3::4].astype("u8")
        rows: npt.NDArray[Any] = np.zeros(len(lines), ROW)
        rows["segment"] = self._numbers[segment]
        rows["offset"] = lines["offset"]
        rows["size"] = lines["size"] + HEADER.size
        self._count += len(rows)
        if self._count > FEW:
            self._settle(keys, rows)
        else:
            some: list[Row] = rows.tolist()
            for key, row in zip(keys.tolist(), some, strict=True):
                self._few.setdefault(key, []).append(row)

    def drop(self, segments: Iterable[str]) -> None:
        """Forget segments."""
        numbers = [self._numbers.pop(name) for name in segments if name in self._numbers]
        if numbers:
            self._settle(np.zeros(0, "u8"), np.zeros(0, ROW))
            is_left = ~np.isin(self._rows["segment"], numbers)
            self._keys, self._rows = self._keys[is_left], self._rows[is_left]

    def find(self, keys: Iterable[str]) -> dict[str, list[Place]]:
        """Where replies of these names may lie; keys of which nothing is known are left out."""
        words = {key: int(key[48:], 16) for key in keys}
        wanted = np.array(list(words.values()), "u8")
        starts = self._keys.searchsorted(wanted).tolist()
        ends = self._keys.searchsorted(wanted, "right").tolist()
        found = {}
        for (key, word), start, end in zip(words.items(), starts, ends, strict=True):
            rows = [*self._few.get(word, ()), *self._rows[start:end].tolist()]
            if rows:
                found[key] = [Place(self._names[number], *where) for number, *where in rows]
        return found

    def _settle(self, keys: npt.NDArray[Any], rows: npt.NDArray[Any]) -> None:
        """Sort in these, and what the dictionary holds."""
        few = [(key, row) for key, some in self._few.items() for row in some]
        self._few, self._count = {}, 0
        keys = np.concatenate([self._keys, keys, np.array([key for key, _ in few], "u8")])
        rows = np.concatenate([self._rows, rows, np.array([row for _, row in few], ROW)])
        order = np.argsort(keys, kind="stable")
        self._keys, self._rows = keys[order], rows[order]


def look_up(
    index: Index, keys: Sequence[str], kind: str | None, read: Reading
) -> tuple[dict[str, Entry], dict[str, str]]:
    """Replies that lie where the index says, of several sound ones the first stored, whoever wrote
    them and where; and of damaged ones the segment, by key.
    """
    found: dict[str, Entry] = {}
    damaged: dict[str, str] = {}
    ranks: dict[str, tuple[int, int]] = {}
    turn = sorted((place, key) for key, places in index.find(keys).items() for place in places)
    for (place, key), raw in zip(turn, read([place for place, _ in turn]), strict=True):
        apart = None if raw is None else taken_apart(key, raw)
        if apart is None:
            continue
        rank, reply = apart
        entry = unpacked(key, reply)
        if entry is None:
            damaged[key] = place.segment
        elif kind in (None, entry.kind) and (key not in found or rank < ranks[key]):
            found[key], ranks[key] = entry, rank
    return {key: found[key] for key in keys if key in found}, damaged
