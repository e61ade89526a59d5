"""self: the model decides what to imagine: asked first which edit would help, then asked for it.

The model sees the picture and the question's text, never its options or its answer. What it says
is matched with the names in `prompts`; "none", or anything else, means that it imagines nothing
and answers from the originals alone. Without a model that answers, the cell is not applicable.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated

from pydantic import Field

from g2u.drawing import Wording, draw, whole, without_thought
from g2u.prompts import PLAN
from g2u.protocols import Calls
from g2u.records import AnswerRequest, Failure, Picture, Question, Sampler, Thought, Turn
from g2u.settings import Form, Section, Text, formatted

NEEDS = frozenset({"answer", "edit"})
READS = "pictures"
MAX_TOKENS = 16
NOTHING = "none"
Name = Annotated[
    str,
    Form(
        lambda text: text and text == text.strip().lower() and text != NOTHING,
        f"a name in lower case, not {NOTHING}",
    ),
]
"""A reply is compared in lower case."""


class Settings(Section):
    """What params.yaml may say of it."""

    prompts: Annotated[dict[Name, Text], Field(min_length=1)]
    """Edit prompts by the names that the model may say; at least one."""
    plan: Annotated[str, formatted("question")] = PLAN
    """What the model is asked, with {question} for the question's text."""


def imagine(
    questions: Sequence[Question],
    pictures: Mapping[str, Picture],
    settings: Settings,
    sampler: Sampler,
    calls: Calls,
) -> list[Thought]:
    """One decision per question, then one edit per picture by the prompt it names."""
    plan, prompts = settings.plan, settings.prompts
    requests = [
        AnswerRequest(
            (Turn("user", (*(pictures[p] for p in q.pictures), plan.format(question=q.text))),),
            MAX_TOKENS,
        )
        for q in questions
    ]
    chosen: dict[str, str] = {}
    thoughts: dict[str, list[Thought]] = {question.id: [] for question in questions}
    for question, reply in zip(questions, map(whole, calls.answer(requests)), strict=True):
        if isinstance(reply, Failure):
            thoughts[question.id] = without_thought(question, "failed", reply.reason)
        elif reply.strip().lower() in prompts:
            chosen[question.id] = reply.strip().lower()
        else:
            thoughts[question.id] = without_thought(question, "ok", f"said {reply!r}", NOTHING)
    asked = [(q, Wording(prompts[chosen[q.id]], "fixed")) for q in questions if q.id in chosen]
    for thought in draw(asked, pictures, sampler, calls):
        thoughts[thought.question].append(replace(thought, choice=chosen[thought.question]))
    return [thought for question in questions for thought in thoughts[question.id]]
