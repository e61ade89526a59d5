"""The call cache: segments beside a file per call, as it was before; CPU time, in one run.

python -m bench.segments [replies] [keys]
"""

import hashlib
import itertools
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from bench.common import machine
from g2u.calls.folder import FolderStore
from g2u.calls.segment import Writer
from g2u.calls.store import FORM, Entry, packed, unpacked

PICTURE = ("cd" * 32, 224, 224, False)
OPEN = """
import sys, time
from pathlib import Path
import g2u.calls.folder

def peak():  # ru_maxrss begins with the parent's
    return int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0])

base, begun = peak(), time.process_time()
store = g2u.calls.folder.FolderStore(Path(sys.argv[1]))
store._refresh()
found = store._index.find(sys.argv[2:])
seconds = time.process_time() - begun
assert len(found) == len(sys.argv[2:])
print(seconds, base, peak())
"""


class Files:
    """A file per call: written under another name and renamed, a digest at its head."""

    def __init__(self, root: Path) -> None:
        self._root, self._count = root, itertools.count()

    def put(self, key: str, entry: Entry) -> None:
        """Store one."""
        path = self._root / key[:2] / key
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.parent / f".new-{os.getpid()}-{next(self._count)}"
        with fresh.open("xb") as file:
            file.write(packed(key, entry))
        fresh.replace(path)

    def get(self, key: str) -> Entry:
        """Read one."""
        entry = unpacked(key, (self._root / key[:2] / key).read_bytes())
        assert entry is not None
        return entry


def name(number: int) -> str:
    """A key."""
    return hashlib.sha256(str(number).encode()).hexdigest()


def cpu(act: Callable[[], object]) -> float:
    """CPU seconds, of the process and the system's for it."""
    before = resource.getrusage(resource.RUSAGE_SELF)
    act()
    after = resource.getrusage(resource.RUSAGE_SELF)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def room(root: Path) -> tuple[int, int]:
    """Files, and the bytes that they take on the disk."""
    sizes = [path.stat().st_blocks * 512 for path in root.rglob("*") if path.is_file()]
    return len(sizes), sum(sizes)


def compare(folder: Path, count: int, size: int) -> None:
    """Put and get so many replies of a size; one line each."""
    entry = Entry(os.urandom(size), "edit", 0.25, PICTURE)
    keys = [name(number) for number in range(count)]
    asked = random.Random(0).sample(keys, count)
    files, store = Files(folder / "files"), FolderStore(folder / "segments")

    def put(to: Files | FolderStore) -> float:
        return cpu(lambda: [to.put(key, entry) for key in keys])

    def put_and_close() -> float:
        return put(store) + cpu(store.close)

    rounds = [(put(files), put_and_close())]
    one = [
        (cpu(lambda: [files.get(k) for k in asked]), cpu(lambda: [store.get(k) for k in asked])),
        (0.0, cpu(lambda: [store.get_many(keys[i : i + 512]) for i in range(0, count, 512)])),
    ]
    for what, (old, new) in zip(("put", "get one", "get 512"), [*rounds, *one], strict=True):
        old = old or one[0][0]
        print(
            f"{size:>8} bytes, {what:<8} {old / count * 1e6:8.1f} {new / count * 1e6:8.1f} us"
            f"   {old / new:5.2f} x"
        )
    (old_files, old_bytes), (new_files, new_bytes) = (
        room(folder / "files"), room(folder / "segments")
    )  # fmt: skip
    print(
        f"{size:>8} bytes, files per 1,000 calls {old_files / count * 1e3:.0f} and "
        f"{new_files / count * 1e3:.1f}; bytes a call {old_bytes / count:.0f} and "
        f"{new_bytes / count:.0f}",
        flush=True,
    )


def lay_keys(root: Path, count: int) -> None:
    """Sealed segments with so many replies of a byte."""
    raw = packed(name(0), Entry(b"A", "answer", 0.25))
    writer = Writer(root / FORM)
    for number in range(count):
        writer.append(name(number), raw, 1e9)
    writer.seal()


def small_runs(root: Path, count: int) -> None:
    """Files that so many runs of one call leave."""
    begun = time.process_time()
    most = 0
    for number in range(count):
        store = FolderStore(root)
        store.put(name(number), Entry(bytes(200), "answer", 0.25))
        store.close()
        most = max(most, room(root)[0])
    seconds = (time.process_time() - begun) / count
    print(f"{count} runs of one call: at most {most} files, {seconds * 1e3:.1f} ms a run")


def main() -> None:
    """Print the comparison."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 5000
    keys = int(sys.argv[2]) if len(sys.argv) > 2 else 1_000_000
    print(machine())
    with tempfile.TemporaryDirectory() as name_:
        folder = Path(name_)
        for size in (200, 60_000):
            compare(folder / str(size), count if size < 1000 else count // 5, size)
        small_runs(folder / "runs", count // 10)
        lay_keys(folder / "keys", keys)
        asked = [name(number) for number in random.Random(0).sample(range(keys), 100)]
        command = [sys.executable, "-c", OPEN, str(folder / "keys"), *asked]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
        print(
            f"index of {keys:,} keys: {float(said[0]):.2f} s, peak {int(said[2]) / 1024:.0f} MB, "
            f"{int(said[1]) / 1024:.0f} MB before"
        )


if __name__ == "__main__":
    main()
