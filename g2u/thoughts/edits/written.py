"""written: another model writes the edit prompt, shown how by examples; then the model draws.

The few-shot prompt writer of G2U (arXiv 2605.15792): it reads the question without options, and the
picture if `sees` is true. `writer` is a preset of presets.models that answers; its replies lie in
the call cache under its own identity. An empty reply is a failure.
"""

from collections.abc import Mapping
from typing import Annotated

from g2u.protocols import Calls
from g2u.records import AnswerRequest, Picture, Question, Sampler, Thought, Turn
from g2u.settings import Positive, Section, Text, formatted
from g2u.thoughts.drawing import among, draw_as_written

NEEDS = frozenset({"edit"})
READS = "pictures"
ASK = (
    "A picture will be edited before this question about it is answered. Write the request for "
    "the edit in one short imperative sentence about what should become visible. Do not answer "
    "the question. Question: {question}"
)
MAX_TOKENS = 64


class Example(Section):
    """A question and the edit prompt that would help with it."""

    question: Text
    """About a picture; not empty."""
    prompt: Text
    """What helps with it; not empty."""


EXAMPLES = [
    Example(
        question="How many birds sit on the wire?",
        prompt="Brighten the picture and sharpen every bird on the wire.",
    ),
    Example(
        question="Which shop lies across the street?",
        prompt="Extend the picture to both sides and continue the street.",
    ),
    Example(
        question="Does the ball reach the hole?",
        prompt="Draw the path of the ball as a coloured line.",
    ),
]


class Settings(Section):
    """What params.yaml may say of it."""

    writer: Text
    """A preset of presets.models that answers."""
    ask: Annotated[str, formatted("question")] = ASK
    """What it is asked, with {question} for the question's text."""
    examples: list[Example] = EXAMPLES
    """What it is shown first, as if it had been asked and had written."""
    sees: bool = False
    """Whether it sees the pictures."""
    draws: Positive = 1
    """How many drawings of each picture, 1 and more."""


async def imagine(
    question: Question,
    pictures: Mapping[str, Picture],
    settings: Settings,
    sampler: Sampler,
    calls: Calls,
) -> list[Thought]:
    """One prompt by the writer (`calls.answer` asks it), then the model's edits."""
    turns: list[Turn] = []
    for example in settings.examples:
        turns.append(Turn("user", (settings.ask.format(question=example.question),)))
        turns.append(Turn("assistant", (example.prompt,)))
    turns.append(Turn("user", _asked(question, pictures, settings)))
    reply = await calls.answer(AnswerRequest(tuple(turns), MAX_TOKENS))
    writer = (settings.writer, "")
    return await draw_as_written(
        question, reply, writer, pictures, sampler, calls, draws=settings.draws
    )


def _asked(
    question: Question, pictures: Mapping[str, Picture], settings: Settings
) -> tuple[str | Picture, ...]:
    if not settings.sees:
        return (settings.ask.format(question=question.named(question.text)),)
    return among(settings.ask.format(question=question.text), question, pictures)
