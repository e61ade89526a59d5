"""What bench/official.py compares: predictions whose meaning is known by construction."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from g2u.records import Question, Target

Rng = random.Random


@dataclass(frozen=True)
class Case:
    """A prediction and what it is worth."""

    doc: dict[str, Any]
    """What lmms-eval reads."""
    question: Question
    target: Target
    said: str
    worth: float
    kind: str
    """Name of the wording."""


@dataclass
class Task:
    """A measure under comparison."""

    make: Callable[[Rng, int, bool], Case]
    """Of a random source, a number, and whether the wording is a plain one."""
    metric: str
    figures: dict[str, str] = field(default_factory=dict)
    """Their figure -> ours."""
    rule: str = ""
    """A scorer that says of the whole response what the published rule says; empty = none."""


def worded(rng: Rng, wordings: Sequence[tuple[str, str]], is_plain: bool) -> tuple[str, str]:
    """Name and pattern of a wording; the first is the plain one."""
    return wordings[0] if is_plain else rng.choice(wordings)
