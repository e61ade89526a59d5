"""Replies on storage that fsspec reaches (S3 and the like), with a folder on this machine before
it.

A reply is fetched once and then read from the folder; a new one is written to both. Object stores
show a file whole or not at all, so writers need no locks.
"""

from collections.abc import Iterable, Iterator

import fsspec

from g2u.cache.folder import FolderStore
from g2u.cache.store import Entry, Stored, packed, unpacked
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

    def get_many(self, keys: Iterable[str]) -> dict[str, Entry]:
        """See `CallStore.get_many`."""
        wanted = list(keys)
        found = self._near.get_many(wanted)
        missing = [key for key in wanted if key not in found]
        for start in range(0, len(missing), FETCHED_AT_ONCE):
            found |= self._fetch(missing[start : start + FETCHED_AT_ONCE])
        return found

    def put(self, key: str, entry: Entry) -> None:
        """See `CallStore.put`."""
        self._near.put(key, entry)
        try:
            self._files.pipe_file(self._path(key), packed(entry))
        except OSError as error:
            raise self._error("written", error) from None

    def listing(self) -> Iterator[Stored]:
        """See `CallStore.listing`."""
        try:
            found = self._files.find(self._root, detail=True)
        except FileNotFoundError:
            return
        except OSError as error:
            raise self._error("listed", error) from None
        for path, status in sorted(found.items()):
            changed = status.get("LastModified") or status.get("mtime") or 0.0
            seconds = changed.timestamp() if hasattr(changed, "timestamp") else float(changed)
            yield Stored(path.rsplit("/", 1)[-1], int(status["size"]), seconds)

    def remove(self, key: str) -> None:
        """See `CallStore.remove`; forgets it on this machine too."""
        self._near.remove(key)
        try:
            self._files.rm_file(self._path(key))
        except FileNotFoundError:
            return
        except OSError as error:
            raise self._error("written", error) from None

    def _fetch(self, keys: list[str]) -> dict[str, Entry]:
        """What the shared storage holds, copied into the folder; damaged replies are left out."""
        paths = {self._path(key): key for key in keys}
        replies = self._files.cat(list(paths), on_error="return")
        found = {}
        for path, raw in replies.items():
            if isinstance(raw, FileNotFoundError):
                continue
            if isinstance(raw, BaseException):
                raise self._error("read", raw)
            key = paths[self._files._strip_protocol(path)]
            entry = unpacked(raw)
            if entry is not None:
                self._near.put(key, entry)
                found[key] = entry
        return found

    def _path(self, key: str) -> str:
        return f"{self._root}/{key[:2]}/{key}"

    def _error(self, verb: str, error: BaseException) -> CacheError:
        return CacheError(
            f"call cache {self._url}: cannot be {verb}: {error}; finished calls are kept in "
            f"{self._near.place}; check address, keys and rights, then run again"
        )
