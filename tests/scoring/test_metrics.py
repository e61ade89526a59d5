"""Metrics: failures have no score, unparsed answers are counted apart, gains are paired."""

import pytest

from g2u.arms import DIRECT, Arm
from g2u.errors import DataError
from g2u.records import Question, Target
from g2u.scores.metrics import arm_metrics, chance, gain_metrics, published, score_answers
from g2u.scores.statistics import Resampling
from g2u.tables.schemas import Answer, Score

OWN = Arm("concat", is_main=True)
HOW = Resampling(0.95, 500, 0)
QUESTIONS = [Question(name, "?", format="yes_no", pictures=(f"p{name}",)) for name in "abcd"]
GOLD = [Target(name, "yes", "yes_no") for name in "abcd"]


def answers(*responses: str | None) -> list[Answer]:
    """One answer a question; None = failed."""
    return [
        Answer(question.id, OWN, "", "failed" if text is None else "ok", response=text or "")
        for question, text in zip(QUESTIONS, responses, strict=True)
    ]


def test_a_failed_answer_has_no_score_and_an_unparsed_one_has_zero() -> None:
    scores = score_answers(QUESTIONS, GOLD, answers("yes", "no", "who knows", None))
    assert [s.score for s in scores] == [1.0, 0.0, 0.0, None]
    assert [s.status for s in scores] == ["ok", "ok", "unparsed", "failed"]
    metrics = arm_metrics(scores, 0.95)
    assert (metrics["items"], metrics["failed"], metrics["unparsed"]) == (3, 1, 1)
    assert metrics["accuracy"] == pytest.approx(1 / 3)


def test_gains_are_over_complete_cases_and_with_failures_answered_by_direct() -> None:
    direct = score_answers(QUESTIONS, GOLD, answers("no", "no", "yes", "yes"))
    arm = score_answers(QUESTIONS, GOLD, answers("yes", "no", "yes", None))
    gain = gain_metrics(arm, direct, direct, HOW)
    assert gain["items"] == 3
    assert gain["difference"] == pytest.approx(1 / 3)
    assert gain["with_fallback"] == pytest.approx(1 / 4)
    assert (gain["gained"], gain["lost"]) == (1, 0)


def test_gains_do_not_depend_on_the_order_of_rows() -> None:
    direct = score_answers(QUESTIONS, GOLD, answers("no", "no", "yes", "yes"))
    arm = score_answers(QUESTIONS, GOLD, answers("yes", "no", "yes", "no"))
    assert gain_metrics(arm, direct[::-1], direct, HOW) == gain_metrics(arm, direct, direct, HOW)


def test_questions_that_share_their_pictures_share_a_cluster() -> None:
    same = [Question(name, "?", format="yes_no", pictures=("p",)) for name in "abcd"]
    scores = score_answers(same, GOLD, answers("yes", "yes", "no", "no"))
    assert len({score.cluster for score in scores}) == 1
    assert len({s.cluster for s in score_answers(QUESTIONS, GOLD, answers(*["yes"] * 4))}) == 4


def test_questions_that_share_some_of_their_pictures_share_a_cluster() -> None:
    shown = (("p", "q"), ("q", "r"), ("r",), ("s", "t"))
    asked = [
        Question(name, "?", format="yes_no", pictures=pictures)
        for name, pictures in zip("abcd", shown, strict=True)
    ]
    clusters = [score.cluster for score in score_answers(asked, GOLD, answers(*["yes"] * 4))]
    assert clusters[0] == clusters[1] == clusters[2] != clusters[3]
    assert arm_metrics(score_answers(asked, GOLD, answers(*["yes"] * 4)), 0.95)["clusters"] == 2


def test_targets_of_other_questions_are_refused() -> None:
    with pytest.raises(DataError, match="has no question 'd'"):
        score_answers(QUESTIONS, GOLD[:3], answers(*["yes"] * 4))


def test_baselines_of_other_questions_are_refused() -> None:
    arm = [Score("a", OWN, "ok", "yes", 1.0, "c")]
    with pytest.raises(DataError, match="baseline"):
        gain_metrics(arm, [Score("b", DIRECT, "ok", "yes", 1.0, "c")], arm, HOW)


def test_chance_is_counted_per_question() -> None:
    mixed = [*QUESTIONS[:2], Question("c", "?", choices=("1", "2", "3", "4"), format="choice")]
    found = chance(mixed, GOLD[:3])
    assert found["chance"] == pytest.approx((0.5 + 0.5 + 0.25) / 3)
    assert found["majority"] == 1.0


def test_the_published_rule_is_counted_beside_the_one_that_extends_it() -> None:
    gold = [Target(q.id, value, "relaxed") for q, value in zip(QUESTIONS, "9432", strict=True)]
    given = answers("9", "It is 4.", "three", None)
    found = published(gold, QUESTIONS, given)
    assert found == {
        "concat": {"rule": "relaxed_published", "accuracy": pytest.approx(1 / 3), "differs": 2}
    }
    assert published(GOLD, QUESTIONS, given) == {}, "yes_no extends none"
