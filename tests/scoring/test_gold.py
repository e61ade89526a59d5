"""Gold answers meet their scorers: reached in the forms in which they are written, or refused."""

import pytest

from g2u import plugins
from g2u.records import Question, Target
from g2u.scores.gold import meet


def flaw(scorer: str, answer: str, choices: tuple[str, ...] = ()) -> str:
    return meet(Question("1", "?", choices), Target("1", answer, scorer)).flaw


def kept(scorer: str, answer: str) -> str:
    """The target as it is kept; empty where it is refused."""
    met = meet(Question("1", "?"), Target("1", answer, scorer))
    return "" if met.flaw else met.target.answer


@pytest.mark.parametrize(
    ("scorer", "answer"),
    [
        ("yes_no", "yes"), ("yes_no", "No"), ("yes_no", "true"), ("short", "nokia"),
        ("short", "[3, 4]"), ("short", "(2, 3)"), ("relaxed", "[Left, Right]"),
        ("relaxed", "[5, 7]"), ("relaxed", "12%"), ("number", "2.5 m +- 10 %"),
        ("number", "45 +- 0.5"), ("number", "3 m */ 2"), ("boxed", "x + 1"), ("boxed", "[0, 6]"),
        ("equivalent", "the square"), ("graded", "a cat<AND>on a mat<OR>a cat lies there"),
        ("graded", "He cannot see the sign<AND>it is dark<OR>It is too dark to read the sign"),
        ("displacement", "north 1 east 4"), ("route", '["up", "down"]'), ("route", "up, left"),
        ("json_object", '{"choice": 1}'), ("times", "Car: 2.0 Person: 3.5"),
        ("list", '["red", "blue"]'), ("list", "red, blue"), ("list", "[3, 4]"),
    ],
)  # fmt: skip
def test_gold_as_it_is_written_today_stays_as_it_is(scorer: str, answer: str) -> None:
    assert kept(scorer, answer) == answer


@pytest.mark.parametrize(
    ("scorer", "answer", "normal"),
    [
        ("displacement", "South: 2; West: 3", "north -2 east -3"),
        ("displacement", "East = 5", "north 0 east 5"),
        ("yes_no", "是", "yes"),
        ("yes_no", "否", "no"),
        ("yes_no", "Yes, it is.", "yes"),
        ("short", "['elm']", "elm"),
        ("short", '["elm", "elm"]', "elm"),
    ],
)
def test_gold_of_one_meaning_is_kept_in_the_scorers_form(
    scorer: str, answer: str, normal: str
) -> None:
    assert kept(scorer, answer) == normal
    reader = plugins.scorer(scorer)
    prediction = reader.parse(answer.strip("[]'\"").partition('"')[0], Question("1", "?"))
    assert prediction is not None
    assert reader.score(prediction, normal) == 1.0


@pytest.mark.parametrize(
    ("scorer", "answer", "said"),
    [
        ("yes_no", "1", 'answers: {"1": "yes", "0": "no"}'),
        ("yes_no", "0", 'answers: {"1": "yes", "0": "no"}'),
        ("yes_no", "maybe", 'answers: {"maybe": "..."}'),
        ("yes_no", "yes and no", "expected yes or no"),
        ("short", "[None]x['a']", ""),
        ("short", '{"answer": "elm"}', "the print of a list, an object"),
        ("short", "['elm' 'oak']", "the print of a list"),
        ("short", "[['elm']]", "the print of a list"),
        ("boxed", "{'elm', 'oak'}", "the print of a list"),
        ("short", "elm<OR>oak", "several answers"),
        ("displacement", "North: 1 || North: 2", "several answers"),
        ("list", "[['a']]", "no list of texts or numbers"),
        ("route", "| Row 1 | _ | # |", "no map with a start"),
        ("short", "unknown", "is not read"),
        ("number", "between 4 and 6", "expected one number"),
        ("number", "several", "expected one number"),
        ("displacement", "up two", "expected moves"),
        ("route", "turn around", "expected moves"),
        ("route", "[]", "expected moves"),
        ("json_object", "choice 1", "expected one JSON object"),
        ("json_object", "{}", "expected one JSON object"),
        ("times", "two seconds", "expected names and numbers"),
        ("graded", "I don't know", "is not read"),
    ],
)
def test_gold_that_no_reply_reaches_is_one_line_with_what_mends_it(
    scorer: str, answer: str, said: str
) -> None:
    if not said:
        assert flaw(scorer, answer) == ""
        return
    line = flaw(scorer, answer)
    assert said in line
    assert scorer in line
    assert "\n" not in line


def test_a_label_has_to_be_one_of_the_classes() -> None:
    assert flaw("label", "sand_dune", ("Sand dune", "sea")) == ""
    assert "expected one of the choices" in flaw("label", "hill", ("Sand dune", "sea"))
    assert "expected one of the choices" in flaw("label", "hill")


@pytest.mark.parametrize(
    "choices",
    [
        ("红色，大", "蓝色，小"), (".", "!"), ("Ff", "ff"), ("`x`", "x"), ("１", "２"),
        (r"\boxed{3}", r"\boxed{4}"), ("a dog", "the dog"), ('"so"', "so"), ("$5", "5"),
        ("None of the above", "I cannot tell"), ("Both A and B", "Neither"), ("No, it is", "Yes"),
        ("C", "A", "B"), ("(b)", "(a)"), ("1.0", "1"), ("<div>", "<span>"),
        ("C. elegans", "E. coli"),
    ],
)  # fmt: skip
def test_every_option_is_reached_by_its_letter_and_by_its_text(choices: tuple[str, ...]) -> None:
    for letter in "ABC"[: len(choices)]:
        assert flaw("choice", letter, choices) == ""


def test_options_that_are_twins_are_refused_where_one_of_them_is_right() -> None:
    assert "option B, which has its text" in flaw("choice", "A", ("left", "left", "up"))
    assert flaw("choice", "C", ("left", "left", "up")) == ""
