"""How commands print: a document for machines, lines as wide as the terminal for people."""

import json
from shutil import get_terminal_size
from typing import Any

FALLBACK = (100, 24)
"""Columns and lines where there is no terminal."""


def print_json(found: Any) -> None:
    """One JSON document on standard output."""
    print(json.dumps(found, indent=2, ensure_ascii=False))


def width() -> int:
    """Characters of a line at most."""
    return get_terminal_size(FALLBACK).columns
