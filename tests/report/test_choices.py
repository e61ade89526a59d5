"""Choices: compared over the same questions, with every family and with imagining nothing."""

from typing import Any

import numpy as np
import pytest

from g2u.report.choices import Decided, Known, Scores, decision, decisions_table, stability
from g2u.scores.statistics import Resampling

CHOICES = {"a": "structure", "b": "structure", "c": "none", "d": "detail"}
FIXED: dict[str, Scores] = {
    "structure": {"a": 1.0, "b": 1.0, "c": 0.0, "d": 1.0, "e": 1.0},
    "detail": {"a": 0.0, "b": 0.0, "c": 0.0, "d": 1.0, "e": None},
}
OWN: Scores = {"a": 1.0, "b": 1.0, "c": 1.0, "d": 0.0, "e": 1.0}
DIRECT: Scores = {"a": 0.0, "b": 1.0, "c": 1.0, "d": 0.0, "e": 1.0}


CLUSTERS = {name: f"p{name}" for name in "abcde"}
KNOWN = Known(DIRECT, FIXED, CLUSTERS)
HOW = Resampling(0.95, 100, 0)


def test_a_decision_is_measured_against_the_best_fixed_choice() -> None:
    made = decision(CHOICES, OWN, KNOWN, HOW)
    assert made is not None
    assert (made.best, made.agreement, made.accuracy.mean) == ("structure", 0.5, 0.75)
    assert made.shares == {"structure": 0.5, "none": 0.25, "detail": 0.25}
    assert made.accuracy.low < 0.75 < made.accuracy.high
    assert made.over_best.difference == pytest.approx(0.75 - made.best_accuracy.mean)
    assert made.per_item is None, "nothing else is known of any question"
    decided = Decided("ladder", "tiny", "self", made, {"self_reworded": 0.5})
    assert "structure 50 %, none 25 %, detail 25 %" in decided.line
    assert "The same choice as self_reworded: 50 %." in decided.line
    (row,) = decisions_table([decided]).iter_rows(named=True)
    assert (row["best"], row["same"]) == ("structure", "self_reworded 0.500")
    assert (row["accuracy_low"], row["per_item"]) == (made.accuracy.low, None)


def guesses(rng: np.random.Generator, names: list[str]) -> dict[str, float | None]:
    return {name: float(rng.random() < 0.25) for name in names}


def test_lucky_guesses_are_no_choice() -> None:
    """Of four guesses among four options one is right in 68 %; nobody can pick it."""
    rng, names = np.random.default_rng(0), [str(n) for n in range(2000)]
    fixed = {family: guesses(rng, names) for family in ("detail", "context", "structure")}
    further = {family: [guesses(rng, names) for _ in range(3)] for family in fixed}
    clusters = {name: f"p{int(name) // 2}" for name in names}
    known = Known(guesses(rng, names), fixed, clusters, further)
    made = decision(dict.fromkeys(names, "detail"), fixed["detail"], known, HOW)
    assert made is not None
    assert made.per_item is not None
    assert made.over_fixed is not None
    assert made.per_item.low < 0.25 < made.per_item.high
    assert made.best_accuracy.low < 0.25 < made.best_accuracy.high
    assert made.over_fixed.low < 0 < made.over_fixed.high


def test_what_further_draws_tell_of_a_question_is_a_choice() -> None:
    """Half of the questions want structure, half detail, and draws agree on it."""
    names = [str(n) for n in range(60)]
    one = {name: float(int(name) % 2) for name in names}
    other = {name: 1.0 - value for name, value in one.items()}
    fixed: dict[str, Any] = {"structure": one, "detail": other}
    alone = {name: name for name in names}
    known = Known(dict.fromkeys(names, 0.0), fixed, alone, {f: [s] for f, s in fixed.items()})
    made = decision(dict.fromkeys(names, "detail"), other, known, HOW)
    assert made is not None
    assert made.per_item is not None
    assert made.over_fixed is not None
    assert (made.per_item.mean, made.accuracy.mean) == (1.0, 0.5)
    assert made.over_fixed.low > 0.3
    assert "Picked for each question by its other draws" in Decided("b", "m", "f", made, {}).line


def test_questions_that_a_family_has_not_scored_are_left_out() -> None:
    made = decision({**CHOICES, "e": "detail"}, OWN, KNOWN, HOW)
    assert made is not None
    assert made.questions == 4
    assert decision({"e": "detail"}, OWN, KNOWN, HOW) is None


def test_stability_is_the_share_of_equal_choices() -> None:
    assert stability(CHOICES, {**CHOICES, "a": "none", "z": "none"}) == 0.75
    with pytest.raises(ValueError, match="no question in common"):
        stability(CHOICES, {"z": "none"})
