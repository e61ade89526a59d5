"""What a store of replies is: one reply per call, named by the digest of the request.

A reply is kept as one JSON line (its seal and facts) and its body. The seal is a digest of the
reply's name, its facts and its body: one that was changed, cut or renamed is damage, counts as
absent and is made again. A store can be deleted at no loss but time, and any number of writers may
share it: all write the same. Where they did not, all readers use the reply that was stored first.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from g2u.errors import CacheError

FORM = "3"
"""The folder below a store's root that holds its segments (g2u/calls/segment.py); a g2u that writes
another form neither sees nor damages them.
"""
SEALED_AS = "2"
"""What a reply's seal begins with: the form in which each was a file of its own."""
KEY = re.compile(r"[0-9a-f]{64}")
MAX_BYTES = 256 * 2**20
"""Of a reply; a greater one is damage."""
DAMAGE = (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError)
"""What a spoilt reply can raise."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A stored reply."""

    body: bytes
    kind: str
    """edit, answer, score or embed."""
    seconds: float
    """Wall time of the call when it was made: its batch's, divided by the batch's size."""
    picture: tuple[str, int, int, bool] | None = None
    """Of a body that is a picture: digest of its pixels, width, height, and whether it is of one
    colour, so that nobody has to decode it again to know them.
    """


@dataclass(frozen=True, slots=True)
class Stored:
    """A reply of a store, as its listing shows it."""

    key: str
    size: int
    """Bytes, of all copies."""
    changed: float
    """When it was stored, in seconds since 1970 by the writer's clock."""


@dataclass(slots=True)
class Migration:
    """What became of the entries of the older forms."""

    taken: int = 0
    damaged: list[str] = field(default_factory=list)
    """Keys; forgotten, and made again when they are asked for."""


class Replies(Protocol):
    """Where model calls look for replies and leave them. Keys are 64 hexadecimal digits, 0-9 and
    a-f; every method refuses others with CacheError.
    """

    @property
    def place(self) -> str:
        """Folder or URL."""
        ...

    def get_many(self, keys: Iterable[str], kind: str | None = None) -> Mapping[str, Entry]:
        """The replies there are, by key; damaged ones are told and left out.

        Args:
            keys: names of calls.
            kind: of all of them, anything else counts as absent; None only where replies are
                listed.

        Raises:
            CacheError: the store cannot be read.
        """
        ...

    def require_room(self, keys: Iterable[str]) -> None:
        """Nothing, where replies of these names could be put; asked before calls are made.

        Raises:
            CacheError: the store cannot be written.
        """
        ...

    def put(self, key: str, entry: Entry) -> None:
        """Store a reply, whole or not at all: it outlives a kill of this process from now on.

        Raises:
            CacheError: the store cannot be written.
        """
        ...


class CallStore(Replies, Protocol):
    """Where replies lie. Whatever reads stops with CacheError where the store holds entries of the
    first form: they were paid for, and `g2u migrate` takes them over. Those of the second are
    read until it has.
    """

    def listing(self) -> Iterator[Stored]:
        """Every reply of the store, once, in the order of their keys."""
        ...

    def remove(self, keys: Iterable[str], *, everywhere: bool = False) -> tuple[int, int]:
        """Forget replies; such as are gone already are no error, and a segment that another process
        is just writing stays as it is, unless they have to go `everywhere`.

        Returns how many were there, and the bytes freed.

        Raises:
            CacheError: the store cannot be written, or lacks the room to copy what stays.
        """
        ...

    def cut(self) -> list[str]:
        """A line for each segment that ends amid a reply; those before it are read."""
        ...

    def clear(self) -> tuple[int, int]:
        """Forget damage that was met and what killed writers left unfinished, and merge small
        segments.

        Returns how many damaged or unfinished pieces there were, and the bytes freed.
        """
        ...

    def close(self) -> None:
        """Seal what this process wrote, and merge small segments if they are many. The store can be
        used on. What a process leaves unsealed because it was killed is read all the same.

        Raises:
            CacheError: the store cannot be written; nothing that was put is lost.
        """
        ...

    def migrate(self) -> Migration:
        """Take over all entries of the older forms; after a kill, the same call goes on.

        Raises:
            CacheError: the store cannot be read or written.
        """
        ...


def require_key(place: str, key: str) -> None:
    """Nothing, for the name of a call.

    Raises:
        CacheError: it is anything else.
    """
    if not isinstance(key, str) or not KEY.fullmatch(key):
        raise CacheError(
            f"call cache {place}: {ascii(key)[:80]} is no name of a call; expected 64 hexadecimal "
            "digits (0-9, a-f)"
        )


def older_form(place: str) -> CacheError:
    """What is said of a store that holds entries of the older form."""
    return CacheError(
        f"call cache {place}: holds replies in the form of an older g2u; take them over, nothing "
        "is paid again: g2u migrate"
    )


def packed(key: str, entry: Entry) -> bytes:
    """A reply as it is kept."""
    facts = [entry.kind, entry.seconds, entry.picture and list(entry.picture)]
    head = {"seal": _seal(key, facts, entry.body), "facts": facts}
    return json.dumps(head).encode() + b"\n" + entry.body


def unpacked(key: str, raw: bytes, kind: str | None = None) -> Entry | None:
    """What is kept under this name; None if it is damaged, or of another kind."""
    head, _, body = raw.partition(b"\n")
    try:
        meta = json.loads(head)
        if meta["seal"] != _seal(key, meta["facts"], body):
            return None
        found, seconds, picture = meta["facts"]
        if kind not in (None, found):
            return None
        return Entry(body, str(found), float(seconds), facts_of(picture))
    except DAMAGE:
        return None


def facts_of(said: Any) -> tuple[str, int, int, bool] | None:
    """What is said of a picture."""
    if said is None:
        return None
    digest, width, height, is_flat = said
    return str(digest), int(width), int(height), bool(is_flat)


def _seal(key: str, facts: object, body: bytes) -> str:
    seal = hashlib.sha256(json.dumps([SEALED_AS, key, facts]).encode() + b"\n")
    seal.update(body)
    return seal.hexdigest()
