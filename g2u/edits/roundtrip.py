"""roundtrip: the model is asked to draw the picture again without a change.

What its encoder and decoder do to a picture, and nothing that it imagines. A copy is a thought.
"""

from collections.abc import Mapping, Sequence

from g2u.drawing import Wording, draw
from g2u.protocols import Calls
from g2u.records import Picture, Question, Sampler, Thought
from g2u.settings import Section, Text

NEEDS = frozenset({"edit"})
READS = "pictures"


class Settings(Section):
    """What params.yaml may say of it."""

    prompt: Text = "Draw this picture again, exactly as it is."
    """The edit prompt; not empty."""


def imagine(
    questions: Sequence[Question],
    pictures: Mapping[str, Picture],
    settings: Settings,
    sampler: Sampler,
    calls: Calls,
) -> list[Thought]:
    """One redrawing of each picture of each question."""
    wording = Wording(settings.prompt, "fixed")
    asked = [(question, wording) for question in questions]
    return draw(asked, pictures, sampler, calls, may_copy=True)
