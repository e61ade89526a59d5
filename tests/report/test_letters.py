"""Letters: a model that says A as soon as there is a second picture is found out."""

from g2u.records import Question, Target
from g2u.report.letters import favoured, letters
from g2u.tables.schemas import Score

QUESTIONS = [
    Question(str(n), "?", choices=("w", "x", "y", "z"), format="choice") for n in range(80)
]
GOLD = {q.id: Target(q.id, "ABCD"[n % 4], "choice") for n, q in enumerate(QUESTIONS)}


def said(*predictions: str) -> list[Score]:
    return [
        Score(str(n), "a", "ok", predictions[n % len(predictions)], 1.0, f"p{n // 2}")
        for n in range(80)
    ]


def test_an_arm_that_falls_for_a_position_is_named_and_the_others_are_not() -> None:
    arms = {
        "direct": said("A", "B", "C", "D"),
        "stuck": said("A", "A", "A", "D"),
        "same": said("D", "C", "B", "A"),
        "mended": said("A", "B", "C", "D"),
    }
    found = letters(QUESTIONS, GOLD, arms)
    assert found[0].arm == "right"
    assert found[0].shares == {"A": 0.25, "B": 0.25, "C": 0.25, "D": 0.25}
    assert found[2].shares["A"] == 0.75
    (line,) = favoured(found, arms, 0.05)
    assert line.startswith("stuck answers A in 75 % of the questions, direct in 25 %, where 25 %")


def test_an_arm_that_leaves_a_position_for_the_right_answers_is_not_named() -> None:
    arms = {"direct": said("A", "A", "A", "D"), "better": said("A", "B", "C", "D")}
    assert favoured(letters(QUESTIONS, GOLD, arms), arms, 0.05) == ()


def test_questions_without_options_have_no_letters() -> None:
    open_ones = [Question(q.id, "?") for q in QUESTIONS]
    assert letters(open_ones, GOLD, {"direct": said("A")}) == ()
    assert favoured((), {}, 0.05) == ()
