"""duplicate: the original again, as if it were a thought; isolates repetition and layout.

`times: k` shows it k times: the fair control of a family that shows k drawings of each picture.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from g2u.drawing import without_model
from g2u.protocols import Calls
from g2u.records import Picture, Question, Thought

NEEDS: frozenset[str] = frozenset()
READS = "pictures"
SETTINGS = frozenset({"times"})


def imagine(
    questions: Sequence[Question],
    pictures: Mapping[str, Picture],
    settings: Mapping[str, Any],
    calls: Calls,
) -> list[Thought]:
    """Each picture of each question, unchanged."""
    del calls
    once = without_model(questions, lambda source: pictures[source])
    count = {question.id: len(question.pictures) for question in questions}
    return [
        replace(thought, position=thought.position + again * count[thought.question])
        for again in range(int(settings.get("times", 1)))
        for thought in once
    ]
