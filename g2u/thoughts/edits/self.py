"""self: the model decides what to imagine: asked first which edit would help, then asked for it.

The model sees the picture and the question's text, never its options or its answer. What it says
is matched with the names in `prompts`; "none", or anything else, means that it imagines nothing
and answers from the originals alone. Without a model that answers, the cell is not applicable.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated

from pydantic import Field

from g2u.protocols import Calls
from g2u.questions.wording import PLAN
from g2u.records import AnswerRequest, Failure, Picture, Question, Sampler, Thought, Turn
from g2u.settings import Form, Section, Text, formatted
from g2u.thoughts.drawing import Wording, among, draw, whole, without_thought

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


async def imagine(
    question: Question,
    pictures: Mapping[str, Picture],
    settings: Settings,
    sampler: Sampler,
    calls: Calls,
) -> list[Thought]:
    """One decision, then one edit per picture by the prompt that it names."""
    plan = settings.plan.format(question=question.text)
    asked = Turn("user", among(plan, question, pictures))
    reply = whole(await calls.answer(AnswerRequest((asked,), MAX_TOKENS)))
    if isinstance(reply, Failure):
        return without_thought(question, "failed", reply.reason)
    choice = reply.strip().lower()
    if choice not in settings.prompts:
        return without_thought(question, "ok", f"said {reply!r}", NOTHING)
    wording = Wording(settings.prompts[choice], "fixed")
    drawn = await draw(question, wording, pictures, sampler, calls)
    return [replace(thought, choice=choice) for thought in drawn]
