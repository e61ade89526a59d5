"""template: a question-aware edit prompt, a fixed wording around the question's text.

The options and the answer never enter the prompt.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from g2u.drawing import Wording, draw
from g2u.prompts import filled
from g2u.protocols import Calls
from g2u.records import Picture, Question, Thought

NEEDS = frozenset({"edit"})
READS = "pictures"
SETTINGS = frozenset({"template", "draws"})


def imagine(
    questions: Sequence[Question],
    pictures: Mapping[str, Picture],
    settings: Mapping[str, Any],
    calls: Calls,
) -> list[Thought]:
    """Edits of each picture of each question by `settings["template"]`.

    Raises:
        ParamsError: the template has no place for the question.
    """
    prompts = filled(str(settings["template"]), questions)
    asked = [(q, Wording(p, "template")) for q, p in zip(questions, prompts, strict=True)]
    return draw(asked, pictures, settings, calls)
