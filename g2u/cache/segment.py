"""A segment: replies one after the other in a file that one process writes and any number read.

The file is an Arrow IPC stream (`pyarrow.ipc.open_stream`, `polars.read_ipc_stream`): the schema,
then each reply as a record batch of one row, appended by one write. Whatever a kill leaves is
readable up to the last whole batch. A sealed segment ends with a row of `INDEX_KIND` whose body is
an array of `RECORD`, its sha256, its length and `MAGIC`, and with the stream's end mark: the index
lies at a known distance from the file's end, and one read from there on finds every reply.

Why this format. Measured per reply of 200 bytes, one core, put and get: Arrow stream 83 and 9
microseconds, 830 bytes; SQLite 23 and 5, 390 bytes; Parquet of one row a group 207 and 394, 2,525
bytes; a file each 242 and 29, 4,096 bytes; with 60 kB all take what sha256 and the copy take
(`bench/segments.py`). SQLite is the fastest, but a file that is being written can be read by others
under locks alone (rollback journal) or through shared memory (WAL), neither of which network file
systems keep, and a killed writer's file has to be repaired by writing to it; synchronous=FULL costs
5 to 25 ms a reply. Parquet has no readable tail. In both, a reader of a bucket fetches pages of
trees or whole row groups; here one range of bytes is one reply.
"""

import hashlib
import json
import os
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from g2u.cache.store import DAMAGE, FORM, MAX_BYTES, Entry, Stored, facts_of

SUFFIX = ".arrow"
FULL = 256 * 2**20
"""Bytes from which on a segment is sealed and another one begun."""
INDEX_KIND = "index"
MAGIC = b"g2uindex"
END = b"\xff\xff\xff\xff\x00\x00\x00\x00"
"""An Arrow stream's end mark."""
SCHEMA = pa.schema(
    [
        pa.field("call", pa.binary(32), nullable=False),
        pa.field("seal", pa.binary(32), nullable=False),
        pa.field("stored", pa.float64(), nullable=False),
        pa.field("kind", pa.utf8(), nullable=False),
        pa.field("seconds", pa.float64(), nullable=False),
        pa.field("picture", pa.utf8(), nullable=False),
        pa.field("body", pa.binary(), nullable=False),
    ]
)
"""`stored` is in seconds since 1970, -1 of the index; `picture` is JSON. The first three columns
have no variable part, so they lie at the start of a batch's body, and what a batch is can be told
without reading the reply.
"""
HEAD: bytes = SCHEMA.serialize().to_pybytes()
RECORD = np.dtype(
    [("key", ">u8", 4), ("seal", ">u8"), ("offset", "<u8"), ("length", "<u8"), ("stored", "<f8")]
)
"""Of the index: a reply's key, the first bytes of its seal, where its batch lies and since when."""
PLACE = struct.Struct("<QQd")
"""The last three fields of a record."""
TRAILER = struct.Struct("<32sQ8s8s")
"""sha256 and number of the records, `MAGIC`, `END`."""
PEEKED = 4096
"""Bytes read to tell what a batch is."""
FIXED = struct.Struct("<32s32sd")
BATCH = 3
"""What Arrow's Message.fbs calls a record batch."""

Records = npt.NDArray[Any]
"""Array of `RECORD`."""


@dataclass(frozen=True, slots=True)
class Read:
    """What a segment was found to hold, from some offset on."""

    records: Records
    end: int
    """Offset behind the last whole reply."""
    is_sealed: bool
    is_ours: bool = True
    """False of a file that is no segment."""


def packed(key: str, entry: Entry, stored: float) -> tuple[bytes, bytes]:
    """A reply as its batch, and its seal (32 bytes)."""
    picture = json.dumps(entry.picture and list(entry.picture))
    seal = _seal(bytes.fromhex(key), stored, entry.kind, entry.seconds, picture, entry.body)
    return _batch(
        bytes.fromhex(key), seal, stored, entry.kind, entry.seconds, picture, entry.body
    ), seal


def unpacked(raw: bytes) -> tuple[str, Entry] | None:
    """The name and the reply that a batch holds; None if it is damaged."""
    try:
        batch = pa.ipc.read_record_batch(pa.ipc.read_message(raw), SCHEMA)
        batch.validate(full=True)
        key, seal, stored, kind, seconds, picture, body = (
            column[0].as_py() for column in batch.columns
        )
        if seal != _seal(key, stored, kind, seconds, picture, body) or stored < 0:
            return None
        return key.hex(), Entry(body, kind, seconds, facts_of(json.loads(picture)))
    except (pa.ArrowException, OSError, EOFError, *DAMAGE):
        return None


def record(key: bytes, seal: bytes, offset: int, length: int, stored: float) -> bytes:
    """A reply's line in the index."""
    return key + seal[:8] + PLACE.pack(offset, length, stored)


def ending(records: bytes) -> bytes:
    """What seals a segment with these records."""
    count = len(records) // RECORD.itemsize
    tail = TRAILER.pack(hashlib.sha256(records).digest(), count, MAGIC, END)
    index = records + tail[: -len(END)]
    return _batch(bytes(32), bytes(32), -1.0, INDEX_KIND, 0.0, "null", index) + END


def index_size(tail: bytes) -> int:
    """How many bytes from its end a sealed segment's index takes; 0 of one that is not sealed.

    Args:
        tail: the file's last bytes, at least `TRAILER.size`.
    """
    if len(tail) < TRAILER.size:
        return 0
    _, count, magic, end = TRAILER.unpack(tail[-TRAILER.size :])
    if (magic, end) != (MAGIC, END) or count > FULL:
        return 0
    return int(count) * RECORD.itemsize + TRAILER.size


def index_of(tail: bytes) -> Records | None:
    """The records of a sealed segment, from as many of its last bytes as `index_size` says; None if
    they are damaged.
    """
    digest = TRAILER.unpack(tail[-TRAILER.size :])[0]
    content = tail[: -TRAILER.size]
    if hashlib.sha256(content).digest() != digest:
        return None
    return np.frombuffer(content, RECORD)


def joined(parts: Iterable[Records]) -> Records:
    """Records of several segments; np.concatenate would change their byte order."""
    return np.frombuffer(b"".join(part.tobytes() for part in parts), RECORD)


def listed(records: Records) -> list[Stored]:
    """Replies as a listing shows them, each key once, in the order of keys."""
    if not len(records):
        return []
    keys = records["key"].astype("u8")
    order = np.lexsort(keys.T[::-1])
    keys = keys[order]
    starts = np.flatnonzero(np.r_[True, (keys[1:] != keys[:-1]).any(axis=1)])
    sizes = np.add.reduceat(records["length"][order].astype("i8"), starts)
    stored = np.minimum.reduceat(records["stored"][order], starts)
    names = records["key"][order[starts]]
    return [
        Stored(name.tobytes().hex(), size, when)
        for name, size, when in zip(names, sizes.tolist(), stored.tolist(), strict=True)
    ]


def read_index(handle: int, size: int, start: int = 0) -> Read:
    """What an open segment of `size` bytes holds from offset `start` on; nothing, if it is none.

    Raises:
        OSError: it cannot be read.
    """
    wanted = index_size(os.pread(handle, TRAILER.size, max(0, size - TRAILER.size)))
    if 0 < wanted <= size:
        records = index_of(os.pread(handle, wanted, size - wanted))
        if records is not None:
            return Read(records[records["offset"] >= start], size, True)
    lines, is_sealed = [], False
    raw = os.pread(handle, PEEKED, 0)
    head = _head_size(raw)
    place = start or head or len(HEAD)
    while not is_sealed:
        told = _peeked(os.pread(handle, PEEKED, place))
        if told is None or place + told[0] > size:
            break
        length, key, seal, stored = told
        is_sealed = stored < 0  # a damaged index
        if not is_sealed:
            if length > MAX_BYTES:
                break
            lines.append(record(key, seal, place, length, stored))
        place += length
    is_ours = place > len(HEAD) or head > 0 or HEAD.startswith(raw)
    return Read(np.frombuffer(b"".join(lines), RECORD), place, is_sealed, is_ours)


def _head_size(raw: bytes) -> int:
    """How many bytes the schema takes that a segment begins with; 0 of what is no segment."""
    try:
        mark, size = struct.unpack_from("<4sI", raw)
        if mark != END[:4] or size > PEEKED - 8:
            return 0
        return 8 + size if pa.ipc.read_schema(pa.py_buffer(raw[: 8 + size])).equals(SCHEMA) else 0
    except (struct.error, pa.ArrowException, OSError, EOFError):
        return 0


def _peeked(raw: bytes) -> tuple[int, bytes, bytes, float] | None:
    """A batch's length, and the key, the seal and the time in it; None where it is none.

    Reads Arrow's Message.fbs: header_type is field 1, bodyLength field 3.
    """
    try:
        mark, size = struct.unpack_from("<4sI", raw)
        if mark != END[:4] or not 0 < size <= PEEKED - FIXED.size - 8:
            return None
        table = 8 + struct.unpack_from("<I", raw, 8)[0]
        fields = table - struct.unpack_from("<i", raw, table)[0]
        kind = raw[table + struct.unpack_from("<H", raw, fields + 6)[0]]
        (body,) = struct.unpack_from(
            "<q", raw, table + struct.unpack_from("<H", raw, fields + 10)[0]
        )
        if kind != BATCH or body < FIXED.size:
            return None
        return 8 + size + body, *FIXED.unpack_from(raw, 8 + size)
    except (struct.error, IndexError):
        return None


def _batch(
    key: bytes, seal: bytes, stored: float, kind: str, seconds: float, picture: str, body: bytes
) -> bytes:
    parts = (
        [key], [seal], [struct.pack("<d", stored)], _varying(kind.encode()),
        [struct.pack("<d", seconds)], _varying(picture.encode()), _varying(body),
    )  # fmt: skip
    columns = [
        pa.Array.from_buffers(field.type, 1, [None, *map(pa.py_buffer, part)])
        for field, part in zip(SCHEMA, parts, strict=True)
    ]  # pa.array takes ten times as long
    raw: bytes = pa.RecordBatch.from_arrays(columns, schema=SCHEMA).serialize().to_pybytes()
    return raw


def _varying(value: bytes) -> list[bytes]:
    return [struct.pack("<ii", 0, len(value)), value]


def _seal(key: bytes, stored: float, kind: str, seconds: float, picture: str, body: bytes) -> bytes:
    """sha256 of all that a row says."""
    seal = hashlib.sha256(json.dumps([FORM, key.hex(), stored, kind, seconds, picture]).encode())
    seal.update(b"\n" + body)
    return seal.digest()
