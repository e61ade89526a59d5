"""Rounds: strict parsing, every round kept, who stops keeps the last drawing."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from g2u.arms import Arm, paired
from g2u.calls.folder import FolderStore
from g2u.errors import ParamsError
from g2u.pictures.decoding import picture_of
from g2u.protocols import Reply
from g2u.records import AnswerRequest, EditRequest, Failure, Picture, Question, Thought
from g2u.thoughts.edits import rounds
from g2u.thoughts.edits.rounds import instruction, is_mismatch
from tests.cache.test_calls import Echo
from tests.conftest import brokered, imagined, png

SOURCES = [picture_of(png(seed)) for seed in range(4)]
PICTURES = {source.digest: source for source in SOURCES}
QUESTIONS = [
    Question(n, f"{n}?", pictures=(s.digest,)) for n, s in zip("abcd", SOURCES, strict=True)
]


class Painter(Echo):
    """Draws a new picture for every request; says of each question what the test wants."""

    def __init__(self, *said: Reply[str]) -> None:
        super().__init__()
        self._said = list(said)
        self.drawn: list[EditRequest] = []
        self.shown: list[AnswerRequest] = []

    def edit(self, requests: Sequence[EditRequest]) -> list[Reply[Picture]]:
        first = len(self.drawn)
        self.drawn += requests
        return [picture_of(png(100 + first + n)) for n in range(len(requests))]

    def answer(self, requests: Sequence[AnswerRequest]) -> list[Reply[str]]:
        self.shown += requests
        return [self._said.pop(0) for _ in requests]


def run(model: Painter, folder: Path, **settings: object) -> list[Thought]:
    calls = brokered(model, FolderStore(folder))
    return imagined(rounds, (QUESTIONS, PICTURES), calls, **{"prompt": "Draw.", **settings})


def test_a_reflection_names_one_edit_or_stops(tmp_path: Path) -> None:
    model = Painter(
        "I see.\nEdit: make it red", "No further edit needed.", "hm", Failure("busy"), "Edit: x"
    )
    thoughts = run(model, tmp_path, rounds=2)
    assert [(t.question, t.round) for t in thoughts] == [
        (q.id, number) for number in range(3) for q in QUESTIONS
    ]
    a, b, c, d = ([t for t in thoughts if t.question == q.id] for q in QUESTIONS)
    assert [t.prompt for t in a] == ["Draw.", "make it red", "x"]
    assert len({t.picture for t in a}) == 3
    for stopped in (b, c):
        assert {t.prompt for t in stopped} == {"Draw."}
        assert len({t.picture for t in stopped}) == 1
    assert [(t.status, t.reason) for t in d] == [("ok", ""), ("failed", "busy"), ("failed", "busy")]
    assert model.drawn[4].pictures == (a[0].picture,), "the drawing is edited, not the source"
    assert model.shown[0].turns[0].parts[:2] == (SOURCES[0], a[0].picture)
    assert len(model.shown) == 5


def test_a_mismatch_is_drawn_anew_from_the_source(tmp_path: Path) -> None:
    model = Painter("MISMATCH", "MATCH", "MISMATCH, no: MATCH", "mismatch")
    thoughts = run(model, tmp_path, rounds=1, protocol="verify")
    assert len(model.drawn) == 5
    again = model.drawn[4]
    assert (again.pictures, again.prompt) == ((SOURCES[0],), "Draw.")
    assert again.seed != model.drawn[0].seed
    assert [t.round for t in thoughts[4:]] == [1] * 4


def test_an_answer_conditions_the_next_prompt(tmp_path: Path) -> None:
    model = Painter(*["red ", "blue", "3", "yes"])
    thoughts = run(model, tmp_path, rounds=1, protocol="answer")
    assert thoughts[4].prompt == "Draw. A first look says: red"
    assert model.shown[1].turns[0].parts[-1] == "b?"
    assert [r.pictures for r in model.drawn[4:]] == [(s,) for s in SOURCES]


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ("Edit: thicken the line", "thicken the line"),
        ("Reason.\n  Edit:  thicken  \nBye", "thicken"),
        ("Edit: x. No further edit needed", None),
        ("Edit:", None),
        ("edit: x", None),
        ("I would edit: x", None),
        ("", None),
    ],
)
def test_instructions_are_parsed_strictly(reply: str, expected: str | None) -> None:
    assert instruction(reply) == expected


@pytest.mark.parametrize(
    ("reply", "expected"),
    [("MISMATCH", True), ("MATCH", False), ("a MISMATCH.", True), ("MATCH MISMATCH", False)],
)
def test_mismatch_holds_match_and_is_not_one(reply: str, expected: bool) -> None:
    assert is_mismatch(reply) is expected


def test_an_arm_shows_the_last_round_or_the_one_it_names(tmp_path: Path) -> None:
    thoughts = run(Painter(*["Edit: more"] * 4), tmp_path, rounds=1)
    last = paired(Arm("concat"), QUESTIONS, thoughts)
    first = paired(Arm("concat", round=0), QUESTIONS, thoughts)
    assert [t.prompt for t in last["a"]] == ["more"]
    assert [t.prompt for t in first["a"]] == ["Draw."]
    assert Arm("concat", round=0).name == "concat_round_0"


def test_an_unknown_protocol_is_named(tmp_path: Path) -> None:
    with pytest.raises(ParamsError, match="did you mean 'verify'"):
        run(Painter(), tmp_path, protocol="verfy")
