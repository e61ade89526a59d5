"""Which option's letter is answered how often: a model that says A as soon as there is a second
picture shows it here, whatever the letters stand for.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from g2u.records import Question, Target
from g2u.scores.statistics import numbered, sign_flip_p
from g2u.tables.schemas import Score

SHIFT = 0.15
"""Change of a letter's share that is worth a line."""
UNMOVED = {"right", "direct", "blind"}
"""What no thought moves; without a picture a model may say what it likes."""


@dataclass(frozen=True, slots=True)
class Letters:
    """Of an arm's answers to questions with lettered options."""

    arm: str
    """"right" for the right answers themselves."""
    shares: dict[str, float]
    """By letter, 0..1."""
    answers: int


def letters(
    questions: Sequence[Question],
    gold: Mapping[str, Target],
    arms: Mapping[str, Sequence[Score]],
) -> tuple[Letters, ...]:
    """Of the right answers, then of each arm; () where no question has options."""
    known = {q.id: set(q.option_letters()) for q in questions if q.choices}
    names = sorted(set().union(*known.values())) if known else []
    said = {"right": [gold[id].answer for id in known]}
    for arm, scores in arms.items():
        said[arm] = [s.prediction for s in scores if s.prediction in known.get(s.id, ())]
    return tuple(
        Letters(arm, {name: answers.count(name) / len(answers) for name in names}, len(answers))
        for arm, answers in said.items()
        if names and answers
    )


def favoured(
    found: Sequence[Letters], arms: Mapping[str, Sequence[Score]], alpha: float
) -> tuple[str, ...]:
    """In words, the arms in which a letter's share moves by SHIFT or more from direct's, further
    from its share among the right answers; by sign flips over pictures, Bonferroni-corrected.

    Args:
        found: what `letters` returns for `arms`.
        arms: scores by arm; "direct" is what the others are compared with.
        alpha: level of the tests.
    """
    by_arm = {each.arm: each.shares for each in found}
    right, plain = by_arm.get("right", {}), by_arm.get("direct")
    if plain is None:
        return ()
    before = {score.id: score.prediction for score in arms["direct"]}
    tests = len(right) * max(1, len(by_arm.keys() - UNMOVED))
    lines = []
    for arm, shares in by_arm.items():
        for letter in right if arm not in UNMOVED else ():
            one, other, true = shares[letter], plain[letter], right[letter]
            if one - other < SHIFT or abs(one - true) <= abs(other - true):
                continue
            change = [(s.prediction == letter) - (before[s.id] == letter) for s in arms[arm]]
            clusters = numbered([score.cluster for score in arms[arm]])
            sums = np.bincount(clusters, weights=np.array(change, dtype=float))
            if sign_flip_p(sums.astype(np.float64)) * tests <= alpha:
                lines.append(
                    f"{arm} answers {letter} in {100 * one:.0f} % of the questions, direct in "
                    f"{100 * other:.0f} %, where {100 * true:.0f} % are right: the position of an "
                    "option moves its answers, and may move its gain or loss."
                )
    return tuple(lines)
