"""rewritten: the model rewrites a base prompt for each question, then draws by what it wrote.

SEER's endogenous reprompting (arXiv 2601.20305): it sees the picture, the question without options,
and the base prompt. An empty reply is a failure; both prompts are kept.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated

from g2u.drawing import draw_as_written
from g2u.protocols import Calls
from g2u.records import AnswerRequest, Picture, Question, Sampler, Thought, Turn
from g2u.settings import Positive, Section, Text, formatted

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


def imagine(
    questions: Sequence[Question],
    pictures: Mapping[str, Picture],
    settings: Settings,
    sampler: Sampler,
    calls: Calls,
) -> list[Thought]:
    """One rewritten prompt per question, then its edits."""
    base, ask = settings.prompt, settings.ask
    requests = []
    for question in questions:
        shown = (pictures[digest] for digest in question.pictures)
        turn = Turn("user", (*shown, ask.format(question=question.text, prompt=base)))
        requests.append(AnswerRequest((turn,), MAX_TOKENS))
    replies = calls.answer(requests)
    return draw_as_written(
        questions, replies, ("self", base), pictures, sampler, calls, draws=settings.draws
    )
