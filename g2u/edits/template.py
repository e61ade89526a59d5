"""template: a question-aware edit prompt, a fixed wording around the question's text.

The options and the answer never enter the prompt.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from g2u.drawing import draw
from g2u.errors import ParamsError
from g2u.protocols import Calls
from g2u.records import Picture, Question, Thought

NEEDS = frozenset({"edit"})
READS = "pictures"
SETTINGS = frozenset({"template"})
SLOT = "{question}"


def imagine(
    questions: Sequence[Question],
    pictures: Mapping[str, Picture],
    settings: Mapping[str, Any],
    calls: Calls,
) -> list[Thought]:
    """One edit of each picture of each question by `settings["template"]`.

    Raises:
        ParamsError: the template has no place for the question.
    """
    template = str(settings["template"])
    if SLOT not in template:
        raise ParamsError(f"params.yaml: presets.families: template {template!r} lacks {SLOT}")
    asked = [(question, template.replace(SLOT, question.text)) for question in questions]
    return draw(asked, pictures, settings, calls)
