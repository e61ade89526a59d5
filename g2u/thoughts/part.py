"""Drawing for a part of the questions: which ones."""

from collections.abc import Sequence, Set
from dataclasses import dataclass

from g2u.digests import sha256
from g2u.questions.clusters import linked
from g2u.records import Question

UNDRAWN = "not among the part of the questions that is drawn for (generate.part)"
"""The reason of an undrawn thought."""


@dataclass(frozen=True, slots=True)
class Span:
    """Which of a cell's questions are drawn for."""

    until: float = 1.0
    """Those before this share of them, 0..1, in the order of drawing; a set of questions that it
    falls in counts whole.
    """
    since: float = 0.0
    """But for those before this share."""
    reason: str = UNDRAWN
    """Why the others are not."""

    @property
    def share(self) -> float:
        """How many are drawn for, about, of 1."""
        return max(0.0, self.until - self.since)


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


def undrawn(questions: Sequence[Question], span: Span) -> frozenset[str]:
    """Ids of the questions that are not drawn for."""
    if span.until == 1 and not span.since:
        return frozenset()
    slices = in_slices(questions, (span.since, span.until))
    return frozenset(name for name, place in slices.items() if place != 1)


def in_slices(questions: Sequence[Question], shares: Sequence[float]) -> dict[str, int]:
    """By id, how many of the rising shares, 0..1, are full before the question's turn comes: 0 is
    the first slice.
    """
    found: dict[str, int] = {}
    for group in in_order(questions):
        full = sum(len(found) >= share * len(questions) * (1 - 1e-12) for share in shares)
        found |= dict.fromkeys((question.id for question in group), full)
    return found


def drawn_for(questions: Sequence[Question], left: Set[str]) -> list[Question]:
    """The questions but for those that are `left` undrawn."""
    return [question for question in questions if question.id not in left]
