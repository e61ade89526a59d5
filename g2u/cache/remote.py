"""Replies on storage that fsspec reaches (S3 and the like), with folders on this machine before it.

Sealed segments alone lie on shared storage, root/3/*.arrow. New replies go to a folder of this
machine, `out-...`; a segment is sealed and copied when it is full, after `SHIPPED_AFTER`, and when
the process ends. What a killed process left there is copied by a later one. Replies of others are
read by ranges of bytes, once, and kept in the nearer folder; segments that were copied since the
last listing are seen after `SEEN_AFTER`. Object stores show a file whole or not at all, so nobody
needs a lock.
"""

import contextlib
import hashlib
import logging
import tempfile
import time
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import Any

import fsspec
from fsspec.utils import merge_offset_ranges

from g2u.cache import older, segments
from g2u.cache.folder import DAMAGED, FolderStore
from g2u.cache.index import Index, Place
from g2u.cache.segment import (
    Records,
    index_of,
    index_size,
    joined,
    listed,
    packed,
    read_index,
    unpacked,
)
from g2u.cache.segments import MANY, NAME, SMALL, Writer, rewrite
from g2u.cache.store import FORM, KEY, Entry, Migration, Stored, older_form, require_key
from g2u.errors import CacheError

AT_ONCE = 256
"""Files or ranges asked for in one go."""
TAIL = 2**16
"""Bytes read of a segment's end; most indices are smaller."""
GAP = 2**16
"""Bytes between two replies that are read and left, rather than asked for in two ranges."""
BLOCK = 2**25
"""Bytes of a range, at most."""
SEEN_AFTER = 30.0
SHIPPED_AFTER = 1200.0
"""Both in seconds."""
LOG = logging.getLogger(__name__)


class RemoteStore:
    """A `CallStore` at a URL such as s3://bucket/calls.

    Args:
        url: where replies are shared.
        near: the folder on this machine.
        options: what the file system takes, as in fsspec's documentation (endpoint_url, ...); keys
            belong into the environment.
    """

    def __init__(self, url: str, near: FolderStore, options: dict[str, object]) -> None:
        self._url, self._near = url.rstrip("/"), near
        name = f"out-{hashlib.sha256(self._url.encode()).hexdigest()[:16]}"
        self._out = FolderStore(near.root / name)
        try:
            self._files, self._root = fsspec.core.url_to_fs(self._url, **options)
        except (ImportError, ValueError) as error:
            raise CacheError(
                f"call cache {url}: {error}; expected a URL that fsspec reads, for s3:// the extra "
                "[s3]: pip install 'g2u[s3]'"
            ) from None
        self._index = Index()
        self._known: dict[str, int] = {}
        """Segments whose index was read, and their bytes."""
        self._damaged: set[str] = set()
        self._seen = self._shipped = time.monotonic()
        self._seen -= SEEN_AFTER
        self._has_older: bool | None = None
        self._has_room = False

    @property
    def place(self) -> str:
        """The URL."""
        return self._url

    def get_many(self, keys: Iterable[str], kind: str | None = None) -> dict[str, Entry]:
        """See `CallStore.get_many`."""
        wanted = list(dict.fromkeys(keys))
        found: dict[str, Entry] = {}
        for store in (self._near, self._out):
            missing = [key for key in wanted if key not in found]
            found |= store.get_many(missing, kind) if missing else {}
        missing = [key for key in wanted if key not in found]
        return found | self._fetched(missing, kind) if missing else found

    def require_room(self, keys: Iterable[str]) -> None:
        """See `CallStore.require_room`; storage is written once to see that it can be."""
        self._out.require_room(keys)
        if not self._has_room:
            with self._told_of("written"):
                self._files.pipe_file(f"{self._root}/{FORM}/writable", b"")
            self._has_room = True

    def put(self, key: str, entry: Entry) -> None:
        """See `CallStore.put`."""
        before = self._out.writing
        self._out.put(key, entry)
        is_full = before and self._out.writing != before
        if is_full or time.monotonic() - self._shipped > SHIPPED_AFTER:
            self._ship()

    def listing(self) -> Iterator[Stored]:
        """See `CallStore.listing`; what is not copied yet is left out."""
        self._require_none_older()
        yield from listed(self._records(self._listed()))
        for key, _, size, changed in self._older_files(older.FORM):
            yield Stored(key, size, changed)

    def remove(self, keys: Iterable[str]) -> tuple[int, int]:
        """See `CallStore.remove`; forgets them on this machine too."""
        dropped = set(keys)
        self._near.remove(dropped)
        self._out.remove(dropped)
        gone: set[str] = set()
        freed = 0
        for name, size in self._listed().items():
            names = {line.tobytes().hex() for line in self._records({name: size})["key"]}
            if names & dropped:
                freed += self._rewritten([name], dropped)[1]
                gone |= names & dropped
        for key, path, size, _ in list(self._older_files(older.FORM)):
            if key in dropped:
                self._forget([path])
                gone.add(key)
                freed += size
        return len(gone), freed

    def clear(self) -> tuple[int, int]:
        """See `CallStore.clear`; here and on this machine."""
        counts = [self._near.clear(), self._out.clear()]
        self._ship()
        small = {name for name, size in self._listed().items() if size < SMALL}
        if len(small) > 1 or self._damaged:
            counts.append(self._rewritten(small | self._damaged))
        self._damaged.clear()
        return sum(gone for gone, _ in counts), max(0, sum(freed for _, freed in counts))

    def close(self) -> None:
        """See `CallStore.close`: copies what this machine has, and merges what is small."""
        self._ship()
        self._near.close()
        if self._has_room:
            small = [name for name, size in self._listed().items() if size < SMALL]
            if len(small) > MANY:
                self._rewritten(small)

    def migrate(self) -> Migration:
        """See `CallStore.migrate`; storage first, then what this machine alone has."""
        done = Migration()
        with tempfile.TemporaryDirectory() as name:
            writer: Writer | None = None
            moved: list[str] = []
            for path, key, entry, changed in self._older_entries():
                if entry is None or self._has_other(key, entry):
                    (done.damaged if entry is None else done.other).append(key)
                    with self._told_of("written"):
                        self._files.mv(path, f"{path}{older.DAMAGED}")
                    continue
                if writer is not None and not writer.is_usable:
                    self._settle(Path(name), writer, moved)
                    writer = None
                writer = writer or Writer(Path(name))
                writer.append(key, *packed(key, entry, changed), changed)
                moved.append(path)
                done.taken += 1
            if writer is not None:
                self._settle(Path(name), writer, moved)
        here = self._near.migrate()
        self._has_older = None
        return Migration(
            done.taken + here.taken, done.damaged + here.damaged, done.other + here.other
        )

    def _fetched(self, keys: list[str], kind: str | None) -> dict[str, Entry]:
        """What the shared storage holds, copied into the folder; damaged replies are left out."""
        for key in keys:
            require_key(self.place, key)
        self._require_none_older()
        found, is_stale = self._look(keys, kind)
        if len(found) < len(keys) and (is_stale or time.monotonic() - self._seen >= SEEN_AFTER):
            self._refresh()
            found |= self._look([key for key in keys if key not in found], kind)[0]
        if self._has_older:
            found |= self._fetched_older([key for key in keys if key not in found], kind)
        for key, entry in found.items():
            try:
                self._near.put(key, entry)
            except CacheError:  # it is fetched again; who makes calls is told when they are put
                break
        return found

    def _look(self, keys: list[str], kind: str | None) -> tuple[dict[str, Entry], bool]:
        """What lies at the places that the index knows, and whether a segment of it is gone."""
        found: dict[str, Entry] = {}
        damaged: set[str] = set()
        is_stale = False
        waiting = self._index.find(keys)
        while waiting:
            turn = sorted((places.pop(0), key) for key, places in waiting.items())
            for (place, key), raw in zip(
                turn, self._ranges([place for place, _ in turn]), strict=True
            ):
                is_stale |= raw is None
                sound = None if raw is None else unpacked(raw)
                if raw is not None and sound is None:
                    damaged.add(key)
                    self._damaged.add(place.segment)
                elif sound and sound[0] == key and kind in (None, sound[1].kind):
                    found[key] = sound[1]
            waiting = {k: places for k, places in waiting.items() if places and k not in found}
        for key in damaged - found.keys():
            LOG.warning(DAMAGED, self.place, key[:12])
        return found, is_stale

    def _ranges(self, places: list[Place]) -> Iterator[bytes | None]:
        """The bytes at sorted places, neighbours in one request; None where a segment is gone."""
        paths, starts, ends = merge_offset_ranges(
            [self._path(place.segment) for place in places],
            [place.offset for place in places],
            [place.offset + place.length for place in places],
            max_gap=GAP, max_block=BLOCK,
        )  # fmt: skip
        blocks = self._blocks(paths, starts, ends)
        at = iter(zip(paths, starts, ends, strict=True))
        path, start, end = "", 0, 0
        block: bytes | None = None
        for place in places:
            while not (
                path == self._path(place.segment)
                and start <= place.offset
                and place.offset + place.length <= end
            ):
                path, start, end = next(at)
                block = next(blocks)
            offset = place.offset - start
            yield None if block is None else block[offset : offset + place.length]

    def _blocks(
        self, paths: list[str], starts: list[int], ends: list[int]
    ) -> Iterator[bytes | None]:
        for first in range(0, len(paths), AT_ONCE):
            some = slice(first, first + AT_ONCE)
            with self._told_of("read"):
                raws = self._files.cat_ranges(
                    paths[some], starts[some], ends[some], on_error="return"
                )
            for raw in raws:
                yield self._content(raw)

    def _content(self, raw: Any) -> bytes | None:
        """What a request came to; None where there is no such file."""
        if isinstance(raw, FileNotFoundError | IsADirectoryError):
            return None
        if isinstance(raw, BaseException):
            raise self._error("read", raw)
        return bytes(raw)

    def _refresh(self) -> None:
        """Read the indices of segments that are new, and forget those that are gone."""
        there = self._listed()
        gone = self._known.keys() - there.keys()
        self._index.drop(gone)
        for name in gone:
            del self._known[name]
        new = {name: size for name, size in there.items() if self._known.get(name) != size}
        for name, records in self._indices(new):
            self._index.add(name, records)
            self._known[name] = new[name]
        self._seen = time.monotonic()

    def _indices(self, sizes: dict[str, int]) -> Iterator[tuple[str, Records]]:
        """The index of each segment; what is none, or not whole yet, is left out."""
        names = list(sizes)
        starts = [max(0, sizes[name] - TAIL) for name in names]
        ends = list(sizes.values())
        tails = self._blocks([self._path(name) for name in names], starts, ends)
        for name, tail in zip(names, tails, strict=True):
            wanted = index_size(tail or b"")
            if tail is None or not 0 < wanted <= sizes[name]:
                continue
            if wanted > len(tail):
                start = sizes[name] - wanted
                tail = next(self._blocks([self._path(name)], [start], [sizes[name]])) or b""
            records = index_of(tail[-wanted:]) if len(tail) >= wanted else None
            if records is None:
                records = self._scanned(name)
            yield name, records

    def _scanned(self, name: str) -> Records:
        """What a segment with a damaged index holds."""
        with tempfile.TemporaryFile() as copy:
            for raw in self._blocks([self._path(name)], [0], [2**40]):
                copy.write(raw or b"")
            copy.flush()
            return read_index(copy.fileno(), copy.tell()).records

    def _records(self, sizes: dict[str, int]) -> Records:
        return joined(records for _, records in self._indices(sizes))

    def _ship(self) -> None:
        """Seal what this process wrote, and copy what is sealed."""
        self._shipped = time.monotonic()
        self._out.close()
        for path in self._out.sealed():
            with contextlib.suppress(FileNotFoundError):  # another process was faster
                self._upload(path)
                self._near.adopt(path)

    def _upload(self, path: Path) -> None:
        """Copy a segment.

        Raises:
            CacheError: it is not there afterwards.
        """
        far = self._path(path.name)
        size = path.stat().st_size
        with self._told_of("written"):
            self._files.put_file(str(path), far)
            self._files.invalidate_cache()
            if self._files.info(far)["size"] != size:
                raise OSError("what was written is not there")

    def _rewritten(
        self, names: Collection[str], dropped: Collection[str] = frozenset()
    ) -> tuple[int, int]:
        """See `segments.rewrite`, on storage."""
        with tempfile.TemporaryDirectory() as name:
            folder, taken, before = Path(name), [], 0
            for each in sorted(names)[:AT_ONCE]:
                with self._told_of("read"):
                    try:
                        self._files.get_file(self._path(each), str(folder / each))
                    except FileNotFoundError:  # another machine merged it
                        continue
                taken.append(each)
                before += (folder / each).stat().st_size
            damaged, _ = rewrite(folder, taken, dropped)
            after = 0
            for path in sorted(folder.iterdir()):
                after += path.stat().st_size
                self._upload(path)
            self._forget([self._path(each) for each in taken])
        self._seen -= SEEN_AFTER
        return damaged, before - after

    def _forget(self, paths: list[str]) -> None:
        for path in paths:
            with contextlib.suppress(FileNotFoundError), self._told_of("written"):
                self._files.rm_file(path)

    def _settle(self, folder: Path, writer: Writer, moved: list[str]) -> None:
        """Copy a segment of older replies and remove the files that it holds now."""
        writer.seal()
        segments.require_whole(folder / writer.name)
        self._upload(folder / writer.name)
        (folder / writer.name).unlink()
        self._forget(moved)
        moved.clear()
        self._seen -= SEEN_AFTER

    def _has_other(self, key: str, entry: Entry) -> bool:
        """Whether another reply lies under the key in a segment."""
        if time.monotonic() - self._seen >= SEEN_AFTER:
            self._refresh()
        there = self._look([key], entry.kind)[0]
        return key in there and there[key].body != entry.body

    def _require_none_older(self) -> None:
        """Once: that nothing of the first form is there.

        Raises:
            CacheError: something is.
        """
        if self._has_older is None:
            self._files.invalidate_cache()
            if any(True for _ in self._older_files("")):
                raise older_form(self.place)
            self._has_older = any(True for _ in self._older_files(older.FORM))

    def _older_files(self, form: str) -> Iterator[tuple[str, str, int, float]]:
        """Key, path, bytes and time of each file of the first ("") or second form."""
        root = f"{self._root}/{form}".rstrip("/")
        with self._told_of("listed"):
            try:
                folders = self._files.ls(root, detail=False)
            except FileNotFoundError:
                return
        for folder in folders:
            if not older.GROUP.fullmatch(folder.rstrip("/").rsplit("/", 1)[-1]):
                continue
            for path, status in sorted(self._found(folder).items()):
                key = path.rsplit("/", 1)[-1]
                if KEY.fullmatch(key):
                    yield key, path, int(status["size"]), _changed(status)

    def _older_entries(self) -> Iterator[tuple[str, str, Entry | None, float]]:
        """Path, key, reply and time of each older file; None of what is damaged."""
        for form in ("", older.FORM):
            for some in _some(list(self._older_files(form))):
                raws = self._contents([path for _, path, _, _ in some])
                for (key, path, _, changed), raw in zip(some, raws, strict=True):
                    if raw is not None:  # else another process took it over
                        entry = older.unpacked(key, raw) if form else older.unpacked_first(raw)
                        yield path, key, entry, changed

    def _fetched_older(self, keys: list[str], kind: str | None) -> dict[str, Entry]:
        found = {}
        for some in _some(keys):
            raws = self._contents([f"{self._root}/{older.FORM}/{key[:2]}/{key}" for key in some])
            for key, raw in zip(some, raws, strict=True):
                entry = None if raw is None else older.unpacked(key, raw, kind)
                if entry is not None:
                    found[key] = entry
        return found

    def _contents(self, paths: list[str]) -> list[bytes | None]:
        """The files of these paths; None where there is none."""
        with self._told_of("read"):
            replies = self._files.cat(paths, on_error="return")
        there = {self._files._strip_protocol(path): raw for path, raw in replies.items()}
        return [self._content(there[path]) for path in paths]

    def _listed(self) -> dict[str, int]:
        """The segments and their bytes."""
        self._files.invalidate_cache()
        found = self._found(f"{self._root}/{FORM}")
        names = {path.rsplit("/", 1)[-1]: int(status["size"]) for path, status in found.items()}
        return {name: size for name, size in sorted(names.items()) if NAME.fullmatch(name)}

    def _found(self, folder: str) -> dict[str, Any]:
        """Every file below a folder, with what the storage tells of it."""
        with self._told_of("listed"):
            try:
                return dict(self._files.find(folder, detail=True))
            except FileNotFoundError:
                return {}

    def _path(self, name: str) -> str:
        return f"{self._root}/{FORM}/{name}"

    @contextlib.contextmanager
    def _told_of(self, verb: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise self._error(verb, error) from None

    def _error(self, verb: str, error: BaseException) -> CacheError:
        return CacheError(
            f"call cache {self._url}: cannot be {verb}: {error}; finished calls are kept in "
            f"{self._near.place}; check address, keys and rights, then run again"
        )


def _changed(status: dict[str, Any]) -> float:
    changed = status.get("LastModified") or status.get("mtime") or 0.0
    return float(changed.timestamp() if hasattr(changed, "timestamp") else changed)


def _some(values: list[Any]) -> Iterator[list[Any]]:
    """As many at once as are asked for in one go."""
    for start in range(0, len(values), AT_ONCE):
        yield values[start : start + AT_ONCE]
