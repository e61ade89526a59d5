"""Attacks on the call cache: bytes that flip, files that are cut, writers that are killed, disks
that are full, many processes at once. A reply is found as it was put, or not at all.
"""

import contextlib
import hashlib
import logging
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from g2u.calls import segment as segments
from g2u.calls.folder import FolderStore
from g2u.calls.store import FORM, Entry
from g2u.errors import CacheError

MEMORY = 2 * 2**30
"""Bytes of address space that a spoilt file may not go beyond."""
FAULT = 99
WRITER = """
import sys
from pathlib import Path
import g2u.calls.folder as folders
from tests.campaigns.segments import FolderStore, reply, name, segments

store = FolderStore(Path(sys.argv[1]))
rounds, each = int(sys.argv[3]), int(sys.argv[4])
if sys.argv[5:] == ["True"]:
    segments._clock = lambda folder: 1e12
    folders.MANY = 0
for turn in range(rounds):
    for number in range(each):
        key = name(f"{sys.argv[2]} {turn} {number}")
        store.put(key, reply(key))
        print(key, flush=True)
    store.close()
"""


@dataclass(frozen=True)
class Outcome:
    """What an attack came to."""

    tried: int
    """Spoilt files, kills, limits or processes."""
    lost: int
    """Replies that were not found although nothing of theirs was spoilt."""
    wrong: int
    """Replies that came back different."""


def name(said: str) -> str:
    """The key of a reply."""
    return hashlib.sha256(said.encode()).hexdigest()


def reply(key: str) -> Entry:
    """What is stored under a key: of any kind, with and without a body."""
    number = int(key[:4], 16)
    picture = (key, number % 9 + 1, 3, number % 2 == 0) if number % 3 else None
    body = bytes.fromhex(key) * (number % 7)
    return Entry(body, ("edit", "answer", "score")[number % 3], number / 7, picture)


@contextlib.contextmanager
def segment(count: int, *, sealed: bool) -> Iterator[tuple[Path, list[str]]]:
    """The one segment of a new cache with so many replies, and their keys."""
    with tempfile.TemporaryDirectory() as folder:
        store = FolderStore(Path(folder))
        keys = [name(str(number)) for number in range(count)]
        for key in keys:
            store.put(key, reply(key))
        if sealed:
            store.close()
        (path,) = (Path(folder) / FORM).iterdir()
        raw = path.read_bytes()
        shutil.rmtree(folder)
        path.parent.mkdir(parents=True)
        path.write_bytes(raw)
        yield path, keys


def lay(path: Path, raw: bytes) -> None:
    """A segment alone in its folder: what a reader mended of the one before goes."""
    for other in path.parent.iterdir():
        other.unlink()
    path.write_bytes(raw)


def age(root: Path) -> None:
    """Let all segments look left behind."""
    for path in (root / FORM).glob(f"*{segments.SUFFIX}"):
        os.utime(path, (0, 0))


def found(root: Path, keys: list[str]) -> dict[str, Entry]:
    """What a new reader finds."""
    return FolderStore(root).get_many(keys)


def flips(step: int, masks: tuple[int, ...], *, sealed: bool) -> Outcome:
    """Change every `step`th byte of a segment; that may cost one reply at most."""
    tried = lost = wrong = 0
    with segment(4, sealed=sealed) as (path, keys), quiet():
        raw = path.read_bytes()
        for place in range(0, len(raw), step):
            for mask in masks:
                lay(path, raw[:place] + bytes([raw[place] ^ mask]) + raw[place + 1 :])
                there = found(path.parents[1], keys)
                tried += 1
                wrong += sum(entry != reply(key) for key, entry in there.items())
                lost += max(0, len(keys) - 1 - len(there))
    return Outcome(tried, lost, wrong)


def cuts(step: int, *, sealed: bool) -> Outcome:
    """Cut a segment at every `step`th byte: what is whole before the cut is found, and told."""
    tried = lost = wrong = 0
    with segment(4, sealed=sealed) as (path, keys), quiet():
        raw = path.read_bytes()
        file = segments.opened(path)
        assert file is not None
        lines = segments.read(file).lines
        ends = (lines["offset"] + segments.HEADER.size + lines["size"]).tolist()
        for length in [*range(0, len(raw), step), len(raw)]:
            lay(path, raw[:length])
            whole = keys[: sum(end <= length for end in ends)]
            there = found(path.parents[1], keys)
            tried += 1
            wrong += sum(entry != reply(key) for key, entry in there.items())
            lost += list(there) != whole
            is_whole = length in (0, *ends, len(raw))
            lost += len(FolderStore(path.parents[1]).cut()) != (not is_whole)
    return Outcome(tried, lost, wrong)


def kills(count: int, seed: int) -> Outcome:
    """Kill writers at random: what they had said to have put is found, as it was."""
    rng = random.Random(seed)
    lost = wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        said: list[str] = []
        for number in range(count):
            command = [sys.executable, "-c", WRITER, folder, f"{seed} {number}", "1000", "3"]
            with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
                assert writer.stdout is not None
                stop = rng.randrange(1, 60)
                for line in writer.stdout:
                    said.append(line.strip())
                    stop -= 1
                    if stop == 0:
                        with contextlib.suppress(subprocess.TimeoutExpired):
                            writer.wait(rng.random() * 0.01)
                        writer.send_signal(signal.SIGKILL)
                said = [key for key in said if len(key) == 64]
        store = FolderStore(Path(folder))
        for _ in range(2):
            there = store.get_many(said)
            lost += len(set(said)) - len(there)
            wrong += sum(entry != reply(key) for key, entry in there.items())
            age(Path(folder))
            store.clear()
            lost += sum(1 for _ in (Path(folder) / FORM).iterdir()) > 1
    return Outcome(count, lost, wrong)


def full_disk(step: int) -> Outcome:
    """Writers whose file may grow to a limit only, at every `step`th byte: no write fails but with
    one line, and what was put is found, sealed and merged where there is room again.
    """
    tried = lost = wrong = 0
    keys = [name(str(number)) for number in range(3)]
    with segment(3, sealed=True) as (path, _):
        size = path.stat().st_size
    for limit in range(0, size + step, step):
        with tempfile.TemporaryDirectory() as folder:
            child = os.fork()
            if child == 0:
                os._exit(_put_until_full(Path(folder), keys, limit))
            put = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            assert put <= len(keys), "a line that is none"
            for is_clean in (False, True):
                there = found(Path(folder), keys)
                lost += put - len(there.keys() & set(keys[:put]))
                wrong += sum(entry != reply(key) for key, entry in there.items())
                if not is_clean:
                    age(Path(folder))
                    FolderStore(Path(folder)).clear()
        tried += 1
    return Outcome(tried, lost, wrong)


def _put_until_full(folder: Path, keys: list[str], limit: int) -> int:
    """In a child: how many replies were put; `FAULT` where it failed otherwise than in one line."""
    logging.disable(logging.CRITICAL)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    done = 0
    with contextlib.suppress(OSError, ValueError, TypeError):
        store = FolderStore(folder)
        for key in keys:
            try:
                store.put(key, reply(key))
            except CacheError as error:
                if "make room" not in str(error) or "\n" in str(error):
                    return FAULT
                break
            done += 1
        try:
            store.close()
        except CacheError as error:
            if "make room" not in str(error):
                return FAULT
        return done
    return FAULT


def together(processes: int, each: int, *, takes: bool = False) -> Outcome:
    """Many processes write and merge at once, while one reads, merges, and forgets other replies:
    what it saw it sees again, and afterwards all is there, in few files.

    Args:
        processes: at once.
        each: replies of each between two merges, of four.
        takes: every merge takes what the others are writing, as if their clocks were wrong.
    """
    lost = wrong = 0
    keys = [
        name(f"{number} {turn} {which}")
        for number in range(processes)
        for turn in range(4)
        for which in range(each)
    ]
    with tempfile.TemporaryDirectory() as folder:
        store = FolderStore(Path(folder))
        unused = [name(f"unused {number}") for number in range(50)]
        for key in unused:
            store.put(key, reply(key))
        store.close()
        running = [
            subprocess.Popen(
                [sys.executable, "-c", WRITER, folder, str(number), "4", str(each), str(takes)],
                stdout=subprocess.DEVNULL,
            )
            for number in range(processes)
        ]
        seen: set[str] = set()
        while any(process.poll() is None for process in running):
            there = store.get_many(keys)
            lost += len(seen - there.keys())
            wrong += sum(entry != reply(key) for key, entry in there.items())
            seen |= there.keys()
            store.remove(unused[-1:])
            unused = unused[:-1]
            store.clear()
        assert [process.wait() for process in running] == [0] * processes
        there = found(Path(folder), keys)
        wrong += sum(entry != reply(key) for key, entry in there.items())
        store.clear()
        lost += len(keys) - len(there) + (len(keys) - len(store.get_many(keys)))
        lost += sum(1 for _ in (Path(folder) / FORM).glob(f"*{segments.SUFFIX}")) > 1
    return Outcome(processes, lost, wrong)


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Without the lines on damage, and with bounded memory."""
    before = resource.getrlimit(resource.RLIMIT_AS)
    logging.disable(logging.CRITICAL)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)
        logging.disable(logging.NOTSET)
