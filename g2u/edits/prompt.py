"""prompt: a fixed, question-agnostic edit prompt from params.yaml; detail, context and structure.

Questions that share a picture share its thought: the call is the same, so it is made once.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from g2u.drawing import Wording, draw
from g2u.protocols import Calls
from g2u.records import Picture, Question, Thought

NEEDS = frozenset({"edit"})
READS = "pictures"
SETTINGS = frozenset({"prompt", "draws"})


def imagine(
    questions: Sequence[Question],
    pictures: Mapping[str, Picture],
    settings: Mapping[str, Any],
    calls: Calls,
) -> list[Thought]:
    """Edits of each picture of each question by `settings["prompt"]`."""
    wording = Wording(str(settings["prompt"]), "fixed")
    return draw([(question, wording) for question in questions], pictures, settings, calls)
