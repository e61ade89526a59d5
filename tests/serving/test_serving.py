"""What g2u serve refuses and what it serves, and that a request at fault harms no other."""

import asyncio
import base64
import io
import json
import threading
from argparse import Namespace
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import httpx
import pytest
from PIL import ExifTags, Image
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp

from g2u.cli.main import serve_command
from g2u.errors import ParamsError
from g2u.models import null
from g2u.records import AnswerRequest, Failure, Turn
from g2u.serving import limits
from g2u.serving.app import application
from g2u.serving.gate import Gate, hosts_of, key_of_environment
from g2u.serving.limits import Patience
from g2u.serving.queue import Queue, Raised
from tests.conftest import png

CHAT = "/v1/chat/completions"
JSON = {"Content-Type": "application/json"}
URL = "data:image/png;base64," + base64.b64encode(png(1)).decode()
PICTURE = {"type": "image_url", "image_url": {"url": URL}}
GIVEN = {"role": "assistant", "content": "yes"}


class Odd(null.Null):
    """Says the text again; raises, fails, miscounts or waits where the text says so."""

    def __init__(self) -> None:
        super().__init__(0)
        self.batches: list[list[str]] = []
        self.held, self.free = threading.Event(), threading.Event()

    def answer(self, requests: Sequence[AnswerRequest]) -> list[Any]:
        texts = [str(request.turns[-1].parts[0]) for request in requests]
        self.batches.append(texts)
        if "raise" in texts:
            raise KeyError("raise")
        if "exit" in texts:
            raise SystemExit(3)
        if "miscount" in texts:
            return []
        if "hold" in texts:
            self.held.set()
            self.free.wait(60)
        return [Failure("a\nreason") if text == "fail" else text for text in texts]


def message(content: Any) -> dict[str, Any]:
    return {"role": "user", "content": content}


def chat(content: Any = "?", **fields: Any) -> dict[str, Any]:
    return {"model": "m", "messages": [message(content)], **fields}


def question(text: str) -> AnswerRequest:
    return AnswerRequest((Turn("user", (text,)),), 4)


def asked(
    *posts: tuple[str, dict[str, Any]], key: str | None = None, model: Any = None, **further: float
) -> list[httpx.Response]:
    """Replies to requests (path, further arguments of httpx), one after the other."""

    async def ask() -> list[httpx.Response]:
        app = application("m", model or Odd(), 4, Patience(**further))
        gate: Any = Gate(app, hosts_of("127.0.0.1", key), key)
        transport = httpx.ASGITransport(gate, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:1") as client:
            return [
                await client.request("POST" if len(how) else "GET", path, **how)
                for path, how in posts
            ]

    return asyncio.run(ask())


def line_of(reply: httpx.Response) -> str:
    """The one line of an error in OpenAI's form."""
    error = reply.json()["error"]
    assert error["code"] == reply.status_code
    assert error["message"]
    assert "\n" not in error["message"]
    return str(error["message"])


def form(picture: bytes = png(0), **fields: str) -> dict[str, Any]:
    return {
        "files": {"image": ("a.png", picture, "image/png")},
        "data": {"model": "m", "prompt": "Enhance.", **fields},
    }


def with_damaged_exif() -> bytes:
    """A PNG that is to be turned, and beside that says a text under the tag of a number."""
    found, buffer = Image.Exif(), io.BytesIO()
    found[ExifTags.Base.Orientation], found[ExifTags.Base.ImageDescription] = 6, "x"
    damaged = found.tobytes().replace(b"\x01\x0e\x00\x02", b"\x01\x00\x00\x02")
    Image.new("RGB", (4, 4)).save(buffer, "PNG", exif=damaged)
    return buffer.getvalue()


REFUSED: list[tuple[int, str, str, dict[str, Any]]] = [
    (400, "JSON", CHAT, {"content": "{", "headers": JSON}),
    (422, "object", CHAT, {"json": []}),
    (422, "messages.0.role", CHAT, {"json": {**chat(), "messages": [{**GIVEN, "role": "tool"}]}}),
    (422, "top_p", CHAT, {"json": chat(top_p=0.9)}),
    (422, "max_completion_tokens", CHAT, {"json": chat(max_tokens=4, max_completion_tokens=5)}),
    (422, "finite", CHAT, {"json": chat(modalities=["image"], cfg=10.0**308 * 10)}),
    (422, "63 bits", CHAT, {"json": chat(modalities=["image"], cfg=10**400)}),
    (422, "steps", CHAT, {"json": chat(modalities=["image"], steps=0)}),
    (404, "it is m", CHAT, {"json": {**chat(), "model": "x\ny" * 1000}}),
    (413, "characters", CHAT, {"json": chat([{"type": "text", "text": "x" * 90_000}] * 3)}),
    (413, "pictures", CHAT, {"json": chat([PICTURE] * (limits.PICTURES + 1))}),
    (413, "commas", CHAT, {"content": "[" * 2**19, "headers": JSON}),
    (415, "text/plain", CHAT, {"content": "{}", "headers": {"Content-Type": "text/plain"}}),
    (415, "unpacked", CHAT, {"json": chat(), "headers": {"Content-Encoding": "gzip"}}),
    (400, "a reason", CHAT, {"json": chat("fail")}),
    (500, "KeyError", CHAT, {"json": chat("raise")}),
    (404, "Not Found", "/docs", {}),
    (405, "Method Not Allowed", CHAT, {}),
    (403, "evil", CHAT, {"json": chat(), "headers": {"Origin": "http://evil.example"}}),
    (403, "evil", CHAT, {"json": chat(), "headers": {"Host": "evil.example"}}),
    (422, "size", "/v1/images/edits", form(size="0x0")),
    (422, "beside width", "/v1/images/edits", form(size="4x4", width="4")),
    (422, "name of a setting", "/v1/images/edits", form(**{"a b": "1"})),
    (400, "not a whole picture", "/v1/images/edits", form(png(0)[:90])),
    (400, "not a whole picture", "/v1/images/edits", form(with_damaged_exif())),
    (400, "draws none", "/v1/images/generations", {"json": {"model": "m", "prompt": "a"}}),
]  # fmt: skip


@pytest.mark.parametrize(("status", "said", "path", "how"), REFUSED)
def test_what_does_not_fit_is_refused_with_its_place_in_one_line(
    status: int, said: str, path: str, how: dict[str, Any]
) -> None:
    if isinstance(how.get("json"), dict):  # json.dumps writes what httpx would refuse: Infinity
        headers = {**JSON, **how.get("headers", {})}
        how = {"content": json.dumps(how["json"]), "headers": headers}
    (reply,) = asked((path, how))
    assert reply.status_code == status
    assert said in line_of(reply)


SERVED: list[tuple[str, dict[str, Any]]] = [
    (CHAT, {"json": chat("x" * limits.TEXT)}),
    (CHAT, {"json": chat([PICTURE] * limits.PICTURES + [{"type": "text", "text": "?"}])}),
    (CHAT, {"json": chat(max_tokens=limits.TOKENS, temperature=2, seed=2**63 - 1)}),
    (CHAT, {"json": chat(max_completion_tokens=4, modalities=["text"], stream=False, n=1)}),
    (CHAT, {"json": chat(top_p=1.0, presence_penalty=0, logprobs=False, user="me", seed=None)}),
    (CHAT, {"json": chat([{**PICTURE, "image_url": {"url": URL, "detail": "high"}}])}),
    (CHAT, {"json": chat([PICTURE, {"type": "text", "text": "Draw."}], modalities=["image"],
        width=4096, height=1, num_inference_steps=1000, negative_prompt=" ", cfg=1e30, x=None)}),
    (CHAT, {"json": {"model": "m", "messages": [message("?"), GIVEN], "prompt_logprobs": 0,
        "continue_final_message": True, "add_generation_prompt": False, "max_tokens": 1}}),
    ("/v1/images/edits", form(size="4096x4096", steps="2", negative_prompt="1_000", seed="0")),
    ("/v1/images/edits", {**form(size="auto", response_format="b64_json"),
        "files": [("image[]", ("a", png(n), "image/png")) for n in range(2)]}),
]  # fmt: skip


@pytest.mark.parametrize(("path", "how"), SERVED)
def test_what_lies_just_within_the_limits_is_served(path: str, how: dict[str, Any]) -> None:
    (reply,) = asked((path, how))
    assert reply.status_code == 200, reply.text


def test_a_form_spells_settings_as_json_would() -> None:
    model = null.load(null.Settings())
    spelled = form(steps="2", cfg="1.5", think="true", style="1_000", note=" x")
    typed = {"steps": 2, "cfg": 1.5, "think": True, "style": "1_000", "note": " x"}
    picture = {"type": "image_url", "image_url": {
        "url": "data:image/png;base64," + base64.b64encode(png(0)).decode()}}  # fmt: skip
    content = [picture, {"type": "text", "text": "Enhance."}]
    by_form, by_chat = asked(
        ("/v1/images/edits", spelled),
        (CHAT, {"json": chat(content, modalities=["image"], **typed)}),
        model=model,
    )
    url = by_chat.json()["choices"][0]["message"]["content"][0]["image_url"]["url"]
    assert url.endswith(by_form.json()["data"][0]["b64_json"])


def test_the_key_opens_everything_and_health_needs_none() -> None:
    def shown(value: str | bytes) -> dict[str, Any]:
        return {"json": chat("hello"), "headers": {"Authorization": value}}

    wrong = ["Bearer", "Bearer sesame2", "sesame", "Basic sesame", "Bearer \u00e9".encode(), ""]
    right, low, health, version, *others = asked(
        (CHAT, shown("Bearer sesame")),
        (CHAT, shown("bearer  sesame")),
        ("/health", {}),
        ("/version", {}),
        *((CHAT, shown(value)) for value in wrong),
        key="sesame",
    )
    assert right.json()["choices"][0]["message"]["content"] == "hello"
    assert low.status_code == health.status_code == 200
    for reply in (version, *others):
        assert reply.status_code == 401
        assert "sesame" not in line_of(reply)
        assert reply.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "", "192.168.0.9", "example.org", "0"])
def test_a_host_that_others_reach_needs_a_key(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("G2U_SERVE_KEY", raising=False)
    with pytest.raises(ParamsError, match="G2U_SERVE_KEY"):
        serve_command(Namespace(model="tiny", host=host, port=0, timeout=600))
    found = hosts_of(host, "sesame")
    assert found is None or host in found


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost", "127.0.0.2"])
def test_a_host_of_this_machine_is_asked_under_its_own_names(host: str) -> None:
    assert hosts_of(host, None) == {"127.0.0.1", "localhost", "::1", host}


@pytest.mark.parametrize("key", ["", " ", "a b", "schl\u00fcssel", "a\n"])
def test_a_key_that_no_header_can_hold_is_refused(
    key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("G2U_SERVE_KEY", key)
    with pytest.raises(ParamsError, match="expected ASCII"):
        key_of_environment()


def test_requests_that_make_a_batch_raise_fail_alone() -> None:
    model = Odd()
    texts = ["one", "raise", "exit", "two", "miscount", "fail"]

    async def ask() -> list[Any]:
        queue = Queue(model, 8, 8)
        return await asyncio.gather(*(queue.reply(question(text)) for text in texts))

    one, raised, ended, two, miscount, failed = asyncio.run(ask())
    assert model.batches[0] == texts, "they were one batch"
    assert (one, two, failed) == ("one", "two", Failure("a\nreason"))
    reasons = [reply.reason for reply in (raised, ended, miscount) if isinstance(reply, Raised)]
    assert [reason.partition(":")[0] for reason in reasons] == [
        "KeyError", "SystemExit", "ValueError",
    ]  # fmt: skip


def test_one_too_many_is_refused_until_somebody_stops_waiting() -> None:
    model = Odd()

    async def ask() -> list[str]:
        queue = Queue(model, 1, 1)
        busy = asyncio.create_task(queue.reply(question("hold")))
        await asyncio.to_thread(model.held.wait, 60)
        leaves = asyncio.create_task(queue.reply(question("leaves")))
        await asyncio.sleep(0)
        with pytest.raises(HTTPException, match="503") as refused:
            await queue.reply(question("refused"))
        assert refused.value.headers == {"Retry-After": "1"}
        leaves.cancel()
        await asyncio.wait({leaves})
        stays = asyncio.create_task(queue.reply(question("stays")))
        await asyncio.sleep(0)
        model.free.set()
        return [await busy, await stays]

    assert asyncio.run(ask()) == ["hold", "stays"]
    assert model.batches == [["hold"], ["stays"]]


Event = dict[str, Any]


def told(app: ASGIApp, receive: Callable[[], Any]) -> tuple[int, bytes]:
    """Status and body of a chat whose events come from `receive`."""
    sent: list[Any] = []

    async def send(event: Any) -> None:
        sent.append(event)

    headers = [(b"host", b"127.0.0.1"), (b"content-type", b"application/json")]
    scope = {"type": "http", "method": "POST", "path": CHAT, "headers": headers, "root_path": ""}
    asyncio.run(app({**scope, "query_string": b""}, receive, send))  # type: ignore[arg-type]
    return sent[0]["status"], sent[1]["body"]


def events(found: Iterable[Event], last: Event | None = None) -> Callable[[], Any]:
    """Gives these, and then the last one again and again, or nothing ever."""
    left = iter(found)

    async def receive() -> Event:
        event = next(left, last)
        if event is None:
            await asyncio.Event().wait()
        else:
            await asyncio.sleep(0)
        return event or {}

    return receive


def body_of(text: str) -> Event:
    return {"type": "http.request", "body": json.dumps(chat(text)).encode(), "more_body": False}


def test_a_body_that_stops_or_only_drips_is_cut_off() -> None:
    stops = events([{"type": "http.request", "body": b"{", "more_body": True}])
    assert told(application("m", Odd(), 4, Patience(pause=0.05)), stops)[0] == 408
    drips = events([], {"type": "http.request", "body": b" ", "more_body": True})
    assert told(application("m", Odd(), 4, Patience(reading=0.05)), drips)[0] == 408


def test_a_reply_that_takes_too_long_is_given_up() -> None:
    model = Odd()
    status, said = told(application("m", model, 4, Patience(reply=0.05)), events([body_of("hold")]))
    model.free.set()
    assert status == 504
    assert b"no reply within 0.05 s" in said


def test_who_hangs_up_is_not_waited_for() -> None:
    model = Odd()
    gone = events([body_of("hold")], {"type": "http.disconnect"})
    status, _ = told(application("m", model, 4), gone)
    model.free.set()
    assert status == 499


def test_bodies_count_while_they_are_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "HELD", 300)
    replies = asked(*[(CHAT, {"json": chat("x" * size)}) for size in (100, 400, 100, 100, 100)])
    assert [reply.status_code for reply in replies] == [200, 503, 200, 200, 200]
    assert replies[1].headers["Retry-After"] == "1"


def test_a_body_is_refused_while_it_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "BODY", 1000)
    endless = events([], {"type": "http.request", "body": b" " * 300, "more_body": True})
    assert told(application("m", Odd(), 4), endless)[0] == 413
