"""Choices: compared over the same questions, with every family and with imagining nothing."""

import pytest

from g2u.report.choices import Decided, decision, decisions_table, stability

CHOICES = {"a": "structure", "b": "structure", "c": "none", "d": "detail"}
FIXED = {
    "structure": {"a": 1.0, "b": 1.0, "c": 0.0, "d": 1.0, "e": 1.0},
    "detail": {"a": 0.0, "b": 0.0, "c": 0.0, "d": 1.0, "e": None},
}
OWN = {"a": 1.0, "b": 1.0, "c": 1.0, "d": 0.0, "e": 1.0}
DIRECT = {"a": 0.0, "b": 1.0, "c": 1.0, "d": 0.0, "e": 1.0}


def test_a_decision_is_measured_against_the_best_fixed_choice_and_the_best_per_item() -> None:
    made = decision(CHOICES, OWN, FIXED, DIRECT)
    assert made is not None
    assert (made.best, made.best_accuracy, made.per_item) == ("structure", 0.75, 1.0)
    assert made.agreement == 0.5
    assert made.shares == {"structure": 0.5, "none": 0.25, "detail": 0.25}
    assert made.accuracy == 0.75
    decided = Decided("ladder", "tiny", "self", made, {"self_reworded": 0.5})
    assert "structure 50 %, none 25 %, detail 25 %" in decided.line
    assert "The same choice as self_reworded: 50 %." in decided.line
    (row,) = decisions_table([decided]).iter_rows(named=True)
    assert (row["best"], row["same"]) == ("structure", "self_reworded 0.500")


def test_questions_that_a_family_has_not_scored_are_left_out() -> None:
    made = decision({**CHOICES, "e": "detail"}, OWN, FIXED, DIRECT)
    assert made is not None
    assert made.questions == 4
    assert decision({"e": "detail"}, OWN, FIXED, DIRECT) is None


def test_stability_is_the_share_of_equal_choices() -> None:
    assert stability(CHOICES, {**CHOICES, "a": "none", "z": "none"}) == 0.75
    with pytest.raises(ValueError, match="no question in common"):
        stability(CHOICES, {"z": "none"})
