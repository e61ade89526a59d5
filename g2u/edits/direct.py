"""direct: the null family. No thought; the baseline of every gain."""

from collections.abc import Mapping, Sequence
from typing import Any

from g2u.protocols import Calls
from g2u.records import Picture, Question, Thought

NEEDS: frozenset[str] = frozenset()
READS = "pictures"
SETTINGS: frozenset[str] = frozenset()


def imagine(
    questions: Sequence[Question],
    pictures: Mapping[str, Picture],
    settings: Mapping[str, Any],
    calls: Calls,
) -> list[Thought]:
    """No thoughts."""
    del questions, pictures, settings, calls
    return []
