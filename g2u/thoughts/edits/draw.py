"""draw: imagination from the question's text alone, for models that cannot edit.

A template like that of `template`; the drawing stands beside the question's first picture.
"""

from collections.abc import Mapping
from typing import Annotated

from g2u.protocols import Calls
from g2u.questions.wording import filled
from g2u.records import Picture, Question, Sampler, Thought
from g2u.settings import Section, holding
from g2u.thoughts.drawing import Wording, asked, completed, edit_request, without_thought

NEEDS = frozenset({"draw"})
READS = "pictures"


class Settings(Section):
    """What params.yaml may say of it."""

    template: Annotated[str, holding("{question}")] = "{question}"
    """The prompt, with {question} where the question's text goes."""


async def imagine(
    question: Question,
    pictures: Mapping[str, Picture],
    settings: Settings,
    sampler: Sampler,
    calls: Calls,
) -> list[Thought]:
    """One drawing for a question that has pictures; for its further pictures nothing."""
    del pictures
    if not question.pictures:
        return []
    wording = Wording(filled(settings.template, question), "template")
    request = edit_request(sampler, (), wording.prompt, 0)
    made = asked(Thought(question.id, 0, "ok"), request, wording, calls)
    first = completed(made, await calls.edit(request), "")
    others = without_thought(question, "ok", "drawn for the first picture")
    return [first, *others[1:]]
