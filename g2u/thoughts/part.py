"""Drawing for a part of the questions: which ones."""

from collections.abc import Sequence, Set

from g2u.digests import sha256
from g2u.questions.clusters import linked
from g2u.records import Question

UNDRAWN = "not among the part of the questions that is drawn for (generate.part)"
"""The reason of an undrawn thought."""


def in_order(questions: Sequence[Question]) -> list[list[Question]]:
    """The questions in the order in which they are drawn for, those that hang together by shared
    pictures at once: by a digest of their pictures (of the words, where there are none). Neither
    answers, ids nor the order of rows decide.
    """
    names = linked([question.pictures or (question.text,) for question in questions])
    together: dict[str, list[Question]] = {}
    for question, name in zip(questions, names, strict=True):
        together.setdefault(name, []).append(question)
    return [together[name] for name in sorted(together, key=lambda name: sha256(["part", name]))]


def undrawn(questions: Sequence[Question], part: float) -> frozenset[str]:
    """Ids of the questions that are not drawn for: those after the first `part` of them, 0..1; one
    that the part ends in is drawn for with all that hangs together with it.
    """
    drawn, left = 0, set()
    for group in in_order(questions):
        if drawn < part * len(questions) - 1e-9:
            drawn += len(group)
        else:
            left |= {question.id for question in group}
    return frozenset(left)


def drawn_for(questions: Sequence[Question], left: Set[str]) -> list[Question]:
    """The questions but for those that are `left` undrawn."""
    return [question for question in questions if question.id not in left]
