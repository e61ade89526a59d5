"""How commands print: a document for machines, lines as wide as the terminal for people."""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from shutil import get_terminal_size
from typing import Any

FALLBACK = (100, 24)
"""Columns and lines where there is no terminal."""


def print_json(found: Any) -> None:
    """One JSON document on standard output."""
    print(json.dumps(found, indent=2, ensure_ascii=False))


@contextmanager
def kept_for_json(is_wanted: bool) -> Iterator[None]:
    """Within the block, what libraries and the processes that are started write to standard output
    goes to standard error; `print_json` afterwards has it alone.
    """
    if not is_wanted:
        yield
        return
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        yield
    finally:
        sys.stdout.flush()
        os.dup2(kept, 1)
        os.close(kept)


def height() -> int:
    """Lines of the terminal; many where there is none."""
    return get_terminal_size().lines if sys.stdout.isatty() else 1000


def width() -> int:
    """Characters of a line at most."""
    return get_terminal_size(FALLBACK).columns
