"""Replies on storage that fsspec reaches (S3 and the like), with folders on this machine before it.

Sealed segments alone lie on shared storage, root/3/*.zip. New replies go to a folder of this
machine, `out-...`; a segment is sealed and copied when it is full, after `SHIPPED_AFTER`, and when
the process ends. What a killed process left there is copied by a later one. Replies of others are
read by ranges of bytes, once, and kept in the nearer folder; segments that were copied since the
last listing are seen after `SEEN_AFTER`. Object stores show a file whole or not at all, so nobody
needs a lock.
"""

import contextlib
import hashlib
import tempfile
import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from g2u.calls import older, segment
from g2u.calls.folder import FolderStore, tell_damaged
from g2u.calls.index import Index, Place, look_up
from g2u.calls.segment import AT_ONCE, MANY, NAME, SMALL, batches, listed, rewrite
from g2u.calls.store import FORM, Entry, Migration, Stored, older_form, require_key
from g2u.errors import CacheError
from g2u.files import file_system

TAIL = 2**16
"""Bytes read of a segment's end; most indices are smaller."""
GAP = 2**16
"""Bytes between two replies that are read and left, rather than asked for in two ranges."""
BLOCK = 2**25
"""Bytes of a range, at most, but for a greater reply."""
SEEN_AFTER = 30.0
SHIPPED_AFTER = 1200.0
"""Both in seconds."""


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
            self._files, self._root = file_system(self._url, **options)
        except (ImportError, ValueError) as error:
            raise CacheError(
                f"call cache {url}: {error}; expected a URL that fsspec reads"
            ) from None
        self._index = Index()
        self._known: dict[str, int] = {}
        """Segments whose index was read, and their bytes."""
        self._damaged: set[str] = set()
        self._shipped = time.monotonic()
        self._seen = -SEEN_AFTER
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
        yield from older.listed(self, listed([x for _, x in self._indices(self._listed())]))

    def remove(self, keys: Iterable[str], *, everywhere: bool = False) -> tuple[int, int]:
        """See `CallStore.remove`; forgets them on this machine too."""
        dropped = set(keys)
        self._near.remove(dropped, everywhere=everywhere)
        self._out.remove(dropped, everywhere=everywhere)
        gone = older.removed(self, dropped)
        freed = 0
        for name, index in list(self._indices(self._listed())):
            there = dropped & {key.decode() for key in index["key"].tolist()}
            if there:
                freed += self._rewritten([name], dropped)[1]
                gone |= dict.fromkeys(there, 0)
        return len(gone), freed + sum(gone.values())

    def cut(self) -> list[str]:
        """See `CallStore.cut`: what was not copied whole, and what is cut on this machine."""
        there = self._listed()
        whole = {name for name, tail in self._tails(there) if tail is not None}
        return [
            *(f"{name} is cut: not sealed; its whole replies are read" for name in there
              if name not in whole),
            *self._near.cut(),
            *self._out.cut(),
        ]  # fmt: skip

    def clear(self) -> tuple[int, int]:
        """See `CallStore.clear`; here and on this machine."""
        counts = [self._near.clear(), self._out.clear()]
        self._ship()
        there = self._listed()
        small = {name: size for name, size in there.items() if size < SMALL}
        wanted = small if len(small) > 1 else {}
        wanted |= {name: size for name, size in there.items() if name in self._damaged}
        counts += [self._rewritten(some) for some in batches(wanted)]
        self._damaged.clear()
        return sum(gone for gone, _ in counts), max(0, sum(freed for _, freed in counts))

    def close(self) -> None:
        """See `CallStore.close`: copies what this machine has, and merges what is small."""
        self._ship()
        self._near.close()
        if self._has_room:
            small = {name: size for name, size in self._listed().items() if size < SMALL}
            for some in batches(small) if len(small) > MANY else ():
                self._rewritten(some)

    def migrate(self) -> Migration:
        """See `CallStore.migrate`; storage first, then what this machine alone has."""
        self._refresh()
        far = older.take_over(
            self, lambda key: bool(self._look([key], None)[0]), self._out.put_raw, self._ship
        )
        near = self._near.migrate()
        self._has_older = None
        return Migration(far.taken + near.taken, far.damaged + near.damaged)

    def found(self, folder: str) -> Iterator[older.Found]:
        """See `older.Tree.found`; so are the others."""
        root = f"{self._root}/{folder}".rstrip("/")
        with self._told_of("listed"):
            try:
                groups = self._files.ls(root, detail=False)
            except FileNotFoundError:
                return
        for group in groups:
            name = group.rstrip("/").rsplit("/", 1)[-1]
            for path, status in self._listing(group) if older.GROUP.fullmatch(name) else ():
                changed = status.get("LastModified") or status.get("mtime") or 0.0
                when = changed.timestamp() if hasattr(changed, "timestamp") else changed
                yield path[len(self._root) + 1 :], int(status["size"]), float(when)

    def contents(self, paths: Sequence[str]) -> list[bytes | None]:
        """The files of these paths."""
        return self._ranges([(path, None, None) for path in paths])

    def forget(self, paths: Sequence[str]) -> None:
        """Remove files."""
        for path in paths:
            with contextlib.suppress(FileNotFoundError), self._told_of("written"):
                self._files.rm_file(f"{self._root}/{path}")

    def _fetched(self, keys: list[str], kind: str | None) -> dict[str, Entry]:
        """What the shared storage holds, copied into the folder; damaged replies are left out."""
        for key in keys:
            require_key(self.place, key)
        self._require_none_older()
        found, damaged = self._look(keys, kind)
        if len(found) < len(keys) and time.monotonic() - self._seen >= SEEN_AFTER:
            self._refresh()
            more, damaged = self._look([key for key in keys if key not in found], kind)
            found |= more
        if self._has_older:
            found |= older.get_many(self, [key for key in keys if key not in found], kind)
        for key in damaged - found.keys():
            tell_damaged(self.place, key)
        for key, entry in found.items():
            try:
                self._near.put(key, entry)
            except CacheError:  # it is fetched again; who makes calls is told when they are put
                break
        return found

    def _look(self, keys: Sequence[str], kind: str | None) -> tuple[dict[str, Entry], set[str]]:
        """What lies at the places that the index knows, and which keys are damaged."""
        found, damaged = look_up(self._index, keys, kind, self._read)
        self._damaged |= set(damaged.values())
        return found, set(damaged)

    def _read(self, places: Sequence[Place]) -> Iterator[bytes | None]:
        """What lies at sorted places; neighbours are asked for together."""
        blocks: list[list[Place]] = []
        for place in places:
            first, last = (blocks[-1][0], blocks[-1][-1]) if blocks else (place, place)
            is_near = place.offset - last.offset - last.size <= GAP
            is_small = place.offset + place.size - first.offset <= BLOCK
            if blocks and place.segment == first.segment and is_near and is_small:
                blocks[-1].append(place)
            else:
                blocks.append([place])
        for start in range(0, len(blocks), AT_ONCE):
            some = blocks[start : start + AT_ONCE]
            spans = [
                (f"{FORM}/{a.segment}", a.offset, b.offset + b.size) for a, *_, b in
                ((block[0], *block) for block in some)
            ]  # fmt: skip
            for block, raw in zip(some, self._ranges(spans), strict=True):
                if raw is None:  # merged by another process
                    self._seen = -SEEN_AFTER
                for place in block:
                    offset = place.offset - block[0].offset
                    yield None if raw is None else raw[offset : offset + place.size]

    def _ranges(self, spans: Sequence[tuple[str, int | None, int | None]]) -> list[bytes | None]:
        """Ranges of bytes of files; None of such as are gone."""
        if not spans:
            return []
        names, starts, ends = zip(*spans, strict=True)
        paths = [f"{self._root}/{name}" for name in names]
        with self._told_of("read"):
            raws = self._files.cat_ranges(paths, list(starts), list(ends), on_error="return")
        found: list[bytes | None] = []
        for raw in raws:
            is_gone = isinstance(raw, FileNotFoundError | IsADirectoryError)
            if isinstance(raw, BaseException) and not is_gone:
                raise self._error("read", raw)
            found.append(None if is_gone else bytes(raw))
        return found

    def _refresh(self) -> None:
        """Read the indices of segments that are new, and forget those that are gone."""
        there = self._listed()
        new = {name: size for name, size in there.items() if self._known.get(name) != size}
        self._index.drop([*(self._known.keys() - there.keys()), *new])
        for name, index in self._indices(new):
            self._index.add(name, index)
        self._known = there
        self._seen = time.monotonic()

    def _indices(self, sizes: dict[str, int]) -> Iterator[tuple[str, segment.Index]]:
        """The index of each segment; of what has none, because it was cut, what is whole of it."""
        for name, index in self._tails(sizes):
            if index is not None:
                yield name, index
                continue
            with tempfile.TemporaryDirectory() as folder, self._told_of("read"):
                copy = Path(folder) / name
                with contextlib.suppress(FileNotFoundError):
                    self._files.get_file(f"{self._root}/{FORM}/{name}", str(copy))
                    if (file := segment.opened(copy)) is not None:
                        yield name, segment.read(file).lines

    def _tails(self, sizes: dict[str, int]) -> Iterator[tuple[str, segment.Index | None]]:
        """The index of each sealed segment; None of others."""
        names = list(sizes)
        for start in range(0, len(names), AT_ONCE):
            some = names[start : start + AT_ONCE]
            spans = [(f"{FORM}/{x}", max(0, sizes[x] - TAIL), sizes[x]) for x in some]
            for name, tail in zip(some, self._ranges(spans), strict=True):
                size = sizes[name]
                place = None if tail is None else segment.index_at(tail, size)
                if tail is None or place is None:
                    yield name, None
                    continue
                if size - place > len(tail):
                    tail = self._ranges([(f"{FORM}/{name}", place, size)])[0]
                yield name, None if tail is None else segment.index_of(tail[place - size :])

    def _ship(self) -> None:
        """Seal what this process wrote, and copy what is sealed."""
        self._shipped = time.monotonic()
        for path in self._out.sealed():
            with contextlib.suppress(FileNotFoundError):  # another process was faster
                self._upload(path)
                self._near.adopt(path)

    def _upload(self, path: Path) -> None:
        """Copy a segment.

        Raises:
            CacheError: it is not there afterwards.
        """
        far = f"{self._root}/{FORM}/{path.name}"
        size = path.stat().st_size
        with self._told_of("written"):
            self._files.put_file(str(path), far)
            self._files.invalidate_cache()
            if self._files.info(far)["size"] != size:
                raise OSError("what was written is not there")

    def _rewritten(
        self, names: Collection[str], dropped: Collection[str] = frozenset()
    ) -> tuple[int, int]:
        """See `segment.rewrite`, on storage."""
        with tempfile.TemporaryDirectory() as name:
            folder, taken = Path(name), []
            for each in names:
                with self._told_of("read"):
                    try:
                        self._files.get_file(f"{self._root}/{FORM}/{each}", str(folder / each))
                    except FileNotFoundError:  # another machine merged it
                        continue
                taken.append(each)
            done = rewrite(folder, taken, dropped)
            for path in sorted(folder.iterdir()):
                self._upload(path)
            self.forget([f"{FORM}/{each}" for each in taken])
        self._seen = -SEEN_AFTER
        return done

    def _require_none_older(self) -> None:
        """Once: that nothing of the first form is there.

        Raises:
            CacheError: something is.
        """
        if self._has_older is None:
            self._files.invalidate_cache()
            if any(True for _ in older.replies(self, "")):
                raise older_form(self.place)
            self._has_older = any(True for _ in self.found(older.FORM))

    def _listed(self) -> dict[str, int]:
        """The segments and their bytes."""
        self._files.invalidate_cache()
        found = self._listing(f"{self._root}/{FORM}")
        names = {path.rsplit("/", 1)[-1]: int(status["size"]) for path, status in found}
        return {name: size for name, size in sorted(names.items()) if NAME.fullmatch(name)}

    def _listing(self, folder: str) -> list[tuple[str, dict[str, Any]]]:
        """Every file below a folder, with what the storage tells of it."""
        with self._told_of("listed"):
            try:
                return list(self._files.find(folder, detail=True).items())
            except FileNotFoundError:
                return []

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
