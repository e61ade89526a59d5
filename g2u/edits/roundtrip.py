"""roundtrip: the model is asked to draw the picture again without a change.

What its encoder and decoder do to a picture, and nothing that it imagines. A copy is a thought.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from g2u.drawing import Wording, draw
from g2u.protocols import Calls
from g2u.records import Picture, Question, Thought

NEEDS = frozenset({"edit"})
READS = "pictures"
SETTINGS = frozenset({"prompt"})
PROMPT = "Draw this picture again, exactly as it is."


def imagine(
    questions: Sequence[Question],
    pictures: Mapping[str, Picture],
    settings: Mapping[str, Any],
    calls: Calls,
) -> list[Thought]:
    """One redrawing of each picture of each question."""
    wording = Wording(str(settings.get("prompt", PROMPT)), "fixed")
    asked = [(question, wording) for question in questions]
    return draw(asked, pictures, settings, calls, may_copy=True)
