"""Text files that appear whole or not at all, files of folders, and YAML read fast."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""A safe one, libyaml's where it is there: five times as fast."""


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


def from_yaml(text: str) -> Any:
    """What a YAML text holds.

    Raises:
        yaml.YAMLError: it is not YAML.
    """
    return yaml.load(text, LOADER)  # noqa: S506  # a safe one


def files_below(folder: Path) -> Iterator[Path]:
    """Every file below a folder, in no order; compiled Python and what is hidden aside."""
    for place, below, names in os.walk(folder):
        below[:] = [name for name in below if name != "__pycache__" and name[0] != "."]
        for name in names:
            if name[0] != "." and not name.endswith(".pyc"):
                yield Path(place, name)
