"""Replies in a folder: segments at root/3/*.arrow, any number of writers and readers, no lock.

A process appends its replies to a segment of its own (g2u/cache/segment.py). A reply is on the disk
when `put` returns, as far as a process can be killed; the machine's own death may cost the last
seconds. A lookup that does not find a reply lists the folder and reads what others have written
since, sealed or not: a reply is seen by every lookup that begins after its `put` has returned.
Files and folders have the rights that the umask leaves, so that several users may share a cache.
"""

import contextlib
import errno
import logging
import os
import threading
import time
import weakref
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from g2u.cache import segment, segments
from g2u.cache.index import Index, Place
from g2u.cache.older import OlderFiles, set_aside
from g2u.cache.segment import RECORD, Records, packed, unpacked
from g2u.cache.segments import Own, Reader, Writer, contents, is_written, rewrite, sealed_size
from g2u.cache.store import FORM, Entry, Migration, Stored, older_form, require_key
from g2u.errors import CacheError

DAMAGED = "call cache %s: reply %s is damaged; it counts as absent"
LOG = logging.getLogger(__name__)
LISTED = 10
"""How often a folder is listed in one go, while others take away what was listed."""


class FolderStore:
    """A `CallStore` on a file system, local or mounted. Threads may share it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._folder = root.absolute() / FORM
        self._older = OlderFiles(root.absolute())
        self._own = Own(self._folder)
        self._index = Index()
        self._ends: dict[str, int] = {}
        """Known segments: up to where each is read, -1 = it is sealed."""
        self._told: set[str] = set()
        self._lock = threading.RLock()
        self._is_checked = False
        weakref.finalize(self, self._own.finish)

    @property
    def place(self) -> str:
        """The folder."""
        return str(self.root)

    @property
    def writing(self) -> str:
        """The segment that this process writes; empty if there is none."""
        return self._own.writer.name if self._own.writer else ""

    def sealed(self) -> list[Path]:
        """The segments that are sealed, with those that killed writers left behind."""
        with self._lock, self._told_of("written"):
            for name in segments.left_behind(self._folder):
                rewrite(self._folder, [name])
            paths = [self._folder / name for name in segments.names(self._folder)]
            return [path for path in paths if sealed_size(path)]

    def adopt(self, path: Path) -> None:
        """Move a sealed segment of this file system here.

        Raises:
            FileNotFoundError: it is no longer there.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        path.replace(self._folder / path.name)

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
            damaged: dict[Place, str] = {}
            found = self._look(wanted, kind, damaged)
            if len(found) < len(wanted):
                self._refresh()
                found |= self._look([key for key in wanted if key not in found], kind, damaged)
            if len(found) < len(wanted) and self._older.are_there():
                for key in wanted:
                    entry = None if key in found else self._older.get(key, kind)
                    if entry is not None:
                        found[key] = entry
            self._tell(damaged, found)
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
        stored = time.time()
        raw, seal = packed(key, entry, stored)
        with self._lock, self._told_of("written"):
            place = self._own.put(key, raw, seal, stored)
            self._index.put(key, seal, place)
            self._ends[place.segment] = place.offset + place.length

    def listing(self) -> Iterator[Stored]:
        """See `CallStore.listing`."""
        with self._lock, self._told_of("read"):
            self._check()
            parts = [self._held(name) for name in segments.names(self._folder)]
            listed = segment.listed(segment.joined(parts))
            older = list(self._older.listing()) if self._older.are_there() else []
        yield from listed
        if older:
            known = {stored.key for stored in listed}
            yield from (stored for stored in older if stored.key not in known)

    def remove(self, keys: Iterable[str]) -> tuple[int, int]:
        """See `CallStore.remove`; what is left of a segment is written anew."""
        dropped = set(keys)
        for key in dropped:
            require_key(self.place, key)
        gone: set[str] = set()
        freed = 0
        with self._lock, self._told_of("written"):
            self._own.seal()
            for name, held in self._holding(dropped):
                freed += rewrite(self._folder, [name], dropped)[1]
                gone |= held
            for key in dropped if self._older.are_there() else ():
                size = self._older.remove(key)
                if size:
                    freed += size
                    gone.add(key)
            self._refresh()
        return len(gone), freed

    def clear(self) -> tuple[int, int]:
        """See `CallStore.clear`; merges what is small, killed or damaged."""
        with self._lock, self._told_of("written"):
            self._own.seal()
            gone, freed = self._older.clear()
            small = segments.mergeable(self._folder, at_once=True)
            torn = [name for name in small if not sealed_size(self._folder / name)]
            if len(small) > 1 or torn or self._own.damaged:
                damaged, room = rewrite(self._folder, {*small, *self._own.damaged})
                gone, freed = gone + damaged + len(torn), freed + room
            self._own.damaged.clear()
            self._refresh()
        return gone, max(0, freed)

    def close(self) -> None:
        """See `Replies.close`."""
        with self._lock:
            self._own.finish()

    def migrate(self) -> Migration:
        """See `CallStore.migrate`; a file goes once its segment is sealed and was read back."""
        done = Migration()
        moved: list[Path] = []
        writer: Writer | None = None
        with self._lock, self._told_of("written"):
            self._refresh()
            for path, entry in self._older.entries():
                if entry is None or self._has_other(path.name, entry):
                    (done.damaged if entry is None else done.other).append(path.name)
                    set_aside(path)
                    continue
                if writer is not None and not writer.is_usable:
                    self._settle(writer, moved)
                    writer = None
                if writer is None:
                    self._folder.mkdir(parents=True, exist_ok=True)
                    writer = Writer(self._folder)
                stored = path.stat().st_mtime
                raw, seal = packed(path.name, entry, stored)
                writer.append(path.name, raw, seal, stored)
                moved.append(path)
                done.taken += 1
            if writer is not None:
                self._settle(writer, moved)
            self._older.forget_folders()
            self._is_checked = False
        self.clear()
        return done

    def _settle(self, writer: Writer, moved: list[Path]) -> None:
        """Seal a segment, read it back, and remove the files that it holds now."""
        writer.seal()
        segments.require_whole(self._folder / writer.name)
        for path in moved:
            path.unlink(missing_ok=True)
        moved.clear()

    def _has_other(self, key: str, entry: Entry) -> bool:
        """Whether another reply lies under the key in a segment."""
        there = self._look([key], entry.kind, {})
        return key in there and there[key].body != entry.body

    def _look(
        self, keys: list[str], kind: str | None, damaged: dict[Place, str]
    ) -> dict[str, Entry]:
        """What lies at the places that the index knows; of several replies the first sound one."""
        found: dict[str, Entry] = {}
        waiting = self._index.find(keys)
        with contextlib.closing(Reader(self._folder)) as reader:
            while waiting:
                for place, key in sorted((places.pop(0), key) for key, places in waiting.items()):
                    try:
                        sound = unpacked(reader.read(place)) if place not in damaged else None
                    except FileNotFoundError:  # merged, or forgotten
                        continue
                    if sound is None:
                        damaged[place] = key
                    elif sound[0] == key and kind in (None, sound[1].kind):
                        found[key] = sound[1]
                waiting = {
                    key: places for key, places in waiting.items() if places and key not in found
                }
        return found

    def _tell(self, damaged: dict[Place, str], found: dict[str, Entry]) -> None:
        """Say once which replies are made again, and remember where damage lies."""
        self._own.damaged |= {place.segment for place in damaged}
        for key in dict.fromkeys(damaged.values()):
            if key not in found and key not in self._told:
                self._told.add(key)
                LOG.warning(DAMAGED, self.place, key[:12])

    def _refresh(self) -> None:
        """Read what was written since, and forget the segments that are gone."""
        for _ in range(LISTED):
            listed = segments.names(self._folder)
            gone = self._ends.keys() - set(listed)
            self._index.drop(gone)
            for name in gone:
                del self._ends[name]
            lost = [name for name in listed if not self._is_read(name)]
            if not gone and not lost:
                return

    def _is_read(self, name: str) -> bool:
        """Read a segment on; False where it was taken away."""
        end, writer = self._ends.get(name, 0), self._own.writer
        is_own = writer is not None and writer.is_usable and writer.name == name
        if end < 0 or is_own:
            return True
        try:
            held = contents(self._folder / name, end)
        except FileNotFoundError:
            return (self._folder / name).is_symlink()  # a link to nothing stays
        if held is None or not held.is_ours:
            if name not in self._told:
                self._told.add(name)
                LOG.warning("call cache %s: %s is no segment; it is left alone", self.place, name)
            return True
        self._index.add(name, held.records)
        self._ends[name] = -1 if held.is_sealed else held.end
        return True

    def _held(self, name: str) -> Records:
        """A segment's records; none of one that was taken away."""
        try:
            held = contents(self._folder / name)
        except FileNotFoundError:
            held = None
        return np.zeros(0, RECORD) if held is None else held.records

    def _holding(self, keys: set[str]) -> list[tuple[str, set[str]]]:
        """Segments that hold some of these keys, and which; those that hold no others come first,
        as they need no room. Segments that others write are left out.
        """
        whole: list[tuple[str, set[str]]] = []
        part: list[tuple[str, set[str]]] = []
        for name in segments.names(self._folder):
            names = {line.tobytes().hex() for line in self._held(name)["key"]}
            path = self._folder / name
            if names & keys and (sealed_size(path) or not is_written(path, at_once=True)):
                (part if names - keys else whole).append((name, names & keys))
        return whole + part

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
        if self._older.has_first():
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
