"""asked: the benchmark's own instruction for a drawing that helps with the question.

UniG2U's generate-then-answer (arXiv 2603.03241): the instruction belongs to the sub-task, may name
the question and may have the solution drawn, unlike the question-agnostic families.
"""

from collections.abc import Mapping, Sequence

from g2u.drawing import Wording, draw
from g2u.protocols import Calls
from g2u.records import Picture, Question, Sampler, Thought
from g2u.settings import Positive, Section

NEEDS = frozenset({"edit"})
READS = "pictures"


class Settings(Section):
    """What params.yaml may say of it."""

    draws: Positive = 1
    """How many drawings of each picture, 1 and more."""


def imagine(
    questions: Sequence[Question],
    pictures: Mapping[str, Picture],
    settings: Settings,
    sampler: Sampler,
    calls: Calls,
) -> list[Thought]:
    """Edits of each picture of each question by its own instruction.

    Not applicable where the benchmark has none for a question.
    """
    asked = [(q, Wording(q.drawing, "benchmark")) for q in questions if q.drawing]
    drawn: dict[str, list[Thought]] = {}
    for thought in draw(asked, pictures, sampler, calls, draws=settings.draws):
        drawn.setdefault(thought.question, []).append(thought)
    found: list[Thought] = []
    for question in questions:
        found += drawn.get(question.id, []) or _missing(question)
    return found


def _missing(question: Question) -> list[Thought]:
    reason = "" if question.drawing else "the benchmark has no instruction for a drawing"
    return [
        Thought(question.id, position, "not_applicable", reason, source=digest)
        for position, digest in enumerate(question.pictures)
    ]
