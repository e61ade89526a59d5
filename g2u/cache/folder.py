"""Replies in a folder, root/ab/abcdef...; a file appears whole or not at all, whoever else
writes.
"""

import itertools
import os
import secrets
from collections.abc import Iterable, Iterator
from pathlib import Path

from g2u.cache.store import Entry, Stored, packed, unpacked
from g2u.errors import CacheError

DAMAGED = ".damaged"
FRESH = ".new-"
"""Prefix of files that are being written."""
WRITER = secrets.token_hex(8)
"""With the process id and a count, the name of a fresh file that no other writer has."""
_written = itertools.count()


class FolderStore:
    """A `CallStore` on a file system, local or mounted."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @property
    def place(self) -> str:
        """The folder."""
        return str(self.root)

    def get_many(self, keys: Iterable[str]) -> dict[str, Entry]:
        """See `CallStore.get_many`."""
        found = {key: self.get(key) for key in keys}
        return {key: entry for key, entry in found.items() if entry is not None}

    def get(self, key: str) -> Entry | None:
        """The reply, or None where there is none or it is damaged.

        Raises:
            CacheError: the file cannot be read.
        """
        path = self.path(key)
        try:
            raw = path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise CacheError(f"call cache {path}: cannot be read: {error.strerror}") from None
        entry = unpacked(raw)
        if entry is None:
            self.set_aside(key)
        return entry

    def put(self, key: str, entry: Entry) -> None:
        """See `CallStore.put`; the last of several writers wins."""
        path = self.path(key)
        fresh = None
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            fresh = f"{path.parent}/{FRESH}{WRITER}-{os.getpid()}-{next(_written)}"
            handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write(packed(entry))
            os.replace(fresh, path)
        except OSError as error:
            self._discard(fresh)
            raise CacheError(
                f"call cache {self.root}: cannot be written: {error.strerror}; finished calls are "
                "kept; make room (g2u cache prune) or set G2U_CACHE to another folder, then run "
                "again"
            ) from None
        except BaseException:
            self._discard(fresh)
            raise

    def listing(self) -> Iterator[Stored]:
        """See `CallStore.listing`."""
        for path in sorted(self.root.glob("??/*")):
            if not path.name.startswith(FRESH) and path.suffix != DAMAGED:
                status = path.stat()
                yield Stored(path.name, status.st_size, status.st_mtime)

    def remove(self, key: str) -> None:
        """See `CallStore.remove`."""
        self.path(key).unlink(missing_ok=True)

    def leftovers(self) -> list[Path]:
        """Damaged files that were set aside, and what killed writers left."""
        return sorted([*self.root.glob(f"??/*{DAMAGED}"), *self.root.glob(f"??/{FRESH}*")])

    def set_aside(self, key: str) -> None:
        """Keep a damaged file under another name, if the folder can be written."""
        path = self.path(key)
        try:
            os.replace(path, path.with_suffix(DAMAGED))
        except OSError:
            return

    def path(self, key: str) -> Path:
        """Where a reply lies."""
        return self.root / key[:2] / key

    def _discard(self, fresh: str | None) -> None:
        if fresh is not None:
            Path(fresh).unlink(missing_ok=True)
