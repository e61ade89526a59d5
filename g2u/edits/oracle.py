"""oracle: the thought a perfect generator would draw, where the benchmark knows it.

Made by prepare from the item's own structure; reported apart, never a model's achievement.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from g2u.drawing import given
from g2u.protocols import Calls
from g2u.records import Picture, Question, Thought

NEEDS: frozenset[str] = frozenset()
READS = "oracles"
SETTINGS: frozenset[str] = frozenset()


def imagine(
    questions: Sequence[Question],
    pictures: Mapping[str, Picture],
    settings: Mapping[str, Any],
    calls: Calls,
) -> list[Thought]:
    """The oracle of each picture, or "not applicable" where there is none."""
    del settings, calls
    return given(questions, pictures, "the benchmark has no oracle for this picture")
