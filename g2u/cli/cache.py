"""g2u cache: what lies in the call cache, whether it is sound, making room, an older form."""

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from g2u.calls.store import CallStore, Migration, Stored
from g2u.errors import CacheError
from g2u.pipeline.plan import CellPlan

AT_ONCE = 512
"""Replies read in one go."""
DAY = 86400.0


@dataclass(slots=True)
class Stats:
    """What lies in a store, by kind of call."""

    entries: dict[str, int] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    """Model seconds that the replies took to make."""
    size: int = 0
    """Bytes of all replies."""
    damaged: list[str] = field(default_factory=list)
    """Keys of replies that were found damaged now, and are made again when they are asked for."""
    cut: list[str] = field(default_factory=list)
    """A line for each segment that ends amid a reply."""

    def __str__(self) -> str:
        lines = [f"{'kind':<8}{'replies':>10}{'model hours':>13}"]
        lines += [
            f"{kind:<8}{count:>10}{self.seconds[kind] / 3600:>13.2f}"
            for kind, count in sorted(self.entries.items())
        ]
        return "\n".join([*lines, f"{self.size / 1e6:.1f} MB, {len(self.damaged)} damaged"])

    def document(self) -> dict[str, Any]:
        """As a JSON value (docs/commands.md)."""
        return {
            "kinds": {
                kind: {"replies": count, "model_seconds": self.seconds[kind]}
                for kind, count in sorted(self.entries.items())
            },
            "bytes": self.size,
            "damaged": self.damaged,
            "cut": self.cut,
        }


def examine(store: CallStore) -> Stats:
    """Read every reply and check it against its digest."""
    found = Stats(cut=store.cut())
    for files in _batches(store.listing()):
        entries = store.get_many(file.key for file in files)
        found.size += sum(file.size for file in files)
        found.damaged += [file.key for file in files if file.key not in entries]
        for entry in entries.values():
            found.entries[entry.kind] = found.entries.get(entry.kind, 0) + 1
            found.seconds[entry.kind] = found.seconds.get(entry.kind, 0.0) + entry.seconds
    return found


def prune(
    store: CallStore,
    *,
    kept: frozenset[str] = frozenset(),
    days: float | None = None,
    size: float | None = None,
) -> tuple[int, int]:
    """Forget replies; returns how many, and the bytes freed.

    Args:
        store: the call cache.
        kept: keys that stay whatever else is asked.
        days: forget what was written longer ago.
        size: forget the oldest until the rest takes at most this many bytes. With neither, all but
            `kept` goes.
    """
    files = sorted(store.listing(), key=lambda file: file.changed)
    left = sum(file.size for file in files)
    gone = []
    for file in files:
        is_old = days is not None and file.changed < time.time() - days * DAY
        is_over = size is not None and left > size
        if file.key in kept or not (is_old or is_over or (days is None and size is None)):
            continue
        gone.append(file.key)
        left -= file.size
    return store.remove(gone) if gone else (0, 0)


def migrated(done: Migration) -> str:
    """One line on what became of the entries of the older forms."""
    damaged = len(done.damaged)
    said = f", {damaged} damaged (forgotten, made again when asked for)" if damaged else ""
    return f"{done.taken} replies taken over{said}"


def used_keys(plans: Iterable[CellPlan]) -> frozenset[str]:
    """Keys of all calls that the cells ask for.

    Raises:
        CacheError: thoughts are missing, so that the answers to them cannot be told.
    """
    found: set[str] = set()
    for each in plans:
        if each.is_bound:
            raise CacheError(
                f"cell {each.cell} is not complete, so what it uses cannot be told; expected a "
                "complete run first: g2u run"
            )
        found |= each.keys
    return frozenset(found)


def _batches(files: Iterator[Stored]) -> Iterator[list[Stored]]:
    batch: list[Stored] = []
    for file in files:
        batch.append(file)
        if len(batch) == AT_ONCE:
            yield batch
            batch = []
    if batch:
        yield batch
