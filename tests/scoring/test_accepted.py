"""What looks at gold answers beside the scorers looks at every accepted one."""

import csv
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from g2u.arms import DIRECT, Arm
from g2u.errors import DataError
from g2u.pictures.decoding import picture_of
from g2u.records import Question, Target, Thought
from g2u.report.examples import examples
from g2u.report.letters import Told, letters
from g2u.scores.beside import Asked, followed
from g2u.scores.judging import Judged, cases
from g2u.scores.leaks import leaks
from g2u.scores.marking import gold_probability
from g2u.scores.metrics import chance
from g2u.sharing.harnesses.writing import UTILS, Shown, write_lmms_eval, write_vlmevalkit
from g2u.tables.parquet import read_rows
from g2u.tables.schemas import Answer, Score
from tests.conftest import png

PICTURE = picture_of(png(1))
OPTIONS = ("red", "blue", "green")
LETTERED = Question("q", "Which?", choices=OPTIONS, format="choice", pictures=(PICTURE.digest,))
OPEN = Question("q", "On what does the dog lie?", pictures=(PICTURE.digest,))
COUCH = Target("q", "couch", "vqa_soft", ("couch",) * 4 + ("sofa",) * 5 + ("bed",))
EITHER = Target("q", "A", "choice", ("A", "C"))


def test_distinct_answers_stand_once_the_commonest_first() -> None:
    assert COUCH.distinct == ("sofa", "couch", "bed")
    assert Target("q", "7", "short").distinct == ("7",)


@pytest.mark.parametrize(
    ("prompt", "is_told"),
    [("Draw the sofa.", True), ("Draw the couch.", True), ("Draw the bed", True),
     ("Draw the rug.", False)],
)  # fmt: skip
def test_a_prompt_that_tells_any_accepted_answer_is_a_leak(prompt: str, is_told: bool) -> None:
    thought = Thought("q", 0, "ok", prompt=prompt)
    assert leaks([thought], [OPEN], {"q": COUCH}).with_answer == is_told


@pytest.mark.parametrize(
    ("target", "prompt", "is_told"),
    [
        (EITHER, "Mark what is red.", True),
        (EITHER, "Mark what is green.", True),
        (EITHER, "Mark what is blue.", False),
        (Target("q", "AC", "multi_choice"), "Mark red and green things.", True),
        (Target("q", "AC", "multi_choice"), "Mark red things.", False),
    ],
)
def test_of_options_any_accepted_one_leaks_and_several_right_ones_together(
    target: Target, prompt: str, is_told: bool
) -> None:
    thought = Thought("q", 0, "ok", prompt=prompt)
    assert leaks([thought], [LETTERED], {"q": target}).with_answer == is_told


def test_chance_counts_every_accepted_option_and_the_commonest_answer_is_worth_what_it_scores() -> (
    None
):
    assert chance([LETTERED], [EITHER])["chance"] == pytest.approx(2 / 3)
    others = [Target(str(n), "floor", "vqa_soft", ("floor",) * 10) for n in range(3)]
    questions = [Question(each.id, "?") for each in (COUCH, *others)]
    assert chance(questions, [COUCH, *others])["majority"] == 0.75
    alone = chance([OPEN], [COUCH])["majority"]
    assert alone == 1.0, "five people said sofa"
    rare = Target("q", "a", "vqa_soft", tuple("abcdefghij"))
    assert 0.0 < chance([OPEN], [rare])["majority"] < 0.5


def test_the_probability_of_the_right_option_is_that_of_all_accepted_ones() -> None:
    answer = Answer(
        "q", DIRECT, "", "ok", option_scores=(math.log(0.2), math.log(0.5), math.log(0.3))
    )
    assert gold_probability(answer, LETTERED, EITHER) == pytest.approx(0.5)
    assert gold_probability(answer, LETTERED, Target("q", "C", "choice")) == pytest.approx(0.3)


def test_letters_that_are_accepted_alike_share_a_question() -> None:
    told = Told("direct", DIRECT, [Score("q", DIRECT, "ok", "C", 1.0, "p")])
    right, said = letters([LETTERED], {"q": EITHER}, [told])
    assert right.shares == {"A": 0.5, "B": 0.0, "C": 0.5}
    assert said.shares == {"A": 0.0, "B": 0.0, "C": 1.0}


def test_another_pictures_answer_that_is_accepted_here_is_not_followed_but_right() -> None:
    arm = Arm("concat", "shuffled")
    golds = {"q": COUCH, "r": Target("r", "sofa", "vqa_soft"), "s": Target("s", "rug", "vqa_soft")}
    asked = Asked([Question(name, "?") for name in golds], golds)
    score = Score("q", arm, "ok", "rug", 0.0, "p")
    ring = {"q": "r", "r": "s", "s": "q"}
    assert list(followed(asked, [score], [], ring)) == [], "the donor's sofa would be right"
    strict = Asked(asked.questions, {**golds, "q": Target("q", "couch", "vqa_soft")})
    (one,) = followed(strict, [score], [], ring)
    assert (one.donor, one.further) == (0.0, 1.0)


def test_the_report_shows_the_accepted_set() -> None:
    def shown(question: Question, target: Target) -> str:
        answer = Answer("q", DIRECT, "", "ok", response="?")
        score = Score("q", DIRECT, "ok", "?", 0.0, "p")
        arms = {"direct": ([], [answer], [score])}
        (found,) = examples([question], {"q": target}, {PICTURE.digest: PICTURE}, arms, ())
        return found.answer

    assert shown(OPEN, COUCH) == "sofa or couch or bed"
    assert shown(LETTERED, EITHER) == "A. red or C. green"


def test_a_judge_is_told_every_accepted_option() -> None:
    answer = Answer("q", DIRECT, "", "ok", response="some colour")
    there = Judged([LETTERED], {"q": EITHER}, {}, [], [answer], [answer])
    (case,) = cases(["answers"], there, 16)
    assert "Right answer: A. red or C. green\n" in str(case.request.turns[0].parts[0])


def written(question: Question, target: Target, folder: Path) -> list[dict[str, Any]]:
    write_vlmevalkit(folder / "out.tsv", [Shown(question, target, (PICTURE,))])
    with (folder / "out.tsv").open(newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def test_a_tsv_of_vlmevalkit_lists_what_people_said(tmp_path: Path) -> None:
    (row,) = written(OPEN, COUCH, tmp_path)
    assert row["answer"] == str(list(COUCH.accepted))
    (row,) = written(OPEN, Target("q", "7", "short"), tmp_path)
    assert row["answer"] == "7"


def test_a_tsv_of_vlmevalkit_holds_one_option_and_refuses_several(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"'q': any of A, C is accepted; .* a folder for"):
        written(LETTERED, EITHER, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_task_of_lmms_eval_takes_any_accepted_answer(tmp_path: Path) -> None:
    from g2u.sharing.harnesses.writing import ROWS

    items: Sequence[Shown] = [Shown(OPEN, COUCH, (PICTURE,))]
    write_lmms_eval(tmp_path / "task", ("mine", "tiny", "detail"), items, 32)
    (row,) = read_rows(tmp_path / "task" / "data.parquet", ROWS)
    functions: dict[str, Any] = {}
    exec(UTILS, functions)
    said = [functions["process_results"](row, [text]) for text in ("Sofa.", "couch", "rug")]
    assert [each["says_answer"] for each in said] == [1.0, 1.0, 0.0]
