"""rewritten: the model rewrites a base prompt for each question, then draws by what it wrote.

SEER's endogenous reprompting (arXiv 2601.20305): it sees the picture, the question without options,
and the base prompt. An empty reply is a failure; both prompts are kept.
"""

from collections.abc import Mapping
from typing import Annotated

from g2u.protocols import Calls
from g2u.records import AnswerRequest, Picture, Question, Sampler, Thought, Turn
from g2u.settings import Positive, Section, Text, formatted
from g2u.thoughts.drawing import among, draw_as_written

NEEDS = frozenset({"answer", "edit"})
READS = "pictures"
ASK = (
    'To answer "{question}", this picture will first be edited. Rewrite the request so that the '
    'edit helps: "{prompt}"'
)
MAX_TOKENS = 64


class Settings(Section):
    """What params.yaml may say of it."""

    prompt: Text
    """The base prompt; not empty."""
    ask: Annotated[str, formatted("question", "prompt")] = ASK
    """What the model is asked, with {question} and {prompt} for their texts."""
    draws: Positive = 1
    """How many drawings of each picture, 1 and more."""


async def imagine(
    question: Question,
    pictures: Mapping[str, Picture],
    settings: Settings,
    sampler: Sampler,
    calls: Calls,
) -> list[Thought]:
    """One rewritten prompt, then its edits."""
    asked = settings.ask.format(question=question.text, prompt=settings.prompt)
    turn = Turn("user", among(asked, question, pictures))
    reply = await calls.answer(AnswerRequest((turn,), MAX_TOKENS))
    writer = ("self", settings.prompt)
    return await draw_as_written(
        question, reply, writer, pictures, sampler, calls, draws=settings.draws
    )
