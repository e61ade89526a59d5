"""A rubric: what an answer has to do, each with its weight; kept as JSON in its target."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from g2u.errors import DataError
from g2u.literals import read_literal

MOST = 50
"""Criteria of a rubric."""
FORM = '["names the lens", ...] or [{"criterion": "names the lens", "weight": 2}, ...]'


@dataclass(frozen=True, slots=True)
class Criterion:
    """One thing that an answer has to do."""

    text: str
    weight: float
    """Above 0."""


def rubric_of(cell: Any, where: str) -> str:
    """The kept form of a cell: a list of texts, or of objects with `criterion` and `weight` (left
    out, 1), real or spelt.

    Raises:
        DataError: another form, an empty text, a weight that is not above 0, or over 50 criteria.
    """
    found = read_literal(cell) if isinstance(cell, str) else cell
    if not isinstance(found, (list, tuple)) or not 0 < len(found) <= MOST:
        raise DataError(
            f"{where}: {str(cell)[:60]!r} is no rubric of 1 to {MOST} criteria; expected {FORM}"
        )
    kept = [_criterion(entry, f"{where}: criterion {n}") for n, entry in enumerate(found, 1)]
    rows = [{"criterion": each.text, "weight": each.weight} for each in kept]
    return json.dumps(rows, ensure_ascii=False)


def criteria(kept: str) -> tuple[Criterion, ...]:
    """The criteria of a kept form.

    Raises:
        DataError: it is none.
    """
    found = json.loads(rubric_of(kept, "a target of scorer rubric"))
    return tuple(Criterion(row["criterion"], row["weight"]) for row in found)


def _criterion(entry: Any, where: str) -> Criterion:
    text = entry.get("criterion") if isinstance(entry, Mapping) else entry
    weight = entry.get("weight", 1) if isinstance(entry, Mapping) else 1
    if not isinstance(text, str) or not text.strip():
        raise DataError(f"{where}: {str(entry)[:60]!r} has no text; expected {FORM}")
    is_number = isinstance(weight, (int, float)) and not isinstance(weight, bool)
    if not is_number or not math.isfinite(weight) or weight <= 0:
        raise DataError(f"{where}: weight {weight!r}; expected a number above 0")
    return Criterion(" ".join(text.split()), weight)
