"""Replies as g2u wrote them before there were segments: a file each, root/2/ab/abcdef..., and
before that root/ab/abcdef... They are read, or refused, until `g2u migrate` has moved them.
"""

import hashlib
import heapq
import itertools
import json
import re
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from typing import Protocol

from g2u.calls import segment
from g2u.calls.store import DAMAGE, KEY, Entry, Migration, Stored, facts_of, packed, unpacked

FORM = "2"
"""The folder below a store's root that holds the files of the second form, each what a segment
holds of a reply now.
"""
GROUP = re.compile(r"[0-9a-f]{2}")
"""Of the folders that files lie in."""
LEFTOVER = re.compile(r"\.new-|[0-9a-f]{64}\.damaged")
"""What killed writers left, and what was found damaged."""
AT_ONCE = 256
"""Files read in one go."""
Found = tuple[str, int, float]
"""A file: its path below the root, bytes, and when it was written."""


class Tree(Protocol):
    """The files of a store."""

    def found(self, folder: str) -> Iterable[Found]:
        """The plain files in the folders of a folder below the root, where they have two digits."""
        ...

    def contents(self, paths: Sequence[str]) -> Sequence[bytes | None]:
        """What files hold; None of such as are gone."""
        ...

    def forget(self, paths: Sequence[str]) -> None:
        """Remove files; such as are gone are no error."""
        ...


def unpacked_first(raw: bytes) -> Entry | None:
    """The reply that a file of the first form holds, None if it is damaged.

    Its sha256 was of the body and the picture's facts, not of the name and the kind: such files are
    read by `g2u migrate` alone.
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


def replies(tree: Tree, form: str = FORM) -> Iterator[Found]:
    """The files of a form, "" = the first, in the order of their keys."""
    found = (each for each in tree.found(form) if KEY.fullmatch(_name(each[0])))
    return iter(sorted(found, key=lambda each: _name(each[0])))


def get_many(tree: Tree, keys: Sequence[str], kind: str | None) -> dict[str, Entry]:
    """Sound replies of the second form."""
    found = {}
    for path, raw in _contents(tree, [f"{FORM}/{key[:2]}/{key}" for key in keys]):
        if raw is not None and (entry := unpacked(_name(path), raw, kind)) is not None:
            found[_name(path)] = entry
    return found


def listed(tree: Tree, newer: Iterable[Stored]) -> Iterator[Stored]:
    """Newer replies, and those of the second form beside them, in the order of keys."""
    files = (Stored(_name(path), size, changed) for path, size, changed in replies(tree))
    both = heapq.merge(newer, files, key=lambda each: each.key)
    for _, copies in itertools.groupby(both, key=lambda each: each.key):
        yield next(copies)


def removed(tree: Tree, keys: Container[str]) -> dict[str, int]:
    """Forget replies of the second form; the keys of those that were there, and their bytes."""
    gone = [(path, size) for path, size, _ in replies(tree) if _name(path) in keys]
    tree.forget([path for path, _ in gone])
    return {_name(path): size for path, size in gone}


def take_over(
    tree: Tree,
    is_there: Callable[[str], bool],
    put: Callable[[str, bytes, float], None],
    settle: Callable[[], None],
) -> Migration:
    """Move the replies of both forms into segments.

    Args:
        tree: the files; they go segment by segment.
        is_there: whether a sound reply of a key lies in a segment.
        put: takes key, reply and time.
        settle: returns when all that was put outlives the machine.
    """
    done = Migration()
    moved: list[str] = []
    room = 0
    for form in ("", FORM):
        written = {path: changed for path, _, changed in replies(tree, form)}
        for path, raw in _contents(tree, list(written)):
            if raw is None:  # another process takes it over
                continue
            key = _name(path)
            entry = unpacked(key, raw) if form else unpacked_first(raw)
            if entry is None:
                done.damaged.append(key)
            elif not is_there(key):
                put(key, packed(key, entry), written[path])
                done.taken += 1
            moved.append(path)
            room += len(raw)
            if room >= segment.FULL:
                settle()
                tree.forget(moved)
                moved, room = [], 0
    settle()
    tree.forget(moved)
    old = (path for form in ("", FORM) for path, _, _ in tree.found(form))
    tree.forget([path for path in old if LEFTOVER.match(_name(path))])
    return done


def _contents(tree: Tree, paths: Sequence[str]) -> Iterator[tuple[str, bytes | None]]:
    for start in range(0, len(paths), AT_ONCE):
        some = paths[start : start + AT_ONCE]
        yield from zip(some, tree.contents(some), strict=True)


def _name(path: str) -> str:
    return path.rsplit("/", 1)[-1]
