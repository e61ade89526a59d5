"""What is sent and what is taken, against servers that want it otherwise: hosted readers, the
Responses API, system messages, addresses in place of pictures.
"""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from typing import Any

import numpy as np
import pytest

from g2u import plugins
from g2u.conformance.answers import BEFORE
from g2u.conformance.arrival import READ, TOLD
from g2u.conformance.pictures import numbered
from g2u.models import openai as served
from g2u.pictures.decoding import picture_of, picture_of_pixels, pixels_of
from g2u.protocols import Model, Reply
from g2u.records import (
    AnswerRequest,
    EditRequest,
    Failure,
    Interleaved,
    InterleaveRequest,
    Picture,
    Seen,
    Size,
    Turn,
    ending,
    seen,
)
from tests.conftest import png, typed
from tests.models.emulator.app import MODEL
from tests.models.emulator.client import Emulated, emulated
from tests.models.emulator.mind import CLOSING, STEPS
from tests.models.servers import listening, replied
from tests.models.test_replies import chat, images

SHOWN = numbered("47", np.random.default_rng(1))
READER = {"answer_tokens": "max_completion_tokens", "answer_temperature": False, "seeds": False}
"""What a hosted model of reasoning wants."""
ABLE = ["draw", "edit", "answer", "sample"]


@pytest.fixture(scope="module")
def server() -> Iterator[Emulated]:
    with emulated() as found:
        yield found


@pytest.fixture
def hosted(server: Emulated, monkeypatch: pytest.MonkeyPatch) -> Emulated:
    monkeypatch.setenv("HOSTED_BASE_URL", f"{server.address}/v1")
    server.become(routing="hosted")
    return server


def model(**settings: Any) -> Model:
    told = {"model": MODEL, "environment": "HOSTED", "revision": "1", "capabilities": ABLE}
    return plugins.model("openai", typed("openai", {**told, **settings}))


def said(text: str, tokens: int = 64, **settings: Any) -> Reply[str]:
    reader = model(**settings)
    (reply,) = reader.answer([AnswerRequest((Turn("user", (SHOWN, text)),), tokens)])
    reader.close()
    return reply


def test_a_hosted_reader_gets_its_token_field_and_no_temperature(hosted: Emulated) -> None:
    refused = said(READ)
    assert isinstance(refused, Failure)
    assert "Use 'max_completion_tokens' instead" in refused.reason
    refused = said(READ, answer_tokens="max_completion_tokens")
    assert isinstance(refused, Failure)
    assert "'temperature' does not support 0" in refused.reason
    assert said(READ, **READER) == "picture 1: 47", "its reasoning is in a field of its own"
    body = hosted.told()["bodies"]["answer"]
    assert body == {"model": MODEL, "max_completion_tokens": 64}
    assert said(READ, **{**READER, "answer_tokens": None}) == "picture 1: 47"
    assert hosted.told()["bodies"]["answer"] == {"model": MODEL}


@pytest.mark.parametrize("through", ["chat", "responses"])
def test_a_reply_says_that_its_budget_cut_it(through: str, hosted: Emulated) -> None:
    cut = said(TOLD, 8, answer_through=through, **READER)
    whole = said(TOLD, 500, answer_through=through, **READER)
    assert isinstance(cut, str)
    assert isinstance(whole, str)
    assert (ending(cut), ending(whole)) == ("length", "stop")
    assert whole.startswith(cut)


@pytest.mark.parametrize("through", ["chat", "responses"])
def test_a_system_message_stands_before_a_question_or_does_not(
    through: str, hosted: Emulated
) -> None:
    settings = {**READER, "answer_through": through}
    assert said(BEFORE[0], **settings) == "NOTHING"
    told = said(BEFORE[0], answer_system="Look twice.", **settings)
    assert told == "I was told: Look twice."


def test_turns_reach_the_responses_api_in_their_order(hosted: Emulated) -> None:
    reader = model(answer_through="responses", **READER)
    turns = (
        Turn("user", (SHOWN, "What is it?")),
        Turn("assistant", ("A number.",)),
        Turn("user", (numbered("12", np.random.default_rng(2)), READ)),
    )
    (reply,) = reader.answer([AnswerRequest(turns, 64)])
    reader.close()
    assert reply == "picture 1: 47; picture 2: 12"


@pytest.mark.parametrize(
    ("through", "settings"),
    [
        ("images", {}),
        ("chat", {"edit_extra": {"modalities": ["image", "text"]}}),
        ("responses", {}),
    ],
)
def test_an_edit_comes_by_each_way_in_the_size_of_its_picture(
    through: str, settings: dict[str, Any], hosted: Emulated
) -> None:
    editor = model(edit_through=through, size="source", seeds=False, **settings)
    (drawn,) = editor.edit([EditRequest((SHOWN, "Make it blue."), 0)])
    editor.close()
    assert isinstance(drawn, Picture), drawn
    arrived = hosted.told()["bodies"]["edit arrived"]
    assert arrived["text"] == "Make it blue."
    assert arrived["pictures"] == [[SHOWN.width, SHOWN.height]]
    assert (drawn.width, drawn.height) == (SHOWN.width, SHOWN.height)


def test_seed_guidance_steps_and_size_arrive_as_they_are_set(
    server: Emulated, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOSTED_BASE_URL", f"{server.address}/v1")
    server.become(routing="plain")
    sampler = (("cfg_img_scale", 1.0), ("cfg_text_scale", 4.0), ("num_inference_steps", 30))
    for through in ("images", "chat"):
        editor = model(edit_through=through, size="source")
        editor.edit([EditRequest((SHOWN, "Make it blue."), 7, sampler)])
        editor.close()
        arrived = server.told()["bodies"]["edit arrived"]
        kept = {
            name: arrived[name] for name in ("seed", "text_guidance", "image_guidance", "steps")
        }
        assert kept == {"seed": 7, "text_guidance": 4.0, "image_guidance": 1.0, "steps": 30}
        assert arrived["size"] == [SHOWN.width, SHOWN.height]


def test_bagel_is_asked_for_a_text_or_a_picture_apart(
    server: Emulated, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Under the names that vLLM-Omni reads; docs/models.md says where."""
    from tests.campaigns.lies import bagel
    from tests.models.emulator.client import loaded

    monkeypatch.setenv("OPENAI_BASE_URL", f"{server.address}/v1")
    server.become(routing="vllm-omni, two stages")
    preset = bagel()
    of_shelf = loaded(preset)
    of_shelf.answer([AnswerRequest((Turn("user", (SHOWN, "Which?")),), 8)])
    of_shelf.edit([EditRequest((SHOWN, "Enhance."), 7, tuple(preset["sampler"].items()))])
    of_shelf.close()
    bodies = server.told()["bodies"]
    greedy = {"temperature": 0.0, "top_p": 1.0, "top_k": -1, "repetition_penalty": 1.0}
    asked = {"model": MODEL, "max_tokens": 8, "modalities": ["text"], **greedy}
    assert bodies["answer"] == asked
    assert bodies["edit"] == {
        "model": MODEL,
        "modalities": ["image"],
        "num_inference_steps": 30,
        "cfg_text_scale": 4.0,
        "cfg_img_scale": 1.0,
        "seed": 7,
        "width": SHOWN.width,
        "height": SHOWN.height,
    }
    assert bodies["edit arrived"]["text"] == "<|im_start|>Enhance.<|im_end|>"


def test_without_modalities_two_stages_give_text_and_picture_of_the_first_alone(
    server: Emulated, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOSTED_BASE_URL", f"{server.address}/v1")
    server.become(routing="vllm-omni, two stages")
    reader = model()
    other = numbered("12", np.random.default_rng(2))
    (reply,) = reader.answer([AnswerRequest((Turn("user", (SHOWN, other, READ)),), 64)])
    reader.close()
    assert reply == "picture 1: 47"
    assert server.told()["asked"] == {"answer": 1, "edit": 1}


WOVEN = InterleaveRequest((SHOWN, "Think of it."), 7, (("num_inference_steps", 20),))


def test_texts_and_pictures_of_one_reply_come_in_their_order(hosted: Emulated) -> None:
    hosted.become(routing="interleaving")
    editor = model(edit_through="chat", capabilities=["interleave"])
    (reply,) = editor.edit([WOVEN])
    editor.close()
    assert isinstance(reply, Interleaved), reply
    first, one, second, two, closing = reply.parts
    assert (first, second, closing) == (*STEPS, CLOSING)
    assert isinstance(one, Picture)
    assert isinstance(two, Picture)
    assert one != two
    told = hosted.told()
    assert told["asked"] == {"interleave": 1}
    arrived = told["bodies"]["interleave arrived"]
    assert (arrived["text"], arrived["seed"], arrived["steps"]) == ("Think of it.", 7, 20)
    assert one.seen == Seen((Size(SHOWN.width, SHOWN.height),), one.seen and one.seen.tokens)


def test_the_route_that_gives_one_picture_says_so_where_several_are_asked_for(
    hosted: Emulated,
) -> None:
    hosted.become(routing="plain")
    editor = model(edit_through="images", capabilities=["interleave"])
    (reply,) = editor.edit([WOVEN])
    editor.close()
    assert isinstance(reply, Failure)
    assert "set edit_through: chat or responses to interleave" in reply.reason
    assert hosted.told()["asked"] == {}


SENT = {
    "as is": [[300, 100], [40, 20]],
    "longest 60": [[60, 20], [40, 20]],
    "exact 64x48": [[64, 48], [64, 48]],
}
"""What a picture of 300 x 100 and one of 40 x 20 are sent as."""


@pytest.mark.parametrize("sends", SENT)
@pytest.mark.parametrize("kind", ["edit", "answer"])
def test_pictures_are_sent_in_the_size_that_the_preset_says_and_that_is_told(
    kind: str, sends: str, server: Emulated, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOSTED_BASE_URL", f"{server.address}/v1")
    server.become(routing="plain")
    both = tuple(sized(*size) for size in ((300, 100), (40, 20)))
    asked = model(**{f"{kind}_sends": sends}, size="source")
    if kind == "edit":
        (drawn,) = asked.edit([EditRequest((*both, "Mark it."), 1)])
        assert isinstance(drawn, Picture)
        told = drawn.seen
        assert [drawn.width, drawn.height] == SENT[sends][0], "the size of what was sent"
    else:
        (said,) = asked.answer([AnswerRequest((Turn("user", (*both, READ)),), 64)])
        assert not isinstance(said, Failure)
        told = seen(said)
    asked.close()
    arrived = server.told()["bodies"][f"{kind} arrived"]["pictures"]
    assert arrived == SENT[sends]
    assert told is not None
    assert [[size.width, size.height] for size in told.pictures] == SENT[sends]


def test_tokens_are_told_where_the_server_counts_them(
    server: Emulated, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOSTED_BASE_URL", f"{server.address}/v1")
    server.become(routing="plain")
    counted = []
    for sends in ("as is", "longest 28"):
        reader = model(answer_sends=sends)
        (said,) = reader.answer([AnswerRequest((Turn("user", (sized(280, 280), READ)),), 64)])
        reader.close()
        assert isinstance(said, str)
        told = seen(said)
        assert told is not None
        counted.append(told.tokens)
    assert None not in counted
    assert counted[0] - counted[1] == 99, "100 patches of 28 x 28 pixels, and one"  # type: ignore[operator]


def sized(width: int, height: int) -> Picture:
    return picture_of_pixels(pixels_of(SHOWN).resize((width, height)))


class Lying(BaseHTTPRequestHandler):
    """Pictures at addresses, on this host and elsewhere."""

    address = ""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        if "chat" in self.path:
            part = {"type": "image_url", "image_url": {"url": self.address}}
            replied(200, chat({"content": [part]}))(self)
        else:
            replied(200, images({"url": self.address}))(self)

    def do_GET(self) -> None:
        if self.path == "/v1/moved.png":
            replied(302, b"", Location="/v1/own.png")(self)
        elif self.path == "/v1/own.png" and self.headers["Authorization"] == "Bearer the-key":
            replied(200, png(7), kind="image/png")(self)
        else:
            replied(404, b"")(self)

    def log_message(self, *args: Any) -> None:
        del args


@pytest.fixture
def lying(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("HOSTED_API_KEY", "the-key")
    with listening(Lying) as address:
        monkeypatch.setenv("HOSTED_BASE_URL", address)
        yield address.removesuffix("/v1")


@pytest.mark.parametrize("through", ["images", "chat"])
@pytest.mark.parametrize(
    ("address", "fetches", "wanted"),
    [
        ("{host}/v1/own.png", True, ""),
        ("/v1/own.png", True, ""),
        ("{host}/v1/own.png", False, "address instead of its bytes"),
        ("{host}/v1/moved.png", True, "302"),
        ("{host}/v1/none.png", True, "404"),
        ("http://127.0.0.1:9/v1/own.png", True, "another host"),
        ("https://{bare}/v1/own.png", True, "another host"),
        ("http://user@{bare}/v1/own.png", True, "another host"),
    ],
)
def test_an_address_is_fetched_where_it_may_be_and_from_the_servers_own_host_alone(
    through: str, address: str, fetches: bool, wanted: str, lying: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    bare = lying.removeprefix("http://")
    monkeypatch.setattr(Lying, "address", address.format(host=lying, bare=bare))
    editor = model(edit_through=through, fetch=fetches, retries=0)
    (reply,) = editor.edit([EditRequest((SHOWN, "Draw."), 0)])
    editor.close()
    if wanted:
        assert isinstance(reply, Failure), reply
        assert wanted in reply.reason
    else:
        assert reply == picture_of(png(7))


def identities(**settings: Any) -> tuple[str, ...]:
    loaded = served.load(served.Settings(**{"model": "m", "revision": "r", **settings}))
    return tuple(loaded.identity(kind) for kind in ("edit", "answer"))


def test_what_decides_a_reply_names_it_and_nothing_else_does() -> None:
    plain = identities()
    later: dict[str, Any] = {
        "answer_through": "responses", "answer_tokens": None, "answer_temperature": False,
        "answer_system": "Be short.", "answer_sends": "longest 64", "edit_sends": "exact 64x64",
    }  # fmt: skip
    assert set(later) == set(served.LATER)
    for name, value in later.items():
        own = int(name.startswith("answer"))
        found = identities(**{name: value})
        assert found[1 - own] == plain[1 - own], name
        assert found[own] != plain[own], name
        assert name in found[own]
    assert identities(fetch=True) == plain
