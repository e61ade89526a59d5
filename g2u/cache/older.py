"""Replies as g2u wrote them before there were segments: a file each, root/2/ab/abcdef..., and
before that root/ab/abcdef... They are read, or refused, until `g2u cache migrate` has moved them.

A file is one JSON line (seal, kind, model seconds; a picture's digest and size) and the body.
"""

import contextlib
import hashlib
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

from g2u.cache.segments import opened
from g2u.cache.store import DAMAGE, KEY, MAX_BYTES, Entry, Stored, facts_of

FORM = "2"
"""The folder below a store's root that holds the files of the second form."""
GROUP = re.compile(r"[0-9a-f]{2}")
DAMAGED = ".damaged"
"""In the name of what was set aside."""


def unpacked(key: str, raw: bytes, kind: str | None = None) -> Entry | None:
    """The entry that the file of this name holds; None if it is damaged, or of another kind."""
    head, _, body = raw.partition(b"\n")
    try:
        meta = json.loads(head)
        seal = hashlib.sha256(json.dumps([FORM, key, meta["facts"]]).encode() + b"\n")
        seal.update(body)
        found, seconds, picture = meta["facts"]
        if meta["seal"] != seal.hexdigest() or kind not in (None, found):
            return None
        return Entry(body, str(found), float(seconds), facts_of(picture))
    except DAMAGE:
        return None


def unpacked_first(raw: bytes) -> Entry | None:
    """The entry that a file of the first form holds, None if it is damaged.

    Its sha256 was of the body and the picture's facts, not of the name and the kind: such files are
    read by `g2u cache migrate` alone.
    """
    head, _, body = raw.partition(b"\n")
    try:
        meta = json.loads(head)
        picture = facts_of(meta.get("picture"))
        seal = hashlib.sha256(body)
        if picture is not None:
            seal.update("{} {} {} {}".format(*picture).encode())
        if seal.hexdigest() != meta["sha256"]:
            return None
        return Entry(body, str(meta["kind"]), float(meta["seconds"]), picture)
    except DAMAGE:
        return None


class OlderFiles:
    """The older files of a folder. Every method raises OSError where they cannot be read."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def has_first(self) -> bool:
        """Whether there are files of the first form."""
        return any(True for _ in _keys(self._root))

    def are_there(self) -> bool:
        """Whether there may be files of the second form."""
        return (self._root / FORM).is_dir()

    def get(self, key: str, kind: str | None) -> Entry | None:
        """A reply of the second form; None where there is none, or it is damaged."""
        return unpacked(key, _content(self._path(key)), kind)

    def listing(self) -> Iterator[Stored]:
        """The files of the second form."""
        for path in _keys(self._root / FORM):
            with contextlib.suppress(FileNotFoundError):
                status = path.stat()
                yield Stored(path.name, status.st_size, status.st_mtime)

    def entries(self) -> Iterator[tuple[Path, Entry | None]]:
        """Each file of both forms, and what it holds; None of what is damaged."""
        for path in _keys(self._root):
            yield path, unpacked_first(_content(path))
        for path in _keys(self._root / FORM):
            yield path, unpacked(path.name, _content(path))

    def remove(self, key: str) -> int:
        """Forget a reply; returns how many bytes were freed."""
        path = self._path(key)
        try:
            size = path.lstat().st_size
            path.unlink()
        except FileNotFoundError:
            return 0
        return size

    def clear(self) -> tuple[int, int]:
        """Forget what was set aside; returns how many files, and their bytes."""
        gone = freed = 0
        for folder in (self._root, self._root / FORM):
            for path in folder.glob(f"??/*{DAMAGED}*"):
                if not path.is_dir():
                    gone, freed = gone + 1, freed + path.lstat().st_size
                    path.unlink(missing_ok=True)
        self.forget_folders()
        return gone, freed

    def forget_folders(self) -> None:
        """Remove the folders that are empty."""
        for folder in (*self._root.glob("??"), *(self._root / FORM).glob("??"), self._root / FORM):
            with contextlib.suppress(OSError):
                folder.rmdir()

    def _path(self, key: str) -> Path:
        return self._root / FORM / key[:2] / key


def set_aside(path: Path) -> None:
    """Keep a damaged file under another name."""
    path.rename(f"{path}{DAMAGED}")


def _keys(root: Path) -> Iterator[Path]:
    """The files of a form, in the order of their keys."""
    try:
        folders = sorted(folder for folder in root.iterdir() if GROUP.fullmatch(folder.name))
    except FileNotFoundError:
        return
    for folder in folders:
        if folder.is_dir():
            yield from sorted(path for path in folder.iterdir() if KEY.fullmatch(path.name))


def _content(path: Path) -> bytes:
    """A plain file's bytes; none of what is no plain file, or too great for a reply."""
    try:
        with opened(path) as file:
            if file is None or file[1] > MAX_BYTES:
                return b""
            with os.fdopen(os.dup(file[0]), "rb") as content:
                return content.read()
    except FileNotFoundError:
        return b""
