"""A cell of a table becomes text: of one value, never the print of a list or an object."""

import math
import re
from datetime import date, time, timedelta
from decimal import Decimal
from typing import Any

from g2u.errors import DataError
from g2u.literals import read_literal

DIRECTIONS = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""Marks that say in which direction a text is written; no part of what it says."""
PLAIN = (str, int, float, Decimal, date, time, timedelta)


def is_absent(cell: Any) -> bool:
    """Whether nothing is in it: null, not a number, or the empty text."""
    if isinstance(cell, (float, Decimal)):
        return math.isnan(cell)
    return cell is None or (isinstance(cell, str) and not cell)


def text_of(cell: Any, where: str) -> str:
    """The cell's value as text; empty where nothing is in it.

    Raises:
        DataError: a list, an object, bytes, or another value that is no text.
    """
    if is_absent(cell):
        return ""
    if isinstance(cell, PLAIN):
        return str(cell)
    raise DataError(
        f"{where}: {str(cell)[:60]!r} is of type {type(cell).__name__}; expected one text"
    )


def undirected(text: str) -> str:
    """A text without its marks of direction, and without spaces at its ends: what it says."""
    return DIRECTIONS.sub("", text).strip()


def one_text(text: str, where: str) -> str:
    """The text itself.

    Raises:
        DataError: it spells a list or an object, such as the turns of a conversation.
    """
    if text.lstrip()[:1] in ("[", "{") and isinstance(read_literal(text), (list, dict)):
        raise DataError(
            f"{where}: {text[:60]!r} spells a list or an object, as of turns, which cannot be "
            "asked yet; expected one text"
        )
    return text
