"""Replies on storage that fsspec reaches (S3 and the like), with a folder on this machine before
it.

A reply is fetched once and then read from the folder; a new one is written to both. Object stores
show a file whole or not at all, so writers need no locks.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import fsspec

from g2u.cache.folder import DAMAGED, GROUP, FolderStore
from g2u.cache.store import (
    FORM,
    KEY,
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

FETCHED_AT_ONCE = 256
"""Replies asked for in one go."""


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
        self._is_checked = False
        try:
            self._files, self._root = fsspec.core.url_to_fs(self._url, **options)
        except (ImportError, ValueError) as error:
            raise CacheError(
                f"call cache {url}: {error}; expected a URL that fsspec reads, for s3:// the extra "
                "[s3]: pip install 'g2u[s3]'"
            ) from None

    @property
    def place(self) -> str:
        """The URL."""
        return self._url

    def get_many(self, keys: Iterable[str], kind: str | None = None) -> dict[str, Entry]:
        """See `CallStore.get_many`."""
        wanted = list(keys)
        found = self._near.get_many(wanted, kind)
        missing = [key for key in wanted if key not in found]
        for some in _some(missing):
            found |= self._fetch(some, kind)
        return found

    def require_room(self, keys: Iterable[str]) -> None:
        """See `CallStore.require_room`; of the folder alone, storage says it when it is written."""
        self._near.require_room(keys)

    def put(self, key: str, entry: Entry) -> None:
        """See `CallStore.put`."""
        self._near.put(key, entry)
        try:
            self._files.pipe_file(self._path(key), packed(key, entry))
        except OSError as error:
            raise self._error("written", error) from None

    def listing(self) -> Iterator[Stored]:
        """See `CallStore.listing`."""
        self._check()
        for path, status in sorted(self._listed(f"{self._root}/{FORM}").items()):
            group, key = path.split("/")[-2:]
            if KEY.fullmatch(key) and key[:2] == group:
                changed = status.get("LastModified") or status.get("mtime") or 0.0
                seconds = changed.timestamp() if hasattr(changed, "timestamp") else float(changed)
                yield Stored(key, int(status["size"]), seconds)

    def remove(self, key: str) -> None:
        """See `CallStore.remove`; forgets it on this machine too."""
        self._near.remove(key)
        try:
            self._files.rm_file(self._path(key))
        except FileNotFoundError:
            return
        except OSError as error:
            raise self._error("written", error) from None

    def clear(self) -> tuple[int, int]:
        """See `CallStore.clear`; storage has no leftovers."""
        return self._near.clear()

    def migrate(self) -> Migration:
        """See `CallStore.migrate`; storage first, then what this machine alone has."""
        done = Migration()
        for paths in _some(sorted(self._older())):
            self._take_over(paths, done)
        here = self._near.migrate()
        self._is_checked = False
        return Migration(
            done.taken + here.taken, done.damaged + here.damaged, done.other + here.other
        )

    def _fetch(self, keys: list[str], kind: str | None) -> dict[str, Entry]:
        """What the shared storage holds, copied into the folder; damaged replies are left out."""
        self._check()
        found = {}
        for key, raw in zip(keys, self._contents([self._path(key) for key in keys]), strict=True):
            entry = None if raw is None else unpacked(key, raw, kind)
            if entry is None:
                continue
            found[key] = entry
            try:
                self._near.put(key, entry)
            except CacheError:  # it is fetched again; who makes calls is told when they are put
                continue
        return found

    def _contents(self, paths: list[str]) -> list[bytes | None]:
        """The files of these paths; None where there is none."""
        replies = self._files.cat(paths, on_error="return")
        there = {self._files._strip_protocol(path): raw for path, raw in replies.items()}
        contents = []
        for path in paths:
            raw = there[path]
            if isinstance(raw, FileNotFoundError | IsADirectoryError):
                raw = None
            if isinstance(raw, BaseException):
                raise self._error("read", raw)
            contents.append(raw)
        return contents

    def _check(self) -> None:
        """Once: that nothing of the older form is there.

        Raises:
            CacheError: something is.
        """
        if not self._is_checked and any(True for _ in self._older()):
            raise older_form(self.place)
        self._is_checked = True

    def _older(self) -> Iterator[str]:
        """Paths of replies of the older form."""
        self._files.invalidate_cache()
        try:
            folders = self._files.ls(self._root, detail=False)
        except FileNotFoundError:
            return
        except OSError as error:
            raise self._error("listed", error) from None
        for folder in folders:
            if GROUP.fullmatch(folder.rstrip("/").rsplit("/", 1)[-1]):
                listed = self._listed(folder)
                yield from (path for path in listed if KEY.fullmatch(path.rsplit("/", 1)[-1]))

    def _take_over(self, paths: list[str], done: Migration) -> None:
        keys = [path.rsplit("/", 1)[-1] for path in paths]
        newer = self._contents([self._path(key) for key in keys])
        for path, key, old, new in zip(paths, keys, self._contents(paths), newer, strict=True):
            if old is None:  # another process took it over
                continue
            entry = unpacked_older(old)
            there = None if new is None or entry is None else unpacked(key, new, entry.kind)
            try:
                if entry is not None and (there is None or there.body == entry.body):
                    self._files.pipe_file(self._path(key), packed(key, entry))
                    self._files.rm_file(path)
                    done.taken += 1
                else:
                    self._files.mv(path, f"{path}{DAMAGED}")
                    (done.damaged if entry is None else done.other).append(key)
            except OSError as error:
                raise self._error("written", error) from None

    def _listed(self, folder: str) -> dict[str, Any]:
        """Every file below a folder, with what the storage tells of it."""
        try:
            return dict(self._files.find(folder, detail=True))
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise self._error("listed", error) from None

    def _path(self, key: str) -> str:
        require_key(self.place, key)
        return f"{self._root}/{FORM}/{key[:2]}/{key}"

    def _error(self, verb: str, error: BaseException) -> CacheError:
        return CacheError(
            f"call cache {self._url}: cannot be {verb}: {error}; finished calls are kept in "
            f"{self._near.place}; check address, keys and rights, then run again"
        )


def _some(values: list[str]) -> Iterator[list[str]]:
    """As many at once as are asked for in one go."""
    for start in range(0, len(values), FETCHED_AT_ONCE):
        yield values[start : start + FETCHED_AT_ONCE]
