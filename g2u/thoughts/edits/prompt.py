"""prompt: a fixed, question-agnostic edit prompt from params.yaml; detail, context and structure.

Questions that share a picture share its thought: the call is the same, so it is made once.
"""

from collections.abc import Mapping

from g2u.protocols import Calls
from g2u.records import Picture, Question, Sampler, Thought
from g2u.settings import Positive, Section, Text
from g2u.thoughts.drawing import Wording, draw

NEEDS = frozenset({"edit"})
READS = "pictures"


class Settings(Section):
    """What params.yaml may say of it."""

    prompt: Text
    """The edit prompt; not empty."""
    draws: Positive = 1
    """How many drawings of each picture, 1 and more."""


async def imagine(
    question: Question,
    pictures: Mapping[str, Picture],
    settings: Settings,
    sampler: Sampler,
    calls: Calls,
) -> list[Thought]:
    """Edits of each picture by `settings.prompt`."""
    wording = Wording(settings.prompt, "fixed")
    return await draw(question, wording, pictures, sampler, calls, draws=settings.draws)
