"""Files of pictures in little memory: those that were used last, and such as lie in a spool.

What a process knows of thousands of pictures (`g2u.records.Picture`) is where their files lie. A
file is read when it is needed; those that were used last are held, up to `BYTES` in all.
"""

import os
import tempfile
import threading
import weakref
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from g2u.records import Picture

T = TypeVar("T")
BYTES = 64 * 2**20
SPOOLS = Path(".g2u") / "spools"
"""Below the workspace: what lies in /tmp may lie in memory."""


class Held:
    """What was used last, up to so many bytes; threads may share it.

    Args:
        most: bytes in all; what is greater by itself is not held.
    """

    def __init__(self, most: int = BYTES) -> None:
        self.most, self.bytes = most, 0
        self._there: OrderedDict[Hashable, tuple[Any, int]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable, read: Callable[[], T], size: Callable[[T], int]) -> T:
        """What was put under the key, or else what `read` gives, which is held from now on.

        Args:
            key: names what is read, wherever in the process.
            read: called without a lock; may raise.
            size: of what it gives, in bytes.
        """
        with self._lock:
            if key in self._there:
                self._there.move_to_end(key)
                found: T = self._there[key][0]
                return found
        read_now = read()
        self.put(key, read_now, size(read_now))
        return read_now

    def put(self, key: Hashable, value: object, size: int) -> None:
        """Hold a value of so many bytes in place of what was used longest ago."""
        with self._lock:
            self._drop(key)
            if size > self.most:
                return
            self._there[key] = (value, size)
            self.bytes += size
            while self.bytes > self.most:
                self._drop(next(iter(self._there)))

    def __contains__(self, key: Hashable) -> bool:
        return key in self._there

    def drop(self, key: Hashable) -> None:
        """Forget what was put under the key."""
        with self._lock:
            self._drop(key)

    def clear(self) -> None:
        """Forget all."""
        with self._lock:
            self._there.clear()
            self.bytes = 0

    def _drop(self, key: Hashable) -> None:
        if key in self._there:
            self.bytes -= self._there.pop(key)[1]


FILES = Held()
"""Of this process."""


class Spool:
    """A file without a name that pictures are put aside in; it goes with the last of them."""

    def __init__(self) -> None:
        self._handle = -1
        self._end = 0

    def keep(self, picture: Picture) -> Picture:
        """The picture without its file in memory; such as lie elsewhere are left there."""
        if not isinstance(picture.file, bytes):
            return picture
        if self._handle < 0:
            self._open()
        view, begin = memoryview(picture.file), self._end
        while self._end < begin + len(view):
            self._end += os.pwrite(self._handle, view[self._end - begin :], self._end)
        return replace(picture, file=_Spooled(self, begin, len(view)))

    def read(self, begin: int, length: int) -> bytes:
        """What was put there."""
        return os.pread(self._handle, length, begin)

    def _open(self) -> None:
        SPOOLS.mkdir(parents=True, exist_ok=True)
        self._handle, path = tempfile.mkstemp(dir=SPOOLS)
        Path(path).unlink()
        weakref.finalize(self, os.close, self._handle)


@dataclass(frozen=True, slots=True)
class _Spooled:
    """A file in a spool."""

    spool: Spool
    begin: int
    length: int

    def __call__(self) -> bytes:
        return self.spool.read(self.begin, self.length)
