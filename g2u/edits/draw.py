"""draw: imagination from the question's text alone, for models that cannot edit.

A template like that of `template`; the drawing stands beside the question's first picture.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated

from g2u.drawing import completed, edit_request, given_to
from g2u.prompts import filled
from g2u.protocols import Calls
from g2u.records import Picture, Question, Sampler, Thought
from g2u.settings import Section, holding

NEEDS = frozenset({"draw"})
READS = "pictures"


class Settings(Section):
    """What params.yaml may say of it."""

    template: Annotated[str, holding("{question}")] = "{question}"
    """The prompt, with {question} where the question's text goes."""


def imagine(
    questions: Sequence[Question],
    pictures: Mapping[str, Picture],
    settings: Settings,
    sampler: Sampler,
    calls: Calls,
) -> list[Thought]:
    """One drawing per question that has pictures; for its further pictures nothing."""
    del pictures
    shown = [question for question in questions if question.pictures]
    prompts = filled(settings.template, shown)
    requests = [edit_request(sampler, (), prompt, 0) for prompt in prompts]
    thoughts = []
    for question, request, reply in zip(shown, requests, calls.edit(requests), strict=True):
        made = Thought(
            question.id,
            0,
            "ok",
            given=given_to(request),
            prompt=request.prompt,
            writer="template",
            seed=request.seed,
            call=calls.key(request),
        )
        thoughts.append(completed(made, reply, ""))
        thoughts += [
            Thought(question.id, place, "ok", "drawn for the first picture", source=source)
            for place, source in enumerate(question.pictures)
            if place
        ]
    return thoughts
