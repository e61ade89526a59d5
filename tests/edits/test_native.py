"""Texts and pictures of one reply: kept in their order, shown together, apart, and as another's."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from g2u.answers.answering import Answering, Asking, Shown
from g2u.arms import Arm, paired
from g2u.calls import flow
from g2u.calls.encoding import reply_of
from g2u.calls.folder import FolderStore
from g2u.calls.made import MadeStore
from g2u.errors import ParamsError
from g2u.pictures.decoding import encode_png, picture_of, pixels_of
from g2u.protocols import Reply
from g2u.records import (
    AnswerRequest,
    EditRequest,
    Interleaved,
    InterleaveRequest,
    Picture,
    Question,
    Text,
    Thought,
)
from g2u.tables import schemas as tables
from g2u.tables.schemas import Recipe, edit_call
from g2u.thoughts.edits import duplicate, interleaved, native
from tests.cache.test_calls import Echo
from tests.conftest import brokered, imagined, png
from tests.edits.test_rounds import PICTURES, QUESTIONS, SOURCES, Painter

DRAWN = [picture_of(png(100 + n)) for n in range(3)]
FULL = Interleaved(("I look.", DRAWN[0], "I mark.", "It is two.", DRAWN[1], "So: B."))
TEMPLATE = "Think in words and pictures: {question}"


class Weaver(Echo):
    """Gives each question the reply that the test wants, and notes what it is asked."""

    def __init__(self, *replies: Interleaved) -> None:
        super().__init__()
        self._replies = list(replies)
        self.woven: list[EditRequest] = []
        self.shown: list[AnswerRequest] = []

    def edit(self, requests: Sequence[EditRequest]) -> list[Reply[Picture]]:
        self.woven += requests
        return [self._replies.pop(0) for _ in requests]  # type: ignore[misc]

    def answer(self, requests: Sequence[AnswerRequest]) -> list[Reply[str]]:
        self.shown += requests
        return [Text("yes", "stop") for _ in requests]


def run(model: Weaver, folder: Path, questions: Sequence[Question] = QUESTIONS) -> list[Thought]:
    calls = brokered(model, FolderStore(folder))
    return imagined(native, (questions, PICTURES), calls, template=TEMPLATE)


def traces(thoughts: Sequence[Thought]) -> list[tuple[str, ...]]:
    return [t.picture.trace if t.picture else () for t in thoughts]


def test_each_picture_is_a_thought_with_what_was_said_before_it_and_the_last_with_the_rest(
    tmp_path: Path,
) -> None:
    model = Weaver(FULL)
    thoughts = run(model, tmp_path, QUESTIONS[:1])
    assert [(t.position, t.place, t.status) for t in thoughts] == [(0, 0, "ok"), (1, 1, "ok")]
    assert [t.picture for t in thoughts] == DRAWN[:2]
    assert traces(thoughts) == [("I look.", ""), ("I mark.\nIt is two.", "So: B.")]
    (asked,) = model.woven
    assert isinstance(asked, InterleaveRequest)
    assert asked.parts == (SOURCES[0], "Think in words and pictures: a?")
    assert len({t.call for t in thoughts}) == 2, "each is named by its place in the reply"


def test_a_reply_is_asked_for_once_and_comes_back_from_the_call_cache_whole(tmp_path: Path) -> None:
    first = run(Weaver(FULL), tmp_path, QUESTIONS[:1])
    second = run(Weaver(), tmp_path, QUESTIONS[:1])
    assert first == second
    assert traces(first) == traces(second)
    assert [pixels_of(t.picture).tobytes() for t in second if t.picture] == [
        pixels_of(p).tobytes() for p in DRAWN[:2]
    ]


def test_who_draws_nothing_has_nothing_to_show_and_a_blank_or_copied_picture_is_a_failure(
    tmp_path: Path,
) -> None:
    flat = picture_of(encode_png(pixels_of(DRAWN[0]).resize((1, 1)).resize((24, 24))))
    model = Weaver(
        Interleaved(("No need.",)), Interleaved(("I copy.", SOURCES[1])), Interleaved((flat,))
    )
    found = run(model, tmp_path, QUESTIONS[:3])
    assert [(t.status, t.reason) for t in found] == [
        ("not_applicable", "the model drew nothing"),
        ("failed", "the edit returned its source unchanged"),
        ("failed", "the edit returned a blank picture"),
    ]


PAIR = tuple(source.digest for source in SOURCES[:2])
ASKED = [
    QUESTIONS[0],
    Question("p", "Is <image 2> like <image 1>?", pictures=PAIR, is_placed=True),
    Question("o", "Like <image 1>?", ("<image 2>", "no"), pictures=PAIR, is_placed=True),
]
"""A question after its picture, one around its pictures, one with a picture in an option."""


@pytest.mark.parametrize("question", ASKED, ids=lambda question: question.id)
def test_thoughts_come_back_from_their_table_with_words_places_and_names(
    question: Question, tmp_path: Path
) -> None:
    thoughts = run(Weaver(FULL), tmp_path / "calls", [question])
    recipe = Recipe("b", "native", "m", "echo", "{}")
    tables.write_thoughts(tmp_path / "thoughts", thoughts, recipe)
    found = tables.read_thoughts(tmp_path / "thoughts")
    assert (found, traces(found)) == (thoughts, traces(thoughts))
    for row in tables.read_places(tmp_path / "thoughts", tables.THOUGHTS.schema):
        assert edit_call({**row, "identity": Echo().identity("edit")}) == row["thought"]


def asked(thoughts: Sequence[Thought], arm: Arm, folder: Path, model: Weaver) -> tables.Answer:
    """What the arm of the first question comes to."""
    asking = Asking(
        model="m", abilities=frozenset({"answer"}), scores_options=False, is_plain=False,
        feedback=arm.feedback, max_tokens=8, seed=0,
    )  # fmt: skip
    shown = paired(arm, QUESTIONS[:2], thoughts)[QUESTIONS[0].id]
    calls = brokered(model, FolderStore(folder))
    answering = Answering(asking)

    async def answer() -> tables.Answer:
        return await answering.answer(arm, Shown(QUESTIONS[0], PICTURES, shown), calls)

    return flow.run(answer())


OTHER = Interleaved(("Elsewhere.", DRAWN[2]))
SHOWN = {
    "concat": [SOURCES[0], DRAWN[0], DRAWN[1]],
    "words": [SOURCES[0], "I look.", "I mark.\nIt is two.", "So: B."],
    "concat_words": [
        SOURCES[0], "I look.", DRAWN[0], "I mark.\nIt is two.", DRAWN[1], "So: B.",
    ],
}  # fmt: skip


@pytest.mark.parametrize("feedback", SHOWN)
def test_the_arms_show_pictures_only_words_only_or_both_in_their_order(
    feedback: str, tmp_path: Path
) -> None:
    model = Weaver(FULL, OTHER)
    thoughts = run(model, tmp_path, QUESTIONS[:2])
    answer = asked(thoughts, Arm(feedback, is_main=True), tmp_path, model)
    assert list(model.shown[0].turns[0].parts[:-1]) == SHOWN[feedback]
    counted = (1, 0) if feedback == "words" else (1, 2)
    assert (answer.status, answer.pictures, answer.thoughts) == ("ok", *counted)


def test_shuffled_shows_another_question_s_words_with_its_pictures(tmp_path: Path) -> None:
    model = Weaver(FULL, OTHER)
    thoughts = run(model, tmp_path, QUESTIONS[:2])
    answer = asked(thoughts, Arm("concat_words", "shuffled"), tmp_path, model)
    assert answer.status == "ok"
    assert list(model.shown[0].turns[0].parts[:-1]) == [SOURCES[0], "Elsewhere.", DRAWN[2]]


@pytest.mark.parametrize("feedback", ["words", "concat_words"])
def test_an_arm_of_words_does_not_apply_where_none_were_said(feedback: str, tmp_path: Path) -> None:
    model = Weaver()
    calls = brokered(model, FolderStore(tmp_path))
    thoughts = imagined(duplicate, (QUESTIONS[:2], PICTURES), calls)
    answer = asked(thoughts, Arm(feedback), tmp_path, model)
    assert (answer.status, model.shown) == ("not_applicable", [])
    assert answer.reason.startswith("nothing was said with the thoughts")


def test_a_chain_of_plans_keeps_each_plan_before_its_drawing(tmp_path: Path) -> None:
    model = Painter("Step: go up", "Step: go left", "nothing more to draw")
    calls = brokered(model, FolderStore(tmp_path))
    thoughts = imagined(
        interleaved, (QUESTIONS[:1], PICTURES), calls, prompt="Draw it after: {plan}"
    )
    assert traces(thoughts) == [("go up", ""), ("go left", "")]


def test_a_chain_whose_drawings_come_from_a_table_of_thoughts_says_each_plan_once(
    tmp_path: Path,
) -> None:
    asked, said = (QUESTIONS[:1], PICTURES), ("Step: go up", "nothing more to draw")
    calls = brokered(Painter(*said), FolderStore(tmp_path / "first"))
    first = imagined(interleaved, asked, calls, prompt="Draw it after: {plan}")
    folder = tmp_path / "thoughts"
    tables.write_thoughts(folder, first, Recipe("b", "f", "m", "identity", "{}"))
    made = MadeStore(
        FolderStore(tmp_path / "second"),
        list,
        lambda: folder.glob("part-*.parquet"),
        lambda path: path,
        takes=True,
    )
    clone = Painter(*said)
    second = imagined(interleaved, asked, brokered(clone, made), prompt="Draw it after: {plan}")
    assert (second, traces(second)) == (first, traces(first))
    assert clone.drawn == [], "nothing is drawn again"


def test_a_template_without_the_question_is_refused(tmp_path: Path) -> None:
    calls = brokered(Weaver(), FolderStore(tmp_path))
    with pytest.raises(ParamsError, match=r"expected a text with \{question\} in it"):
        imagined(native, (QUESTIONS, PICTURES), calls, template="Think.")


def test_what_a_study_left_beside_its_tables_gives_words_and_pictures_back(tmp_path: Path) -> None:
    """A clone that pulled results of an edit with words pays nothing for it."""
    told = replace(DRAWN[0], trace=("Here it is.", ""))
    source, call = SOURCES[0].digest, "a" * 64
    thought = Thought("a", 0, "ok", picture=told, source=source, prompt="p", call=call)
    folder = tmp_path / "thoughts"
    tables.write_thoughts(folder, [thought], Recipe("b", "f", "m", "identity", "{}"))
    made = MadeStore(
        FolderStore(tmp_path / "calls"),
        list,
        lambda: folder.glob("part-*.parquet"),
        lambda path: path,
        takes=True,
    )
    entry = made.get_many([call], "edit")[call]
    reply = reply_of("edit", entry)
    assert (reply, reply.trace) == (told, told.trace)
