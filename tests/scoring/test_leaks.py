"""Prompts that say too much."""

import pytest

from g2u.records import Question, Target, Thought
from g2u.scoring.leaks import holds, leaks

CHOICE = Question("c", "Which colour is the line?", choices=("red", "sky blue"), format="choice")
NAMED = Question("n", "Is it red or green?", choices=("red", "green"), format="choice")
SHORT = Question("s", "How many?")
GOLD = {
    t.id: t
    for t in (Target("c", "B", "choice"), Target("n", "A", "choice"), Target("s", "7", "short"))
}


def counted(*prompts: tuple[str, str, str]) -> tuple[int, int, int]:
    thoughts = [Thought(q, 0, "ok", prompt=prompt, base=base) for q, prompt, base in prompts]
    found = leaks(thoughts, [CHOICE, NAMED, SHORT], GOLD)
    return found.distinct, found.with_option, found.with_answer


@pytest.mark.parametrize(
    ("prompts", "expected"),
    [
        ([("c", "Sharpen it.", ""), ("s", "Sharpen it.", "")], (1, 0, 0)),
        ([("c", "Make the RED line bold.", "")], (1, 1, 0)),
        ([("c", "Mark what is sky blue", "")], (1, 1, 1)),
        ([("c", "A coloured, bored, skyblue line", "")], (1, 0, 0)),
        ([("n", "Is it red or green?", "")], (1, 0, 0)),
        ([("s", "Draw 7 dots", "")], (1, 0, 1)),
        ([("s", "Draw 17 dots", "")], (1, 0, 0)),
        ([("c", "Colour lines red.", "Colour lines red.")], (1, 0, 0)),
    ],
)
def test_only_what_the_question_and_the_base_do_not_say_is_a_leak(
    prompts: list[tuple[str, str, str]], expected: tuple[int, int, int]
) -> None:
    assert counted(*prompts) == expected


def test_empty_words_are_held_by_nothing() -> None:
    assert not holds("anything", " ")
