"""duplicate: the original again, as if it were a thought; isolates repetition and layout.

`times: k` shows it k times: the fair control of a family that shows k drawings of each picture.
"""

from collections.abc import Mapping
from dataclasses import replace

from g2u.protocols import Calls
from g2u.records import Picture, Question, Sampler, Thought
from g2u.settings import Positive, Section
from g2u.thoughts.drawing import without_model

NEEDS: frozenset[str] = frozenset()
READS = "pictures"


class Settings(Section):
    """What params.yaml may say of it."""

    times: Positive = 1
    """How often each picture is shown again, 1 and more."""


async def imagine(
    question: Question,
    pictures: Mapping[str, Picture],
    settings: Settings,
    sampler: Sampler,
    calls: Calls,
) -> list[Thought]:
    """Each picture of the question, unchanged."""
    del sampler, calls
    shown = question.pictures * settings.times
    return without_model(replace(question, pictures=shown), lambda digest: pictures[digest])
