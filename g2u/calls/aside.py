"""Replies that are not yet known to come from the model that they are named by.

What a served model replies is noted until the model was known again. If it is not, the replies
since then are set aside: taken out of the call cache, kept in a folder of their own, and used by
nobody.
"""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from g2u.calls.folder import FolderStore
from g2u.calls.store import KEY, CallStore, Entry, Replies

FOLDER = Path(".g2u") / "set_aside"
"""A call cache of what was set aside."""
AT_ONCE = 32
"""Replies in memory; drawings are pictures."""


class Noting:
    """`Replies` whose names are written down before they are put, so that a kill loses none.

    Args:
        store: where they are put.
        notes: the file; several processes may write it at once.
    """

    def __init__(self, store: Replies, notes: Path) -> None:
        self._store, self._notes = store, notes
        notes.parent.mkdir(parents=True, exist_ok=True)

    @property
    def place(self) -> str:
        """The store's."""
        return self._store.place

    def get_many(self, keys: Iterable[str], kind: str | None = None) -> Mapping[str, Entry]:
        """See `Replies.get_many`."""
        return self._store.get_many(keys, kind)

    def require_room(self, keys: Iterable[str]) -> None:
        """See `Replies.require_room`."""
        self._store.require_room(keys)

    def put(self, key: str, entry: Entry) -> None:
        """See `Replies.put`."""
        file = os.open(self._notes, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
        try:
            os.write(file, f"{key}\n".encode())
        finally:
            os.close(file)
        self._store.put(key, entry)


def pending(notes: Path) -> Path:
    """Where the notes lie that a probe is about, once `begin` has put them there."""
    return notes.with_suffix(".pending")


def begin(notes: Path) -> None:
    """Before a probe: what is noted from now on is not about it."""
    taken = notes.with_suffix(".taken")
    if notes.exists() and not taken.exists():
        notes.rename(taken)
    if taken.exists():
        with pending(notes).open("ab") as file:
            file.write(taken.read_bytes())
        taken.unlink()


def known(notes: Path) -> None:
    """After a probe that found nothing: what was noted before it is forgotten."""
    pending(notes).unlink(missing_ok=True)


def noted(notes: Path) -> list[str]:
    """The names in a file of notes; none where there is no such file."""
    if not notes.exists():
        return []
    lines = notes.read_text(encoding="ascii", errors="replace").splitlines()
    return [line for line in dict.fromkeys(lines) if KEY.fullmatch(line)]


def set_aside(store: CallStore, notes: Path) -> int:
    """Move the replies of a file of notes out of the way, then remove it; how many there were.

    Raises:
        CacheError: either store cannot be read or written.
    """
    begin(notes)
    keys, moved = [*noted(pending(notes)), *noted(notes)], FolderStore(FOLDER)
    there: list[str] = []
    for start in range(0, len(keys), AT_ONCE):
        found = store.get_many(keys[start : start + AT_ONCE])
        for key, entry in found.items():
            moved.put(key, entry)
        there += found
    moved.close()
    store.remove(there, everywhere=True)
    known(notes)
    notes.unlink(missing_ok=True)
    return len(there)
