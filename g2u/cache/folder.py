"""Replies in a folder, root/2/ab/abcdef...; a file appears whole or not at all, whoever else
writes.

Files and folders have the rights that the umask leaves, so that several users may share a cache.
"""

import contextlib
import errno
import fcntl
import itertools
import os
import re
import secrets
import stat
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path

from g2u.cache.store import (
    FORM,
    KEY,
    MAX_BYTES,
    Entry,
    Migration,
    Stored,
    older_form,
    packed,
    require_key,
    unpacked,
    unpacked_older,
)
from g2u.errors import CacheError

DAMAGED = ".damaged"
FRESH = ".new-"
"""Prefix of files that are being written."""
WRITER = secrets.token_hex(8)
"""With the process id and a count, a part of names that no other writer gives."""
GROUP = re.compile(r"[0-9a-f]{2}")
NOT_PLAIN = (errno.ENXIO, errno.ELOOP, errno.ENODEV)
"""What opening a socket, a link to itself or a lost device fails with."""
_written = itertools.count()


class FolderStore:
    """A `CallStore` on a file system, local or mounted."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._is_checked = False

    @property
    def place(self) -> str:
        """The folder."""
        return str(self.root)

    def get_many(self, keys: Iterable[str], kind: str | None = None) -> dict[str, Entry]:
        """See `CallStore.get_many`."""
        found = {key: self.get(key, kind) for key in keys}
        return {key: entry for key, entry in found.items() if entry is not None}

    def get(self, key: str, kind: str | None = None) -> Entry | None:
        """The reply, or None where there is none or it is damaged.

        Raises:
            CacheError: the file cannot be read.
        """
        path = self.path(key)
        self._check()
        try:
            raw = _content(path)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._error("read", path, error) from None
        entry = unpacked(key, raw, kind)
        if entry is None:
            self._set_aside(path)
        return entry

    def require_room(self, keys: Iterable[str]) -> None:
        """See `CallStore.require_room`; makes the folders on the way."""
        for folder, path in {path.parent: path for path in map(self.path, keys)}.items():
            try:
                folder.mkdir(parents=True, exist_ok=True)
                if not os.access(folder, os.W_OK | os.X_OK):
                    raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
            except OSError as error:
                raise self._error("written", path, error) from None

    def put(self, key: str, entry: Entry) -> None:
        """See `CallStore.put`; the last of several writers wins."""
        self._write(self.path(key), packed(key, entry))

    def listing(self) -> Iterator[Stored]:
        """See `CallStore.listing`."""
        self._check()
        for path in sorted((self.root / FORM).glob("??/*")):
            if KEY.fullmatch(path.name) and path.parent.name == path.name[:2]:
                try:
                    status = path.lstat()
                except FileNotFoundError:  # another process forgot it
                    continue
                yield Stored(path.name, status.st_size, status.st_mtime)

    def remove(self, key: str) -> None:
        """See `CallStore.remove`; what is no file is set aside."""
        path = self.path(key)
        try:
            path.unlink(missing_ok=True)
        except IsADirectoryError:
            self._set_aside(path)
        except OSError as error:
            raise self._error("written", path, error) from None

    def clear(self) -> tuple[int, int]:
        """See `CallStore.clear`; a folder with something in it stays."""
        gone = freed = 0
        for path in self.leftovers():
            size = path.lstat().st_size
            if _is_forgotten(path):
                gone, freed = gone + 1, freed + size
        return gone, freed

    def leftovers(self) -> list[Path]:
        """Damaged entries that were set aside, and what writers have not finished."""
        found = [
            path
            for folder in (self.root / FORM, self.root)
            for path in folder.glob("??/*")
            if path.name.startswith(FRESH) or DAMAGED in path.name
        ]
        return sorted(found)

    def migrate(self) -> Migration:
        """See `CallStore.migrate`; an older file goes once the new one is on the disk."""
        done = Migration()
        for folder in self._older():
            moved = []
            try:
                for old in sorted(path for path in folder.iterdir() if KEY.fullmatch(path.name)):
                    if self._take_over(old, done):
                        moved.append(old)
                if moved:
                    _sync(self.path(moved[0].name).parent)
                for old in moved:
                    old.unlink(missing_ok=True)
                with contextlib.suppress(OSError):  # leftovers are in it
                    folder.rmdir()
            except FileNotFoundError:  # another process takes it over
                continue
            except OSError as error:
                raise self._error("written", folder, error) from None
        self._is_checked = False
        return done

    def path(self, key: str) -> Path:
        """Where a reply lies.

        Raises:
            CacheError: the key is none.
        """
        require_key(self.place, key)
        return self.root / FORM / key[:2] / key

    def _check(self) -> None:
        """Once: that the root is a folder, and holds nothing of the older form.

        Raises:
            CacheError: it does, or is something else.
        """
        if self._is_checked:
            return
        try:
            if lies := _obstacle(self.root):
                raise CacheError(f"call cache {self.root}: {lies}")
            if any(True for _ in self._older()):
                raise older_form(self.place)
        except OSError as error:
            raise self._error("read", self.root, error) from None
        self._is_checked = True

    def _older(self) -> Iterator[Path]:
        """Folders that hold replies of the older form."""
        if not self.root.exists():
            return
        for folder in sorted(self.root.iterdir()):
            if not GROUP.fullmatch(folder.name) or not folder.is_dir():
                continue
            if any(KEY.fullmatch(path.name) for path in folder.iterdir()):
                yield folder

    def _take_over(self, old: Path, done: Migration) -> bool:
        """Write one older entry anew; False where the older file stays, under another name."""
        key = old.name
        try:
            entry = unpacked_older(_content(old))
        except FileNotFoundError:  # another process took it over
            return False
        if entry is None:
            done.damaged.append(key)
        elif self._has_other(key, entry):
            done.other.append(key)
        else:
            self._write(self.path(key), packed(key, entry), is_durable=True)
            done.taken += 1
            return True
        self._set_aside(old)
        return False

    def _has_other(self, key: str, entry: Entry) -> bool:
        """Whether another reply lies under the key in this form, sound."""
        try:
            newer = unpacked(key, _content(self.path(key)), entry.kind)
        except FileNotFoundError:
            return False
        return newer is not None and newer.body != entry.body

    def _write(self, path: Path, content: bytes, *, is_durable: bool = False) -> None:
        fresh = None
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            fresh, handle = _fresh(path.parent)
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                if is_durable:
                    os.fsync(handle)
                try:
                    os.replace(fresh, path)
                except IsADirectoryError:
                    self._set_aside(path)
                    os.replace(fresh, path)
        except OSError as error:
            _discard(fresh)
            raise self._error("written", path, error) from None
        except BaseException:
            _discard(fresh)
            raise

    def _set_aside(self, path: Path) -> None:
        """Keep what is damaged under another name, if the folder can be written."""
        aside = f"{path}{DAMAGED}-{WRITER}-{os.getpid()}-{next(_written)}"
        try:
            os.replace(path, aside)
        except OSError:
            return

    def _error(self, verb: str, path: Path, error: OSError) -> CacheError:
        """One line: what is in the way, and what to do about it."""
        for part in reversed(path.parents):
            if lies := _obstacle(part):
                return CacheError(f"call cache {part}: {lies}")
        if verb == "written" and isinstance(error, IsADirectoryError):
            return CacheError(f"call cache {path}: a folder where a reply goes; move it away")
        rights = f"ask its owner for rights (chmod -R g+rwX {self.root})"
        room = "make room (g2u cache prune)"
        remedy = {
            errno.ENOSPC: room,
            errno.EDQUOT: room,
            errno.EACCES: rights,
            errno.EPERM: rights,
        }.get(error.errno or 0, "mend it")
        return CacheError(
            f"call cache {path}: cannot be {verb}: {error.strerror}; finished calls are kept; "
            f"{remedy} or set G2U_CACHE to another folder, then run again"
        )


def _obstacle(part: Path) -> str:
    """What stands where a folder goes, and what to do; empty for a folder, or nothing."""
    try:
        if part.is_symlink() and not part.exists():
            target = part.readlink()
            return (
                f"a link to nothing ({target}); mount what it leads to, or take it away: rm {part}"
            )
        if part.is_dir() or not part.exists():
            return ""
    except OSError:
        return ""
    return "expected a folder; move what lies there away, or set G2U_CACHE to another folder"


def _fresh(folder: Path) -> tuple[Path, int]:
    """A new file and its handle, locked for as long as it is open: what is not, `clear` forgets."""
    while True:
        path = folder / f"{FRESH}{WRITER}-{os.getpid()}-{next(_written)}"
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
        with contextlib.suppress(OSError):  # a file system without locks
            fcntl.flock(handle, fcntl.LOCK_EX)
        if os.fstat(handle).st_nlink:
            return path, handle
        os.close(handle)  # forgotten before it was locked


def _discard(fresh: Path | None) -> None:
    if fresh is not None:
        fresh.unlink(missing_ok=True)


def _is_forgotten(path: Path) -> bool:
    """Remove a leftover; False where it stays: somebody writes it, or it is a folder in use."""
    try:
        if path.is_dir() and not path.is_symlink():
            path.rmdir()
        elif path.name.startswith(FRESH) and path.is_file():
            handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                path.unlink()
            finally:
                os.close(handle)
        else:
            path.unlink()
    except OSError:
        return False
    return True


def _content(path: Path) -> bytes:
    """A plain file's bytes; none of what is no plain file, or too great for a reply.

    Raises:
        OSError: there is no such file, or it cannot be read.
    """
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if error.errno in NOT_PLAIN:
            return b""
        raise
    try:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode) or status.st_size > MAX_BYTES:
            return b""
        return b"".join(iter(partial(os.read, handle, status.st_size + 1), b""))
    finally:
        os.close(handle)


def _sync(folder: Path) -> None:
    """What was renamed in a folder is on the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
