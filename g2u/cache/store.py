"""What a store of replies is: one file per call, named by the digest of the request.

A file is one JSON line (sha256, kind, model seconds; a picture's digest and size) and the body.
What is read is checked against the sha256; a damaged file is set aside and counts as absent. A
store can be deleted at no loss but time, and any number of writers may share it: all write the
same.
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
    picture: tuple[str, int, int, bool] | None = None
    """Of a body that is a picture: digest of its pixels, width, height, and whether it is of one
    colour, so that nobody has to decode it again to know them.
    """


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
    meta: dict[str, object] = {
        "sha256": _seal(entry.body, entry.picture),
        "kind": entry.kind,
        "seconds": round(entry.seconds, 6),
    }
    if entry.picture is not None:
        meta["picture"] = entry.picture
    return json.dumps(meta).encode() + b"\n" + entry.body


def unpacked(raw: bytes) -> Entry | None:
    """The entry that a file holds, None if it is damaged."""
    head, _, body = raw.partition(b"\n")
    try:
        meta = json.loads(head)
        picture = None
        if "picture" in meta:
            digest, width, height, is_flat = meta["picture"]
            picture = (str(digest), int(width), int(height), bool(is_flat))
        if _seal(body, picture) != meta["sha256"]:
            return None
        return Entry(body, str(meta["kind"]), float(meta["seconds"]), picture)
    except (ValueError, KeyError, TypeError):
        return None


def _seal(body: bytes, picture: tuple[str, int, int, bool] | None) -> str:
    """sha256 of the body, and of what is said of the picture."""
    seal = hashlib.sha256(body)
    if picture is not None:
        seal.update("{} {} {} {}".format(*picture).encode())
    return seal.hexdigest()
