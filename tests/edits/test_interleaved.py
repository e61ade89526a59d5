"""Interleaved: the model says when to stop, never the truth; each drawing is made from the last."""

from pathlib import Path

import pytest

from g2u.arms import Arm, paired
from g2u.calls.folder import FolderStore
from g2u.errors import ParamsError
from g2u.records import Failure, Thought
from g2u.thoughts.edits import duplicate, interleaved
from tests.conftest import brokered, imagined
from tests.edits.test_rounds import PICTURES, QUESTIONS, SOURCES, Painter


def run(model: Painter, folder: Path, **settings: object) -> list[Thought]:
    calls = brokered(model, FolderStore(folder))
    known = {"prompt": "Draw it after: {plan}", **settings}
    return imagined(interleaved, (QUESTIONS, PICTURES), calls, **known)


def test_the_model_ends_its_chain_and_all_drawings_are_shown(tmp_path: Path) -> None:
    model = Painter(
        "Step: go up", "Nothing more to draw.", "I do not know", "Step: go left",
        "So.\nStep: go right", Failure("busy"), "Step: go down",
    )  # fmt: skip
    thoughts = run(model, tmp_path, steps=3)
    shown = paired(Arm("concat"), QUESTIONS, thoughts)
    a, b, c, d = (shown[question.id] for question in QUESTIONS)
    assert [(t.position, t.prompt) for t in a] == [
        (0, "Draw it after: go up"),
        (1, "Draw it after: go right"),
        (2, "Draw it after: go down"),
    ]
    assert [t.source for t in a[1:]] == [t.picture.digest for t in a[:2] if t.picture]
    assert len({t.call for t in a}) == 3
    for stopped in (b, c):
        assert [(t.status, t.choice, t.picture) for t in stopped] == [
            ("not_applicable", "none", None)
        ]
    assert [(t.position, t.status, t.reason) for t in d] == [(0, "ok", ""), (1, "failed", "busy")]
    assert a[0].picture is not None
    parts = model.shown[4].turns[0].parts
    assert parts[:3] == (SOURCES[0], "go up", a[0].picture)
    assert "a?" in parts


def test_the_number_of_steps_may_be_fixed_for_all(tmp_path: Path) -> None:
    model = Painter(*["nothing\n more to say"] * 8)
    thoughts = run(model, tmp_path, steps=2, stops=False)
    assert len(thoughts) == 2 * len(QUESTIONS)
    assert {t.prompt for t in thoughts} == {"Draw it after: nothing more to say"}
    assert interleaved.STOP not in str(model.shown[0].turns[0].parts[-1])


def test_a_prompt_without_a_plan_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ParamsError, match=r"'Draw\.'; expected a text with \{plan\} in it"):
        run(Painter(), tmp_path, prompt="Draw.")


def test_the_fair_duplicate_of_a_chain_shows_the_original_as_often(tmp_path: Path) -> None:
    calls = brokered(Painter(), FolderStore(tmp_path))
    thoughts = imagined(duplicate, (QUESTIONS, PICTURES), calls, times=3)
    shown = paired(Arm("concat"), QUESTIONS, thoughts)
    for question, source in zip(QUESTIONS, SOURCES, strict=True):
        assert [(t.position, t.picture) for t in shown[question.id]] == [
            (n, source) for n in range(3)
        ]
