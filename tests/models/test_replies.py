"""Replies in the forms that servers really send: read rightly, or a failure that names what came.

Every odd reply is asked for together with fifteen good ones, which are kept.
"""

import base64
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from g2u.models import openai as served
from g2u.pictures.decoding import picture_of
from g2u.records import AnswerRequest, EditRequest, Failure, Picture, Turn, ending
from g2u.settings import checked
from tests.conftest import png
from tests.models.servers import dropped, listening, replied

ENCODED = base64.b64encode(png(7)).decode()
OTHER = base64.b64encode(png(8)).decode()
URL = f"data:image/png;base64,{ENCODED}"
BARE = f"data:image/png;base64,{ENCODED.rstrip('=')}"
LINES = "data:image/png;base64," + "\n".join(
    ENCODED[i : i + 76] for i in range(0, len(ENCODED), 76)
)
BESIDE = 15


def chat(message: Any, finish: Any = "stop", **further: Any) -> bytes:
    """A chat reply."""
    choice = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": finish}
    return json.dumps({"id": "1", "object": "chat.completion", "created": 1, "model": "m",
                       "choices": [choice], **further}).encode()  # fmt: skip


def images(*held: Any, **further: Any) -> bytes:
    """A reply of the images API."""
    return json.dumps({"created": 1, "data": list(held), **further}).encode()


def as_format(name: str) -> str:
    """The picture 7 in another file format, as base64."""
    buffer = BytesIO()
    Image.open(BytesIO(png(7))).save(buffer, name, **({"lossless": True} if name == "WEBP" else {}))
    return base64.b64encode(buffer.getvalue()).decode()


Wanted = tuple[str, str] | str
"""Text and why it ended; or what the failure says."""
ANSWERS: dict[str, tuple[int, bytes, Wanted]] = {
    "plain": (200, chat({"content": " B "}), ("B", "stop")),
    "parts": (200, chat({"content": [{"type": "text", "text": "B"}]}), ("B", "stop")),
    "parts of two": (
        200,
        chat({"content": [{"type": "text", "text": "It is "}, {"type": "text", "text": "B"}]}),
        ("It is B", "stop"),
    ),
    "no reason": (200, chat({"content": "B"}, None), ("B", "")),
    "a reason of its own": (200, chat({"content": "B"}, "because"), ("B", "")),
    "gateway's stop": (200, chat({"content": "B"}, "end_turn"), ("B", "stop")),
    "length": (
        200,
        chat({"content": "Option B: the line"}, "length"),
        ("Option B: the line", "length"),
    ),
    "gateway's length": (200, chat({"content": "Opt"}, "MAX_TOKENS"), ("Opt", "length")),
    "filtered": (200, chat({"content": ""}, "content_filter"), ("", "filter")),
    "filtered null": (200, chat({"content": None}, "SAFETY"), ("", "filter")),
    "filtered after a word": (200, chat({"content": "B"}, "content_filter"), ("B", "filter")),
    "only reasoning, cut": (
        200,
        chat({"content": None, "reasoning": "It st"}, "length"),
        ("", "length"),
    ),
    "only reasoning": (
        200,
        chat({"content": None, "reasoning_content": "Left, so B."}),
        "reasoning without an answer: Left, so B.",
    ),
    "refusal": (200, chat({"content": None, "refusal": "I can't."}), ("I can't.", "stop")),
    "nothing": (200, chat({"content": ""}), "an empty reply"),
    "spaces": (200, chat({"content": " \n "}), "an empty reply"),
    "no choices": (200, json.dumps({"id": "1", "choices": []}).encode(), "no choice in the reply"),
    "null choices": (
        200,
        json.dumps({"id": "1", "choices": None}).encode(),
        "no choice in the reply",
    ),
    "choices of text": (200, json.dumps({"choices": ["B"]}).encode(), "no choice in the reply"),
    "message of text": (
        200,
        chat({}, "stop").replace(b'{"role": "assistant"}', b'"B"'),
        "broken reply",
    ),
    "error as a reply": (
        200,
        json.dumps({"error": {"message": "CUDA out of memory"}}).encode(),
        'an error in place of a reply: {"message": "CUDA out of memory"}',
    ),
    "vLLM's older error as a reply": (
        200,
        b'{"object": "error", "message": "context too long", "code": 400}',
        "an error in place of a reply: ",
    ),
    "error of a choice": (
        200,
        json.dumps(
            {
                "choices": [
                    {
                        "message": {"content": ""},
                        "finish_reason": "error",
                        "error": {"message": "upstream fell"},
                    }
                ]
            }
        ).encode(),
        'broke it off (error): {"message": "upstream fell"}',
    ),
    "a page": (200, b"<html><body>Log in</body></html>", "not an API reply: <html><body>Log in"),
    "a list": (200, b"[1, 2]", "not an API reply: [1, 2]"),
    "a word": (200, b'"hello"', "not an API reply: hello"),
    "null": (200, b"null", "not an API reply"),
    "NUL": (200, chat({"content": "B\u0000"}), ("B", "stop")),
    "half a character": (200, chat({"content": "X"}).replace(b'"X"', b'"B\\ud83d"'), ("B", "stop")),
    "aborted": (200, chat({"content": "Opti"}, "abort"), "broke it off (abort): Opti"),
    "refused setting": (400, b'{"error": {"message": "Unsupported parameter: seed"}}', "400"),
    "too long": (
        400,
        b'{"error": {"message": "maximum context length is 4096"}}',
        "context length",
    ),
    "no error text": (422, b"[]", "422"),
}
EDITS: dict[str, tuple[int, bytes, str]] = {
    "parts": (200, chat({"content": [{"type": "image_url", "image_url": {"url": URL}}]}), ""),
    "address as text": (200, chat({"content": [{"type": "image_url", "image_url": URL}]}), ""),
    "images": (200, chat({"content": "", "images": [{"image_url": {"url": URL}}]}), ""),
    "images as texts": (200, chat({"content": "", "images": [{"image_url": URL}]}), ""),
    "image": (200, chat({"content": [{"type": "image", "image": ENCODED}]}), ""),
    "in text": (200, chat({"content": URL}), ""),
    "in text, in lines": (200, chat({"content": f"Here:\n{LINES}\nIt is done."}), ""),
    "in text, words on the next line": (200, chat({"content": f"{BARE}\nIt is done"}), ""),
    "in text, words after it": (200, chat({"content": f"{BARE} done"}), ""),
    "no media type": (200, chat({"content": [{"image": f"data:;base64,{ENCODED}"}]}), ""),
    "a space after the comma": (
        200,
        chat({"content": [{"image": f"data:image/png;base64, {ENCODED}"}]}),
        "",
    ),
    "markdown": (200, chat({"content": f"Here: ![it]({URL}) done"}), ""),
    "octets": (
        200,
        chat(
            {"content": [{"image_url": {"url": f"data:application/octet-stream;base64,{ENCODED}"}}]}
        ),
        "",
    ),
    "capitals": (
        200,
        chat({"content": [{"image_url": {"url": f"DATA:IMAGE/PNG;BASE64,{ENCODED}"}}]}),
        "",
    ),
    "charset": (
        200,
        chat(
            {"content": [{"image_url": {"url": f"data:image/png;charset=utf-8;base64,{ENCODED}"}}]}
        ),
        "",
    ),
    "twice the same": (200, chat({"content": URL, "images": [{"image_url": {"url": URL}}]}), ""),
    "words around parts": (
        200,
        chat(
            {
                "content": [
                    {"type": "text", "text": "I look."},
                    {"type": "text", "text": " I mark. "},
                    {"type": "image_url", "image_url": {"url": URL}},
                    {"type": "text", "text": "So: B."},
                ]
            }
        ),
        "",
    ),
    "words beside images": (
        200,
        chat({"content": "Here it is.", "images": [{"image_url": {"url": URL}}]}),
        "",
    ),
    "thought before drawing": (
        200,
        chat({"content": [{"image": ENCODED}]}, metrics={"think_text": " I look. "}),
        "",
    ),
    "reasoning beside images": (
        200,
        chat({"content": "", "reasoning": "I think.", "images": [{"image_url": {"url": URL}}]}),
        "",
    ),
    "two": (
        200,
        chat({"content": [{"image_url": {"url": URL}}, {"image": OTHER}]}),
        "2 pictures in the reply",
    ),
    "address": (
        200,
        chat({"content": [{"image_url": {"url": "http://127.0.0.1/a.png"}}]}),
        "address instead",
    ),
    "words": (200, chat({"content": "I can't draw that: policy."}), "policy"),
    "nothing": (200, chat({"content": None}), "no picture in the reply"),
    "null part": (
        200,
        chat({"content": [None, 3, {"image_url": None}]}),
        "no picture in the reply",
    ),
    "a page": (200, b"<html>busy</html>", "not an API reply: <html>busy</html>"),
}
TRACES: dict[str, tuple[str, ...]] = {
    "parts": (),
    "markdown": ("Here:", "done"),
    "in text, in lines": ("Here:", "It is done."),
    "words around parts": ("I look.\nI mark.", "So: B."),
    "words beside images": ("Here it is.", ""),
    "reasoning beside images": (),
    "thought before drawing": ("I look.", ""),
    "twice the same": (),
}
"""Of some of them, what was said before the picture and after it."""
PICTURES: dict[str, tuple[int, bytes, str]] = {
    "base64": (200, images({"b64_json": ENCODED}), ""),
    "data URL": (200, images({"b64_json": URL}), ""),
    "lines": (
        200,
        images({"b64_json": "\n".join(ENCODED[i : i + 60] for i in range(0, len(ENCODED), 60))}),
        "",
    ),
    "no padding": (200, images({"b64_json": ENCODED.rstrip("=")}), ""),
    "other alphabet": (200, images({"b64_json": ENCODED.replace("+", "-").replace("/", "_")}), ""),
    "WebP": (200, images({"b64_json": as_format("WEBP")}), ""),
    "TIFF": (200, images({"b64_json": as_format("TIFF")}), "broken reply"),
    "address": (
        200,
        images({"url": "http://127.0.0.1/a.png"}),
        "set edit_extra: {response_format: b64_json}",
    ),
    "moderated": (400, b'{"error": {"message": "rejected by the safety system"}}', "safety system"),
    "several": (200, images({"b64_json": ENCODED}, {"b64_json": OTHER}), "2 pictures in the reply"),
    "numbers": (200, images(1, 2), "no picture in the reply"),
    "no data": (200, b'{"created": 1}', "no picture in the reply"),
    "error": (200, b'{"error": "overloaded"}', "an error in place of a reply: overloaded"),
    "a page": (200, b"<html>busy</html>", "not an API reply: <html>busy</html>"),
}


class Odd(BaseHTTPRequestHandler):
    """Says what the prompt, "kind: name", asks for; anything else is a good reply."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        for path, said in (("answer", ANSWERS), ("chat", EDITS), ("image", PICTURES)):
            for name, (status, reply, _) in said.items():
                if f"{path}: {name}.".encode() in body:
                    kind = "text/html" if reply.startswith(b"<") else "application/json"
                    replied(status, reply, kind=kind)(self)
                    return
        if b"lost." in body:
            dropped(self)
        elif b"images/edits" in self.path.encode():
            replied(200, images({"b64_json": OTHER}))(self)
        elif b'"modalities"' in body:
            replied(200, chat({"content": [{"image": OTHER}]}))(self)
        else:
            replied(200, chat({"content": "good"}))(self)

    def log_message(self, *args: Any) -> None:
        del args


@pytest.fixture(scope="module")
def odd() -> Iterator[str]:
    ThreadingHTTPServer.request_queue_size = 128
    with listening(Odd) as address:
        yield address


@pytest.fixture
def model(odd: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., served.Served]]:
    monkeypatch.setenv("ODD_BASE_URL", odd)
    made = []

    def load(**settings: Any) -> served.Served:
        chosen = {"model": "m", "environment": "ODD", "retries": 0, **settings}
        made.append(served.load(checked(served.Settings, chosen)))
        return made[-1]

    yield load
    for each in made:
        each.close()


def question(text: str) -> AnswerRequest:
    return AnswerRequest((Turn("user", (text,)),), 8)


def mistaken(names: Sequence[str], replies: Sequence[Any], said: Mapping[str, Any]) -> list[Any]:
    """The odd replies that are neither what they should be nor a failure that names what came."""
    wrong = []
    for name, reply in zip(names, replies, strict=True):
        wanted = said[name][2]
        is_named = isinstance(reply, Failure) and not reply.ends_run and isinstance(wanted, str)
        if not (wanted in reply.reason if is_named else wanted == told(reply)):
            wrong.append((name, reply, told(reply)))
    return wrong


def told(reply: Any) -> Any:
    if isinstance(reply, str):
        return str(reply), ending(reply)
    return "" if reply == picture_of(png(7)) else reply


def test_answers_are_read_rightly_or_named(model: Callable[..., served.Served]) -> None:
    odd = [question(f"answer: {name}.") for name in ANSWERS]
    replies = model().answer([*odd, *[question("?")] * BESIDE])
    assert replies[len(odd) :] == ["good"] * BESIDE
    assert mistaken(list(ANSWERS), replies[: len(odd)], ANSWERS) == []


@pytest.mark.parametrize(("kind", "through"), [("chat", "chat"), ("image", "images")])
def test_edits_are_read_rightly_or_named(
    model: Callable[..., served.Served], kind: str, through: str
) -> None:
    said, source = (EDITS if kind == "chat" else PICTURES), picture_of(png(1))
    prompts = [*(f"{kind}: {name}." for name in said), *["Draw."] * BESIDE]
    asked = [EditRequest((source, prompt), 1) for prompt in prompts]
    replies = model(edit_through=through).edit(asked)
    assert replies[len(said) :] == [picture_of(png(8))] * BESIDE
    assert mistaken(list(said), replies[: len(said)], said) == []


def test_what_is_said_with_a_picture_is_kept_with_it_and_reasoning_is_not(
    model: Callable[..., served.Served],
) -> None:
    asked = [EditRequest((picture_of(png(1)), f"chat: {name}."), 0) for name in TRACES]
    replies = model(edit_through="chat").edit(asked)
    assert [reply.trace for reply in replies if isinstance(reply, Picture)] == [*TRACES.values()]


def test_a_lost_connection_is_the_failure_of_its_request(
    model: Callable[..., served.Served],
) -> None:
    lost, good = model().answer([question("lost."), question("?")])
    assert isinstance(lost, Failure)
    assert "connection was lost" in lost.reason
    assert not lost.ends_run
    assert good == "good"


def test_a_key_is_in_no_text_that_is_kept(
    monkeypatch: pytest.MonkeyPatch, model: Callable[..., served.Served]
) -> None:
    """Not where a server repeats it in an error or in a reply."""
    monkeypatch.setenv("ODD_API_KEY", "sk-7f3e-secret")
    monkeypatch.setitem(
        ANSWERS, "echo", (400, b'{"error": {"message": "bad key sk-7f3e-secret"}}', "")
    )
    monkeypatch.setitem(ANSWERS, "said", (200, chat({"content": "It is sk-7f3e-secret."}), ""))
    failure, text = model().answer([question("answer: echo."), question("answer: said.")])
    assert isinstance(failure, Failure)
    assert failure.reason.startswith("the server answers 400")
    assert "sk-7f3e" not in failure.reason
    assert text == "It is ***."
