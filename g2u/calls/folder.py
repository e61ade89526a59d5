"""Replies in a folder: segments at root/3/*.zip, any number of writers and readers, no lock.

A process appends its replies to a segment of its own (g2u/calls/segment.py). A reply is on the disk
when `put` returns, as far as a process can be killed; the machine's own death may cost the last
seconds. A lookup that does not find a reply lists the folder and reads what others have written
since, sealed or not: a reply is seen by every lookup that begins after its `put` has returned.
Files and folders have the rights that the umask leaves, so that several users may share a cache.
"""

import contextlib
import errno
import logging
import os
import stat
import threading
import time
import weakref
from collections.abc import Iterable, Iterator, Sequence
from io import FileIO
from pathlib import Path

from g2u.calls import older, segment
from g2u.calls.index import Index, Place, look_up
from g2u.calls.segment import MANY, NOTHING, Read, Writer, batches, opened, read, rewrite
from g2u.calls.store import (
    FORM,
    MAX_BYTES,
    Entry,
    Migration,
    Stored,
    older_form,
    packed,
    require_key,
)
from g2u.errors import CacheError

LOG = logging.getLogger(__name__)
LISTED = 10
"""How often a folder is listed in one go, while others rename what was listed."""


class FolderStore:
    """A `CallStore` on a file system, local or mounted. Threads may share it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._folder = root.absolute() / FORM
        self._writer = Writer(self._folder)
        self._tree = Tree(root.absolute())
        self._index = Index()
        self._open: tuple[str, FileIO | None] = ("", None)
        self._known: dict[str, Read] = {}
        self._damaged: set[str] = set()
        """Segments with damaged replies."""
        self._told: set[str] = set()
        self._lock = threading.RLock()
        self._is_checked = False
        weakref.finalize(self, _finish, self._writer)

    @property
    def place(self) -> str:
        """The folder."""
        return str(self.root)

    @property
    def writing(self) -> str:
        """The segment that this process writes; empty if there is none."""
        return self._writer.begun[-1] if self._writer.is_open else ""

    def get(self, key: str, kind: str | None = None) -> Entry | None:
        """One reply, see `CallStore.get_many`."""
        return self.get_many([key], kind).get(key)

    def get_many(self, keys: Iterable[str], kind: str | None = None) -> dict[str, Entry]:
        """See `CallStore.get_many`."""
        wanted = list(dict.fromkeys(keys))
        for key in wanted:
            require_key(self.place, key)
        with self._lock, self._told_of("read"):
            self._check()
            found = self._look(wanted, kind)
            for _ in range(LISTED):
                if len(found) == len(wanted) or not self._refresh():
                    break
                found |= self._look([key for key in wanted if key not in found], kind)
            if len(found) < len(wanted) and self._tree.has(older.FORM):
                missing = [key for key in wanted if key not in found]
                found |= older.get_many(self._tree, missing, kind)
            return found

    def require_room(self, keys: Iterable[str]) -> None:
        """See `CallStore.require_room`; makes the folder."""
        for key in keys:
            require_key(self.place, key)
        with self._told_of("written"):
            self._folder.mkdir(parents=True, exist_ok=True)
            if not os.access(self._folder, os.W_OK | os.X_OK):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    def put(self, key: str, entry: Entry) -> None:
        """See `CallStore.put`."""
        require_key(self.place, key)
        self.put_raw(key, packed(key, entry), time.time())

    def listing(self) -> Iterator[Stored]:
        """See `CallStore.listing`."""
        with self._lock, self._told_of("read"):
            self._check()
            indices = [held.lines for _, held in self._held()]
        yield from older.listed(self._tree, segment.listed(indices))

    def remove(self, keys: Iterable[str], *, everywhere: bool = False) -> tuple[int, int]:
        """See `CallStore.remove`; what is left of a segment is written anew."""
        dropped = set(keys)
        for key in dropped:
            require_key(self.place, key)
        freed = 0
        with self._lock, self._told_of("written"):
            self._writer.seal()
            gone = older.removed(self._tree, dropped)
            _, left = segment.mergeable(self._folder)
            whole: list[tuple[bool, str, set[str]]] = []
            for name, held in self._held():
                there = {key.decode() for key in held.lines["key"].tolist()}
                if there & dropped and (everywhere or held.is_sealed or name in left):
                    whole.append((not there <= dropped, name, there & dropped))
            for _, name, there in sorted(whole):  # first those that need no room
                freed += rewrite(self._folder, [name], dropped)[1]
                gone |= dict.fromkeys(there, 0)
            self._refresh()
        return len(gone), freed + sum(gone.values())

    def cut(self) -> list[str]:
        """See `CallStore.cut`."""
        with self._lock, self._told_of("read"):
            return [
                f"{name} is cut: {len(held.lines)} whole replies are read, {held.size - held.end} "
                "bytes behind them are none"
                for name, held in self._held()
                if held.end < held.size
            ]

    def clear(self) -> tuple[int, int]:
        """See `CallStore.clear`."""
        gone = freed = 0
        with self._lock, self._told_of("written"):
            self._writer.seal()
            small, left = segment.mergeable(self._folder)
            wanted = small | left if left or len(small) > 1 else {}
            for name in self._damaged & set(segment.names(self._folder)):
                wanted.setdefault(name, segment.FULL)
            for some in batches(wanted):
                lost, room = rewrite(self._folder, some)
                gone, freed = gone + lost, freed + room
            gone += len(left)
            self._damaged.clear()
            self._refresh()
        return gone, max(0, freed)

    def close(self) -> None:
        """See `CallStore.close`."""
        with self._lock, self._told_of("written"):
            if not self._writer.begun:
                return
            self._writer.seal()
            try:
                if sum(map(len, segment.mergeable(self._folder))) > MANY:
                    self.clear()
            except (OSError, CacheError) as error:  # others' files may be theirs alone
                LOG.warning("segments are not merged: %s", error)

    def migrate(self) -> Migration:
        """See `CallStore.migrate`; files go once the segment that holds them is sealed."""
        with self._lock, self._told_of("written"):
            self._refresh()
            done = older.take_over(
                self._tree, lambda key: bool(self._look([key])), self.put_raw, self._writer.seal
            )
            self._tree.tidy()
            self._is_checked = False
        return done

    def sealed(self) -> list[Path]:
        """The segments that are sealed, with those that killed writers left behind; this process's
        is sealed for it.
        """
        with self._lock, self._told_of("written"):
            self._writer.seal()
            for name in segment.mergeable(self._folder)[1]:
                rewrite(self._folder, [name])
            return [self._folder / name for name, held in self._held() if held.is_sealed]

    def adopt(self, path: Path) -> None:
        """Move a sealed segment of this file system here.

        Raises:
            FileNotFoundError: it is no longer there.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        path.replace(self._folder / path.name)

    def put_raw(self, key: str, raw: bytes, stored: float) -> None:
        """Store a reply as it is kept (`packed`), put at another time."""
        with self._lock, self._told_of("written"):
            line, size = self._writer.append(key, raw, stored), self._writer.size
            self._index.add(self.writing, line)
            self._known[self.writing] = Read(NOTHING.lines, size, size, True)

    def _look(self, keys: Sequence[str], kind: str | None = None) -> dict[str, Entry]:
        """What lies at the places that the index knows; damage is told once."""
        found, damaged = look_up(self._index, keys, kind, self._read)
        self._damaged |= set(damaged.values())
        for key in damaged:
            if key not in found and key not in self._told:
                self._told.add(key)
                tell_damaged(self.place, key)
        return found

    def _read(self, places: Sequence[Place]) -> Iterator[bytes | None]:
        """What lies at sorted places; the last segment stays open."""
        for place in places:
            if place.segment != self._open[0]:
                self._open = (place.segment, None)
                with contextlib.suppress(FileNotFoundError):
                    self._open = (place.segment, opened(self._folder / place.segment))
            file = self._open[1]
            yield None if file is None else os.pread(file.fileno(), place.size, place.offset)

    def _refresh(self) -> bool:
        """Read what was written since, and forget the segments that are gone; whether any was."""
        self._open = ("", None)
        there = segment.names(self._folder)
        gone = self._known.keys() - set(there)
        self._index.drop(gone)
        for name in gone:
            del self._known[name]
        grown = [name for name in there if self._is_read_on(name)]
        return bool(gone or grown)

    def _is_read_on(self, name: str) -> bool:
        """Read what a segment holds beyond what is known of it; False if that is nothing."""
        known = self._known.get(name, NOTHING)
        if known.is_sealed or name == self.writing:
            return False
        try:
            file = opened(self._folder / name)
            if name in self._known and (
                file is None or os.fstat(file.fileno()).st_size == known.size
            ):
                return False
            held = NOTHING if file is None else read(file, known.end)
        except FileNotFoundError:  # renamed meanwhile
            return True
        if not held.is_segment and name not in self._told:
            self._told.add(name)
            LOG.warning("call cache %s: %s is no segment; it is left alone", self.place, name)
        self._index.add(name, held.lines)
        self._known[name] = held._replace(lines=NOTHING.lines)
        return True

    def _held(self) -> Iterator[tuple[str, Read]]:
        """What each segment holds, read anew."""
        for name in segment.names(self._folder):
            with contextlib.suppress(FileNotFoundError):
                file = opened(self._folder / name)
                held = NOTHING if file is None else read(file)
                if held.is_segment:
                    yield name, held

    def _check(self) -> None:
        """Once: that the root is a folder, and holds nothing of the first form.

        Raises:
            CacheError: it does, or is something else.
            OSError: it cannot be read.
        """
        if self._is_checked:
            return
        if lies := _obstacle(self.root):
            raise CacheError(f"call cache {self.root}: {lies}")
        if any(True for _ in older.replies(self._tree, "")):
            raise older_form(self.place)
        self._is_checked = True

    @contextlib.contextmanager
    def _told_of(self, verb: str) -> Iterator[None]:
        """OSErrors as one line: what is in the way, and what to do about it."""
        try:
            yield
        except OSError as error:
            path = Path(error.filename) if error.filename else self._folder
            raise self._error(verb, path, error) from None

    def _error(self, verb: str, path: Path, error: OSError) -> CacheError:
        for part in (self.root, self.root / FORM):
            if lies := _obstacle(part):
                return CacheError(f"call cache {part}: {lies}")
        rights = f"ask its owner for rights (chmod -R g+rwX {self.root})"
        room = "make room (g2u cache prune)"
        remedy = {
            errno.ENOSPC: room,
            errno.EDQUOT: room,
            errno.EFBIG: room,
            errno.EACCES: rights,
            errno.EPERM: rights,
        }.get(error.errno or 0, "mend it")
        root = self.root.absolute()
        where = self.root / path.relative_to(root) if path.is_relative_to(root) else self.root
        return CacheError(
            f"call cache {where}: cannot be {verb}: {error.strerror}; finished calls are kept; "
            f"{remedy} or set G2U_CACHE to another folder, then run again"
        )


def _finish(writer: Writer) -> None:
    """Seal what was written, when nobody can be told otherwise."""
    try:
        writer.seal()
    except OSError as error:
        LOG.warning("call cache: %s is not sealed: %s", writer.begun[-1], error.strerror)


class Tree:
    """`older.Tree`."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def has(self, folder: str) -> bool:
        """Whether there is such a folder below the root."""
        return (self._root / folder).is_dir()

    def found(self, folder: str) -> Iterator[older.Found]:
        """See `older.Tree.found`; so are the others."""
        gone = contextlib.suppress(FileNotFoundError)  # another process moves them
        paths: list[Path] = []
        for group in self._groups(folder):
            with gone:
                paths += sorted(group.iterdir())
        for path in paths:
            with gone:
                status = path.lstat()
                if stat.S_ISREG(status.st_mode):
                    name = path.relative_to(self._root).as_posix()
                    yield name, status.st_size, status.st_mtime

    def contents(self, paths: Sequence[str]) -> list[bytes | None]:
        """None of what is too great for a reply, too."""
        found: list[bytes | None] = []
        for path in paths:
            raw = None
            with contextlib.suppress(FileNotFoundError):
                file = opened(self._root / path)
                if file is not None and os.fstat(file.fileno()).st_size <= MAX_BYTES:
                    raw = file.read()
            found.append(raw)
        return found

    def forget(self, paths: Sequence[str]) -> None:
        """Remove files."""
        for path in paths:
            (self._root / path).unlink(missing_ok=True)

    def tidy(self) -> None:
        """Remove the folders that are empty."""
        for folder in (*self._groups(""), *self._groups(older.FORM), self._root / older.FORM):
            with contextlib.suppress(OSError):
                folder.rmdir()

    def _groups(self, folder: str) -> list[Path]:
        groups = sorted((self._root / folder).glob("[0-9a-f][0-9a-f]"))
        return [path for path in groups if path.is_dir()]


def tell_damaged(place: str, key: str) -> None:
    """Say that a reply is made again."""
    LOG.warning("call cache %s: reply %s is damaged; it counts as absent", place, key[:12])


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
