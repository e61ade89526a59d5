"""Several accepted answers: each is reached, and counts as its benchmark counts it."""

import json
from pathlib import Path

import pytest

from g2u import plugins
from g2u.arms import DIRECT
from g2u.errors import DataError
from g2u.questions import targets
from g2u.records import Question, Target
from g2u.scores.gold import meet
from g2u.scores.marking import marked, worth
from g2u.scores.metrics import score_answers
from g2u.tables.schemas import Answer
from tests.scoring.intake import prepared

TEN = ("net",) * 4 + ("netting",) * 2 + ("mesh", "fence", "unknown", "")


def value(scorer: str, response: str, *accepted: str) -> float | None:
    reader = plugins.scorer(scorer)
    prediction = reader.parse(response, Question("1", "?"))
    return None if prediction is None else worth(reader, prediction, accepted)


@pytest.mark.parametrize("response", ["elm", "Elm tree.", "It is an elm.", "<think>oak</think>Elm"])
def test_any_accepted_answer_is_right(response: str) -> None:
    assert value("short", response, "elm", "Elm tree") == 1.0


@pytest.mark.parametrize("scorer", ["number", "relaxed", "boxed", "contains", "letters"])
def test_every_scorer_takes_a_set_and_a_wrong_reply_stays_wrong(scorer: str) -> None:
    assert value(scorer, "8", "7", "8") == 1.0
    assert value(scorer, "9", "7", "8") == 0.0


def test_what_holds_an_accepted_answer_among_other_words_is_left_open() -> None:
    assert value("short", "a red umbrella", "red", "blue") is None
    assert value("short", "a red umbrella", "red", "red umbrella") == 1.0


@pytest.mark.parametrize(
    ("matches", "expected"), [(0, 0.0), (1, 0.3), (2, 0.6), (3, 0.9), (4, 1.0), (10, 1.0)]
)
def test_soft_accuracy_is_the_mean_over_people_of_agreement_with_the_others(
    matches: int, expected: float
) -> None:
    people = ["net"] * matches + [f"other {n}" for n in range(10 - matches)]
    assert value("vqa_soft", "A net.", *people) == pytest.approx(expected)
    assert value("vqa_soft_published", "net", *people) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("response", "expected"),
    [
        ("It is a net.", 1.0), ("Netting", 0.6), ("fence", 0.3), ("unknown", 0.3), ("rope", 0.0),
        ("a net or a fence", None),
    ],
)  # fmt: skip
def test_the_words_around_an_answer_are_no_part_of_it(
    response: str, expected: float | None
) -> None:
    found = value("vqa_soft", response, *TEN)
    assert found == (None if expected is None else pytest.approx(expected))


@pytest.mark.parametrize(
    ("response", "accepted", "expected"),
    [
        ("Helen Marsh", ("Dr. Helen Marsh", "Helen Marsh"), 1.0),
        ("Helen Marsch", ("Helen Marsh",), 1 - 1 / 12),
        ("Marsh", ("Helen Marsh",), 0.0),
        ("", ("Helen Marsh",), None),
        ("Robert", ("Helen Marsh", "H. Marsh"), 0.0),
    ],
)
def test_anls_is_the_best_likeness_of_letters_from_a_half_on(
    response: str, accepted: tuple[str, ...], expected: float | None
) -> None:
    found = value("anls_published", response, *accepted)
    assert found == (None if expected is None else pytest.approx(expected))


def test_anls_reads_the_answer_out_of_its_sentence() -> None:
    assert value("anls", "The letter was signed by Helen Marsh.", "Helen Marsh") == 1.0
    assert value("anls_published", "The letter was signed by Helen Marsh.", "Helen Marsh") == 0.0


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ('["elm", "Elm tree"]', ("elm", "Elm tree")),
        ("['elm', 'Elm tree']", ("elm", "Elm tree")),
        ("('elm', 7)", ("elm", "7")),
        ('["elm", "elm"]', ()),
    ],
)
def test_a_list_is_kept_as_the_set_that_it_is(written: str, kept: tuple[str, ...]) -> None:
    met = meet(Question("1", "?"), Target("1", written, "short"))
    assert met.flaw == ""
    assert met.target.accepted == kept
    assert met.target.answer == "elm"


def test_of_ten_people_all_answers_are_kept_and_the_commonest_is_shown() -> None:
    met = meet(Question("1", "?"), Target("1", json.dumps(["mesh", *TEN[:-1]]), "vqa_soft"))
    assert met.flaw == ""
    assert met.target.accepted == ("mesh", *TEN[:-1])
    assert met.target.answer == "net"


@pytest.mark.parametrize(
    ("scorer", "written", "said"),
    [
        ("yes_no", "['yes', 'no']", "accepts 'yes, no'"),
        ("number", "['7', 'several']", "'several' is out of reach"),
        ("short", "['elm', 'unknown']", "'unknown' is out of reach"),
        ("anls", "[['a'], 'b']", "print of a list"),
        ("short", "elm | oak", "separator: in the preset"),
    ],
)
def test_a_set_with_an_answer_that_no_reply_reaches_is_one_line(
    scorer: str, written: str, said: str
) -> None:
    flaw = meet(Question("1", "?"), Target("1", written, scorer)).flaw
    assert said in flaw
    assert "\n" not in flaw


def test_sets_come_from_lists_objects_of_people_and_separated_texts(tmp_path: Path) -> None:
    people = [{"answer": answer, "answer_id": n} for n, answer in enumerate(TEN, 1)]
    (vqa,) = prepared(tmp_path, [{"a": people}], scorer="vqa_soft")
    assert vqa.target.accepted == TEN
    (listed,) = prepared(tmp_path, [{"a": ["elm", "Elm tree"]}], scorer="anls")
    assert listed.target.accepted == ("elm", "Elm tree")
    (parted,) = prepared(tmp_path, [{"a": "elm | Elm tree"}], scorer="short", separator="|")
    assert parted.target.accepted == ("elm", "Elm tree")


def test_a_list_without_an_answer_is_one_line_with_row_and_column(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"row 1, column a: .*holds no answer"):
        prepared(tmp_path, [{"a": [None, ""]}], scorer="vqa_soft")


def test_sets_survive_their_table(tmp_path: Path) -> None:
    kept = [Target("1", "net", "vqa_soft", TEN), Target("2", "B", "choice")]
    targets.write_targets(tmp_path / "t.parquet", kept)
    assert targets.read_targets(tmp_path / "t.parquet") == kept


def test_scores_and_states_follow_the_set() -> None:
    question, target = Question("1", "?"), Target("1", "net", "vqa_soft", TEN)
    answer = Answer("1", DIRECT, "", "ok", response="It is netting.")
    assert marked(answer, question, target)[2] == pytest.approx(0.6)
    (score,) = score_answers([question], [target], [answer])
    assert score.score == pytest.approx(0.6)
