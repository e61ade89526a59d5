"""Prompts that say too much."""

import pytest

from g2u.records import Question, Target, Thought
from g2u.scores.leaks import holds, leaks

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


def is_told(prompt: str, answer: str, question: Question) -> bool:
    target = {question.id: Target(question.id, answer, "choice" if question.choices else "short")}
    thought = Thought(question.id, 0, "ok", prompt=prompt)
    return leaks([thought], [question], target).with_answer == 1


@pytest.mark.parametrize(
    "prompt",
    [
        "Draw a picture that says that B is right.",
        "The answer is B.",
        "Answer: B",
        "option B is correct",
        "Option 2 is correct.",
        "choose (B)",
        "Pick B, please",
        "go with B",
        "B) is the correct answer",
        "B, which is correct, in large letters",
        "Write: B (correct)",
        "the correct one is **B**",
        "the answer should be b",
        "Highlight “B”",
        "Circle the second option",
        "\\boxed{B}",
        "B, the correct one",
        "ＡＮＳＷＥＲ： Ｂ",
        "Options: red, sky blue. The right one is sky blue.",
        "Make it SKY  Blue.",
    ],
)
def test_an_option_said_to_be_right_is_told_in_any_plain_form(prompt: str) -> None:
    assert is_told(prompt, "B", CHOICE)
    assert not is_told(prompt, "A", CHOICE)


@pytest.mark.parametrize(
    "prompt",
    [
        "Make the line bold.",
        "Draw a line from A to B.",
        "A is not right.",
        "The answer is a line.",
        "A nice, correct drawing",
        "Choose a colour.",
        "A. red B. sky blue",
        "Is it red or sky blue?",
        "Is A right or is B right?",
        "Draw it so that A is right of B.",
        "Move A right and make the right side sharper.",
        "Write: A is on the right-hand side.",
    ],
)
def test_all_options_none_of_them_and_the_article_tell_nothing(prompt: str) -> None:
    assert not is_told(prompt, "A", CHOICE)


@pytest.mark.parametrize(
    ("prompt", "answer", "expected"),
    [
        ("Draw seven dots", "7", True),
        ("Draw 7.5 dots", "7", False),
        ("The answer is 7.", "7.0", True),
        ("1,200 birds", "1200", True),
        ("Draw no lines", "no", False),
        ("It says: no.", "no", True),
        ("a Nokia phone", '["nokia", "Nokia 3310"]', True),
        ("about 3 m wide", "3 m */ 2", True),
        ("anything", "", False),
    ],
)
def test_open_answers_are_told_as_words_and_numbers(
    prompt: str, answer: str, expected: bool
) -> None:
    assert is_told(prompt, answer, SHORT) == expected


def test_a_longer_option_does_not_tell_the_shorter_one_in_it() -> None:
    question = Question("q", "?", choices=("red", "dark red", "blue"), format="choice")
    assert not is_told("a dark red line", "A", question)
    assert is_told("a dark red line", "B", question)


def test_words_of_every_prompt_were_not_written_for_a_question() -> None:
    asked = [Question(str(n), f"How many of {n}?") for n in range(4)]
    gold = {q.id: Target(q.id, answer, "short") for q, answer in zip(asked, "2345", strict=True)}
    thoughts = [Thought(q.id, 0, "ok", prompt=f"Enlarge it 2 times: {q.text}") for q in asked]
    assert leaks(thoughts, asked, gold).with_answer == 0
    told = [Thought(q.id, 0, "ok", prompt=f"The answer is {gold[q.id].answer}") for q in asked]
    assert leaks(told, asked, gold).with_answer == 4


@pytest.mark.parametrize(
    "piece", ["answer is ", "(", "a ", "B ", "the ", "[", "\x00", "right one ", "𝟕"]
)
def test_no_prompt_and_no_answer_raises(piece: str) -> None:
    for question in (CHOICE, SHORT):
        for answer in ("B", piece * 2000):
            is_told(piece * 2000, answer, question)


def test_empty_words_are_held_by_nothing() -> None:
    assert not holds("anything", " ")
