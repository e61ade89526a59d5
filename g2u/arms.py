"""Arms: how a cell's thoughts are laid before the model, and whose thoughts they are."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from g2u.digests import sha256
from g2u.records import Question, Thought

Pairing = Literal["own", "shuffled"]


@dataclass(frozen=True, slots=True)
class Arm:
    """One way to ask all questions of a cell."""

    feedback: str
    """A file of g2u/answers/feedback."""
    pairing: Pairing = "own"
    """own: a question sees its own thoughts. shuffled: those of another question's pictures."""
    draw: int = 0
    """Which of the thoughts drawn for a picture is shown."""
    round: int | None = None
    """Which round's thought is shown; None = the last one's."""
    sample: int | None = None
    """Of a sampled answer its number; None = the most likely answer."""
    reasons: bool = False
    """Whether the model first thinks in words."""

    @property
    def name(self) -> str:
        """Unique within a cell."""
        if self.reasons:
            return "reasoned"
        if self.sample is not None:
            return f"sample_{self.sample}"
        shown = self.feedback if self.pairing == "own" else f"{self.feedback}_{self.pairing}"
        shown += f"_draw_{self.draw}" if self.draw else ""
        return shown if self.round is None else f"{shown}_round_{self.round}"

    def difference(self, feedback: str) -> str:
        """What sets the arm apart from direct; `feedback`: what its feedback mode does."""
        if self.reasons:
            return "the model first thinks in words"
        if self.sample is not None:
            return f"the answer is sampled, number {self.sample}"
        strange = ", each of another question's pictures" if self.pairing == "shuffled" else ""
        drawn = f", draw {self.draw}" if self.draw else ""
        return feedback + strange + drawn + (f", round {self.round}" if self.round else "")


def donors(questions: Sequence[Question]) -> dict[str, str]:
    """For each question, the id of the one whose thoughts it is shown when pairing is shuffled.

    The sets of pictures stand in a ring, ordered by a digest of their pixels; the donor is the
    first question of the next set with as many pictures. Nothing but pixels decides, so the pairing
    knows neither answers nor the order of rows. A question whose set has no other to go to is left
    out.
    """
    by_count: dict[int, dict[tuple[str, ...], str]] = {}
    for question in questions:
        if question.pictures:
            rings = by_count.setdefault(len(question.pictures), {})
            rings.setdefault(question.pictures, question.id)
    following: dict[tuple[str, ...], str] = {}
    for ring in by_count.values():
        ordered = sorted(ring, key=lambda pictures: sha256(["shuffled", *pictures]))
        if len(ordered) > 1:
            for place, pictures in enumerate(ordered):
                following[pictures] = ring[ordered[(place + 1) % len(ordered)]]
    return {q.id: following[q.pictures] for q in questions if q.pictures in following}


def shown(arm: Arm, thoughts: Iterable[Thought], last: int) -> list[Thought]:
    """Of a question's thoughts, or its donor's, those that an arm shows; `last`: the cell's last
    round.
    """
    wanted = (arm.draw, last if arm.round is None else arm.round)
    return [thought for thought in thoughts if (thought.draw, thought.round) == wanted]


def last_round(thoughts: Iterable[Thought]) -> int:
    """Of the thoughts of a cell."""
    return max((thought.round for thought in thoughts), default=0)


def paired(
    arm: Arm, questions: Sequence[Question], thoughts: Sequence[Thought]
) -> dict[str, list[Thought]]:
    """The thoughts that each question is shown, by question id, in the order of its pictures."""
    own: dict[str, list[Thought]] = {question.id: [] for question in questions}
    for thought in shown(arm, thoughts, last_round(thoughts)):
        own[thought.question].append(thought)
    if arm.pairing == "own":
        return own
    donor = donors(questions)
    return {q.id: own[donor[q.id]] if q.id in donor else [] for q in questions}
