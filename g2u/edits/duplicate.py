"""duplicate: the original again, as if it were a thought; isolates repetition and layout.

`times: k` shows it k times: the fair control of a family that shows k drawings of each picture.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from g2u.drawing import without_model
from g2u.protocols import Calls
from g2u.records import Picture, Question, Sampler, Thought
from g2u.settings import Positive, Section

NEEDS: frozenset[str] = frozenset()
READS = "pictures"


class Settings(Section):
    """What params.yaml may say of it."""

    times: Positive = 1
    """How often each picture is shown again, 1 and more."""


def imagine(
    questions: Sequence[Question],
    pictures: Mapping[str, Picture],
    settings: Settings,
    sampler: Sampler,
    calls: Calls,
) -> list[Thought]:
    """Each picture of each question, unchanged."""
    del sampler, calls
    once = without_model(questions, lambda source: pictures[source])
    count = {question.id: len(question.pictures) for question in questions}
    return [
        replace(thought, position=thought.position + again * count[thought.question])
        for again in range(settings.times)
        for thought in once
    ]
