"""Verdicts on planted answerers: each gets the word that its construction deserves."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from g2u.scoring.statistics import Resampling, paired_gain
from g2u.scoring.verdict import RULES, Estimate, Word, verdict

ITEMS, RUNS = 400, 60
ARMS = ("direct", "own", "duplicate", "shuffled", "blank")
Chances = dict[str, float]
"""Chance that an item is right, by arm."""
PLANTED: dict[str, tuple[Chances, Word]] = {
    "reads its thought": (
        {"direct": 0.5, "own": 0.75, "duplicate": 0.5, "shuffled": 0.45, "blank": 0.5},
        "thought-mediated",
    ),
    "ignores its thought": (dict.fromkeys(ARMS, 0.6), "no effect"),
    "needs any second picture": (
        {"direct": 0.5, **dict.fromkeys(ARMS[1:], 0.7)},
        "any picture",
    ),
    "gains from repetition": (
        {"direct": 0.5, "own": 0.7, "duplicate": 0.7, "shuffled": 0.5, "blank": 0.5},
        "extra compute",
    ),
    "is led astray": (
        {"direct": 0.7, "own": 0.5, "duplicate": 0.7, "shuffled": 0.5, "blank": 0.7},
        "harm",
    ),
}


def outcomes(chances: Chances, rng: np.random.Generator) -> dict[str, NDArray[np.float64]]:
    """Scores 0 or 1 by arm: items differ in difficulty, and arms agree on most of them."""
    easy = rng.random(ITEMS)
    noise = {arm: rng.random(ITEMS) < 0.1 for arm in ARMS}
    return {
        arm: np.where(noise[arm], rng.random(ITEMS) < chances[arm], easy < chances[arm]).astype(
            np.float64
        )
        for arm in ARMS
    }


def judged(chances: Chances, rng: np.random.Generator) -> Word:
    scores = outcomes(chances, rng)
    clusters = [str(number // 2) for number in range(ITEMS)]

    def over(arm: str, base: str) -> Estimate:
        how = Resampling(0.95, 1000, int(rng.integers(2**31)))
        gain = paired_gain(scores[arm].tolist(), scores[base].tolist(), clusters, how)
        return Estimate(gain.difference, gain.p)

    return verdict(
        over("own", "direct"),
        over("own", "duplicate"),
        over("own", "shuffled"),
        [over("shuffled", "direct"), over("blank", "direct")],
    )


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_answerer_gets_its_verdict(name: str) -> None:
    chances, expected = PLANTED[name]
    rng = np.random.default_rng([11, list(PLANTED).index(name)])
    words = [judged(chances, rng) for _ in range(RUNS)]
    assert words.count(expected) >= 0.9 * RUNS
    mediated = words.count("thought-mediated")
    assert mediated >= 0.95 * RUNS if expected == "thought-mediated" else mediated <= 0.05 * RUNS


def yes(size: float = 0.1) -> Estimate:
    return Estimate(size, 0.001)


def unclear() -> Estimate:
    return Estimate(0.02, 0.4)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (lambda: verdict(yes(), None, yes()), "controls missing"),
        (lambda: verdict(yes(), yes(), None), "controls missing"),
        (lambda: verdict(unclear(), None, None), "no effect"),
        (lambda: verdict(yes(-0.1), None, None), "harm"),
        (lambda: verdict(yes(), yes(), unclear()), "any picture"),
        (lambda: verdict(yes(), unclear(), yes()), "extra compute"),
        (lambda: verdict(yes(), unclear(), yes(), [unclear(), yes()]), "any picture"),
        (lambda: verdict(yes(), yes(), yes(), votes=unclear()), "extra compute"),
        (lambda: verdict(yes(), yes(), yes(), votes=yes()), "thought-mediated"),
        (lambda: verdict(Estimate(0.1, 0.05), yes(), yes(), alpha=0.01), "no effect"),
    ],
)
def test_each_rule(given: Callable[[], Word], expected: Word) -> None:
    assert given() == expected
    assert expected in RULES
