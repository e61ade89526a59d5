"""Feedback modes: the exact messages of each, and nothing else changed."""

from dataclasses import replace

import numpy as np
import pytest

from g2u import plugins
from g2u.answers.feedback import concat_g2u, concat_unig2u
from g2u.answers.feedback.collage import beside
from g2u.pictures.decoding import picture_of, pixels_of
from g2u.questions.wording import LOOK
from g2u.records import Picture, Prompt, trace_of
from tests.conftest import png

ONE, TWO = picture_of(png(1)), picture_of(png(2))
DRAWN = replace(picture_of(png(3)), trace=("I draw it.", "It is done."))
ASK = "Is it even?"
UNPLACED = Prompt(ASK)
PLACED = Prompt("Is <image 2> in <image 1>?", is_placed=True)
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


IN_PLACES = {
    "none": [("user", ["Is ", TWO, " in ", ONE, "?"])],
    "blind": [("user", ["Is <image 2> in <image 1>?"])],
    "concat": [("user", ["Is ", TWO, DRAWN, " in ", ONE, "?"])],
    "concat_g2u": [
        ("user", [ONE, TWO, concat_g2u.REQUEST]),
        ("assistant", [DRAWN]),
        ("user", ["Is ", TWO, " in ", ONE, "?"]),
    ],
    "concat_unig2u": [("user", [concat_unig2u.SENTENCE, "Is ", TWO, DRAWN, " in ", ONE, "?"])],
    "words": [("user", ["Is ", TWO, "I draw it.", "It is done.", " in ", ONE, "?"])],
    "concat_words": [("user", ["Is ", TWO, "I draw it.", DRAWN, "It is done.", " in ", ONE, "?"])],
    "replace": [("user", ["Is ", DRAWN, " in ", ONE, "?"])],
    "only": [("user", ["Is ", DRAWN, " in ", "?"])],
    "collage": [("user", ["Is ", beside(TWO, DRAWN), " in ", ONE, "?"])],
    "look": [("user", ["Is ", DRAWN, LOOK, TWO, " in ", ONE, "?"])],
}
"""The same where the question says where its pictures stand."""


def laid_out(
    name: str, thoughts: list[Picture | None], prompt: Prompt = UNPLACED
) -> list[tuple[str, list[str | Picture]]]:
    turns = plugins.feedback(name).lay_out(prompt, [ONE, TWO], thoughts)
    return [(turn.role, list(turn.parts)) for turn in turns]


def test_every_mode_has_its_layout_here() -> None:
    assert set(LAYOUTS) == set(IN_PLACES) == set(plugins.known("feedback"))


@pytest.mark.parametrize("name", LAYOUTS)
def test_the_messages_of_a_mode(name: str) -> None:
    assert laid_out(name, [None, DRAWN]) == LAYOUTS[name]
    assert plugins.feedback(name).DIFFERENCE


@pytest.mark.parametrize("name", IN_PLACES)
def test_pictures_and_thoughts_stand_where_the_question_says(name: str) -> None:
    assert laid_out(name, [None, DRAWN], PLACED) == IN_PLACES[name]


@pytest.mark.parametrize("name", ["concat", "only"])
def test_a_chain_of_drawings_follows_the_first_picture(name: str) -> None:
    shown = [] if name == "only" else [ONE]
    (turn,) = laid_out(name, [DRAWN, TWO, DRAWN], PLACED)
    place = turn[1].index(" in ") + 1
    assert turn[1][place:] == [*shown, DRAWN, TWO, DRAWN, "?"]


def test_a_picture_with_two_places_is_shown_at_both_and_one_without_comes_first() -> None:
    prompt = Prompt("Is <image 2> as <image 2>?", is_placed=True)
    assert laid_out("none", [None, None], prompt) == [("user", [ONE, "Is ", TWO, " as ", TWO, "?"])]


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
