"""`g2u check` sees whether pictures and guidance arrive: servers that lie in one way each are
named; honest ones, strong or weak, are never accused.
"""

import re
from collections.abc import Set
from typing import Any

import numpy as np
import pytest

from g2u import plugins
from g2u.conformance.arrival import FIRST, MORE, exceeds, loud, numbered, numbers, verdicts
from g2u.conformance.suite import Check, Conformance
from g2u.params.reading import shelved
from g2u.pictures.decoding import pixels_of
from g2u.records import AnswerRequest, EditRequest, Turn
from tests.conftest import ROOT, typed
from tests.models.liars import Liar, read, serving

BAGEL = shelved(ROOT / "params.yaml")["models"]["bagel"]
Found = dict[str, str]
"""Outcome by the name of the check."""


ASKED = {
    "reader": {"answers"},
    "digest": {"edits", "answers"},
    "choice": {"answers"},
    "colours": {"answers"},
    "noisy": {"edits"},
}
"""What is a mind's own: reader, choice and colours draw as digest does, noisy reads as reader."""


def checks(
    server: Liar,
    monkeypatch: pytest.MonkeyPatch,
    counts: tuple[int, ...],
    asked: Set[str] = frozenset({"edits", "answers"}),
) -> list[Check]:
    """Those on pictures and guidance, of the shelf's BAGEL as this server serves it."""
    monkeypatch.setenv("OPENAI_BASE_URL", f"http://127.0.0.1:{server.server_port}/v1")
    model = plugins.model("openai", typed("openai", BAGEL["settings"]))
    declared = plugins.capabilities("openai", typed("openai", BAGEL["settings"]))
    checked = Conformance(model, declared, BAGEL["sampler"], counts, seed=3)
    found: list[Check] = []
    if "edits" in asked:
        found += [*checked.guidance(), *checked.edited_pictures()]
    if "answers" in asked:
        found += checked.answered_pictures()
    model.close()
    return found


def places(found: list[Check], kind: str, outcome: str) -> set[tuple[int, int]]:
    """(count, number) of the pictures with this outcome."""
    said = [re.match(rf"{kind}: pictures? ([\d, ]+) of (\d+): ", check.name) for check in found]
    return {
        (int(match[2]), int(number))
        for match, check in zip(said, found, strict=True)
        if match and check.outcome == outcome
        for number in match[1].split(", ")
    }


ALL = {(1, 1), (2, 1), (2, 2), (4, 1), (4, 2), (4, 3), (4, 4)}
SMALL = {place for place in ALL if place[0] < 4}


@pytest.mark.parametrize("mind", ["reader", "digest"])
def test_every_picture_arrives_at_an_honest_server(
    mind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(mind) as server:
        found = checks(server, monkeypatch, (1, 2, 4), ASKED[mind])
        assert {check.outcome for check in found} == {"holds"}
        assert all(places(found, kind, "holds") == ALL for kind in ASKED[mind])
        expected = {"answer": 6} if mind == "reader" else {"edit": 45, "answer": 39}
        assert server.asked == expected


def test_bagel_is_asked_for_a_text_or_a_picture_with_its_guidance(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Under the names that vLLM-Omni reads; docs/models.md says where."""
    with serving("digest") as server:
        monkeypatch.setenv("OPENAI_BASE_URL", f"http://127.0.0.1:{server.server_port}/v1")
        model = plugins.model("openai", typed("openai", BAGEL["settings"]))
        shown = (numbered("12", np.random.default_rng(0)),)
        model.answer([AnswerRequest((Turn("user", (*shown, "Which?")),), 8)])
        model.edit([EditRequest((*shown, "Enhance."), 7, tuple(BAGEL["sampler"].items()))])
        model.close()
    greedy = {"temperature": 0.0, "top_p": 1.0, "top_k": -1, "repetition_penalty": 1.0}
    name = {"model": BAGEL["settings"]["model"]}
    assert server.bodies["answer"] == {
        **name,
        **greedy,
        "max_tokens": 8,
        "modalities": ["text"],
        "text": "Which?",
    }
    assert server.bodies["edit"] == {
        **name,
        "modalities": ["image"],
        "num_inference_steps": 30,
        "cfg_text_scale": 4.0,
        "cfg_img_scale": 1.0,
        "seed": 7,
        "text": "<|im_start|>Enhance.<|im_end|>",
    }


@pytest.mark.parametrize("mind", ["reader", "digest"])
def test_a_server_that_looks_at_the_first_picture_only_is_named(
    mind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts = (1, 2, 4) if mind == "digest" else (1, 2)
    with serving(mind, "only the first") as server:
        found = checks(server, monkeypatch, counts, ASKED[mind])
    for kind in ASKED[mind]:
        assert places(found, kind, "holds") == {(count, 1) for count in counts}
        lost = {(count, n) for count, n in ALL if count in counts and n > 1}
        assert places(found, kind, "fails") == lost


@pytest.mark.parametrize(
    ("lie", "lost"),
    [
        ("only the last", {(2, 1)}),
        ("not the last of several", {(2, 2)}),
        ("the first for all", {(2, 2)}),
    ],
)
@pytest.mark.parametrize("mind", ["reader", "digest"])
def test_a_lost_picture_is_named_wherever_it_is(
    mind: str, lie: str, lost: set[tuple[int, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(mind, lie) as server:
        found = checks(server, monkeypatch, (1, 2), ASKED[mind])
    for kind in ASKED[mind]:
        assert places(found, kind, "fails") == lost
        assert places(found, kind, "holds") == SMALL - lost


def test_a_little_noise_in_edits_hides_neither_a_lost_picture_nor_an_arrived_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with serving("noisy", "only the first") as server:
        found = checks(server, monkeypatch, (1, 2), ASKED["noisy"])
    assert places(found, "edits", "fails") == {(2, 2)}
    assert places(found, "edits", "holds") == {(1, 1), (2, 1)}
    assert [check.outcome for check in found[:3]] == ["holds"] * 3, "guidance"


@pytest.mark.parametrize("mind", ["choice", "colours", "noisy"])
def test_weak_and_noisy_models_that_get_their_pictures_are_not_accused(
    mind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(mind) as server:
        found = checks(server, monkeypatch, (1, 2, 4), ASKED[mind])
    assert "fails" not in {check.outcome for check in found}
    if mind == "noisy":
        assert places(found, "edits", "holds") == ALL
    else:
        assert any(check.name.startswith("answers: picture") for check in found)


@pytest.mark.parametrize("mind", ["constant", "random"])
def test_what_cannot_be_told_is_unproven(mind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(mind) as server:
        found = checks(server, monkeypatch, (1, 2))
    assert places(found, "answers", "unproven") == places(found, "edits", "unproven") == SMALL
    accused = {check.name for check in found if check.outcome == "fails"}
    guided = {f"edits: {name} counts" for name in BAGEL["sampler"]}
    assert accused == (guided if mind == "constant" else set())


@pytest.mark.parametrize(
    ("lie", "name"),
    [
        ("no image CFG", "cfg_img_scale"),
        ("no text CFG", "cfg_text_scale"),
        ("no steps", "num_inference_steps"),
    ],
)
def test_guidance_that_the_server_does_not_read_is_named(
    lie: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving("digest", lie) as server:
        found = checks(server, monkeypatch, (1,), {"edits"})
    assert [c.name for c in found if c.outcome == "fails"] == [f"edits: {name} counts"]


def test_another_order_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving("reader", "swapped") as server:
        found = checks(server, monkeypatch, (1, 2, 4), ASKED["reader"])
    (named,) = [check for check in found if check.outcome == "fails"]
    assert named.name == "answers: pictures keep their order"
    assert "4 pictures are always said as [4, 3, 2, 1]" in named.note


def test_pictures_of_64_pixels_are_still_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving("reader", "64 pixels") as server:
        found = checks(server, monkeypatch, (1, 2))
    assert {check.outcome for check in found} == {"holds"}


def test_replies_of_an_earlier_request_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving("reader", "a cache by prompt") as server:
        found = checks(server, monkeypatch, (1, 2))
    named = {check.name for check in found if check.outcome == "fails"}
    assert "answers: a reply belongs to its request" in named
    assert not places(found, "answers", "holds") | places(found, "edits", "holds")


@pytest.mark.parametrize(
    ("lie", "name", "note"),
    [
        ("a cache by prompt", "edits: the picture decides", "another picture"),
        ("the source", "edits: the picture decides", "picture that was sent"),
        ("draws unless told", "answers: words come where words are asked for", "modalities"),
    ],
)
def test_edits_that_are_none_and_answers_that_are_pictures_are_named(
    lie: str, name: str, note: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    untold: dict[str, Any] = {**BAGEL["settings"], "answer_extra": {}, "revision": "1"}
    with serving("reader", lie) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", f"http://127.0.0.1:{server.server_port}/v1")
        model = plugins.model("openai", typed("openai", untold))
        found = Conformance(model, model.capabilities, {}, (), seed=3).run()
        model.close()
    (named,) = [check for check in found if check.name == name]
    assert named.outcome == "fails"
    assert note in named.note


def test_models_that_change_their_mind_at_any_rate_are_not_accused() -> None:
    """Every picture arrives, and changes the reply at one rate; repeats do at another."""
    draw = np.random.default_rng(0)
    accused = arrived = 0
    for rate in (0.3, 0.5, 0.7, 0.9):
        for noise in (0.0, rate / 4, rate):
            for _ in range(400):
                repeats = (int(draw.binomial(9, noise)), 9)
                tries = FIRST + MORE
                rates = [(int(hits), tries) for hits in draw.binomial(tries, rate, 4)]
                found = verdicts(rates, repeats)
                accused += "lost" in found
                arrived += found.count("arrived") if noise == rate else 0
    assert accused <= 0.01 * 4800
    assert arrived <= 0.01 * 4 * 1600, "with noise alone"


def test_the_exact_test_is_scipys() -> None:
    from scipy.stats import fisher_exact

    draw = np.random.default_rng(1)
    for _ in range(50):
        tries, rest = map(int, draw.integers(1, 12, 2))
        hits, others = int(draw.integers(0, tries + 1)), int(draw.integers(0, rest + 1))
        table = [[hits, tries - hits], [others, rest - others]]
        expected = fisher_exact(table, alternative="greater").pvalue
        assert exceeds((hits, tries), (others, rest)) == pytest.approx(expected)


def test_numbers_are_drawn_as_they_are_read_and_loud_pictures_show_none() -> None:
    draw = np.random.default_rng(2)
    for number in numbers(72, draw):
        assert read(np.asarray(pixels_of(numbered(number, draw)))) == number
    assert {read(np.asarray(pixels_of(loud(kind, draw)))) for kind in range(9)} == {"nothing"}
