"""Segments of a folder: the one that this process writes, and rewriting those that are written."""

import contextlib
import errno
import fcntl
import logging
import os
import re
import secrets
import stat
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from g2u.cache.index import Place
from g2u.cache.segment import (
    FULL,
    HEAD,
    SUFFIX,
    TRAILER,
    Read,
    ending,
    index_size,
    read_index,
    record,
    unpacked,
)

NAME = re.compile(rf"[0-9a-f]{{32}}{re.escape(SUFFIX)}")
SMALL = 8 * 2**20
"""Bytes below which a segment is merged with others."""
MANY = 8
"""Small segments that are left as they are."""
IDLE = 900.0
"""Seconds after which an unsealed segment that nobody has locked is taken over by a merge. A writer
that was silent for a third of it begins a new one, so that no lock is needed to be safe.
"""
NOT_PLAIN = (errno.ENXIO, errno.ENODEV, errno.ELOOP)
"""What opening a socket, a lost device or a link to itself fails with."""
AT_ONCE = 512
"""Segments merged in one go."""
LOG = logging.getLogger(__name__)


class Writer:
    """A new segment, for this process alone.

    A lock on the file tells others that it is being written; it is a hint. Every method raises
    OSError where the file cannot be written, and what it held before is whole then.
    """

    def __init__(self, folder: Path) -> None:
        self.name = secrets.token_hex(16) + SUFFIX
        self.size = 0
        self._path = folder / self.name
        self._records = bytearray()
        self._pid, self._last = os.getpid(), time.monotonic()
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        self._handle = os.open(self._path, flags, 0o666)
        try:
            with contextlib.suppress(OSError):  # a file system without locks
                fcntl.flock(self._handle, fcntl.LOCK_SH)
            self._file = _identity(os.fstat(self._handle))
            self._write(HEAD)
        except BaseException:
            self.discard()
            raise

    @property
    def is_usable(self) -> bool:
        """Whether another reply may be appended here."""
        is_silent = time.monotonic() - self._last > IDLE / 3
        return self.size < FULL and not is_silent and self._pid == os.getpid()

    def append(self, key: str, raw: bytes, seal: bytes, stored: float) -> Place | None:
        """Add a batch; returns where it lies, None where the file was taken away meanwhile."""
        place = Place(self.name, self.size, len(raw))
        self._write(raw)
        self._records += record(bytes.fromhex(key), seal, place.offset, place.length, stored)
        self._last = time.monotonic()
        try:
            is_there = _identity(self._path.stat()) == self._file
        except FileNotFoundError:
            is_there = False
        return place if is_there else None

    def seal(self) -> None:
        """Append the index and close the file, all of it on the disk then."""
        try:
            if self._pid == os.getpid():  # else it is the parent's
                self._write(ending(bytes(self._records)))
                os.fsync(self._handle)
        finally:
            self._close()

    def discard(self) -> None:
        """Forget the file."""
        self._close()
        self._path.unlink(missing_ok=True)

    def _close(self) -> None:
        """Close the file once: its number may be another file's by now."""
        handle, self._handle = self._handle, -1
        if handle >= 0:
            os.close(handle)

    def _write(self, content: bytes) -> None:
        view, done = memoryview(content), 0
        try:
            while done < len(view):
                done += os.pwrite(self._handle, view[done:], self.size + done)
        except BaseException:
            with contextlib.suppress(OSError):
                os.ftruncate(self._handle, self.size)
            raise
        self.size += done


@dataclass(slots=True)
class Own:
    """What a store writes, and where it met damage: all that is to be put in order when it ends."""

    folder: Path
    writer: Writer | None = None
    damaged: set[str] = field(default_factory=set)
    """Segments with damaged replies."""

    def put(self, key: str, raw: bytes, seal: bytes, stored: float) -> Place:
        """Append a batch; returns where it lies."""
        while True:
            if self.writer is not None and not self.writer.is_usable:
                self.seal()
            if self.writer is None:
                self.folder.mkdir(parents=True, exist_ok=True)
                self.writer = Writer(self.folder)
            place = self.writer.append(key, raw, seal, stored)
            if place is not None:
                return place
            self.seal()  # it was taken away: by hand, or by a merge on another machine

    def seal(self) -> None:
        """Seal what was written; where that fails, it is read without an index."""
        writer, self.writer = self.writer, None
        if writer is not None:
            try:
                writer.seal()
            except OSError as error:
                LOG.warning("call cache %s: not sealed: %s", writer.name, error.strerror)

    def finish(self) -> None:
        """Seal what was written and merge small segments, if they are many."""
        if self.writer is None and not self.damaged:
            return
        self.seal()
        if not os.access(self.folder, os.W_OK):
            return
        try:
            with _claimed(self.folder) as is_ours:
                small = mergeable(self.folder)
                wanted = {*(small if len(small) > MANY else ()), *self.damaged}
                if is_ours and wanted:
                    rewrite(self.folder, wanted)
            self.damaged.clear()
        except OSError as error:
            LOG.warning("call cache %s: not merged: %s", self.folder, error.strerror)


@contextmanager
def opened(path: Path) -> Iterator[tuple[int, int] | None]:
    """A plain file's handle and size; None of what is something else.

    Raises:
        OSError: there is no such file, or it cannot be read.
    """
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if error.errno not in NOT_PLAIN:
            raise
        handle = -1
    if handle < 0:
        yield None
        return
    try:
        status = os.fstat(handle)
        yield (handle, status.st_size) if stat.S_ISREG(status.st_mode) else None
    finally:
        os.close(handle)


class Reader:
    """Reads replies, with the segment of the last one open: asked in order, each is opened once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._name = ""
        self._open = contextlib.ExitStack()
        self._file: tuple[int, int] | None = None

    def read(self, place: Place) -> bytes:
        """A reply's batch, as far as it is there.

        Raises:
            OSError: the segment is gone, or cannot be read.
        """
        if place.segment != self._name:
            self.close()
            self._file = self._open.enter_context(opened(self._folder / place.segment))
            self._name = place.segment
        return b"" if self._file is None else os.pread(self._file[0], place.length, place.offset)

    def close(self) -> None:
        """Close what is open."""
        self._name = ""
        self._open.close()


def contents(path: Path, start: int = 0) -> Read | None:
    """What a segment holds from an offset on; None of what is no file.

    Raises:
        OSError: there is no such file, or it cannot be read.
    """
    with opened(path) as file:
        return None if file is None else read_index(*file, start)


def sealed_size(path: Path) -> int:
    """The bytes of a segment that ends with an index; 0 of anything else.

    Raises:
        OSError: there is no such file, or it cannot be read.
    """
    with opened(path) as file:
        if file is None:
            return 0
        handle, size = file
        return (
            size if index_size(os.pread(handle, TRAILER.size, max(0, size - TRAILER.size))) else 0
        )


def names(folder: Path) -> list[str]:
    """The segments of a folder.

    Raises:
        OSError: it cannot be read.
    """
    try:
        return sorted(path.name for path in folder.iterdir() if NAME.fullmatch(path.name))
    except FileNotFoundError:
        return []


def is_written(path: Path, *, at_once: bool = False) -> bool:
    """Whether another process may still append to an unsealed segment.

    Args:
        path: the segment.
        at_once: ask the lock alone where there is one, not for how long the file was left alone.
    """
    with opened(path) as file:
        if file is None:
            return True
        is_idle = time.time() - os.fstat(file[0]).st_mtime > IDLE
        try:
            fcntl.flock(file[0], fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except OSError:
            return not is_idle
        return not (is_idle or at_once)


def rewrite(
    folder: Path, segments: Collection[str], dropped: Collection[str] = frozenset()
) -> tuple[int, int]:
    """Write the sound replies of segments into new ones and remove the old: of several replies
    under one key the one that `Index` puts first.

    An old segment goes only when what it holds lies in sealed ones and was read back from them, so
    a kill loses nothing, and the same replies may lie in both.

    Args:
        folder: of the segments.
        segments: sealed ones, or such as nobody writes.
        dropped: keys to leave out.

    Returns:
        How many damaged replies were left out, and how many bytes are freed.

    Raises:
        OSError: a file cannot be read or written; the old ones are all there.
    """
    places: dict[str, list[tuple[int, Place, float]]] = {}
    before = 0
    gone = []
    for name in sorted(segments):
        try:
            held = contents(folder / name)
            before += (folder / name).stat().st_size
        except FileNotFoundError:  # another process merged it
            continue
        if held is None:
            continue
        gone.append(name)
        for line in held.records:
            place = Place(name, int(line["offset"]), int(line["length"]))
            known = places.setdefault(line["key"].tobytes().hex(), [])
            known.append((int(line["seal"]), place, float(line["stored"])))
    written: list[Writer] = []
    damaged = 0
    try:
        with contextlib.closing(Reader(folder)) as reader:
            for key, known in places.items():
                if key in dropped:
                    continue
                for seal, place, stored in sorted(known):
                    raw = reader.read(place)
                    if (sound := unpacked(raw)) is None or sound[0] != key:
                        damaged += 1
                        continue
                    if not written or not written[-1].is_usable:
                        if written:
                            written[-1].seal()
                        written.append(Writer(folder))
                    written[-1].append(key, raw, seal.to_bytes(8), stored)
                    break
        if written:
            written[-1].seal()
        for writer in written:
            require_whole(folder / writer.name)
    except BaseException:
        for writer in written:
            writer.discard()
        raise
    for name in gone:
        (folder / name).unlink(missing_ok=True)
    return damaged, before - sum(writer.size for writer in written)


def require_whole(path: Path) -> None:
    """Nothing, where a sealed segment's replies are all there and sound.

    Raises:
        OSError: they are not.
    """
    with opened(path) as file:
        held = None if file is None else read_index(*file)
        if file is None or held is None or not held.is_sealed:
            raise OSError(errno.EIO, "what was written does not read back")
        for line in held.records:
            raw = os.pread(file[0], int(line["length"]), int(line["offset"]))
            sound = unpacked(raw)
            if sound is None or bytes.fromhex(sound[0]) != line["key"].tobytes():
                raise OSError(errno.EIO, "what was written does not read back")


def mergeable(folder: Path, *, at_once: bool = False) -> list[str]:
    """Small sealed segments, and unsealed ones that were left behind; some of them, if many.

    Args:
        folder: of the segments.
        at_once: see `is_written`.

    Raises:
        OSError: one cannot be read.
    """
    found = left_behind(folder, at_once=at_once)
    for name in names(folder):
        with contextlib.suppress(FileNotFoundError):
            if 0 < sealed_size(folder / name) < SMALL:
                found.append(name)
    return found[:AT_ONCE]


def left_behind(folder: Path, *, at_once: bool = False) -> list[str]:
    """Unsealed segments of writers that were killed; arguments and errors as `mergeable`."""
    found = []
    for name in names(folder):
        path = folder / name
        with contextlib.suppress(FileNotFoundError):
            if sealed_size(path) or is_written(path, at_once=at_once):
                continue
            held = contents(path)
            if held is not None and held.is_ours:
                found.append(name)
    return found


@contextmanager
def _claimed(folder: Path) -> Iterator[bool]:
    """Whether nobody else merges here now, as far as locks tell; two at once do no harm."""
    handle = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    is_ours = True
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            is_ours = False
        except OSError:  # a file system without locks
            pass
        yield is_ours
    finally:
        os.close(handle)


def _identity(status: os.stat_result) -> tuple[int, int]:
    return status.st_dev, status.st_ino
