"""A slice of the campaign over replies, and texts of ten million letters."""

import pytest

from bench.reading import readers, texts
from tests.campaigns.replies import campaign


def test_no_mutated_reply_raises_in_any_reader() -> None:
    found = campaign(1_000, seed=1)
    assert found.readings == 12_000
    assert found.raised == []


@pytest.mark.parametrize("name", readers())
def test_no_repetition_of_what_readers_look_for_raises(name: str) -> None:
    read = readers()[name]
    for shape, lead in texts():
        text = lead + shape * (300 // len(shape))
        assert read(text) == read(text)


@pytest.mark.parametrize("shape", ["answer is ", "<think>", "\\boxed{"])
def test_a_reply_of_ten_million_letters_is_no_answer(shape: str) -> None:
    text = "<think>a</think>B " + shape * (10_000_000 // len(shape))
    for name in ("choice", "number", "judge answers"):
        assert readers()[name](text) is None


@pytest.mark.parametrize("letter", ["x", "[", "\n", "1 "])
def test_thinking_of_any_length_is_passed_over(letter: str) -> None:
    text = f"<think>{letter * 3_000_000}</think>B"
    assert readers()["choice"](text) == ("B", [0.0])
