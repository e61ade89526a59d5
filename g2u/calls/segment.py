"""A segment: replies one after the other in a file that one process writes and any number read.

The file is a ZIP archive without compression, one member a reply, named by its key. A member lies
behind a header that says how long it is, so whatever a kill or a cut leaves is read up to the last
whole reply. Sealing appends what ZIP calls the central directory: the index, at a known distance
from the file's end, found by two reads of any storage. Python's zipfile and every other tool opens
a sealed segment, and `zip -FF` one that is not.

Why this form. Measured per reply of 200 bytes, put, get and bytes (`bench/segments.py` has today's
numbers): SQLite 23 and 5 us, 390; an Arrow stream 84 and 9 us, 830; Parquet of one row a group 207
and 394 us, 2,525; a file each 242 and 29 us, 4,096. A SQLite file that is cut is lost, and one that
is being written is read under locks alone, which network file systems do not keep. Parquet has no
readable tail. An Arrow stream has one and no index, so both had to be built on its bytes.
"""

import contextlib
import itertools
import os
import re
import secrets
import stat
import struct
import tempfile
import time
import zlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from io import FileIO
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from g2u.calls.store import MAX_BYTES, Stored, unpacked

SUFFIX = ".zip"
NAME = re.compile(rf"[0-9a-f]{{32}}{re.escape(SUFFIX)}")
FULL = 256 * 2**20
"""Bytes from which on a segment is sealed and another one begun."""
MOST = 65_000
"""Replies of a segment: from 65,535 on an archive has another form (ZIP64)."""
SMALL = 8 * 2**20
"""Bytes below which a sealed segment is merged with others."""
MANY = 8
"""Small segments that are left as they are."""
IDLE = 900.0
"""Seconds after which an unsealed segment counts as left behind. Nothing is lost where that is
wrong: its writer begins another one (`Writer`).
"""
AT_ONCE = 128
"""Segments, or ranges of remote ones, that are open or asked for together."""
HEADER = struct.Struct("<4s5H3I2H64s2HBI")
"""Before a reply: mark, version, 2 x unused, time, day, CRC-32, bytes twice, sizes of name and
extra field, name, the extra field: its tag, size and flag, and when the reply was stored.
"""
LINE = struct.Struct("<4s6H3I5H2I64s2HBI")
"""Of the index: the same, and at [15] where the header lies."""
END = struct.Struct("<4s4H2IH8s")
"""Behind the index: mark, 2 x unused, lines twice, bytes and place of the index, and as a comment
the index's CRC-32.
"""
INDEX = np.dtype(
    {
        "names": ["crc", "size", "offset", "key", "stored"],
        "formats": ["<u4", "<u4", "<u4", "S64", "<u4"],
        "offsets": [16, 24, 42, 46, 115],
        "itemsize": LINE.size,
    }
)
"""What is read of a `LINE`."""
MARK = b"PK\x03\x04"
DAY = 0x21
"""1980-01-01: the extra field has the time, in UTC."""
SAID = (64, 9)
EXTRA = (0x5455, 5, 1)
CHUNK = 2**20
KEY = re.compile(rb"[0-9a-f]{64}")
HEX = re.compile(rb"[0-9a-f]*")

Index = npt.NDArray[Any]
"""Array of `INDEX`."""


class Read(NamedTuple):
    """What a segment was found to hold, from some place on."""

    lines: Index
    end: int
    """Place behind the last whole reply; of a sealed segment its bytes."""
    size: int
    """Bytes of the file."""
    is_segment: bool = False
    """Whether it is one at all, if only its first bytes."""
    is_sealed: bool = False


NOTHING = Read(np.zeros(0, INDEX), 0, 0)


class Writer:
    """Segments of this process, one after the other. Methods raise OSError where a file cannot be
    written; what was appended before is whole then.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.begun: list[str] = []
        """Names, the last one is written to while `is_open`."""
        self.is_open = False
        self.size = 0
        """Bytes of the last."""
        self.written = 0
        """Bytes of all."""

    def append(self, key: str, raw: bytes, stored: float) -> Index:
        """Add a reply; returns its line of the index."""
        while True:
            if self.is_open and not self._is_usable():
                self.seal()
            if not self.is_open:
                self._begin()
            head, line = _lines(key.encode(), zlib.crc32(raw), len(raw), int(stored), self.size)
            self._write(head + raw)
            self._last = time.monotonic()
            if self._is_there():
                self._lines += line
                return np.frombuffer(line, INDEX)
            self._file.close()  # it was taken away: by hand, or by another process's merge
            self.is_open = False

    def seal(self) -> None:
        """Append the index and close the file, all of it on the disk then; an empty one goes."""
        if not self.is_open:
            return
        self.is_open = False
        with self._file:
            if self._pid != os.getpid():  # it is the parent's
                return
            if not self._lines:
                self._path.unlink(missing_ok=True)
                return
            count = len(self._lines) // LINE.size
            said = (len(self._lines), self.size, 8, b"%08x" % zlib.crc32(self._lines))
            end = END.pack(b"PK\x05\x06", 0, 0, count, count, *said)
            self._write(bytes(self._lines) + end)
            os.fsync(self._file.fileno())

    def discard(self) -> None:
        """Forget all files."""
        for name in self.begun:
            (self._folder / name).unlink(missing_ok=True)

    def _begin(self) -> None:
        name = secrets.token_hex(16) + SUFFIX
        self._path = self._folder / name
        self._folder.mkdir(parents=True, exist_ok=True)
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        self._file = os.fdopen(os.open(self._path, flags, 0o666), "r+b", buffering=0)
        self._pid, self._last = os.getpid(), time.monotonic()
        self._lines, self.size = bytearray(), 0
        self.begun.append(name)
        self.is_open = True

    def _is_usable(self) -> bool:
        """Whether another reply may be appended to the segment."""
        is_silent = time.monotonic() - self._last > IDLE / 3
        is_full = self.size >= FULL or len(self._lines) >= MOST * LINE.size
        return not is_full and not is_silent and self._pid == os.getpid()

    def _is_there(self) -> bool:
        """Asked after each write, as who takes a segment away renames it and reads it then."""
        try:
            there, ours = self._path.stat(), os.fstat(self._file.fileno())
        except FileNotFoundError:
            return False
        return (there.st_dev, there.st_ino) == (ours.st_dev, ours.st_ino)

    def _write(self, content: bytes) -> None:
        view, done = memoryview(content), 0
        try:
            while done < len(view):
                done += os.pwrite(self._file.fileno(), view[done:], self.size + done)
        except BaseException:
            with contextlib.suppress(OSError):
                os.ftruncate(self._file.fileno(), self.size)
            raise
        self.size += done
        self.written += done


class Opened(FileIO):
    """A file that is closed when nobody refers to it, which is no mistake (ResourceWarning) here:
    who reads a segment keeps it while others take it away.
    """

    def __del__(self) -> None:
        self.close()


def opened(path: Path) -> FileIO | None:
    """A plain file, for reading; None of what is something else.

    Raises:
        OSError: there is no such file, or it cannot be read.
    """
    try:
        is_plain = stat.S_ISREG(path.stat().st_mode)
    except OSError:
        if not path.is_symlink():  # such as leads nowhere stays where it is
            raise
        is_plain = False
    return Opened(os.open(path, os.O_RDONLY | os.O_CLOEXEC)) if is_plain else None


def index_at(tail: bytes, size: int) -> int | None:
    """Where the index of a sealed segment of `size` bytes begins; None of one that is not sealed.

    Args:
        tail: the file's last bytes, at least `END.size`.
        size: its bytes.
    """
    if len(tail) < END.size:
        return None
    mark, _, _, count, again, length, place, comment, _ = END.unpack(tail[-END.size :])
    is_one = (mark, again, comment) == (b"PK\x05\x06", count, 8)
    is_whole = length == count * LINE.size and place + length + END.size == size
    return int(place) if is_one and is_whole else None


def index_of(raw: bytes) -> Index | None:
    """The index, from all bytes from its place on; None if it is damaged."""
    lines, crc = raw[: -END.size], raw[-8:]
    if b"%08x" % zlib.crc32(lines) != crc:
        return None
    index = np.frombuffer(lines, INDEX)
    return index if HEX.fullmatch(index["key"].tobytes()) else None


def read(file: FileIO, start: int = 0) -> Read:
    """What a segment holds from a place on: of a sealed one by its index, else by its headers.

    Raises:
        OSError: it cannot be read.
    """
    handle, size = file.fileno(), os.fstat(file.fileno()).st_size
    place = index_at(os.pread(handle, END.size, max(0, size - END.size)), size)
    if place is not None:
        index = index_of(os.pread(handle, size - place, place))
        if index is not None:
            return Read(index[index["offset"] >= start], size, size, True, True)
    lines = bytearray()
    end = place = behind = start
    while place + HEADER.size <= size:
        line, length = _line_of(os.pread(handle, HEADER.size, place), place)
        if line and place + length <= size:
            lines += line
            behind = place + HEADER.size
            end = place = place + length
        else:  # the end, or a damaged header: go on at the next one behind the last whole one
            place = _sought(handle, behind, size)
            behind = place + 1
    is_one = end > 0 or MARK.startswith(os.pread(handle, len(MARK), 0))
    return Read(np.frombuffer(bytes(lines), INDEX), end, size, is_one)


def taken_apart(key: str, raw: bytes) -> tuple[tuple[int, int], bytes] | None:
    """What lies at the place of a reply: what ranks it among others of its key, the first stored
    being the one that all readers use, and the reply; None of another key's.
    """
    said = HEADER.unpack(raw[: HEADER.size].ljust(HEADER.size))
    return ((said[15], said[6]), raw[HEADER.size :]) if said[11] == key.encode() else None


def names(folder: Path) -> list[str]:
    """The segments of a folder.

    Raises:
        OSError: it cannot be read.
    """
    try:
        with os.scandir(folder) as files:
            return sorted(file.name for file in files if NAME.fullmatch(file.name))
    except FileNotFoundError:
        return []


def mergeable(folder: Path) -> tuple[dict[str, int], dict[str, int]]:
    """Small sealed segments and their bytes, and unsealed ones that writers left behind.

    Raises:
        OSError: one cannot be read.
    """
    small: dict[str, int] = {}
    left: dict[str, int] = {}
    now = None
    for name in names(folder):
        with contextlib.suppress(FileNotFoundError):
            if (file := opened(folder / name)) is None:
                continue
            status = os.fstat(file.fileno())
            size = status.st_size
            tail = os.pread(file.fileno(), END.size, max(0, size - END.size))
            if index_at(tail, size) is not None:
                small |= {name: size} if size < SMALL else {}
                continue
            now = _clock(folder) if now is None else now
            if now - status.st_mtime > IDLE and read(file).is_segment:
                left[name] = size
    return small, left


def batches(sizes: Mapping[str, int]) -> Iterator[list[str]]:
    """Segments that are rewritten in one go: they are open together, and need so much room."""
    some: list[str] = []
    room = 0
    for name, size in sizes.items():
        if some and (room + size > FULL or len(some) == AT_ONCE):
            yield some
            some, room = [], 0
        some.append(name)
        room += size
    if some:
        yield some


def rewrite(
    folder: Path, segments: Iterable[str], dropped: Collection[str] = frozenset()
) -> tuple[int, int]:
    """Write the sound replies of segments into new ones and remove the old; of several replies
    under one key the first stored.

    A segment is renamed before it is read, which one process alone can do, and whose writer, should
    it still live, sees it after each write. It goes when what it holds is on the disk in a sealed
    one: a kill loses nothing, and the same replies may lie in both.

    Args:
        folder: of the segments.
        segments: their names.
        dropped: keys to leave out.

    Returns:
        How many damaged replies were left out, and how many bytes are freed.

    Raises:
        OSError: a file cannot be read or written; the old ones are there, under new names.
    """
    claimed: list[tuple[Path, FileIO, Read]] = []
    for name in segments:
        ours = folder / (secrets.token_hex(16) + SUFFIX)
        with contextlib.suppress(FileNotFoundError):  # another process took it
            (folder / name).rename(ours)
            if (file := opened(ours)) is not None:
                claimed.append((ours, file, read(file)))
    lines = _joined([held.lines for _, _, held in claimed])
    files = [file for _, file, held in claimed for _ in range(len(held.lines))]
    writer = Writer(folder)
    damaged = 0
    try:
        for copies in _copies(lines):
            for row in copies:
                _, size, offset, name, stored = lines[row].tolist()
                key = name.decode()
                if key in dropped:
                    break
                raw = os.pread(files[row].fileno(), size, offset + HEADER.size)
                if unpacked(key, raw) is not None:
                    writer.append(key, raw, stored)
                    break
                damaged += 1
        writer.seal()
    except BaseException:
        writer.discard()
        raise
    for path, _, _ in claimed:
        path.unlink(missing_ok=True)
    return damaged, sum(held.size for _, _, held in claimed) - writer.written


def listed(indices: list[Index]) -> Iterator[Stored]:
    """Replies as a listing shows them, each key once, in the order of keys."""
    lines = _joined(indices)
    lines = lines[np.argsort(lines["key"], kind="stable")]
    columns = (lines[name].tolist() for name in ("key", "size", "stored"))
    rows = zip(*columns, strict=True)
    for key, copies in itertools.groupby(rows, key=lambda row: row[0]):
        sizes, times = zip(*(copy[1:] for copy in copies), strict=True)
        each = HEADER.size + LINE.size
        yield Stored(key.decode(), sum(sizes) + each * len(sizes), float(min(times)))


def _joined(indices: list[Index]) -> Index:
    return np.concatenate([np.zeros(0, INDEX), *indices])


def _copies(lines: Index) -> list[list[int]]:
    """The rows of each key, as readers choose among them; keys in the order of these."""
    order = np.lexsort((lines["crc"], lines["stored"], lines["key"]))
    keys = lines["key"][order]
    borders = np.flatnonzero(keys[1:] != keys[:-1]) + 1
    return sorted(rows.tolist() for rows in np.split(order, borders))


def _lines(key: bytes, crc: int, size: int, stored: int, place: int) -> tuple[bytes, bytes]:
    """A reply's header and its line of the index."""
    what = (0, 0, 0, DAY, crc, size, size, *SAID)
    who = (key, *EXTRA, min(max(stored, 0), 2**32 - 1))
    rights = 0o100644 << 16
    return (
        HEADER.pack(MARK, 10, *what, *who),
        LINE.pack(b"PK\x01\x02", 3 << 8 | 20, 10, *what, 0, 0, 0, rights, place, *who),
    )


def _line_of(head: bytes, place: int) -> tuple[bytes, int]:
    """The line of the index for a header, and the bytes of it and its reply; nothing of none."""
    said = HEADER.unpack(head)
    crc, size, key, stored = said[6], said[8], said[11], said[15]
    if not KEY.fullmatch(key) or size > MAX_BYTES:
        return b"", 0
    expected, line = _lines(key, crc, size, stored, place)
    return (line, HEADER.size + size) if expected == head else (b"", 0)


def _sought(handle: int, start: int, size: int) -> int:
    """Where the next header may begin; the file's end if there is none."""
    for place in range(start, size, CHUNK):
        found = os.pread(handle, CHUNK + len(MARK) - 1, place).find(MARK)
        if found >= 0:
            return place + found
    return size


def _clock(folder: Path) -> float:
    """The time by the clock of the file system, which another machine may keep."""
    with tempfile.TemporaryFile(dir=folder) as file:
        return os.fstat(file.fileno()).st_mtime
