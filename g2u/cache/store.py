"""What a store of replies is: one file per call, named by the digest of the request.

A file is one JSON line (sha256 of the body, kind, model seconds) and the body. What is read is
checked against the sha256; a damaged file is set aside and counts as absent. A store can be deleted
at no loss but time, and any number of writers may share it: all write the same.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Entry:
    """A stored reply."""

    body: bytes
    kind: str
    """edit, answer or score."""
    seconds: float
    """Wall time of the call when it was made: its batch's, divided by the batch's size."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A file of a store, as its listing shows it."""

    key: str
    size: int
    """Bytes."""
    changed: float
    """Seconds since 1970."""


class CallStore(Protocol):
    """Where replies lie."""

    @property
    def place(self) -> str:
        """Folder or URL."""
        ...

    def get_many(self, keys: Iterable[str]) -> Mapping[str, Entry]:
        """The replies there are, by key; damaged ones are set aside and left out.

        Raises:
            CacheError: the store cannot be read.
        """
        ...

    def put(self, key: str, entry: Entry) -> None:
        """Store a reply, whole or not at all.

        Raises:
            CacheError: the store cannot be written.
        """
        ...

    def listing(self) -> Iterator[Stored]:
        """Every file of the store, in the order of their keys; damaged ones that were set aside are
        left out.
        """
        ...

    def remove(self, key: str) -> None:
        """Forget a reply; one that is gone already is no error."""
        ...


def packed(entry: Entry) -> bytes:
    """An entry as the bytes of its file."""
    meta = {
        "sha256": hashlib.sha256(entry.body).hexdigest(),
        "kind": entry.kind,
        "seconds": round(entry.seconds, 6),
    }
    return json.dumps(meta).encode() + b"\n" + entry.body


def unpacked(raw: bytes) -> Entry | None:
    """The entry that a file holds, None if it is damaged."""
    head, _, body = raw.partition(b"\n")
    try:
        meta = json.loads(head)
        if hashlib.sha256(body).hexdigest() != meta["sha256"]:
            return None
        return Entry(body, str(meta["kind"]), float(meta["seconds"]))
    except (ValueError, KeyError, TypeError):
        return None
