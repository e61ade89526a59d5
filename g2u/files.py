"""Text files that appear whole or not at all, and YAML read fast."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from g2u.errors import DataError

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


def from_yaml(text: str) -> Any:
    """What a YAML text holds.

    Raises:
        yaml.YAMLError: it is not YAML.
    """
    return yaml.load(text, LOADER)  # noqa: S506  # a safe one
