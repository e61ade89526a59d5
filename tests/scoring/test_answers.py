"""Reading answers: what is said is read, what is not said is not guessed."""

import pytest

from g2u import plugins
from g2u.records import Question
from g2u.scores.types import choice, short, yes_no

OPTIONS = Question("q", "Which?", choices=("None", "a red ball", "42"), format="choice")


@pytest.mark.parametrize(
    ("response", "letter"),
    [
        ("B", "B"),
        ("(b)", "B"),
        ("B.", "B"),
        ("**C**", "C"),
        ("The answer is B.", "B"),
        ("Answer: (C)", "C"),
        ("B. a red ball", "B"),
        ("a red ball", "B"),
        ("None", "A"),
        ("According to the picture, it cannot be told", None),
        ("A or B", None),
        ("The answer is A. No, the answer is B.", "B"),
        ("The answer is A. The answer is B.", None),
        ("D", None),
        ("", None),
        ("Both are possible", None),
    ],
)
def test_choices(response: str, letter: str | None) -> None:
    assert choice.parse(response, OPTIONS) == letter


@pytest.mark.parametrize(
    ("response", "word"),
    [("Yes.", "yes"), ("no, it is not", "no"), ("yes and no", None), ("I know", None), ("", None)],
)
def test_yes_no(response: str, word: str | None) -> None:
    assert yes_no.parse(response, OPTIONS) == word


@pytest.mark.parametrize(
    ("response", "answer", "value"),
    [
        ("The answer is: Blue.", "blue", 1.0),
        ("a triangle", "triangle", 1.0),
        ("1,000", "1000.0", 1.0),
        ("blue", "teal", 0.0),
        ("1,00", "100", 0.0),
        ("red and blue", "red", 0.0),
    ],
)
def test_short(response: str, answer: str, value: float) -> None:
    parsed = short.parse(response, OPTIONS)
    assert parsed is not None
    assert short.score(parsed, answer) == value


def test_nothing_said_is_unparsed() -> None:
    assert short.parse("  ", OPTIONS) is None


MAP = "| | Col 1 | Col 2 |\n| Row 1 | # | * |\n| Row 2 | @ | _ |\n"
SCORED: list[tuple[str, str, str, float | None]] = [
    ("number", "250 cm", "2.5 m", 1.0),
    ("number", "2.5", "2.5 m", 1.0),
    ("number", "8 feet", "2.5 m +- 5 %", 1.0),
    ("number", "8 feet", "2.5 m", 0.0),
    ("number", "2.5 kg", "2.5 m", 0.0),
    ("number", "45.4", "45 +- 0.5", 1.0),
    ("number", "1/2", "0.5", 1.0),
    ("number", "4.9 m", "2.5 m */ 2", 1.0),
    ("number", "125 cm", "2.5 m */ 2", 1.0),
    ("number", "5.1 m", "2.5 m */ 2", 0.0),
    ("number", "A door is 2 m.\n\\scalar{125} \\distance_unit{cm}", "2.5 m */ 2", 1.0),
    ("number", "<think>\\scalar{3} \\distance_unit{m}</think>9 m", "2.5 m */ 2", 0.0),
    ("number", "07", "7", 1.0),
    ("relaxed", "104", "100", 1.0),
    ("relaxed", "106", "100", 0.0),
    ("relaxed", "50%", "0.5", 1.0),
    ("relaxed", "0.01", "0", 0.0),
    ("relaxed", "Blue", "blue", 1.0),
    ("route", "R, U", MAP, 1.0),
    ("route", "U, R", MAP, 0.0),
    ("route", "R", MAP, 0.0),
    ("route", "U, U, R, R", MAP, 0.0),
    ("route", '["up", "left"]', '["up", "right"]', 0.5),
    ("route", "up", '["up", "right"]', 0.5),
    ("times", "Car: 6.9\nPerson: 10", "Car: 6.0 Person: 10.0", 1.0),
    ("times", "car is 7.5, person is 10", "Car: 6.0 Person: 10.0", 0.5),
    ("displacement", "1. North: 3\n2. South: 1\n3. East: 4", "north 2 east 4", 1.0),
    ("displacement", "West: 4", "north 0 east 4", 0.0),
    ("label", "It is a sand dune.", "Sand_dune", 1.0),
    ("label", "Paper clip", "Paper_clip", 1.0),
    ("json_object", '{"choice": "1"}', '{"choice": 1}', 1.0),
    ("json_object", '{"choice": 0, "sure": true}', '{"choice": 1, "sure": true}', None),
    ("list", "1, 2.0, 3", "[1, 2, 3]", 1.0),
    ("list", "3, 2, 1", "[1, 2, 3]", 0.0),
    ("boxed", "\\boxed{\\dfrac{1}{2}}", "\\frac{1}{2}", 1.0),
    ("boxed", "\\boxed{0.5}", "\\frac{1}{2}", 1.0),
    ("equivalent", "\\boxed{2\\sqrt{3}}", "2\\sqrt{3}", 1.0),
    ("equivalent", "The area is 12", "12", 1.0),
    ("equivalent", "\\boxed{13}", "12", 0.0),
    ("graded", "A cat", "cat<OR>kitten", 1.0),
    ("yes_no", "No", "False", 1.0),
]


@pytest.mark.parametrize(("name", "response", "answer", "value"), SCORED)
def test_scores(name: str, response: str, answer: str, value: float | None) -> None:
    scorer = plugins.scorer(name)
    question = Question("q", "?", choices=("Sand_dune", "Paper_clip", "Sand"), format="label")
    prediction = scorer.parse(response, question)
    assert prediction is not None
    assert scorer.score(prediction, answer) == (0.5 if value is None else value)


@pytest.mark.parametrize("name", ["equivalent", "graded"])
def test_what_rules_cannot_compare_is_left_to_a_judge(name: str) -> None:
    scorer = plugins.scorer(name)
    prediction = scorer.parse("the side opposite the right angle", OPTIONS)
    assert prediction is not None
    assert scorer.score(prediction, "the hypotenuse") is None


def test_several_classes_are_no_answer() -> None:
    question = Question("q", "?", choices=("Sand_dune", "Forest"), format="label")
    assert plugins.scorer("label").parse("A forest or a sand dune", question) is None
    assert plugins.scorer("label").parse("Not a forest but a sand dune", question) == "Sand_dune"


@pytest.mark.parametrize(
    ("name", "response", "answer", "value"),
    [
        ("relaxed_published", "104", "100", 1.0),
        ("relaxed_published", " 50% ", "0.5", 1.0),
        ("relaxed_published", "Blue", "blue", 1.0),
        ("relaxed_published", "about 104", "100", 0.0),
        ("relaxed_published", "Blue.", "blue", 0.0),
        ("relaxed_published", "1,000", "1000", 0.0),
        ("relaxed_published", "nan", "1", 0.0),
        ("relaxed_published", "inf", "1", 0.0),
        ("exact_published", "The two dogs!", "2 dogs", 1.0),
        ("exact_published", "It is red", "red", 0.0),
        ("exact_published", "7,000", "7000", 1.0),
        ("exact_published", "don't walk", "dont walk", 1.0),
        ("exact_published", "3.5", "35", 0.0),
    ],
)
def test_published_rules_take_the_whole_response(
    name: str, response: str, answer: str, value: float
) -> None:
    scorer = plugins.scorer(name)
    prediction = scorer.parse(response, OPTIONS)
    assert prediction is not None
    assert scorer.score(prediction, answer) == value


@pytest.mark.parametrize("name", ["short", "relaxed"])
@pytest.mark.parametrize(
    "gold",
    [
        "5", "-5", "1,234", "10:15", "3:4", "43%", "0", "0%", "yes", "No", "true", "1/3", "½",
        "2014–2015",
        "$5", "C++", "100 km/h", "3rd", "x2", "10^5", "a", "N/A", "12 and 13", "red, blue",
        "It is red",
        "The sign says STOP", "more than 50", "not red", "red or blue", "if", "42 (approx.)",
        "O'Neill",
        "Washington, D.C.", "北京", "🔴 red", "1e400", "9" * 400, "No parking", "Yes, sir", "half",
        "twice", "between 4 and 5", "cat;dog", "€ 12", "±5", "[1, 2]", "{a}", "\\frac{1}{2}",
        "$x$", "nan", "inf",
    ],
)  # fmt: skip
def test_a_target_said_as_it_is_written_is_worth_one(name: str, gold: str) -> None:
    scorer = plugins.scorer(name)
    prediction = scorer.parse(gold, OPTIONS)
    assert prediction is not None
    assert scorer.score(prediction, gold) == 1.0
    assert scorer.score("something else", gold) == 0.0
