"""Verdicts on planted answerers: each gets the word that its construction deserves."""

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest

from bench import planted
from bench.planted import answers, only_repetition, readers, verdicts
from g2u.scores.leaks import Leaks
from g2u.scores.verdict import (
    LEAKED,
    RULES,
    Cause,
    Control,
    Estimate,
    Word,
    has_leaked,
    mediated_p,
    verdict,
)

RUNS = 40
PLANTED: dict[str, tuple[Mapping[str, float], Word]] = {
    "reads its thought": ({"own": 0.75, "shuffled": 0.45}, "thought-mediated"),
    "ignores its thought": ({}, "no effect shown"),
    "needs any second picture": (
        {"own": 0.75, "duplicate": 0.75, "blank": 0.75, "shuffled": 0.75},
        "any picture",
    ),
    "gains from repetition": ({"own": 0.75, "duplicate": 0.75}, "extra compute"),
    "is led astray": ({"own": 0.3, "shuffled": 0.3}, "harm"),
}
"""Chances of being right that are not 0.5."""


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_answerer_gets_its_verdict(name: str) -> None:
    special, expected = PLANTED[name]
    chances = {"direct": 0.5, "duplicate": 0.5, "blank": 0.5, "own": 0.5, "shuffled": 0.5} | special
    chances["0"], chances["0 shuffled"] = chances.pop("own"), chances.pop("shuffled")
    rng = np.random.default_rng([11, list(PLANTED).index(name)])
    words = Counter(verdicts([answers(rng, chances, 400, 0.1)], 1, 200)[0] for _ in range(RUNS))
    assert words[expected] >= 0.9 * RUNS
    if expected != "thought-mediated":
        assert words["thought-mediated"] <= 0.05 * RUNS


@pytest.mark.parametrize("noise", [0.0, 0.25])
def test_readers_of_their_thoughts_are_not_given_another_cause(noise: float) -> None:
    words = readers(100, noise)
    assert (
        sum(words.get(word, 0.0) for word in ("any picture", "extra compute", "any edit")) <= 0.02
    )
    assert words["thought-mediated"] > 0.8


@pytest.mark.slow
@pytest.mark.parametrize("name", planted.PLANTED)
def test_a_planted_answerer_is_named_by_the_scorers_and_the_reports_own_functions(
    name: str,
) -> None:
    right, wrong, words = planted.planted(name, 20, 400)
    assert right >= 0.85, words
    assert wrong <= 0.05, words


def test_a_grid_where_repetition_alone_helps_names_no_thought() -> None:
    """27 cells, 20 grids; without a correction over the grid half of them name one."""
    mediated, others = only_repetition(20)
    assert mediated <= 0.05
    assert others <= 0.05


def yes(size: float = 0.1) -> Estimate:
    return Estimate(size, 0.001)


def unclear() -> Estimate:
    return Estimate(0.02, 0.4)


def control(cause: Cause, helps: Estimate | None, left: Estimate | None) -> Control:
    return Control(cause, helps, left)


def judged(gain: Estimate, mediated: float | None, *more: Any, **told: Any) -> Word:
    """The verdict where the gain's own interval leaves 0 out exactly if the gain is `yes`."""
    spread = 0.05 if gain.p < 0.01 else 0.5
    interval = (gain.difference - spread, gain.difference + spread)
    return verdict(gain, mediated, *more, **({"interval": interval} | told))


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (lambda: judged(yes(), None), "controls missing"),
        (lambda: judged(unclear(), None), "no effect shown"),
        (lambda: judged(yes(-0.1), None), "harm"),
        (lambda: judged(yes(), 0.01), "thought-mediated"),
        (lambda: judged(yes(), 0.2), "gain, cause not shown"),
        (lambda: judged(Estimate(0.1, 0.05), 0.001, alpha=0.01), "no effect shown"),
        (lambda: judged(unclear(), 0.9, interval=(0.001, 0.04)), "not shown (corrected)"),
        (lambda: judged(unclear(), 0.9, interval=(-0.04, -0.001)), "not shown (corrected)"),
        (lambda: judged(unclear(), 0.9, interval=(0.0, 0.04)), "no effect shown"),
        (lambda: judged(yes(), 0.01, is_told=True), "answer in the prompt"),
        (lambda: judged(yes(), None, is_told=True), "answer in the prompt"),
        (lambda: judged(unclear(), 0.9, is_told=True), "no effect shown"),
        (lambda: judged(yes(-0.1), 0.9, is_told=True), "harm"),
        (
            lambda: judged(yes(), 0.2, [control("extra compute", yes(), unclear())]),
            "extra compute",
        ),
        (
            lambda: judged(yes(), 0.2, [control("extra compute", unclear(), unclear())]),
            "gain, cause not shown",
        ),
        (
            lambda: judged(yes(), 0.2, [control("any edit", yes(), yes())]),
            "gain, cause not shown",
        ),
        (lambda: judged(yes(), 0.2, [control("any edit", yes(), yes(-0.1))]), "any edit"),
        (
            lambda: judged(yes(), 0.2, [control("extra compute", yes(), Estimate(0.05, 0.03))]),
            "extra compute",
        ),
        (
            lambda: judged(
                yes(),
                0.2,
                [
                    control("any edit", yes(), unclear()),
                    control("any picture", yes(), unclear()),
                ],
            ),
            "any picture",
        ),
        (
            lambda: judged(yes(), 0.2, [control("any picture", None, unclear())]),
            "gain, cause not shown",
        ),
        (
            lambda: judged(yes(), 0.2, [control("any picture", yes(), None)]),
            "gain, cause not shown",
        ),
    ],
)
def test_each_rule(given: Callable[[], Word], expected: Word) -> None:
    assert given() == expected
    assert expected in RULES


def test_the_claim_of_the_thought_is_as_weak_as_its_weakest_comparison() -> None:
    assert mediated_p(Estimate(0.2, 0.001), [Estimate(0.1, 0.03), Estimate(0.3, 0.002)]) == 0.03
    assert mediated_p(Estimate(0.2, 0.001), [Estimate(-0.1, 0.001)]) == 1.0


def test_prompts_that_tell_the_answer_in_more_than_a_few_questions_have_leaked() -> None:
    for told, expected in ((0, False), (round(100 * LEAKED), False), (3, True), (100, True)):
        assert has_leaked(Leaks(100, 100, told, told)) == expected
    assert not has_leaked(Leaks(0, 0, 0, 0))
