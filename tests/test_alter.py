"""Alterations: what is done to a thought or a picture before it is shown, and nothing else."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from g2u import plugins
from g2u.answers.alter.recoloured import recoloured
from g2u.answers.alter.reverted import reverted
from g2u.answers.patches import dosed
from g2u.calls import flow
from g2u.calls.folder import FolderStore
from g2u.errors import ParamsError
from g2u.params.sections import DOSES, interventions
from g2u.pictures.decoding import picture_of, picture_of_pixels, pixels_of
from g2u.records import AnswerRequest, Failure, Laid, Picture
from tests.conftest import Counter, Workspace, brokered, png, tsv_rows, typed

SOURCE, OTHER = picture_of(png(1, 48)), picture_of(png(2, 48))


def drawn(source: Picture) -> Picture:
    """A thought: a red cross upon its source."""
    pixels = np.array(pixels_of(source))
    pixels[20:28], pixels[:, 20:28] = (250, 10, 10), (250, 10, 10)
    return picture_of_pixels(pixels)


THOUGHT = drawn(SOURCE)
LAID = Laid((SOURCE,), (THOUGHT,), (SOURCE,))


def changed(one: Picture, other: Picture) -> Any:
    """Which pixels differ."""
    return (np.asarray(pixels_of(one)) != np.asarray(pixels_of(other))).any(axis=2)


def altered(name: str, laid: Laid, amount: int = 100, calls: Any = None) -> Any:
    return asyncio.run(plugins.alteration(name).alter(laid, amount, calls))


def distance(one: Picture, other: Picture) -> float:
    pixels = (np.asarray(pixels_of(each)).astype(float) for each in (one, other))
    return float(np.abs(np.subtract(*pixels)).sum())


def test_a_thought_that_is_taken_back_in_full_is_its_picture() -> None:
    assert reverted(THOUGHT, SOURCE, 100) == SOURCE
    larger = picture_of_pixels(pixels_of(THOUGHT).resize((96, 96)))
    bare = reverted(larger, SOURCE, 100)
    assert (bare.width, bare.height) == (96, 96)
    assert np.array_equal(pixels_of(bare), pixels_of(SOURCE).resize((96, 96), 3))


@pytest.mark.parametrize("amount", [25, 50, 75])
def test_a_dose_takes_back_its_share_of_the_change_and_touches_nothing_else(amount: int) -> None:
    left = distance(reverted(THOUGHT, SOURCE, amount), SOURCE) / distance(THOUGHT, SOURCE)
    assert left == pytest.approx(1 - amount / 100, abs=0.02)
    assert not (
        changed(reverted(THOUGHT, SOURCE, amount), THOUGHT) & ~changed(THOUGHT, SOURCE)
    ).any()


@pytest.mark.parametrize("how", [reverted, recoloured])
def test_a_greater_dose_holds_all_of_a_smaller_one(
    how: Callable[[Picture, Picture, int], Picture],
) -> None:
    parts = [changed(how(THOUGHT, SOURCE, amount), THOUGHT) for amount in DOSES]
    for less, more in pairwise(parts):
        assert less.sum() < more.sum()
        assert not (less & ~more).any()


def test_pixels_alone_decide_which_part_is_altered() -> None:
    copy = picture_of(THOUGHT.encoded)
    assert reverted(copy, replace(SOURCE), 50) == reverted(THOUGHT, SOURCE, 50)
    weights = np.ones((48, 48))
    orders = [[place for _, place in dosed(weights, 50, name)] for name in "aab"]
    assert orders[0] == orders[1] != orders[2]


def test_other_colours_keep_the_form_of_the_ink_and_leave_the_rest() -> None:
    found = recoloured(THOUGHT, SOURCE, 100)
    assert not (changed(found, THOUGHT) & ~changed(THOUGHT, SOURCE)).any()
    before, after = (np.sort(np.asarray(pixels_of(each)), axis=2) for each in (THOUGHT, found))
    assert np.array_equal(before, after), "the same values in other channels"


def test_ink_without_a_colour_has_none_to_lose() -> None:
    white = picture_of_pixels(np.full((48, 48, 3), 255, np.uint8))
    black = picture_of_pixels(np.zeros((48, 48, 3), np.uint8))
    assert altered("recoloured", Laid((white,), (black,), (white,))) is None


@pytest.mark.parametrize("name", ["reverted", "recoloured"])
def test_a_drawing_of_words_alone_has_nothing_to_go_back_to(name: str) -> None:
    assert altered(name, Laid((SOURCE,), (THOUGHT,), (None,))) is None


def test_noise_in_a_pictures_place_leaves_the_thought() -> None:
    found = altered("veiled", replace(LAID, pictures=(SOURCE, OTHER)))
    assert found.thoughts == LAID.thoughts
    assert all(
        changed(a, b).mean() > 0.99 for a, b in zip(found.pictures, (SOURCE, OTHER), strict=True)
    )
    half = altered("veiled", LAID, 50).pictures[0]
    assert changed(half, SOURCE).mean() == pytest.approx(0.5, abs=0.02)


class Listening:
    """Calls that note what was asked, and pass it on."""

    def __init__(self, calls: Any) -> None:
        self.calls, self.asked = calls, list[AnswerRequest]()

    async def answer(self, request: AnswerRequest) -> Any:
        self.asked.append(request)
        return await self.calls.answer(request)


def test_a_description_is_asked_of_each_drawing_alone_and_shown_in_its_place(
    tmp_path: Path,
) -> None:
    model = plugins.model("null", typed("null", {}))
    calls = Listening(brokered(model, FolderStore(tmp_path)))
    laid = Laid((SOURCE, OTHER), (THOUGHT, None), (SOURCE, OTHER))
    found = flow.run(plugins.alteration("described").alter(laid, 100, calls))  # type: ignore[arg-type]
    assert isinstance(found, Laid)
    (request,) = calls.asked
    assert request.turns[0].parts[0] == THOUGHT
    (said, none) = found.thoughts
    assert none is None
    assert said is not None
    assert said.trace[0] in ("yes", "no")


class Silent:
    """Calls that fail."""

    async def answer(self, request: AnswerRequest) -> Failure:
        del request
        return Failure("no voice")


def test_a_drawing_that_the_model_cannot_describe_is_a_failed_answer() -> None:
    assert altered("described", LAID, calls=Silent()) == Failure("no voice")


def test_the_causal_page_takes_answers_and_no_drawing(
    workspace: Workspace, count_calls: Counter
) -> None:
    workspace.use_null()
    workspace.use_tsv({**row, "question": "Is it even?"} for row in tsv_rows(6))
    workspace.raw["families"] = ["direct", "duplicate", "detail"]
    workspace.raw["understand"] |= {"controls": [], "controlled": ["detail"]}
    assert count_calls(workspace.write())["detail"] == {"edit": 6, "answer": 6}
    workspace.raw["understand"]["controls"] = "causes"
    made = count_calls(workspace.write())["detail"]
    arms = len(interventions("concat"))
    asked = 2  # taken back in full it is the duplicate; all are asked alike, so shuffled is alike
    assert made == {"answer": 6 * (arms - asked + 1)}, "one more, as a description is a call"


@pytest.mark.parametrize(
    ("control", "said"),
    [
        (
            {"feedback": "concat", "donor": 1},
            "understand.controls[0].donor: 1, of its own thoughts; expected pairing: alike",
        ),
        ({"feedback": "concat", "alter": "revertd"}, "did you mean 'reverted'"),
    ],
)
def test_a_control_that_cannot_be_is_named(
    workspace: Workspace, control: dict[str, Any], said: str
) -> None:
    workspace.raw["understand"]["controls"] = [control]
    with pytest.raises(ParamsError) as error:
        workspace.write()
    assert said in str(error.value)
