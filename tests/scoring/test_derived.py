"""Derived arms: a gate picks one of two answers, two passes are averaged, states are kept."""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from g2u.arms import DIRECT, Arm, Rule
from g2u.params.sections import Derived
from g2u.pictures.decoding import encode_png, picture_of
from g2u.records import Picture, Question, Thought
from g2u.scores.arms import Cellmates, derive
from g2u.scores.derived import (
    at_random,
    gated,
    nearness,
    nearnesses,
    selected,
    separate,
    voted,
)
from g2u.tables.schemas import Answer, Reward, Score

OWN, ONLY = Arm("concat", is_main=True), Arm("only")
GATED, VOTED = ONLY.ruled(Rule("gate", by="psnr", above=25.0)), OWN.ruled(Rule("vote", of=3))
SELECTED = OWN.ruled(Rule("select", by="oracle", of=2))
QUESTIONS = [
    Question(name, "?", choices=("left", "right"), format="choice", pictures=(f"p{name}",))
    for name in "abcd"
]


def answers(arm: Arm, *scores: tuple[float, ...] | str) -> list[Answer]:
    """Option scores of an answered question, or the state of one that is not."""
    return [
        Answer(q.id, arm, "", s, "because")  # type: ignore[arg-type]
        if isinstance(s, str)
        else Answer(q.id, arm, "", "ok", response="AB"[int(np.argmax(s))], option_scores=s)
        for q, s in zip(QUESTIONS, scores, strict=True)
    ]


LEFT, RIGHT = (-0.1, -3.0), (-2.0, -0.4)


def scores(arm: Arm, *rows: tuple[str, float | None]) -> list[Score]:
    """Prediction and score; None = failed."""
    return [
        Score(q.id, arm, "failed" if value is None else "ok", said, value, q.id)
        for q, (said, value) in zip(QUESTIONS, rows, strict=True)
    ]


def test_a_gate_shows_near_thoughts_and_answers_as_direct_elsewhere() -> None:
    shown = scores(ONLY, ("B", 1.0), ("B", 1.0), ("", None), ("B", 1.0))
    direct = {s.id: s for s in scores(DIRECT, *[("A", 0.0)] * 4)}
    found = gated(GATED, shown, direct, {"a": 25.1, "b": 25.0, "c": 30.0}, 25.0)
    assert [s.prediction for s in found] == ["B", "A", "", "A"]
    assert [s.status for s in found] == ["ok", "ok", "failed", "ok"]
    assert {s.arm for s in found} == {GATED}


def test_a_vote_takes_what_most_say_and_on_a_tie_what_was_said_first() -> None:
    one = scores(OWN, ("A", 0.0), ("A", 0.0), ("", None), ("", None))
    two = scores(OWN.drawn(1), ("B", 1.0), ("B", 1.0), ("B", 1.0), ("", None))
    three = scores(OWN.drawn(2), ("B", 1.0), ("C", 0.0), ("", None), ("", None))
    found = voted(VOTED, [one, two, three])
    assert [(s.prediction, s.score) for s in found] == [
        ("B", 1.0),
        ("A", 0.0),
        ("B", 1.0),
        ("", None),
    ]
    assert found[3].status == "failed"
    assert {s.arm for s in found} == {VOTED}


def test_of_draws_that_are_not_applicable_nothing_is_chosen() -> None:
    """A model that draws the same again has one draw: its answer is no vote of two."""
    one = scores(OWN, ("A", 1.0), ("A", 0.0), ("", None), ("B", 1.0))
    two = [replace(s, arm=OWN.drawn(1), status="not_applicable", score=None) for s in one]
    for found in (
        voted(VOTED, [one, two]),
        selected(VOTED, [one, two], lambda s: 1.0),
        at_random(VOTED, [one, two], 0),
    ):
        assert {(s.arm, s.status, s.score) for s in found} == {(VOTED, "not_applicable", None)}


def test_a_selection_takes_the_worthiest_scored_draw() -> None:
    one = scores(OWN, ("A", 0.0), ("A", 1.0), ("", None), ("", None))
    two = scores(OWN.drawn(1), ("B", 1.0), ("B", 0.0), ("B", 0.0), ("", None))
    values = {("a", OWN): 0.1, ("a", OWN.drawn(1)): 0.2}
    found = selected(SELECTED, [one, two], lambda s: values.get((s.id, s.arm), 0.0))
    assert [s.score for s in found] == [1.0, 1.0, 0.0, None]
    best = selected(SELECTED, [one, two], lambda s: s.score or 0.0)
    assert [s.score for s in best] == [1.0, 1.0, 0.0, None]


def test_a_random_draw_is_decided_by_the_question_and_the_seed() -> None:
    many = [Question(str(n), "?") for n in range(400)]
    arms = [[Score(q.id, OWN.drawn(d), "ok", "", float(d), q.id) for q in many] for d in range(4)]
    found = at_random(SELECTED, arms, 0)
    assert found == at_random(SELECTED, arms, 0)
    assert found != at_random(SELECTED, arms, 1)
    shares = [sum(s.score == d for s in found) / 400 for d in range(4)]
    assert all(0.17 < share < 0.33 for share in shares)


def test_two_passes_are_averaged_and_states_are_kept() -> None:
    arm = answers(ONLY, RIGHT, LEFT, "failed", RIGHT)
    arm[3] = Answer("d", ONLY, "", "ok", response="right")
    direct = {a.id: a for a in answers(DIRECT, LEFT, "failed", LEFT, LEFT)}
    found = separate(ONLY.ruled(Rule("separate")), QUESTIONS, arm, direct)
    assert found[0].response == "A"
    assert found[0].option_scores == pytest.approx((-1.05, -1.7))
    assert [a.status for a in found] == ["ok", "failed", "failed", "not_applicable"]
    assert [a.response for a in found[1:]] == ["", "", ""]


def flat(value: int, width: int = 12, height: int = 12) -> Picture:
    return picture_of(encode_png(np.full((height, width, 3), value, np.uint8)))


def test_psnr_is_of_the_original_in_a_black_square() -> None:
    assert nearness(flat(100), flat(110), "psnr") == pytest.approx(20 * math.log10(255 / 10))
    assert nearness(flat(100), flat(100, 24, 24), "psnr") == 99.0
    wide = nearness(flat(100, 12, 6), flat(100), "psnr")
    half_black = 10 * math.log10(255**2 / (100**2 / 2))
    assert wide == pytest.approx(half_black, abs=0.2)
    assert nearness(flat(100), flat(100), "ssim") == pytest.approx(1.0)


def test_nearness_of_a_question_is_the_mean_over_its_thoughts() -> None:
    pictures = {"p": flat(100), "q": flat(100)}
    thoughts = [
        Thought("a", 0, "ok", picture=flat(100), source="p"),
        Thought("a", 1, "ok", picture=flat(110), source="q"),
        Thought("b", 0, "failed", "no", picture=flat(100), source="p"),
        Thought("c", 0, "ok", source="p"),
    ]
    found = nearnesses(thoughts, pictures, "psnr")
    assert found == {"a": pytest.approx((99 + 20 * math.log10(25.5)) / 2)}


def test_the_best_round_is_kept_and_a_worse_edit_rolled_back() -> None:
    """By reward; of equal rounds the earlier one; of two rounds and a last one, the main arm."""
    said = [
        Answer(question.id, arm, "", "ok", response=letter)
        for arm, letters in (
            (OWN, "CCCC"),
            (OWN.drawn(0, 0), "AAAA"),
            (OWN.drawn(0, 1), "BBBB"),
        )
        for question, letter in zip(QUESTIONS, letters, strict=True)
    ]
    worth = {None: (0.1, 0.2, 0.9, 0.5), 0: (0.8, 0.2, 0.3, 0.5), 1: (0.2, 0.4, 0.1, 0.5)}
    given = [
        Reward(question.id, 0, number, "verdict", value, ())
        for number, values in worth.items()
        for question, value in zip(QUESTIONS, values, strict=True)
    ]
    mates = Cellmates(QUESTIONS, said, [], given, lambda _: {}, 0)

    def mark(rows: Sequence[Answer]) -> list[Score]:
        return [Score(r.id, r.arm, "ok", r.response, 1.0, r.id) for r in rows]

    found = derive(Derived(rule="keep", by="verdict"), mates, mark)
    assert found is not None
    assert found.arms == (OWN.drawn(0, 0), OWN.drawn(0, 1), OWN)
    assert [s.prediction for s in found.scores] == ["A", "B", "C", "A"]
    assert {s.arm for s in found.scores} == {OWN.ruled(Rule("keep", by="verdict"))}
    assert derive(Derived(rule="keep", by="likelihood"), mates, mark) is None
    single = Cellmates(QUESTIONS, said[:4], [], given, lambda _: {}, 0)
    assert derive(Derived(rule="keep", by="verdict"), single, mark) is None
