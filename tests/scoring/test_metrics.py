"""Metrics: failures have no score, unparsed answers are counted apart, gains are paired."""

import math

import pytest

from g2u.arms import DIRECT, Arm
from g2u.errors import DataError
from g2u.records import Question, Target
from g2u.scores.marking import gold_probability
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


def test_the_probability_of_the_right_option_is_a_second_outcome() -> None:
    asked = [Question(n, "?", choices=("cat", "dog"), pictures=(f"p{n}",)) for n in "abcd"]
    gold = [Target(n, "B", "choice") for n in "abcd"]

    def scored(chance: float, arm: Arm) -> list[Score]:
        """Answers that choose A or B by option scores: B has this probability."""
        pair = (math.log(1 - chance), math.log(chance))
        letter = "B" if chance > 0.5 else "A"
        said = [
            Answer(n, arm, "", "ok", response=letter, ended="stop", option_scores=pair)
            for n in "abc"
        ]
        return score_answers(asked, gold, [*said, Answer("d", arm, "", "ok", response="B")])

    direct, own = scored(0.2, DIRECT), scored(0.4, OWN)
    assert [s.probability for s in own] == [pytest.approx(0.4)] * 3 + [None]
    assert arm_metrics(own, 0.95)["probability"] == pytest.approx(0.4)
    gain = gain_metrics(own, direct, direct, HOW)
    assert gain["difference"] == 0, "no answer changes"
    assert gain["graded"] == pytest.approx(0.2)
    assert gain["graded_low"] < 0.2 < gain["graded_high"]
    words = score_answers(QUESTIONS, GOLD, answers("yes", "no", "yes", "no"))
    assert "graded" not in gain_metrics(words, words, words, HOW), "nothing was scored"


def test_a_label_has_the_probability_of_its_text() -> None:
    question = Question("a", "?", choices=("cat", "dog"), format="label", pictures=("p",))
    answer = Answer("a", OWN, "", "ok", response="dog", option_scores=(-1.0, -1.0))
    assert gold_probability(answer, question, Target("a", "dog", "label")) == 0.5
    assert gold_probability(answer, question, Target("a", "cow", "label")) is None
