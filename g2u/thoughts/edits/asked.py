"""asked: the benchmark's own instruction for a drawing that helps with the question.

UniG2U's generate-then-answer (arXiv 2603.03241): the instruction belongs to the sub-task, may name
the question and may have the solution drawn, unlike the question-agnostic families.
"""

from collections.abc import Mapping

from g2u.protocols import Calls
from g2u.records import Picture, Question, Sampler, Thought
from g2u.settings import Positive, Section
from g2u.thoughts.drawing import Wording, draw, without_thought

NEEDS = frozenset({"edit"})
READS = "pictures"


class Settings(Section):
    """What params.yaml may say of it."""

    draws: Positive = 1
    """How many drawings of each picture, 1 and more."""


async def imagine(
    question: Question,
    pictures: Mapping[str, Picture],
    settings: Settings,
    sampler: Sampler,
    calls: Calls,
) -> list[Thought]:
    """Edits of each picture by the question's own instruction.

    Not applicable where the benchmark has none for a question.
    """
    if not question.drawing:
        reason = "the benchmark has no instruction for a drawing"
        return without_thought(question, "not_applicable", reason)
    wording = Wording(question.drawing, "benchmark")
    return await draw(question, wording, pictures, sampler, calls, draws=settings.draws)
