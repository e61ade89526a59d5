"""Files by their size and time of change: enough to see that nothing changed."""

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

CODE = ("g2u", "stages")
"""What stages run."""


def states(places: Iterable[Path]) -> list[tuple[str, int, int]]:
    """Path, bytes and time of change (ns) of every file there, in order; compiled Python aside.

    The packer asks before each stage, so folders are listed once and files looked at once.
    """
    found = []
    for path in _files(places):
        with suppress(FileNotFoundError):  # a link to nothing, as editors leave beside open files
            status = os.stat(path)  # noqa: PTH116  # as paths, three times as long
            found.append((path, status.st_size, status.st_mtime_ns))
    return sorted(found)


def _files(places: Iterable[Path]) -> Iterator[str]:
    for place in places:
        if place.is_file():
            yield str(place)
        for folder, below, names in os.walk(place):
            below[:] = [name for name in below if name != "__pycache__"]
            yield from (f"{folder}/{name}" for name in names if not name.endswith(".pyc"))
