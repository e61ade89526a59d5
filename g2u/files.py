"""Text files that appear whole or not at all, files of folders, and YAML read fast."""

import json
import math
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import yaml

from g2u.errors import DataError

BASE: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""A safe one, libyaml's where it is there: five times as fast."""
MERGE = "tag:yaml.org,2002:merge"
MAX_DEPTH = 100
MAX_REPEATED = 100_000
"""Values that the aliases of a text may stand for in all."""


def beside(path: Path) -> Path:
    """Where a file is written before it is moved to `path`; free afterwards.

    Names that end so are g2u's own: what a kill left there goes. A link is not written through.
    """
    fresh = path.with_name(f".{path.name}.g2u-new")
    fresh.unlink(missing_ok=True)
    return fresh


def write_whole(path: Path, text: str) -> None:
    """Write beside the place, then move there; makes the folders on the way."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = beside(path)
    try:
        fresh.write_text(text, encoding="utf-8")
        os.replace(fresh, path)
    finally:
        fresh.unlink(missing_ok=True)


def file_system(url: str, **options: object) -> tuple[Any, str]:
    """The file system (fsspec's) of a folder or URL, and the place on it.

    Args:
        url: such as s3://bucket/prefix.
        options: what the file system takes.

    Raises:
        ImportError: its package is missing; the error names what brings it.
        ValueError: there is no such file system.
    """
    import fsspec

    try:
        files, place = fsspec.core.url_to_fs(url, **options)
    except ImportError as error:
        extra = "; pip install 'g2u[s3]'" if url.startswith("s3") else ""
        raise ImportError(f"{error}{extra}") from None
    return files, place


def require_own(path: Path, is_own: Callable[[Path], bool], by: str) -> None:
    """Raise DataError where a file of somebody else would be overwritten.

    Args:
        path: where a command is about to write.
        is_own: whether a file there has the form that the command gives it.
        by: the command.
    """
    if os.path.lexists(path) and (path.is_symlink() or not path.is_file() or not is_own(path)):
        raise DataError(f"{path}: {by} did not write it; move it away, or name another place")


def is_json(path: Path, told: Callable[[Any], bool]) -> bool:
    """Whether a file is JSON of which `told` is true."""
    try:
        return bool(told(json.loads(path.read_bytes())))
    except (ValueError, OSError, RecursionError, AttributeError, TypeError):
        return False


class _Loader(BASE):  # type: ignore[misc]
    """Refuses a repeated key, which YAML forbids and PyYAML takes, the last one winning; and depth
    that libyaml's recursion would not survive.
    """

    depth = 0

    def descend_resolver(self, parent: Any, index: Any) -> None:
        del parent, index
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise yaml.YAMLError(f"nested more than {MAX_DEPTH} deep")

    def ascend_resolver(self) -> None:
        self.depth -= 1

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> Any:
        known: dict[tuple[str, str], yaml.Node] = {}
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.tag != MERGE:
                first = known.setdefault((key.tag, key.value), key)
                if first is not key:
                    raise yaml.YAMLError(
                        f"line {key.start_mark.line + 1}: key {key.value[:80]!r} is in line "
                        f"{first.start_mark.line + 1} already; expected it once"
                    )
        return super().construct_mapping(node, deep)


def from_yaml(text: str) -> Any:
    """What a YAML text holds.

    Raises:
        yaml.YAMLError: it is not YAML, a key is repeated, or aliases stand for too much.
    """
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        if node is None:
            return None
        if "&" in text:
            _check_aliases(node)
        return loader.construct_document(node)
    except (ValueError, LookupError, AttributeError) as error:  # a number, date ... that is none
        raise yaml.YAMLError(f"a value that its type does not take: {error}") from None
    finally:
        loader.dispose()


def _check_aliases(root: yaml.Node) -> None:
    """Refuse aliases that stand for too much, or for what they lie in."""
    known: dict[int, tuple[float, float]] = {}

    def measured(node: yaml.Node) -> tuple[float, float]:
        """How many values a node holds, and how deep they are nested."""
        if id(node) not in known:
            known[id(node)] = (math.inf, math.inf)  # met again before it is done: a circle
            inner = node.value if isinstance(node, yaml.CollectionNode) else ()
            parts = (part for one in inner for part in (one if isinstance(one, tuple) else (one,)))
            found = [measured(part) for part in parts]
            depth = 1 + max((deep for _, deep in found), default=0)
            known[id(node)] = (1 + sum(size for size, _ in found), depth)
        return known[id(node)]

    size, depth = measured(root)
    if size - len(known) > MAX_REPEATED or depth > MAX_DEPTH:
        raise yaml.YAMLError(
            f"its aliases stand for more than {MAX_REPEATED:,} values, or for more than "
            f"{MAX_DEPTH} levels"
        )


def files_below(folder: Path) -> Iterator[Path]:
    """Every file below a folder, in no order; compiled Python and what is hidden aside."""
    for place, below, names in os.walk(folder):
        below[:] = [name for name in below if name != "__pycache__" and name[0] != "."]
        for name in names:
            if name[0] != "." and not name.endswith(".pyc"):
                yield Path(place, name)


def states(places: Iterable[Path]) -> list[tuple[str, int, int]]:
    """Path, bytes and time of change (ns) of every file there, in order; compiled Python, hidden
    files and what editors leave aside.
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
            for name in names:
                if not name.startswith((".", "#")) and not name.endswith((".pyc", "~")):
                    yield f"{folder}/{name}"
