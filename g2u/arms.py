"""Arms: how a cell's thoughts are laid before the model, and whose thoughts they are."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, Protocol, TypeVar

from g2u.digests import sha256
from g2u.errors import DataError
from g2u.records import Question, Thought

Pairing = Literal["own", "shuffled", "alike"]
RuleKind = Literal["gate", "separate", "vote", "select", "keep"]
By = Literal[
    "psnr", "ssim", "likelihood", "contrast", "verdict", "embedding", "confidence", "random",
    "oracle",
]  # fmt: skip
STRANGE: dict[Pairing, str] = {
    "own": "",
    "shuffled": ", each of another question's pictures",
    "alike": ", each of other pictures of which the same is asked",
}
"""What sets arms of other thoughts apart."""
ALONE, BLIND = NULL_MODES = ("none", "blind")
"""Feedback modes of direct; they show no thought."""


@dataclass(frozen=True, slots=True)
class Rule:
    """How score makes an arm of other arms; g2u/scores/derived.py."""

    kind: RuleKind
    by: By | None = None
    """Of a gate: how a thought is compared with its original, or its reward; of a selection, and
    of the best round that is kept: the reward, the confidence of the answer, chance, or the truth.
    """
    above: float | None = None
    """Of a gate: the thought is shown above this (PSNR in dB)."""
    of: int | None = None
    """Of a vote and a selection: how many draws, or sampled answers of direct."""

    @property
    def name(self) -> str:
        """Unique within a cell."""
        above = None if self.above is None else f"{self.above:g}"
        parts = (self.kind, self.by, above, self.of)
        return "_".join(str(part) for part in parts if part is not None)


@dataclass(frozen=True, slots=True)
class Arm:
    """One way to ask all questions of a cell; equal ones show the same."""

    feedback: str
    """A file of g2u/answers/feedback."""
    pairing: Pairing = "own"
    """own: a question sees its own thoughts. shuffled: those of another question's pictures; alike:
    of other pictures of which the same is asked, so that they tell an answer to this question.
    """
    donor: int = 0
    """Of other pictures, which: 0 = the next of the ring (`donors`), 1 = those after them ..."""
    draw: int = 0
    """Which of the thoughts drawn for a picture is shown."""
    round: int | None = None
    """Which round's thought is shown; None = the last one's."""
    sample: int | None = None
    """Of a sampled answer its number; None = the most likely answer."""
    reasons: bool = False
    """Whether the model first thinks in words."""
    alter: str | None = None
    """What is done to what is shown, before it is: a file of g2u/answers/alter."""
    amount: int = 0
    """How much of that, in percent; 0 where nothing is done."""
    rule: Rule | None = None
    """What made it of other arms, without asking the model; it starts from arms of this feedback
    and pairing.
    """
    is_main: bool = field(default=False, compare=False)
    """Whether it is its family's own arm, as `understand` states: its feedback, the first draw, the
    last round. The other arms of the cell are told apart from it.
    """

    @property
    def name(self) -> str:
        """Unique within a cell; for people."""
        return "_".join(self._parts)

    @property
    def _parts(self) -> list[str]:
        if self.rule is not None:
            return [self.rule.name]
        if self.reasons:
            return ["reasoned"]
        if self.sample is not None:
            return [f"sample_{self.sample}"]
        found = [self.feedback]
        found += [self.pairing] if self.pairing != "own" else []
        found += [f"donor_{self.donor}"] if self.donor else []
        found += [f"{self.alter}_{self.amount}"] if self.alter is not None else []
        found += [f"draw_{self.draw}"] if self.draw else []
        return found + ([f"round_{self.round}"] if self.round is not None else [])

    @property
    def whose(self) -> tuple[Pairing, int] | None:
        """Which donor's thoughts it shows; None = the question's own."""
        return None if self.pairing == "own" else (self.pairing, self.donor)

    @property
    def intervenes(self) -> bool:
        """Whether it is there for the causal page alone: something is altered, or the donor was
        asked alike, or is a further one.
        """
        return self.alter is not None or self.pairing == "alike" or self.donor > 0

    @property
    def is_further(self) -> bool:
        """Whether it takes more than the main arm: a further draw or round, or a rule over arms."""
        return self.draw > 0 or self.round is not None or self.rule is not None

    def drawn(self, draw: int, round: int | None = None) -> "Arm":
        """The arm that shows another draw, or round, in the same way."""
        return replace(self, draw=draw, round=round, is_main=False)

    def sampled(self, number: int) -> "Arm":
        """The arm of a sampled answer to the same."""
        return replace(self, sample=number, is_main=False)

    def shuffled(self, donor: int = 0) -> "Arm":
        """The arm that shows the thoughts of other questions in the same way."""
        return replace(self, pairing="shuffled", donor=donor, is_main=False)

    def alike(self, donor: int = 0) -> "Arm":
        """The arm that shows those of another picture of which the same is asked."""
        return replace(self, pairing="alike", donor=donor, is_main=False)

    def altered(self, how: str, amount: int) -> "Arm":
        """The arm that shows the same, altered so far."""
        return replace(self, alter=how, amount=amount, is_main=False)

    def ruled(self, rule: Rule) -> "Arm":
        """The arm that a rule makes of arms like this one."""
        return Arm(self.feedback, self.pairing, rule=rule)

    def called(self, family: str, main: "Arm") -> str:
        """What the report calls it: its family, `blind`, or the family and how it differs from the
        `main` arm.
        """
        if self == BLINDED:
            return self.name
        if self == main:
            return family
        parts = self._parts
        if len(parts) > 1 and self.feedback == main.feedback:
            del parts[0]
        return f"{family}, {'_'.join(parts)}"

    def difference(self, feedback: str, altered: str = "") -> str:
        """What sets the arm apart from direct; `feedback`: what its feedback mode does, `altered`:
        what its alteration does, with {amount} in it.
        """
        if self.reasons:
            return "the model first thinks in words"
        if self.sample is not None:
            return f"the answer is sampled, number {self.sample}"
        strange = STRANGE[self.pairing]
        drawn = f", draw {self.draw}" if self.draw else ""
        further = f", {self.donor} donors further on" if self.donor else ""
        done = f"; {altered.format(amount=self.amount)}" if altered else ""
        nth = f", round {self.round}" if self.round else ""
        return feedback + strange + further + drawn + nth + done


DIRECT, BLINDED = Arm(ALONE, is_main=True), Arm(BLIND)
"""The arms that every model has: the question with its pictures, and without."""


class OfArm(Protocol):
    """A row of some arm."""

    @property
    def arm(self) -> Arm:
        """Which."""
        ...


T = TypeVar("T", bound=OfArm)


def of_main(rows: Iterable[T]) -> list[T]:
    """Those of the main arm."""
    return [row for row in rows if row.arm.is_main]


def by_arm(rows: Iterable[T]) -> dict[Arm, list[T]]:
    """The rows of each arm, the arms in the order in which they come."""
    found: dict[Arm, list[T]] = {}
    for row in rows:
        found.setdefault(row.arm, []).append(row)
    return found


def main_arm(arms: Iterable[Arm]) -> Arm:
    """The main one of a cell's arms.

    Raises:
        DataError: there is none.
    """
    for arm in arms:
        if arm.is_main:
            return arm
    raise DataError("a table of answers or scores has no main arm; g2u run makes it anew")


def donors(
    questions: Sequence[Question], number: int = 0, pairing: Pairing = "shuffled"
) -> dict[str, str]:
    """For each question, the id of the one whose thoughts it is shown when pairing is not own.

    The sets of pictures stand in a ring, ordered by a digest of their pixels; the donor is the
    first question of the next set with as many pictures (`number` 0), of the one after that (1),
    and so on. Of `alike` each text with its options has a ring of its own. Nothing but pixels
    decides, and what is asked, so the pairing knows neither answers nor the order of rows. A
    question whose ring has no such set is left out.
    """
    rings: dict[tuple[object, ...], dict[tuple[str, ...], str]] = {}
    for question in questions:
        if question.pictures:
            ring = rings.setdefault(_ring(question, pairing), {})
            ring.setdefault(question.pictures, question.id)
    following: dict[tuple[tuple[object, ...], tuple[str, ...]], str] = {}
    for name, ring in rings.items():
        ordered = sorted(ring, key=lambda pictures: sha256(["shuffled", *pictures]))
        if len(ordered) > 1 + number:
            for place, pictures in enumerate(ordered):
                following[name, pictures] = ring[ordered[(place + 1 + number) % len(ordered)]]
    found = {q.id: following.get((_ring(q, pairing), q.pictures)) for q in questions}
    return {question: donor for question, donor in found.items() if donor is not None}


def _ring(question: Question, pairing: Pairing) -> tuple[object, ...]:
    """What the questions of a ring have in common."""
    count = len(question.pictures)
    if pairing == "shuffled":
        return (count,)
    return (count, question.text, question.hint, *sorted(question.choices))


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
    donor = donors(questions, arm.donor, arm.pairing)
    return {q.id: own[donor[q.id]] if q.id in donor else [] for q in questions}
