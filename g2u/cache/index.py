"""Where replies lie: an index in memory over the indices of all segments, 28 bytes a reply."""

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from operator import mul
from typing import Any

import numpy as np
import numpy.typing as npt

from g2u.cache.segment import Records

FEW = 4096
"""Replies that are kept in a dictionary until they are sorted in."""
COLUMNS = {"key": "u8", "seal": "u4", "segment": "u4", "offset": "u8", "length": "u4"}
"""A hash of the key and the seal's first bytes; the reply itself has both whole."""
FACTORS = np.array([1, 0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9], "u8")
WORDS = struct.Struct(">4Q")
Columns = dict[str, npt.NDArray[Any]]


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where a reply lies."""

    segment: str
    offset: int
    """In bytes."""
    length: int
    """In bytes."""


class Index:
    """From key to places. Of several replies under one key the one with the smallest seal comes
    first, whoever wrote it, when and where: all readers and all merges choose the same.
    """

    def __init__(self) -> None:
        self._names: list[str] = []
        self._numbers: dict[str, int] = {}
        self._sorted = _columns(0)
        self._new: list[Columns] = []
        self._few: dict[int, list[tuple[int, Place]]] = {}

    def put(self, key: str, seal: bytes, place: Place) -> None:
        """Take in one reply."""
        self._number(place.segment)
        hashed = _hash(bytes.fromhex(key))
        self._few.setdefault(hashed, []).append((int.from_bytes(seal[:4]), place))

    def add(self, segment: str, records: Records) -> None:
        """Take in replies of a segment."""
        if not len(records):
            return
        number = self._number(segment)
        self._new.append(
            {
                "key": (records["key"].astype("u8") * FACTORS).sum(axis=1, dtype="u8"),
                "seal": (records["seal"] >> 32).astype("u4"),
                "segment": np.full(len(records), number, "u4"),
                "offset": records["offset"].astype("u8"),
                "length": records["length"].astype("u4"),
            }
        )

    def drop(self, segments: Iterable[str]) -> None:
        """Forget segments."""
        numbers = [self._numbers[name] for name in segments if name in self._numbers]
        if numbers:
            self._settle(at_most=-1)
            for number in numbers:
                del self._numbers[self._names[number]]
            is_left = ~np.isin(self._sorted["segment"], numbers)
            self._sorted = {name: column[is_left] for name, column in self._sorted.items()}

    def find(self, keys: Iterable[str]) -> dict[str, list[Place]]:
        """Where replies of these names may lie; keys of which nothing is known are left out."""
        self._settle()
        hashes = {key: _hash(bytes.fromhex(key)) for key in keys}
        wanted = np.array(list(hashes.values()), "u8")
        starts = self._sorted["key"].searchsorted(wanted).tolist()
        ends = self._sorted["key"].searchsorted(wanted, "right").tolist()
        found = {}
        for (key, hashed), start, end in zip(hashes.items(), starts, ends, strict=True):
            places = [*self._few.get(hashed, ()), *map(self._place, range(start, end))]
            if places:
                found[key] = [place for _, place in sorted(places)]
        return found

    def _number(self, segment: str) -> int:
        if segment not in self._numbers:
            self._numbers[segment] = len(self._names)
            self._names.append(segment)
        return self._numbers[segment]

    def _place(self, row: int) -> tuple[int, Place]:
        at = {name: int(column[row]) for name, column in self._sorted.items()}
        return at["seal"], Place(self._names[at["segment"]], at["offset"], at["length"])

    def _settle(self, at_most: int = FEW) -> None:
        """Sort in what is new, or put it into the dictionary as long as it is little."""
        if not self._new and len(self._few) <= at_most:
            return
        count = sum(len(columns["key"]) for columns in self._new)
        if count + len(self._few) <= at_most:
            for columns in self._new:
                for key, seal, segment, offset, length in zip(
                    *(column.tolist() for column in columns.values()), strict=True
                ):
                    place = Place(self._names[segment], offset, length)
                    self._few.setdefault(key, []).append((seal, place))
            self._new.clear()
            return
        parts = [self._sorted, *self._new, self._of_few()]
        self._new, self._few = [], {}
        order = np.argsort(np.concatenate([part["key"] for part in parts]), kind="stable")
        for name in COLUMNS:
            self._sorted[name] = np.concatenate([part.pop(name) for part in parts])[order]

    def _of_few(self) -> Columns:
        rows = [
            (key, seal, self._numbers[place.segment], place.offset, place.length)
            for key, places in self._few.items()
            for seal, place in places
        ]
        columns = _columns(len(rows))
        for (name, column), values in zip(columns.items(), zip(*rows, strict=True), strict=False):
            columns[name] = np.array(values, column.dtype)
        return columns


def _hash(key: bytes) -> int:
    """Of all four words; keys of calls are digests, others have to differ too."""
    hashed: int = sum(map(mul, WORDS.unpack(key), FACTORS.tolist())) % 2**64
    return hashed


def _columns(count: int) -> Columns:
    return {name: np.zeros(count, kind) for name, kind in COLUMNS.items()}
