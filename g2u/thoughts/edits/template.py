"""template: a question-aware edit prompt, a fixed wording around the question's text.

The options and the answer never enter the prompt.
"""

from collections.abc import Mapping
from typing import Annotated

from g2u.protocols import Calls
from g2u.questions.wording import filled
from g2u.records import Picture, Question, Sampler, Thought
from g2u.settings import Positive, Section, holding
from g2u.thoughts.drawing import Wording, draw

NEEDS = frozenset({"edit"})
READS = "pictures"


class Settings(Section):
    """What params.yaml may say of it."""

    template: Annotated[str, holding("{question}")]
    """The edit prompt, with {question} where the question's text goes."""
    draws: Positive = 1
    """How many drawings of each picture, 1 and more."""


async def imagine(
    question: Question,
    pictures: Mapping[str, Picture],
    settings: Settings,
    sampler: Sampler,
    calls: Calls,
) -> list[Thought]:
    """Edits of each picture by `settings.template`."""
    wording = Wording(filled(settings.template, question), "template")
    return await draw(question, wording, pictures, sampler, calls, draws=settings.draws)
