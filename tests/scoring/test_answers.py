"""Reading answers: what is said is read, what is not said is not guessed."""

import pytest

from g2u.records import Question
from g2u.scoring.answers import choice, short, yes_no

OPTIONS = Question("q", "Which?", choices=("None", "a red ball", "42"), format="choice")


@pytest.mark.parametrize(
    ("response", "letter"),
    [
        ("B", "B"),
        ("(b)", None),
        ("B.", "B"),
        ("**C**", "C"),
        ("The answer is B.", "B"),
        ("Answer: (C)", "C"),
        ("B. a red ball", "B"),
        ("a red ball", "B"),
        ("None", "A"),
        ("According to the picture, it cannot be told", None),
        ("A or B", None),
        ("The answer is A. No, the answer is B.", None),
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
