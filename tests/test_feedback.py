"""Feedback modes: the exact messages of each, and nothing else changed."""

from dataclasses import replace

import numpy as np
import pytest

from g2u import plugins
from g2u.answers.feedback import concat_g2u, concat_unig2u
from g2u.answers.feedback.collage import beside
from g2u.pictures.decoding import picture_of, pixels_of
from g2u.questions.wording import LOOK
from g2u.records import Picture, trace_of
from tests.conftest import png

ONE, TWO = picture_of(png(1)), picture_of(png(2))
DRAWN = replace(picture_of(png(3)), trace=("I draw it.", "It is done."))
ASK = "Is it even?"
LAYOUTS = {
    "none": [("user", [ONE, TWO, ASK])],
    "blind": [("user", [ASK])],
    "concat": [("user", [ONE, TWO, DRAWN, ASK])],
    "concat_g2u": [
        ("user", [ONE, TWO, concat_g2u.REQUEST]),
        ("assistant", [DRAWN]),
        ("user", [ONE, TWO, ASK]),
    ],
    "concat_unig2u": [("user", [ONE, TWO, DRAWN, concat_unig2u.SENTENCE, ASK])],
    "replace": [("user", [ONE, DRAWN, ASK])],
    "only": [("user", [DRAWN, ASK])],
    "collage": [("user", [ONE, beside(TWO, DRAWN), ASK])],
    "look": [("user", [ONE, DRAWN, LOOK, TWO, ASK])],
    "words": [("user", [ONE, TWO, "I draw it.", "It is done.", ASK])],
    "concat_words": [("user", [ONE, TWO, "I draw it.", DRAWN, "It is done.", ASK])],
}
"""Of a question with two pictures, the second of which has a thought."""


def laid_out(name: str, thoughts: list[Picture | None]) -> list[tuple[str, list[str | Picture]]]:
    turns = plugins.feedback(name).lay_out(ASK, [ONE, TWO], thoughts)
    return [(turn.role, list(turn.parts)) for turn in turns]


def test_every_mode_has_its_layout_here() -> None:
    assert set(LAYOUTS) == set(plugins.known("feedback"))


@pytest.mark.parametrize("name", LAYOUTS)
def test_the_messages_of_a_mode(name: str) -> None:
    assert laid_out(name, [None, DRAWN]) == LAYOUTS[name]
    assert plugins.feedback(name).DIFFERENCE


@pytest.mark.parametrize("name", sorted(set(LAYOUTS) - {"blind", "only"}))
def test_where_nothing_was_imagined_the_question_is_asked_as_in_direct(name: str) -> None:
    assert laid_out(name, [None, None]) == LAYOUTS["none"]


@pytest.mark.parametrize("name", ["words", "concat_words"])
def test_a_mode_that_shows_words_has_no_message_where_none_were_said(name: str) -> None:
    assert laid_out(name, [None, replace(DRAWN, trace=())]) == []


def test_words_stand_in_the_order_in_which_they_were_said_among_several_thoughts() -> None:
    first, last = replace(DRAWN, trace=trace_of(["a"])), replace(TWO, trace=trace_of(["b"], ["c"]))
    assert laid_out("concat_words", [first, last])[0][1][2:-1] == ["a", first, "b", last, "c"]
    assert laid_out("words", [first, last])[0][1][2:-1] == ["a", "b", "c"]


def test_a_collage_has_both_at_the_height_of_the_original() -> None:
    large = picture_of(png(4, 48))
    sheet = np.asarray(pixels_of(beside(ONE, large)))
    assert sheet.shape == (24, 48, 3)
    assert np.array_equal(sheet[:, :24], np.asarray(pixels_of(ONE)))
    shrunk = np.asarray(pixels_of(large).resize((24, 24), 3))
    assert np.array_equal(sheet[:, 24:], shrunk)
