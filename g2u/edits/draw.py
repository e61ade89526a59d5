"""draw: imagination from the question's text alone, for models that cannot edit.

A template like that of `template`; the drawing stands beside the question's first picture.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from g2u.digests import call_seed
from g2u.drawing import completed, given_to
from g2u.prompts import filled
from g2u.protocols import Calls
from g2u.records import EditRequest, Picture, Question, Thought

NEEDS = frozenset({"draw"})
READS = "pictures"
SETTINGS = frozenset({"template"})
TEMPLATE = "{question}"


def imagine(
    questions: Sequence[Question],
    pictures: Mapping[str, Picture],
    settings: Mapping[str, Any],
    calls: Calls,
) -> list[Thought]:
    """One drawing per question that has pictures; for its further pictures nothing.

    Raises:
        ParamsError: the template has no place for the question.
    """
    del pictures
    sampler = tuple(sorted(settings["sampler"].items()))
    shown = [question for question in questions if question.pictures]
    prompts = filled(str(settings.get("template", TEMPLATE)), shown)
    requests = [
        EditRequest((), prompt, call_seed(settings["seed"], [], prompt, 0), sampler)
        for prompt in prompts
    ]
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
