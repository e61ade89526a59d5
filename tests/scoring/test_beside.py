"""What stands beside a verdict, on planted answerers; statistics against plain ones."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
import statsmodels.api as sm

from g2u.arms import DIRECT, Arm, donors
from g2u.records import Question, Target
from g2u.scores.beside import Asked, beside, channel, difference_p
from g2u.scores.statistics import Resampling
from g2u.tables.schemas import Score

OWN = Arm("concat", is_main=True)
HOW = Resampling(0.95, 100, 0)
LETTERS = "ABCD"
OPTIONS = ("red", "green", "blue", "grey")
ITEMS = 240
RNG = np.random.default_rng(0)
QUESTIONS = [
    Question(
        str(n), "?", choices=OPTIONS, pictures=(f"p{n // 2}",), labels=(("half", str(n // 120)),)
    )
    for n in range(ITEMS)
]
GOLD = {q.id: Target(q.id, LETTERS[int(RNG.integers(4))], "choice") for q in QUESTIONS}
ASKED = Asked(QUESTIONS, GOLD)
Said = Callable[[int], str]


def scored(arm: Arm, said: Said) -> list[Score]:
    found = []
    for n, question in enumerate(QUESTIONS):
        answer = said(n)
        right = float(answer == GOLD[question.id].answer)
        found.append(Score(question.id, arm, "ok", answer, right, f"p{n // 2}"))
    return found


def another(letter: str) -> str:
    return LETTERS[(LETTERS.index(letter) + 1) % 4]


def right(n: int) -> str:
    return GOLD[str(n)].answer


def plain(n: int) -> str:
    """Right in half of the questions, spread over both halves."""
    return right(n) if n % 4 < 2 else another(right(n))


def found(own: Said, shuffled: Said = plain, duplicate: Said = plain) -> dict[str, Any]:
    bases = {
        "direct": scored(DIRECT, plain),
        "duplicate": scored(OWN, duplicate),
        "shuffled": scored(OWN.shuffled(), shuffled),
    }
    return beside(ASKED, scored(OWN, own), bases, HOW)


def test_half_gain_half_lose_moves_answers_both_ways_and_says_where() -> None:
    told = found(lambda n: right(n) if n < 120 else another(right(n)))
    assert told["moves"]["p"] < 1e-6
    assert told["moves"]["difference"] == 0.5
    assert (told["kinds"]["label"], told["kinds"]["p"] < 1e-6) == ("half", True)
    assert (told["kinds"]["here"], told["kinds"]["elsewhere"]) == ([60, 0, 120], [0, 60, 120])


def test_what_the_original_shown_again_moves_as_well_is_not_the_drawings() -> None:
    def moved(n: int) -> str:
        return right(n) if n % 8 < 4 else another(right(n))

    told = found(moved, duplicate=moved)
    assert told["moves"]["difference"] == 0
    assert told["moves"]["p"] == 1


def test_an_answer_that_follows_another_pictures_drawing_is_an_answer_channel() -> None:
    given = donors(QUESTIONS)
    told = found(right, shuffled=lambda n: GOLD[given[str(n)]].answer)
    assert told["channel"]["p"] < 1e-6
    assert told["channel"]["difference"] > 0.5
    for said in (plain, lambda n: another(right(n))):
        assert found(right, shuffled=said)["channel"]["p"] > 0.05, "merely confused"


def test_of_two_options_the_other_one_is_followed_only_beyond_confusion_and_habit() -> None:
    two = [Question(q.id, q.text, ("yes", "no"), pictures=q.pictures) for q in QUESTIONS]
    gold = {q.id: Target(q.id, "AB"[n % 3 % 2], "choice") for n, q in enumerate(two)}
    asked, given = Asked(two, gold), donors(two)
    rng = np.random.default_rng(6)

    def share(shuffled: Said, direct: Said) -> tuple[float, float]:
        arms = [
            [
                Score(q.id, arm, "ok", said(n), float(said(n) == gold[q.id].answer), q.pictures[0])
                for n, q in enumerate(two)
            ]
            for arm, said in ((DIRECT, direct), (OWN.shuffled(), shuffled))
        ]
        told = channel(asked, arms[1], arms[0], HOW)
        assert told is not None
        return told["difference"], told["p"]

    def is_right(n: int) -> str:
        return gold[str(n)].answer

    def is_wrong(n: int) -> str:
        return "BA"["AB".index(is_right(n))]

    difference, p = share(lambda n: gold[given[str(n)]].answer, is_right)
    assert (difference, p < 1e-6) == (1.0, True)
    drawn = "".join(rng.choice(["A", "B"], ITEMS))
    for said, direct in (
        (lambda n: drawn[n], is_right), (lambda n: "A", is_right), (is_wrong, is_wrong),
    ):  # fmt: skip
        difference, p = share(said, direct)
        assert difference <= 0 or p > 0.05


def test_one_option_that_is_answered_whatever_it_says_is_named() -> None:
    told = found(lambda n: "A" if n % 3 else plain(n))
    assert told["position"]["letter"] == "A"
    assert told["position"]["p"] < 1e-6
    assert told["position"]["own"] > 0.7


def test_a_share_that_comes_nearer_to_that_of_the_right_answers_is_no_leaning() -> None:
    bases = {"direct": scored(DIRECT, lambda n: "B")}
    assert "position" not in beside(ASKED, scored(OWN, right), bases, HOW)


def test_a_plain_gain_has_nothing_beside_it() -> None:
    told = found(lambda n: right(n) if n % 4 < 3 else another(right(n)))
    assert "position" not in told
    assert told["kinds"]["p"] > 0.05
    assert told["channel"]["p"] > 0.05


def test_the_difference_of_kinds_is_a_clustered_score_test() -> None:
    """As by statsmodels: the score of a dummy in a regression, its error by clusters."""
    rng = np.random.default_rng(1)
    cluster = np.repeat(np.arange(40), 3)
    is_of, change = rng.random(120) < 0.4, rng.choice([-1.0, 0.0, 0.0, 1.0], 120)
    rest = change - change.mean()
    dummy = is_of - is_of.mean()
    model = sm.OLS(rest, dummy).fit()
    parts = [(dummy * rest)[cluster == n].sum() for n in range(40)]
    error = np.sqrt(40 / 39 * np.sum(np.square(parts))) / (dummy**2).sum()
    from scipy.stats import t

    least = min(len(set(cluster[is_of])), len(set(cluster[~is_of])))
    expected = 2 * t.sf(abs(model.params[0]) / error, least - 1)
    assert difference_p(change, cluster, is_of) == pytest.approx(expected)


def test_kinds_that_do_not_differ_are_told_apart_in_5_percent() -> None:
    rng, told = np.random.default_rng(2), []
    for _ in range(400):
        cluster = np.repeat(np.arange(60), 3)
        together = (rng.random(60) < 0.5)[cluster]
        chance = np.where(together, rng.random(60)[cluster], rng.random(180))
        change = np.where(chance < 0.1, 1.0, np.where(chance < 0.15, -1.0, 0.0))
        p = difference_p(change, cluster, (rng.random(60) < 0.3)[cluster])
        told.append(p is not None and p <= 0.05)
    assert np.mean(told) <= 0.08


def test_a_favourite_guess_that_leaves_nothing_to_gain_is_no_kind_of_question() -> None:
    bases = {"direct": scored(DIRECT, lambda n: "A")}
    half = [Question(q.id, q.text, q.choices, pictures=q.pictures) for q in QUESTIONS]
    told = beside(Asked(half, GOLD), scored(OWN, right), bases, HOW)
    assert told["kinds"]["p"] == 1
    lost = beside(
        Asked(half, GOLD), scored(OWN, lambda n: "B" if right(n) == "A" else right(n)), bases, HOW
    )
    assert (lost["kinds"]["label"], lost["kinds"]["kind"]) == ("answer", "red")
    assert lost["kinds"]["p"] < 1e-6


def test_few_pictures_of_a_kind_are_not_asked() -> None:
    change: Sequence[float] = np.array([1.0, 0.0] * 20)
    assert difference_p(np.array(change), np.arange(40), np.arange(40) < 9) is None
