"""Files by their size and time of change: enough to see that nothing changed."""

from collections.abc import Iterable
from pathlib import Path

CODE = ("g2u", "stages")
"""What stages run."""


def states(places: Iterable[Path]) -> list[tuple[str, int, int]]:
    """Path, bytes and time of change (ns) of every file there, in order; compiled Python aside."""
    found = []
    for place in places:
        for path in [place, *place.rglob("*")]:
            if path.is_file() and path.suffix != ".pyc":
                status = path.stat()
                found.append((str(path), status.st_size, status.st_mtime_ns))
    return sorted(found)
