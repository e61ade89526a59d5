"""roundtrip: the model is asked to draw the picture again without a change.

What its encoder and decoder do to a picture, and nothing that it imagines. A copy is a thought.
"""

from collections.abc import Mapping

from g2u.protocols import Calls
from g2u.records import Picture, Question, Sampler, Thought
from g2u.settings import Section, Text
from g2u.thoughts.drawing import Wording, draw

NEEDS = frozenset({"edit"})
READS = "pictures"


class Settings(Section):
    """What params.yaml may say of it."""

    prompt: Text = "Draw this picture again, exactly as it is."
    """The edit prompt; not empty."""


async def imagine(
    question: Question,
    pictures: Mapping[str, Picture],
    settings: Settings,
    sampler: Sampler,
    calls: Calls,
) -> list[Thought]:
    """One redrawing of each picture."""
    wording = Wording(settings.prompt, "fixed")
    return await draw(question, wording, pictures, sampler, calls, may_copy=True)
