"""Families: what they yield, what they refuse to pass on, and what they never need."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from g2u.calls.asking import BrokeredCalls
from g2u.calls.folder import FolderStore
from g2u.errors import ParamsError
from g2u.params import reading as params
from g2u.pictures.decoding import encode_png, picture_of, pixels_of
from g2u.pictures.filters import FILTERS, UPSCALED
from g2u.protocols import Reply
from g2u.records import AnswerRequest, EditRequest, Failure, Picture, Question, Sampler
from g2u.thoughts.edits import (
    adversarial,
    blank,
    direct,
    draw,
    duplicate,
    filter,
    noise,
    oracle,
    prompt,
    rewritten,
    roundtrip,
    self,
    template,
)
from tests.cache.test_calls import Echo
from tests.conftest import ROOT, brokered, imagined, png

PICTURES = {p.digest: p for p in (picture_of(png(i)) for i in range(3))}
DIGESTS = tuple(PICTURES)
QUESTIONS = [
    Question("one", "?", pictures=DIGESTS[:1]),
    Question("two", "?", pictures=DIGESTS[:2]),
    Question("none", "?"),
]
ASKED = (QUESTIONS, PICTURES)
TWO_STEPS = Sampler(0, (("steps", 2),))


class Editor(Echo):
    """Replies chosen by the test."""

    def __init__(self, reply: Reply[Picture]) -> None:
        super().__init__()
        self._reply = reply

    def edit(self, requests: object) -> list[Reply[Picture]]:
        assert isinstance(requests, list)
        self.asked += len(requests)
        return [self._reply for _ in requests]


def calls(model: Echo, folder: Path) -> BrokeredCalls:
    return brokered(model, FolderStore(folder), 4)


def test_direct_yields_no_thought(tmp_path: Path) -> None:
    assert imagined(direct, ASKED, calls(Echo(), tmp_path)) == []


def test_duplicate_and_blank_keep_place_size_and_ask_no_model(tmp_path: Path) -> None:
    model = Echo()
    for family in (duplicate, blank, noise):
        thoughts = imagined(family, ASKED, calls(model, tmp_path))
        assert [(t.question, t.position) for t in thoughts] == [("one", 0), ("two", 0), ("two", 1)]
        for thought in thoughts:
            assert thought.picture is not None
            assert thought.picture.width == PICTURES[thought.source].width
    assert imagined(duplicate, ASKED, calls(model, tmp_path))[2].picture == PICTURES[DIGESTS[1]]
    grey = imagined(blank, ASKED, calls(model, tmp_path), level=90)[0].picture
    assert grey is not None
    assert pixels_of(grey).getpixel((3, 3)) == (90, 90, 90)
    assert model.asked == 0


def test_draws_differ_in_their_seed_alone(tmp_path: Path) -> None:
    model = Echo()
    model_calls = calls(model, tmp_path)
    thoughts = imagined(prompt, ASKED, model_calls, TWO_STEPS, prompt="Enhance.", draws=3)
    assert [(t.draw, t.question, t.position) for t in thoughts][2:5] == [
        (0, "two", 1),
        (1, "one", 0),
        (1, "two", 0),
    ]
    assert model.asked == 2 * 3, "two pictures, three draws"
    once = imagined(prompt, ASKED, calls(Echo(), tmp_path / "once"), TWO_STEPS, prompt="Enhance.")
    assert [t.call for t in thoughts[:3]] == [t.call for t in once]
    assert len({t.seed for t in thoughts if t.source == DIGESTS[0]}) == 3


def test_oracle_is_not_applicable_where_there_is_none(tmp_path: Path) -> None:
    known = {DIGESTS[0]: picture_of(png(9))}
    thoughts = imagined(oracle, (QUESTIONS, known), calls(Echo(), tmp_path))
    assert [t.picture for t in thoughts] == [known[DIGESTS[0]], known[DIGESTS[0]], None]
    assert [t.status for t in thoughts] == ["ok", "ok", "ok"], "nothing is shown with the other"
    none = imagined(oracle, (QUESTIONS[:1], {}), calls(Echo(), tmp_path))
    assert [t.status for t in none] == ["not_applicable"]
    made = imagined(adversarial, (QUESTIONS, known), calls(Echo(), tmp_path))
    assert [t.status for t in made] == [t.status for t in thoughts]
    assert made[2].reason == "the benchmark has no adversarial thought for this picture"


def test_questions_that_share_a_picture_share_its_thought(tmp_path: Path) -> None:
    model = Echo()
    thoughts = imagined(prompt, ASKED, calls(model, tmp_path), TWO_STEPS, prompt="Enhance.")
    assert len(thoughts) == 3
    assert thoughts[0].picture == thoughts[1].picture
    assert thoughts[0].call == thoughts[1].call
    assert model.asked == 2


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (PICTURES[DIGESTS[0]], "unchanged"),
        (picture_of(encode_png(pixels_of(picture_of(png(1))).point(lambda _: 7))), "blank"),
        (Failure("out of memory"), "out of memory"),
    ],
)
def test_a_copied_blank_or_failed_edit_is_no_thought(
    tmp_path: Path, reply: Reply[Picture], reason: str
) -> None:
    thoughts = imagined(
        prompt,
        (QUESTIONS[:1], PICTURES),
        calls(Editor(reply), tmp_path),
        TWO_STEPS,
        prompt="Enhance.",
    )
    assert thoughts[0].status == "failed"
    assert reason in thoughts[0].reason


def test_a_roundtrip_may_copy_and_never_be_blank(tmp_path: Path) -> None:
    copy, grey = PICTURES[DIGESTS[0]], picture_of(encode_png(np.full((24, 24, 3), 9, np.uint8)))
    made = imagined(
        roundtrip,
        (QUESTIONS[:1], PICTURES),
        calls(Editor(copy), tmp_path / "a"),
        TWO_STEPS,
        prompt="Enhance.",
    )
    assert (made[0].status, made[0].picture) == ("ok", copy)
    made = imagined(
        roundtrip,
        (QUESTIONS[:1], PICTURES),
        calls(Editor(grey), tmp_path / "b"),
        TWO_STEPS,
        prompt="Enhance.",
    )
    assert (made[0].status, made[0].reason) == ("failed", "the edit returned a blank picture")


def test_drawing_from_text_shows_the_model_no_picture(tmp_path: Path) -> None:
    model = Drawer()
    template = "Show: {question}"
    thoughts = imagined(draw, ASKED, calls(model, tmp_path), TWO_STEPS, template=template)
    assert [(t.question, t.position, t.picture is None) for t in thoughts] == [
        ("one", 0, False),
        ("two", 0, False),
        ("two", 1, True),
    ]
    assert model.wanted == [((), "Show: ?")], "equal prompts are one call"


class Drawer(Echo):
    """Draws always the same; remembers what it was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.wanted: list[tuple[tuple[Picture, ...], str]] = []

    def edit(self, requests: Sequence[EditRequest]) -> list[Reply[Picture]]:
        self.wanted += [(request.pictures, request.prompt) for request in requests]
        return [picture_of(png(5)) for _ in requests]


@pytest.mark.parametrize("name", sorted(FILTERS))
def test_a_filter_changes_the_picture_and_nothing_but_upscale_its_size(
    tmp_path: Path, name: str
) -> None:
    pixels = np.zeros((32, 45, 3), np.uint8)
    pixels[8:20, 10:30] = (200, 90, 40)
    source = picture_of(encode_png(pixels))
    asked = [Question("one", "?", pictures=(source.digest,))]
    made = imagined(filter, (asked, {source.digest: source}), calls(Echo(), tmp_path), filter=name)[
        0
    ].picture
    assert made is not None
    times = UPSCALED if name == "upscale" else 1
    assert (made.width, made.height) == (45 * times, 32 * times)
    assert made.digest != source.digest


def test_an_unknown_filter_is_named(tmp_path: Path) -> None:
    with pytest.raises(ParamsError, match="did you mean 'sharpen'"):
        imagined(filter, ASKED, calls(Echo(), tmp_path), filter="sharpn")


def test_noise_is_seeded_by_run_and_picture(tmp_path: Path) -> None:
    def drawn(seed: int) -> list[Picture | None]:
        made = imagined(noise, ASKED, calls(Echo(), tmp_path), Sampler(seed))
        return [thought.picture for thought in made]

    assert drawn(0) == drawn(0)
    assert drawn(0)[0] == drawn(0)[1] != drawn(0)[2]
    assert set(drawn(0)).isdisjoint(drawn(1))


def test_a_template_holds_the_question_and_nothing_of_its_options(tmp_path: Path) -> None:
    asked = [
        Question(name, f"{name}?", choices=("left", "right"), pictures=DIGESTS[:1])
        for name in ("one", "two")
    ]
    known = {"template": "Mark what is asked: {question}"}
    thoughts = imagined(template, (asked, PICTURES), calls(Echo(), tmp_path), TWO_STEPS, **known)
    assert [t.prompt for t in thoughts] == ["Mark what is asked: one?", "Mark what is asked: two?"]
    assert thoughts[0].call != thoughts[1].call
    with pytest.raises(ParamsError, match=r"a text with \{question\} in it"):
        imagined(template, (asked, PICTURES), calls(Echo(), tmp_path), template="Mark.")


class Chooser(Echo):
    """Says for each question what the test wants; sees pictures and the plan's wording only."""

    def __init__(self, *said: Reply[str]) -> None:
        super().__init__()
        self._said = list(said)
        self.asked_for: list[AnswerRequest] = []

    def answer(self, requests: Sequence[AnswerRequest]) -> list[Reply[str]]:
        self.asked_for += requests
        return [self._said.pop(0) for _ in requests]


def test_self_draws_what_the_model_chose_and_nothing_where_it_chose_none(tmp_path: Path) -> None:
    asked = [
        Question(n, f"{n}?", choices=("left", "right"), format="choice", pictures=DIGESTS[:1])
        for n in "abcd"
    ]
    model = Chooser("Structure ", "none", Failure("busy"), "a unicorn")
    prompts = {"structure": "Draw structure.", "detail": "Enhance."}
    thoughts = imagined(self, (asked, PICTURES), calls(model, tmp_path), TWO_STEPS, prompts=prompts)
    assert [(t.question, t.status, t.picture is None, t.prompt) for t in thoughts] == [
        ("a", "ok", False, "Draw structure."),
        ("b", "ok", True, ""),
        ("c", "failed", True, ""),
        ("d", "ok", True, ""),
    ]
    assert [t.choice for t in thoughts] == ["structure", "none", "", "none"]
    assert [t.reason for t in thoughts] == ["", "said 'none'", "busy", "said 'a unicorn'"]
    for request, question in zip(model.asked_for, asked, strict=True):
        words = [part for part in request.turns[0].parts if isinstance(part, str)]
        assert words == [f"Which edit would help to answer this? {question.text}"]


def test_rewritten_prompts_keep_their_base_and_an_empty_one_fails(tmp_path: Path) -> None:
    asked = [Question(n, f"{n}?", choices=("left", "right"), pictures=DIGESTS[:1]) for n in "abc"]
    model = Chooser(" Bolden the line. ", "  ", Failure("busy"))
    thoughts = imagined(rewritten, (asked, PICTURES), calls(model, tmp_path), prompt="Enhance.")
    found = {t.question: (t.status, t.reason, t.prompt, t.writer, t.base) for t in thoughts}
    assert found == {
        "a": ("ok", "", "Bolden the line.", "self", "Enhance."),
        "b": ("failed", "the model wrote no prompt", "", "", ""),
        "c": ("failed", "busy", "", "", ""),
    }
    words = [part for part in model.asked_for[0].turns[0].parts if isinstance(part, str)]
    assert words == [rewritten.ASK.format(question="a?", prompt="Enhance.")]


def test_every_family_of_params_has_settings_its_module_knows() -> None:
    config = params.load(ROOT / "params.yaml")
    for name in config.presets.families:
        config.settings("families", name)


def test_the_echo_is_a_model_of_one_identity() -> None:
    assert isinstance(Echo().edit([EditRequest(("p",), 1)])[0], Picture)
