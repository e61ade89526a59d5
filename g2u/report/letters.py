"""Which option's letter is answered how often: a model that says A as soon as there is a second
picture shows it here, whatever the letters stand for.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from g2u.arms import BLINDED, DIRECT, Arm
from g2u.records import Question, Target
from g2u.scores.beside import SHIFT
from g2u.scores.statistics import numbered, sign_flip_p
from g2u.tables.schemas import Score

UNMOVED = (DIRECT, BLINDED)
"""What no thought moves; without a picture a model may say what it likes."""


@dataclass(frozen=True, slots=True)
class Told:
    """An arm of a model on a benchmark."""

    name: str
    """As the report calls it."""
    arm: Arm
    scores: Sequence[Score]


@dataclass(frozen=True, slots=True)
class Letters:
    """Of an arm's answers to questions with lettered options."""

    told: Told | None
    """None: the right answers themselves."""
    shares: dict[str, float]
    """By letter, 0..1."""
    answers: int

    @property
    def name(self) -> str:
        """The arm's, or "right"."""
        return self.told.name if self.told else "right"


def letters(
    questions: Sequence[Question],
    gold: Mapping[str, Target],
    arms: Sequence[Told],
) -> tuple[Letters, ...]:
    """Of the right answers, then of each arm; () where no question has options."""
    known = {q.id: set(q.option_letters()) for q in questions if q.choices}
    names = sorted(set().union(*known.values())) if known else []
    said: list[tuple[Told | None, list[tuple[str, ...]]]] = [
        (None, [gold[id].distinct for id in known])
    ]
    for arm in arms:
        read = (s.prediction for s in arm.scores if s.prediction in known.get(s.id, ()))
        said.append((arm, [(letter,) for letter in read]))
    return tuple(
        Letters(arm, {name: _share(name, answers) for name in names}, len(answers))
        for arm, answers in said
        if names and answers
    )


def _share(letter: str, answers: Sequence[tuple[str, ...]]) -> float:
    """Of answers, each of which may be several that are accepted alike."""
    return sum((letter in each) / len(each) for each in answers) / len(answers)


def favoured(found: Sequence[Letters], alpha: float) -> tuple[str, ...]:
    """In words, the arms in which a letter's share moves by SHIFT or more from direct's, further
    from its share among the right answers; by sign flips over pictures, Bonferroni-corrected.

    Args:
        found: what `letters` returns; direct is what the other arms are compared with.
        alpha: level of the tests.
    """
    right = next((each.shares for each in found if each.told is None), {})
    arms = [(each.told, each.shares) for each in found if each.told is not None]
    direct = next(((told, shares) for told, shares in arms if told.arm == DIRECT), None)
    if direct is None:
        return ()
    moved = [(told, shares) for told, shares in arms if told.arm not in UNMOVED]
    before = {score.id: score.prediction for score in direct[0].scores}
    tests = len(right) * max(1, len(moved))
    lines = []
    for told, shares in moved:
        for letter in right:
            one, other, true = shares[letter], direct[1][letter], right[letter]
            if one - other < SHIFT or abs(one - true) <= abs(other - true):
                continue
            change = [(s.prediction == letter) - (before[s.id] == letter) for s in told.scores]
            clusters = numbered([score.cluster for score in told.scores])
            sums = np.bincount(clusters, weights=np.array(change, dtype=float))
            if sign_flip_p(sums.astype(np.float64)) * tests <= alpha:
                lines.append(
                    f"{told.name} answers {letter} in {100 * one:.0f} % of the questions, direct "
                    f"in {100 * other:.0f} %, where {100 * true:.0f} % are right: the position of "
                    "an option moves its answers, and may move its gain or loss."
                )
    return tuple(lines)
