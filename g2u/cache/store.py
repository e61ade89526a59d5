"""What a store of replies is: one file per call, named by the digest of the request.

A file is one JSON line (seal, kind, model seconds; a picture's digest and size) and the body. The
seal is a digest of the file's name, of all that the line says and of the body: an entry that was
changed, cut, renamed or is of another kind than asked for is damage, is set aside and counts as
absent. A store can be deleted at no loss but time, and any number of writers may share it: all
write the same.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from g2u.errors import CacheError

FORM = "2"
"""Of the files, and the folder below a store's root that holds them; a g2u that writes another form
neither sees nor damages them.
"""
KEY = re.compile(r"[0-9a-f]{64}")
MAX_BYTES = 256 * 2**20
"""Of a file; a greater one is damage."""
DAMAGE = (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError)
"""What a spoilt line can raise."""


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
    """A file of a store, as its listing shows it."""

    key: str
    size: int
    """Bytes."""
    changed: float
    """Seconds since 1970."""


@dataclass(slots=True)
class Migration:
    """What became of the entries of the older form."""

    taken: int = 0
    damaged: list[str] = field(default_factory=list)
    """Keys; left under another name, and made again when they are asked for."""
    other: list[str] = field(default_factory=list)
    """Keys whose reply was made again in the meantime, otherwise; the newer reply stays."""


class Replies(Protocol):
    """Where model calls look for replies and leave them. Keys are 64 hexadecimal digits, 0-9 and
    a-f; every method refuses others with CacheError.
    """

    @property
    def place(self) -> str:
        """Folder or URL."""
        ...

    def get_many(self, keys: Iterable[str], kind: str | None = None) -> Mapping[str, Entry]:
        """The replies there are, by key; damaged ones are set aside and left out.

        Args:
            keys: names of calls.
            kind: of all of them, anything else is damage; None only where replies are listed.

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
        """Store a reply, whole or not at all.

        Raises:
            CacheError: the store cannot be written.
        """
        ...


class CallStore(Replies, Protocol):
    """Where replies lie. Whatever reads stops with CacheError where the store holds entries of an
    older form: they were paid for, and `g2u cache migrate` takes them over.
    """

    def listing(self) -> Iterator[Stored]:
        """Every reply of the store, in the order of their keys."""
        ...

    def remove(self, key: str) -> None:
        """Forget a reply; one that is gone already is no error."""
        ...

    def clear(self) -> tuple[int, int]:
        """Forget damaged entries that were set aside and what killed writers left on this machine.

        Returns how many, and their bytes.
        """
        ...

    def migrate(self) -> Migration:
        """Take over all entries of the older form; after a kill, the same call goes on.

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
        "is paid again: g2u cache migrate"
    )


def packed(key: str, entry: Entry) -> bytes:
    """An entry as the bytes of its file."""
    facts = [entry.kind, round(entry.seconds, 6), entry.picture and list(entry.picture)]
    head = {"seal": _seal(key, facts, entry.body), "facts": facts}
    return json.dumps(head).encode() + b"\n" + entry.body


def unpacked(key: str, raw: bytes, kind: str | None = None) -> Entry | None:
    """The entry that the file of this name holds; None if it is damaged, or of another kind."""
    head, _, body = raw.partition(b"\n")
    try:
        meta = json.loads(head)
        if meta["seal"] != _seal(key, meta["facts"], body):
            return None
        found, seconds, picture = meta["facts"]
        if kind not in (None, found):
            return None
        return Entry(body, str(found), float(seconds), _facts(picture))
    except DAMAGE:
        return None


def unpacked_older(raw: bytes) -> Entry | None:
    """The entry that a file of the older form holds, None if it is damaged.

    Its sha256 was of the body and the picture's facts, not of the name and the kind.
    """
    head, _, body = raw.partition(b"\n")
    try:
        meta = json.loads(head)
        picture = _facts(meta.get("picture"))
        seal = hashlib.sha256(body)
        if picture is not None:
            seal.update("{} {} {} {}".format(*picture).encode())
        if seal.hexdigest() != meta["sha256"]:
            return None
        return Entry(body, str(meta["kind"]), float(meta["seconds"]), picture)
    except DAMAGE:
        return None


def _facts(said: Any) -> tuple[str, int, int, bool] | None:
    """What an entry says of its picture."""
    if said is None:
        return None
    digest, width, height, is_flat = said
    return str(digest), int(width), int(height), bool(is_flat)


def _seal(key: str, facts: object, body: bytes) -> str:
    """sha256 of the name, the facts and the body."""
    seal = hashlib.sha256(json.dumps([FORM, key, facts]).encode() + b"\n")
    seal.update(body)
    return seal.hexdigest()
