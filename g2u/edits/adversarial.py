"""adversarial: a thought like the oracle that shows a wrong answer, for readers that do not look.

Made by prepare from the item's own structure, where the benchmark knows it.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from g2u.drawing import given
from g2u.protocols import Calls
from g2u.records import Picture, Question, Thought

NEEDS: frozenset[str] = frozenset()
READS = "adversaries"
SETTINGS: frozenset[str] = frozenset()


def imagine(
    questions: Sequence[Question],
    pictures: Mapping[str, Picture],
    settings: Mapping[str, Any],
    calls: Calls,
) -> list[Thought]:
    """The adversarial thought of each picture, or "not applicable" where there is none."""
    del settings, calls
    return given(questions, pictures, "the benchmark has no adversarial thought for this picture")
