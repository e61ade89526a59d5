"""Letters: a model that says A as soon as there is a second picture is found out."""

from g2u.arms import BLINDED, DIRECT, Arm
from g2u.records import Question, Target
from g2u.report.letters import Told, favoured, letters
from g2u.tables.schemas import Score

QUESTIONS = [
    Question(str(n), "?", choices=("w", "x", "y", "z"), format="choice") for n in range(80)
]
GOLD = {q.id: Target(q.id, "ABCD"[n % 4], "choice") for n, q in enumerate(QUESTIONS)}


def told(name: str, *predictions: str) -> Told:
    arm = {"direct": DIRECT, "blind": BLINDED}.get(name, Arm("concat", is_main=True))
    scores = [
        Score(str(n), arm, "ok", predictions[n % len(predictions)], 1.0, f"p{n // 2}")
        for n in range(80)
    ]
    return Told(name, arm, scores)


def test_an_arm_that_falls_for_a_position_is_named_and_the_others_are_not() -> None:
    arms = [
        told("direct", "A", "B", "C", "D"),
        told("blind", "A"),
        told("stuck", "A", "A", "A", "D"),
        told("same", "D", "C", "B", "A"),
        told("mended", "A", "B", "C", "D"),
    ]
    found = letters(QUESTIONS, GOLD, arms)
    assert [each.name for each in found] == ["right", *(arm.name for arm in arms)]
    assert found[0].shares == {"A": 0.25, "B": 0.25, "C": 0.25, "D": 0.25}
    assert found[3].shares["A"] == 0.75
    (line,) = favoured(found, 0.05)
    assert line.startswith("stuck answers A in 75 % of the questions, direct in 25 %, where 25 %")


def test_an_arm_that_leaves_a_position_for_the_right_answers_is_not_named() -> None:
    arms = [told("direct", "A", "A", "A", "D"), told("better", "A", "B", "C", "D")]
    assert favoured(letters(QUESTIONS, GOLD, arms), 0.05) == ()


def test_questions_without_options_have_no_letters() -> None:
    open_ones = [Question(q.id, "?") for q in QUESTIONS]
    assert letters(open_ones, GOLD, [told("direct", "A")]) == ()
    assert favoured((), 0.05) == ()
