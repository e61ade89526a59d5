"""Readings: taken whole, out of a sentence, or not at all; and how near a wrong one comes."""

import random

import pytest

from g2u.arms import DIRECT, Arm
from g2u.records import Question, Target
from g2u.scores.official import characters
from g2u.scores.statistics import Resampling
from g2u.scores.types import letters
from g2u.scores.units import Figures, official_metrics
from g2u.tables.schemas import Score

QUESTION = Question("q", "What does the sign say?")
READ = (
    "MARKET 42", "market 42.", "Market 42", "MARKET\n42", "MARKET-42", "MARKET, 42!",
    '"MARKET 42"', "“Market 42”", "‘MARKET 42’", "«MARKET 42»", "「MARKET 42」", "# MARKET 42",
    "ＭＡＲＫＥＴ ４２", "**MARKET 42**", "MARKET_42", "```\nMARKET 42\n```",
    "M A R K E T 4 2", "\\boxed{\\text{MARKET 42}}",
    "<think>MARKET 47?</think>MARKET 42", '{"answer": "MARKET 42"}', "<answer>MARKET 42</answer>",
    'The sign says "MARKET 42".', "The sign says MARKET 42.", "It reads 'MARKET 42'.",
    "The text on the sign is MARKET 42.", "The sign appears to read MARKET 42.", "It's MARKET 42.",
    "The answer is MARKET 42.", "**Answer:** market 42", "Text: MARKET 42", "OCR result: MARKET 42",
    "I think it says MARKET 42.", "I'd say MARKET 42", "Probably MARKET 42",
    "This sign says: MARKET 42",
    "Line 1: MARKET\nLine 2: 42", "- MARKET\n- 42", "MARKET 42\nMARKET 42",
    "The words are MARKET 42",
    'The blue sign says "Market 42" in white letters.', "Auf dem Schild steht „MARKET 42“.",
    "Inscription: MARKET 42", "The sign on the wall says MARKET 42",
)  # fmt: skip
UNREAD = (
    "", "...", "<think>hm", "no text", "There is no text on the sign.", "Nothing.", "illegible",
    "I cannot read the sign.", "The sign is too blurry to read.", "MARKET 42 or MARKET 47",
    '"MARKET 42" or "MARKET 47"', 'It does not say "MARKET 42".', '"MARKET" and "42"',
    'It says "MARKET" with 42 below.',
    "The sign says MARKET on the first line and 42 on the second.",
    "MARKET 42 (white on blue)", "Sure: MARKET 42", "MARKET 42, I believe", "MARKET 42 maybe",
    "MARKET 42\n\nThis is a green sign.", "The word MARKET and the number 42.",
    "a blue sign on a wall", "MARKET 42 on blue",
    "The sign says: MARKET 42\n\nLet me know if you need more.",
)  # fmt: skip


@pytest.mark.parametrize("response", READ)
def test_a_reading_is_found_in_what_stands_around_it(response: str) -> None:
    prediction = letters.parse(response, QUESTION)
    assert prediction is not None
    assert letters.score(prediction, "MARKET 42") == 1.0
    assert letters.score(prediction, "MARKET 47") == 0.0


@pytest.mark.parametrize("response", UNREAD)
def test_a_sentence_without_one_reading_is_not_read(response: str) -> None:
    assert letters.parse(response, QUESTION) is None


@pytest.mark.parametrize(
    "text",
    ["THE OLD INN 5", "I SPY 20", "MY HOTEL 12", "OK CORRAL 5", "NO ENTRY 12", "HERE TODAY 10",
     "READING 42", "SIGN 42", "LINE 42", "Line 5", "Bus STOP", "paid in cash", "pull", "the",
     "A1 TYRES", "O'NEILL'S", "TOTAL incl. GST 6% 12.50", "$5.00", "北京 42",
     "МАРКЕТ 42", "None", "IT IS 42"],
)  # fmt: skip
def test_what_a_reader_of_texts_returns_is_taken_as_it_stands(text: str) -> None:
    prediction = letters.parse(text, QUESTION)
    if text in ("None", "IT IS 42"):  # as a sentence about the sign
        assert prediction in (None, "42")
    else:
        assert prediction is not None
        assert letters.score(prediction, text) == 1.0


@pytest.mark.parametrize(
    "other", ["MARKET 4Z", "MARKET 420", "ARKET 42", "MARKET", "МARKET 42", "42 MARKET"]
)
def test_every_letter_and_figure_counts(other: str) -> None:
    assert letters.score(other, "MARKET 42") == 0.0
    assert letters.score("O 0", "0 O") == 0.0


def test_a_reply_of_megabytes_is_not_searched_for_a_reading() -> None:
    quoted = '"MARKET 42" ' * 2 * 10**4
    assert letters.parse(quoted, QUESTION) is None
    assert letters.parse("MARKET 42 " * 2 * 10**4, QUESTION) is None
    assert letters.parse("so " * 2 * 10**4 + "\nThe answer is MARKET 42.", QUESTION) == "MARKET 42"
    assert characters.likeness(quoted, "MARKET 42") < 0.001


def edits(one: str, other: str) -> int:
    """Wagner and Fischer's table, cell by cell."""
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, start=1):
        before, row[0] = row[0], i
        for j, b in enumerate(other, start=1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (a != b))
    return row[-1]


def test_character_accuracy_is_that_of_the_edit_distance() -> None:
    rng = random.Random(0)
    assert characters.likeness("kitten", "sitting") == pytest.approx(1 - 3 / 7)
    assert characters.likeness("market, 4Z", "MARKET 42") == pytest.approx(1 - 1 / 8)
    assert (characters.likeness("", "A"), characters.likeness("A1", "a 1")) == (0.0, 1.0)
    for _ in range(200):
        one, other = ("".join(rng.choices("ab0", k=rng.randrange(9))) for _ in range(2))
        longer = max(len(one), len(other), 1)
        if len(one) <= 4 * len(other):
            wanted = 1 - edits(one, other) / longer
            assert characters.likeness(one, other) == pytest.approx(wanted)
        assert 0.0 <= characters.likeness(one, other) <= 1.0


def test_characters_are_a_mean_over_answers_that_did_not_fail() -> None:
    questions = [Question(name, "?", pictures=(name,)) for name in "abcd"]
    gold = [Target(name, "MARKET 42", "letters") for name in "abcd"]
    own, said = Arm("concat"), {"a": "MARKET 42", "b": "MARKET 4Z", "c": "", "d": None}
    scores = [
        Score(name, own, "ok", text or "", None if text is None else float(name == "a"), name)
        for name, text in said.items()
    ]
    direct = [Score(name, DIRECT, "ok", "MARKET 42", 1.0, name) for name in "abcd"]
    how = Resampling(0.95, 200, 0)
    made = Figures("characters", questions, gold, how)
    figures = official_metrics(made, scores, direct)["concat"]
    assert figures["accuracy"]["value"] == pytest.approx(100 / 3)
    assert figures["character accuracy"]["value"] == pytest.approx(100 * (1 + 0.875 + 0) / 3)
    assert figures["character accuracy"]["left_out"] == 1
    assert figures["character accuracy"]["gain"] == pytest.approx(-100 * 1.125 / 3)
