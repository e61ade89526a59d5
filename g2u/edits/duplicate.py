"""duplicate: the original again, as if it were a thought; isolates repetition and layout."""

from collections.abc import Mapping, Sequence
from typing import Any

from g2u.drawing import without_model
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
    """Each picture of each question, unchanged."""
    del settings, calls
    return without_model(questions, lambda source: pictures[source])
