"""The openai adapter against real server processes, and against one that misbehaves."""

import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

import g2u_tiny.model as tiny
from g2u import plugins
from g2u.conformance.subject import BUDGET, UNASKED
from g2u.conformance.suite import Conformance
from g2u.errors import ModelError, ParamsError
from g2u.models import openai as served
from g2u.models.openai.replies import BrokenReplyError, trailing
from g2u.pictures.decoding import picture_of
from g2u.records import AnswerRequest, EditRequest, Failure, ScoreRequest, Turn, ending
from g2u.settings import checked
from tests.conftest import png, typed
from tests.models.builders import CHATS
from tests.models.servers import LASTING, PASSING, Faulty, faulty, started

ALL = ["draw", "edit", "answer", "sample", "score"]
STEPS = (("steps", 2),)


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with started("g2u.cli.main", "serve", "tiny", "--port", "0") as found:
        yield found


@pytest.fixture
def at(address: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("OPENAI_BASE_URL", f"{address}/v1")
    return address


def settings(**further: Any) -> dict[str, Any]:
    return {"model": "tiny", "capabilities": ALL[1:], **further}


@pytest.mark.usefixtures("at")
@pytest.mark.parametrize("through", ["images", "chat"])
def test_a_served_model_conforms(through: str) -> None:
    chosen = settings(edit_through=through)
    model = plugins.model("openai", typed("openai", chosen))
    able = plugins.capabilities("openai", typed("openai", chosen))
    conformance = Conformance(model, able, dict(STEPS), (1, 2), 1)
    checks = [*conformance.run(), *conformance.in_company()]
    model.close()
    assert conformance.requests <= BUDGET
    assert not [check for check in checks if check.outcome == "fails"]
    unproven = [check for check in checks if check.outcome == "unproven"]
    known = [check for check in unproven if "answer" in check.name or check.note == UNASKED]
    assert unproven == known, "tiny is a weak reader, and doubts cost requests"
    assert sum(check.outcome == "holds" for check in checks) >= 15


@pytest.mark.usefixtures("at")
def test_a_served_model_gives_what_it_gives_here() -> None:
    here, there = tiny.load(tiny.Settings()), served.load(checked(served.Settings, settings()))
    first, second = picture_of(png(1)), picture_of(png(2))
    edits = [EditRequest((first, "Enhance details."), seed, STEPS) for seed in range(3)]
    assert there.edit(edits) == here.edit(edits)
    turns = (Turn("user", (first, second, "What colour is it?")),)
    asked = [AnswerRequest(turns, 40), AnswerRequest(turns, 2), AnswerRequest(turns, 8, 1.5, 7)]
    said = there.answer(asked)
    assert said == here.answer(asked)
    ends = [ending(reply) for reply in said if isinstance(reply, str)]
    assert ends[:2] == ["stop", "length"]
    assert ends == [ending(reply) for reply in here.answer(asked) if isinstance(reply, str)]
    scored = [ScoreRequest(turns, text) for text in ("red", "two of them")]
    assert there.score(scored) == here.score(scored)
    there.close()


def test_replies_have_the_documented_shapes(at: str) -> None:
    """Against the types of the openai SDK, strictly, and the documented fields of vLLM."""
    from openai.types import ImagesResponse
    from openai.types.chat import ChatCompletion

    files = {"image": ("a.png", png(1), "image/png")}
    form = {"model": "tiny", "prompt": "Enhance.", "seed": "1", "steps": "2"}
    edited = httpx.post(f"{at}/v1/images/edits", files=files, data=form)
    ImagesResponse.model_validate(edited.json(), strict=True)
    body: dict[str, Any] = {"model": "tiny", "messages": [{"role": "user", "content": "Red?"}]}
    said = httpx.post(f"{at}/v1/chat/completions", json=body)
    ChatCompletion.model_validate(said.json(), strict=True)
    given = [*body["messages"], {"role": "assistant", "content": "red"}]
    forced = {"prompt_logprobs": 0, "add_generation_prompt": False, "continue_final_message": True}
    scored = httpx.post(f"{at}/v1/chat/completions", json={**body, **forced, "messages": given})
    entries = scored.json()["prompt_logprobs"]
    assert entries[0] is None
    for entry in entries[1:]:
        (token,) = entry.values()
        assert set(token) == {"logprob", "rank", "decoded_token"}
    refused = httpx.post(f"{at}/v1/chat/completions", json={**body, "model": "other"})
    assert refused.status_code == 404
    assert "tiny" in refused.json()["error"]["message"]


@pytest.mark.usefixtures("at")
def test_the_servers_version_names_its_replies() -> None:
    found = served.load(checked(served.Settings, settings()))
    pinned = served.load(checked(served.Settings, settings(revision="2026-11")))
    assert found.identity("edit") != pinned.identity("edit")
    assert "2026-11" in pinned.identity("edit")
    assert pinned.identity("edit") == served.load(
        checked(
            served.Settings, settings(revision="2026-11", in_flight=3, answer_extra={"top_k": 1})
        )
    ).identity("edit")
    found.close()


@pytest.mark.usefixtures("at")
def test_a_wrong_name_and_a_bad_request_are_named_failures() -> None:
    model = served.load(served.Settings(model="else"))
    (reply,) = model.answer([AnswerRequest((Turn("user", ("?",)),), 4)])
    assert isinstance(reply, Failure)
    assert "404" in reply.reason
    assert "does not exist" in reply.reason
    model.close()


def test_a_thousand_faulty_requests_end_in_a_picture_or_a_named_failure(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kinds = [*PASSING, *LASTING]
    with faulty() as address:
        monkeypatch.setenv("FAULTY_BASE_URL", address)
        model = served.load(served.Settings(model="any", environment="FAULTY", timeout=30))
        source = picture_of(png(0))
        prompts = [f"{kind} {number}" for number in range(100) for kind in kinds]
        replies = model.edit([EditRequest((source, prompt), 1) for prompt in prompts])
        model.close()
    assert len(replies) == len(prompts) == 1000
    for prompt, reply in zip(prompts, replies, strict=True):
        kind, _, number = prompt.rpartition(" ")
        if kind in LASTING:
            assert isinstance(reply, Failure), prompt
            assert ("400" if kind == "refused" else "broken reply") in reply.reason
        else:
            assert reply == picture_of(png(int(number))), prompt
    asked = {kind: [Faulty.seen[f"{kind} {n}"] for n in range(100)] for kind in kinds}
    assert all(set(asked[kind]) == {2} for kind in PASSING), "each is made again once"
    assert set(asked["refused"]) == {1}, "what is refused is not asked again"
    assert set(asked["cut base64"]) == {3}


def test_a_server_that_is_down_fails_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GONE_BASE_URL", "http://127.0.0.1:9/v1")
    model = served.load(served.Settings(model="any", environment="GONE", retries=0))
    turns = (Turn("user", ("?",)),)
    replies = model.answer([AnswerRequest(turns, 4)] * 50)
    assert all(isinstance(r, Failure) and "cannot be reached" in r.reason for r in replies)
    with pytest.raises(ModelError, match="does not tell its version"):
        model.identity("edit")
    model.close()


def test_settings_are_checked_and_the_address_is_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(ParamsError, match="did you mean 'model'"):
        served.load(checked(served.Settings, {"modle": "x"}))
    with pytest.raises(ParamsError, match="model is missing; expected a text"):
        served.load(checked(served.Settings, {}))
    with pytest.raises(ParamsError, match="edit_through"):
        served.load(checked(served.Settings, {"model": "x", "edit_through": "mail"}))
    monkeypatch.delenv("NOWHERE_BASE_URL", raising=False)
    model = served.load(served.Settings(model="x", environment="NOWHERE", revision="1"))
    with pytest.raises(ModelError, match="NOWHERE_BASE_URL is not set"):
        model.answer([AnswerRequest((Turn("user", ("?",)),), 4)])


def entry(text: str | None, logprob: float) -> dict[str, Any]:
    return {"5": {"logprob": logprob, "rank": 1, "decoded_token": text}}


def test_trailing_log_probabilities_are_those_that_spell_the_reply() -> None:
    held = [None, entry("a", -9.0), entry("re", -1.0), entry("", -0.5), entry("d", -2.0)]
    assert trailing(held, "red") == (-1.0, -0.5, -2.0)
    with pytest.raises(BrokenReplyError, match="do not spell"):
        trailing(held, "blue")
    with pytest.raises(BrokenReplyError, match="nan"):
        trailing([None, entry("red", float("nan"))], "red")


def test_transformers_own_server_answers_as_the_model_does_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reader served by code that is not ours: `transformers serve`, which answers only."""
    folder = str(CHATS["gemma3"](tmp_path))
    command = ("transformers.cli.transformers", "serve", folder, "--port", "0", "--device", "cpu")
    with started(*command) as address:
        monkeypatch.setenv("READER_BASE_URL", f"{address}/v1")
        chosen = {"model": folder, "environment": "READER", "capabilities": ["answer"]}
        there = served.load(checked(served.Settings, {**chosen, "revision": "tiny"}))
        here = plugins.model("hf_chat", typed("hf_chat", {"path": folder}))
        pictures = [picture_of(png(number, 40)) for number in range(2)]
        asked = [
            AnswerRequest((Turn("user", (*pictures[: 1 + n % 2], f"What is {n}?")),), 6)
            for n in range(4)
        ]
        said = there.answer(asked)
        assert said == here.answer(asked)
        assert len(set(map(str, said))) > 1
        there.close()


def test_all_tries_of_a_request_share_its_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=64) as silent:
        monkeypatch.setenv("SILENT_BASE_URL", f"http://127.0.0.1:{silent.getsockname()[1]}/v1")
        model = served.load(served.Settings(model="any", environment="SILENT", timeout=0.2))
        replies = model.answer([AnswerRequest((Turn("user", ("?",)),), 4)] * 3)
        model.close()
        silent.setblocking(False)
        tries = 0
        with contextlib.suppress(BlockingIOError):
            while True:
                silent.accept()[0].close()
                tries += 1
    assert all(isinstance(r, Failure) and "no reply within 0.2 s" in r.reason for r in replies)
    assert tries == 3, "no request is made again once its time is over"
