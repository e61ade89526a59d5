"""The judge: asked for what rules leave open, read strictly, and never a guess."""

import math

import pytest

from g2u.arms import Arm
from g2u.pictures.decoding import picture_of
from g2u.records import AnswerRequest, Question, Target, Thought, Turn
from g2u.scores.judging import Case, Judged, again, cases, read, summarised
from g2u.scores.metrics import decided
from g2u.scores.panel import ballots, judgement
from g2u.tables.schemas import Answer, Judgement, Score, Vote
from tests.conftest import png

OWN = Arm("concat", is_main=True)
SOURCE, DRAWN = picture_of(png(1)), picture_of(png(2))
QUESTION = Question(
    "q", "Which?", choices=("red", "blue"), format="choice", pictures=(SOURCE.digest,)
)
GOLD = {"q": Target("q", "B", "choice")}
THOUGHT = Thought("q", 0, "ok", picture=DRAWN, source=SOURCE.digest, prompt="Enhance.", call="c")
ANSWERS = [Answer("q", OWN, "", "ok", response="the sky"), Answer("q", Arm("only"), "", "ok")]
ALL = ("answers", "viescore", "ra", "al")


@pytest.mark.parametrize(
    ("name", "reply", "expected"),
    [
        ("answers", "RIGHT", 1.0),
        ("answers", "WRONG", 0.0),
        ("answers", "**RIGHT**.", 1.0),
        ("answers", "Answer: WRONG\n", 0.0),
        ("answers", "**Verdict:** RIGHT", 1.0),
        ("answers", "<think>It says RIGHT.</think>\n\nWRONG", 0.0),
        ("answers", "[THINK]WRONG?[/THINK]RIGHT", 1.0),
        ("answers", "<|channel|>analysis<|message|>?<|end|><|channel|>final<|message|>RIGHT", 1.0),
        ("answers", "RIGHT<|im_end|>", 1.0),
        ("answers", "<think>\nThe gold is B. The response says RIGHT", None),
        ("answers", "It is WRONG.", 0.0),
        ("answers", "It is not RIGHT.", 0.0),
        ("answers", "The response is RIGHT.", 1.0),
        ("answers", "It is not WRONG.", None),
        ("answers", "It is RIGHT that it is WRONG.", None),
        ("answers", "It is not clear that it is RIGHT.", None),
        ("answers", "NOT RIGHT", None),
        ("answers", "RIGHT or WRONG?", None),
        ("answers", "RIGHT WRONG", None),
        ("answers", "The answer: it is RIGHT", 1.0),
        ("answers", "RIGHT, because both say B.", None),
        ("answers", "right", None),
        ("answers", "RIGH", None),
        ("answers", "", None),
        ("answers", "RIGHT " * 100_000, None),
        ("agreement", "WRONG", 0.0),
        ("grades", "0.5", 0.5),
        ("grades", "1.0.", 1.0),
        ("grades", "<think>half of it</think>0.5", 0.5),
        ("grades", "**Score:** 0.25", 0.25),
        ("grades", "<think>0.5", None),
        ("grades", "0.5 or 0.6", None),
        ("grades", "-0.5", None),
        ("grades", "nan", None),
        ("grades", "9" * 5000, None),
        ("grades", "٠", None),
        ("grades", "1/2", None),
        ("grades", "2", None),
        ("grades", "RIGHT", None),
        ("viescore", "4, 9", 6.0),
        ("viescore", "0, 10", 0.0),
        ("viescore", "4, 11", None),
        ("viescore", "Scores: **4, 9**", 6.0),
        ("viescore", "4,", None),
        ("viescore", "4", None),
        ("viescore", "I say 4, 9", None),
        ("ra", "5, 4, 3.", 4.0),
        ("ra", "0, 4, 3", None),
        ("al", "1,2,3", 2.0),
        ("al", "1, 2, 3, 4", None),
    ],
)
def test_a_reply_is_read_strictly(name: str, reply: str, expected: float | None) -> None:
    assert read(name, reply) == expected


def test_a_cell_asks_for_its_open_answers_and_its_first_thoughts() -> None:
    pictures = {SOURCE.digest: SOURCE}
    found = cases(ALL, Judged([QUESTION], GOLD, pictures, [THOUGHT], ANSWERS, ANSWERS[:1]), 16)
    assert [(c.id, c.arm, c.name) for c in found] == [
        ("q", "concat", "answers"),
        ("q", "", "viescore"),
        ("q", "", "ra"),
        ("q", "concat", "al"),
    ]
    words = found[0].request.turns[0].parts[-1]
    assert isinstance(words, str)
    assert "Right answer: B. blue" in words
    assert "Response: the sky" in words
    for case in found[1:]:
        assert case.request.turns[0].parts[:2] == (SOURCE, DRAWN)
    told = [str(case.request.turns[0].parts[-1]) for case in found[1:]]
    assert not any("blue" in text for text in told), "only answers may see the gold"


@pytest.mark.parametrize("name", ["answers", "agreement", "grades", "viescore", "ra", "al"])
def test_an_unread_reply_is_asked_for_again_in_other_words_by_any_reply_the_same(name: str) -> None:
    asked = AnswerRequest((Turn("user", (SOURCE, "How right is it?")),), 16)
    second = again(Case("q", "", name, asked))
    (turn,) = second.turns
    assert turn.parts[:2] == asked.turns[0].parts
    assert len(turn.parts) == 3
    assert (second.max_tokens, second.seed) == (asked.max_tokens, asked.seed)


def test_what_no_model_drew_is_not_judged() -> None:
    given = Thought("q", 0, "ok", picture=DRAWN, source=SOURCE.digest)
    there = Judged([QUESTION], GOLD, {SOURCE.digest: SOURCE}, [given], ANSWERS, [])
    assert cases(ALL[1:], there, 16) == []


def test_a_judge_decides_what_is_unparsed_and_nothing_else() -> None:
    rows = [
        Score("a", OWN, "unparsed", "", 0.0, "p"),
        Score("b", OWN, "ok", "A", 0.0, "p"),
        Score("c", OWN, "unparsed", "", 0.0, "p"),
        Score("d", Arm("only"), "unparsed", "", 0.0, "p"),
    ]
    said = [Judgement(n, "concat", "answers", 1.0, "RIGHT") for n in "ab"]
    said.append(Judgement("c", "concat", "answers", None, "hm"))
    found = decided(rows, said)
    assert [(s.status, s.score) for s in found] == [
        ("judged", 1.0),
        ("ok", 0.0),
        ("unparsed", 0.0),
        ("unparsed", 0.0),
    ]


def test_alignment_is_also_told_apart_by_correctness() -> None:
    rows = [
        Judgement(n, "concat", "al", score, "")
        for n, score in zip("abc", (5.0, 2.0, None), strict=True)
    ]
    rows.append(Judgement("a", "", "viescore", math.sqrt(12), ""))
    found = summarised(rows, {"a": True, "b": False, "c": True})
    assert found["al"] == {"items": 2, "unread": 1, "mean": 3.5, "right": 5.0, "wrong": 2.0}
    assert found["viescore"]["mean"] == pytest.approx(math.sqrt(12))


def test_graded_benchmarks_ask_for_a_grade_and_settled_answers_for_agreement() -> None:
    gold = {"q": Target("q", "a cat<AND>a dog", "graded"), "r": Target("r", "B", "choice")}
    other = Question("r", "Which?", choices=("red", "blue"), format="choice")
    open_answer = Answer("q", OWN, "", "ok", response="cat")
    settled = [Answer("r", OWN, "", "ok", response="B"), Answer("r", Arm("only"), "", "ok")]
    there = Judged([QUESTION, other], gold, {}, [], [open_answer, *settled], [open_answer])
    found = cases(["answers"], there, 16, agreement=5)
    assert [(c.id, c.arm, c.name) for c in found] == [
        ("q", "concat", "grades"),
        ("r", "concat", "agreement"),
    ]
    rows = [
        Judgement("r", "concat", "agreement", 1.0, ""),
        Judgement("s", "", "agreement", 0.0, ""),
    ]
    assert summarised(rows, {"r": True, "s": True})["agreement"]["mean"] == 0.5


def test_a_grade_stands_for_what_rules_cannot_compare() -> None:
    score = Score("q", OWN, "undecided", "a cat", 0.0, "c")
    graded = decided([score], [Judgement("q", "concat", "grades", 0.3, "0.3")])
    assert (graded[0].status, graded[0].score) == ("judged", 0.3)
    unread = decided([score], [Judgement("q", "concat", "grades", None, "?")])
    assert unread == [score]


RUBRIC = (
    '[{"criterion": "names the lens", "weight": 2}, {"criterion": "names the lamp", "weight": 1}]'
)


@pytest.mark.parametrize(
    ("reply", "share"),
    [
        ("1, 1", 1.0), ("1,0", 2 / 3), ("0, 1.", 1 / 3), ("**0, 0**", 0.0), ("1", None),
        ("1, 1, 1", None), ("1, 2", None), ("1, 0 (no lamp)", None), ("", None),
        ("<think>1, 1</think>0, 1", 1 / 3), ("<think>1, 1", None), ("yes, no", None),
    ],
)  # fmt: skip
def test_a_rubric_is_worth_the_weights_of_the_criteria_that_are_met(
    reply: str, share: float | None
) -> None:
    found = read("rubric", reply, (2.0, 1.0))
    assert found == (None if share is None else pytest.approx(share))


def test_a_rubric_is_asked_criterion_by_criterion_without_its_weights() -> None:
    gold = {"q": Target("q", RUBRIC, "rubric")}
    answer = Answer("q", OWN, "", "ok", response="A lens bends the light.")
    there = Judged([QUESTION], gold, {}, [], [answer], [answer])
    (case,) = cases(["answers"], there, 16, agreement=5)
    text = str(case.request.turns[0].parts[0])
    assert (case.name, case.weights) == ("rubric", (2.0, 1.0))
    assert "1. names the lens\n2. names the lamp" in text
    assert "weight" not in text
    assert "2 numbers, each 0 or 1" in str(again(case).turns[0].parts[-1])
    score = Score("q", OWN, "undecided", "a lens", 0.0, "c")
    (told,) = decided([score], [Judgement("q", "concat", "rubric", 0.75, "1, 0")])
    assert (told.status, told.score) == ("judged", 0.75)


def test_a_judge_is_told_every_accepted_answer() -> None:
    gold = {"q": Target("q", "couch", "short", ("couch", "sofa"))}
    answer = Answer("q", OWN, "", "ok", response="a seat")
    there = Judged([Question("q", "On what?")], gold, {}, [], [answer], [answer])
    (case,) = cases(["answers"], there, 16)
    assert "Right answer: couch (or: sofa)" in str(case.request.turns[0].parts[0])


def test_one_vote_of_one_judge_is_asked_and_kept_as_it_always_was() -> None:
    asked = AnswerRequest((Turn("user", (SOURCE, "Right?")),), 16)
    assert ballots(asked, 1) == [asked]
    assert judgement([Vote("q", "concat", "answers", "one", 0, 1.0, "RIGHT")]) == Judgement(
        "q", "concat", "answers", 1.0, "RIGHT"
    )


def test_further_votes_are_samples_of_their_own_and_keep_those_before() -> None:
    asked, other = (AnswerRequest((Turn("user", (words,)),), 16) for words in ("Right?", "Wrong?"))
    three, four = ballots(asked, 3), ballots(asked, 4)
    assert four[:3] == three
    assert len({each.seed for each in [*four, *ballots(other, 4)]}) == 8
    assert {each.temperature for each in four} == {1.0}
    assert {each.turns for each in four} == {asked.turns}
