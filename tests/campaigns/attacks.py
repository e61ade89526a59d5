"""Malformed and oversized requests to g2u serve, by kind: what is sent, byte by byte."""

import base64
import gzip
import io
import json
import random
import struct
import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
from PIL import Image

from tests.conftest import png

MODEL, KEY = "served", "sesame"
CHAT, EDITS, DRAWN = "/v1/chat/completions", "/v1/images/edits", "/v1/images/generations"
CUT = ("headers that stop", "a client that hangs up")
"""Kinds that are ended without a reply."""
FORM = "multipart/form-data; boundary=b"
Sent = Iterable[bytes]


def http(path: str, body: bytes = b"", method: str = "POST", **headers: str) -> Sent:
    """A request; a header that is empty is left out."""
    right = {"Host": "127.0.0.1", "Content_Length": str(len(body))}
    found = {**right, "Authorization": f"Bearer {KEY}", **headers}
    lines = [f"{name.replace('_', '-')}: {value}\r\n" for name, value in found.items() if value]
    return [f"{method} {path} HTTP/1.1\r\n{''.join(lines)}\r\n".encode(), body]


def posted(body: bytes | str, path: str = CHAT, **headers: str) -> Sent:
    """JSON, or what is sent as such."""
    data = body.encode() if isinstance(body, str) else body
    return http(path, data, **{"Content_Type": "application/json", **headers})


def text(**fields: Any) -> str:
    """The body of a chat that is right but for these fields; ... takes one away."""
    right = {"model": MODEL, "messages": [{"role": "user", "content": "?"}]}
    return json.dumps({k: v for k, v in {**right, **fields}.items() if v is not ...})


def chat(**fields: Any) -> Sent:
    """A chat with this body."""
    return posted(text(**fields))


def said(content: Any) -> Sent:
    """A chat of one message."""
    return chat(messages=[{"role": "user", "content": content}])


def url(encoded: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(encoded).decode()


def shown(*urls: Any) -> Sent:
    """A chat with pictures."""
    return said([{"type": "image_url", "image_url": {"url": each}} for each in urls])


def form(
    *parts: tuple[str, bytes], end: bytes = b"--b--\r\n", picture: bytes | None = b""
) -> bytes:
    """A form with a picture and these fields; a name with quotes in it adds attributes."""
    pictures = [] if picture is None else [('image"; filename="a.png', picture or png(0))]
    fields = [*pictures, *parts]
    head = b'--b\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n'
    return b"".join(head % (name.encode(), value) for name, value in fields) + end


def edit(*parts: tuple[str, bytes], **further: Any) -> Sent:
    """An edit that is right but for what is added."""
    right = (("model", MODEL.encode()), ("prompt", b"Enhance."))
    return http(EDITS, form(*right, *parts, **further), Content_Type=FORM)


def bomb(side: int) -> bytes:
    """A PNG of one colour."""
    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    packed = zlib.compress(b"\0" * (side * 3 + 1) * min(side, 4096), 9)
    chunks = [(b"IHDR", head), (b"IDAT", packed), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in chunks
    )


def scans(count: int) -> bytes:
    """A progressive JPEG whose last scan comes again and again."""
    buffer = io.BytesIO()
    pixels = np.random.default_rng(0).integers(0, 255, (512, 512, 3), np.uint8)
    Image.fromarray(pixels).save(buffer, "JPEG", progressive=True)
    whole = buffer.getvalue()
    last = whole[whole.rfind(b"\xff\xda") : -2]
    return whole[:-2] + last * count + b"\xff\xd9"


def stream(size: int, chunked: bool) -> Iterator[bytes]:
    """A body that is too large, piece by piece."""
    piece = b" " * 2**20
    way = {"Transfer_Encoding": "chunked", "Content_Length": ""}
    length = way if chunked else {"Content_Length": str(size)}
    yield from http(CHAT, Content_Type="application/json", **length)
    for _ in range(size // len(piece)):
        yield b"100000\r\n" + piece + b"\r\n" if chunked else piece
    yield b"0\r\n\r\n" if chunked else b""


def half(sent: Sent) -> Sent:
    """What stops in the middle."""
    whole = b"".join(sent)
    return [whole[: len(whole) - len(whole) // 4]]


def field(name: str, *values: Any) -> Callable[[random.Random], Sent]:
    """A chat in which one field has one of these values."""
    return lambda rng: chat(**{name: rng.choice(values)})


def spelled(name: str, *values: str) -> Callable[[random.Random], Sent]:
    """An edit in which one field of the form has one of these texts."""
    return lambda rng: edit((name, rng.choice(values).encode()))


def always(sent: Callable[[], Sent]) -> Callable[[random.Random], Sent]:
    return lambda _: sent()


DEEP = "[" * 10**6
TURN = {"role": "user", "content": "?"}
GIVEN = [TURN, {"role": "assistant", "content": "yes"}]
KINDS: dict[str, Callable[[random.Random], Sent]] = {
    # what is no JSON, or no object
    "an empty body": always(lambda: posted("")),
    "no JSON": lambda rng: posted(rng.choice(["{", "nope", "{'a': 1}", '{"a": 1,}', "{} {}"])),
    "random bytes": lambda rng: posted(rng.randbytes(rng.randrange(1, 5000))),
    "JSON that is cut": lambda rng: posted(text()[: rng.randrange(1, 60)]),
    "no object": lambda rng: posted(rng.choice(["[]", "null", "1", '"text"', "true", "[{}]"])),
    "a deep list": lambda rng: posted(rng.choice([DEEP, f'{{"model": {DEEP}', '{"a":' * 10**5])),
    "deep messages": always(lambda: posted(f'{{"model": "{MODEL}", "messages": {"[" * 500}')),
    "a million members": always(lambda: posted("[" + "1," * 10**6 + "1]")),
    "a million fields": always(
        lambda: posted("{" + ",".join(f'"a{n}":[]' for n in range(10**6)) + "}")
    ),
    "100,000 fields": always(
        lambda: posted(json.dumps({"model": MODEL, **{f"a{n}": [] for n in range(10**5)}}))
    ),
    "many empty objects": always(lambda: posted("[" + "{}," * 10**7 + "{}]")),
    "half a surrogate": always(lambda: posted(f'{{"model": "{MODEL}", "messages": "\\ud800"}}')),
    "no UTF-8": always(lambda: posted(b'{"model": "\xff\xfe"}')),
    "UTF-16": always(lambda: posted('{"model": "served"}'.encode("utf-16"))),
    "a number of 5,000 digits": always(lambda: posted(f'{{"seed": {"9" * 5000}}}')),
    # fields of a chat
    "no model": field("model", ..., None, 1, [], {}, "", "other", "x" * 10**5, True),
    "no messages": field("messages", ..., None, "?", {}, [], 3, [None], ["?"], [[]], [1.5]),
    "an unknown role": field("messages", *([{**TURN, "role": role}] for role in (
        "system", "tool", "", None, 1, [], {}, "USER"))),
    "no role": field("messages", [{"content": "?"}]),
    "no content": field("messages", *([{**TURN, "content": held}] for held in (
        None, 1, {}, [], [None], [1], ["text"], [[]], True))),
    "an unknown part": lambda rng: said([rng.choice([
        {}, {"type": "video_url"}, {"type": None}, {"text": "?"}, {"type": "text"},
        {"type": "text", "text": None}, {"type": "text", "text": 1}, {"type": ["text"]},
        {"type": "image_url"}, {"type": "image_url", "image_url": None}])]),
    "a further field in a message": field("messages", [{**TURN, "tool_calls": [{}]}]),
    "a further field in a part": always(lambda: said([{"type": "text", "text": "?", "x": 1}])),
    "a picture as a plain text": always(
        lambda: said([{"type": "image_url", "image_url": url(png(0))}])
    ),
    "a picture elsewhere": lambda rng: shown(rng.choice([
        "http://127.0.0.1:9/a.png", "file:///etc/passwd", "//a/b.png", "", "data:,x", "ftp://a",
        "data:text/html;base64,AAAA", "data:image/png,AAAA", None, 1])),
    "no base64": lambda rng: shown(
        "data:image/png;base64," + rng.choice(["###", "A", "AAA", "AA==A", "Ä", " AAAA", "A\nA="])
    ),
    "no picture": lambda rng: shown(url(rng.choice([
        b"", b"x", b"<svg/>", b"%PDF-1.7", bytes(100), b"GIF89a", b"II*\0", rng.randbytes(500)]))),
    "a cut picture": lambda rng: shown(url(png(0)[: rng.randrange(10, 1000)])),
    "a damaged picture": lambda rng: shown(url(png(0)[:30] + rng.randbytes(20) + png(0)[50:])),
    "a decompression bomb": lambda rng: shown(url(bomb(rng.choice([5000, 20000, 60000])))),
    "a JPEG of many scans": lambda rng: shown(url(scans(rng.choice([200, 300])))),
    "many pictures": lambda rng: shown(*[url(png(n)) for n in range(rng.choice([33, 80, 250]))]),
    "many pixels": always(lambda: shown(*[url(bomb(4096))] * 5)),
    "5 MB of text": lambda rng: said(rng.choice(["word ", "x", "é", "\u20ac "]) * 10**6 * 5),
    "many texts": always(lambda: said([{"type": "text", "text": "x" * 90000}] * 3)),
    "many messages": lambda rng: chat(messages=[TURN] * rng.choice([65, 10**4])),
    "many parts": lambda rng: said([{"type": "text", "text": ""}] * rng.choice([257, 10**4])),
    "max_tokens": field("max_tokens", 0, -1, 10**9, 10**400, "5", 1.5, True, [], {}, float("nan")),
    "temperature": field("temperature", -1, "0", 10**9, 10**400, float("nan"), float("inf"), []),
    "1e999": lambda rng: posted(
        text(**{rng.choice(["temperature", "seed", "max_tokens"]): "@"}).replace('"@"', "1e999")
    ),
    "seed": field("seed", -1, 2**63, 10**400, 1.5, "1", True, [], float("-inf")),
    "stream": field("stream", True, 1, "true"),
    "n": field("n", 0, 2, -1, 10**400, "1", 1.5),
    "a setting of another sampler": field("top_p", 0.5, "1.0", [], {}),
    "tools": field("tools", [{"type": "function"}], {}, "x"),
    "modalities": field("modalities", "image", ["audio"], [1], {}, ["text"] * 9),
    "prompt_logprobs": field("prompt_logprobs", -1, 5, "0", True, 0.0, 0),
    "a long given reply": always(lambda: chat(
        messages=[TURN, {"role": "assistant", "content": "x" * 50000}], prompt_logprobs=0)),
    "a picture in the given reply": always(lambda: chat(prompt_logprobs=0, messages=[TURN, {
        "role": "assistant",
        "content": [{"type": "image_url", "image_url": {"url": url(png(0))}}]}])),
    "a reply to go on with": always(lambda: chat(messages=GIVEN, continue_final_message=True)),
    "a drawing without a text": always(lambda: chat(
        modalities=["image"], messages=[{"role": "user", "content": ""}])),
    # edits and drawings
    "no boundary": always(lambda: http(EDITS, form(), Content_Type="multipart/form-data")),
    "another boundary": always(
        lambda: http(EDITS, form(), Content_Type="multipart/form-data; boundary=c")
    ),
    "a cut form": lambda rng: edit(end=rng.choice([b"", b"--b", b"--b-"])),
    "a form of nothing": lambda rng: http(
        EDITS, rng.choice([b"", b"--b--\r\n", b"--b", rng.randbytes(300)]), Content_Type=FORM
    ),
    "no picture in the form": always(lambda: edit(picture=None)),
    "a picture that is a field": spelled("image", "x", "data:image/png;base64,AAAA"),
    "a field given twice": spelled("prompt", "Another."),
    "no prompt": lambda rng: http(
        EDITS,
        form(("model", MODEL.encode()), *rng.choice([[], [("prompt", b"")]])),
        Content_Type=FORM,
    ),
    "a long prompt": always(lambda: http(
        EDITS, form(("model", MODEL.encode()), ("prompt", b"x" * 5 * 10**6)), Content_Type=FORM)),
    "a prompt that is no UTF-8": always(lambda: http(
        EDITS, form(("model", MODEL.encode()), ("prompt", b"\xff\xfe")), Content_Type=FORM)),
    "size": spelled("size", "0x0", "axb", "99999x99999", "-1x-1", "4x", "x4", "5000x5000", "4",
        "4x4x4", "1e3x4", " 4x4", "9" * 5000 + "x1"),
    "width": spelled("width", "0", "-1", "5000", "1.5", "x", "NaN", "9" * 400),
    "steps": spelled("steps", "0", "-1", "9" * 400, "1e999", "NaN", "x", "1001", "2.5", ""),
    "a number that is not finite": spelled("guidance", "NaN", "Infinity", "-Infinity", "1e999"),
    "a large number": spelled("cfg", "9" * 400, str(2**63), str(-(2**63) - 1)),
    "the form's seed": spelled("seed", "-1", "9" * 20, "x", "1.5", "true", str(2**63)),
    "the form's n": spelled("n", "2", "0", "x"),
    "a URL as the reply": spelled("response_format", "url", "png"),
    "a part without a name": always(lambda: edit(('" x="', b"y"))),
    "many fields": lambda rng: edit(*((f"a{n}", b"1") for n in range(rng.choice([70, 10**4])))),
    "many files": lambda rng: edit(*[('image"; filename="b.png', png(1))] * rng.choice([33, 500])),
    "another file": always(lambda: edit(('mask"; filename="m.png', png(1)))),
    "an unknown encoding": always(lambda: edit(('a"\r\nContent-Transfer-Encoding: "x', b"1"))),
    "a large file": always(lambda: edit(picture=png(0) + bytes(21 * 2**20))),
    "a form's picture that is none": lambda rng: edit(picture=rng.randbytes(200)),
    "a form's picture that is cut": always(lambda: edit(picture=png(0)[:200])),
    "a form of line ends": always(lambda: edit(("a", b"\r\n-" * 5 * 10**6))),
    "a drawing from no text": lambda rng: posted(
        json.dumps({"model": MODEL, "prompt": rng.choice([None, "", [], 1, ["a"]])}), DRAWN
    ),
    "a setting that is no scalar": lambda rng: posted(
        json.dumps({"model": MODEL, "prompt": "a", "x": rng.choice([[], {}, [1], 10**400])}), DRAWN
    ),
    "what the model cannot do": always(
        lambda: posted(json.dumps({"model": MODEL, "prompt": "a picture"}), DRAWN)
    ),
    # HTTP
    "another media type": lambda rng: posted(
        text(),
        Content_Type=rng.choice(["text/plain", "", "application/xml", "multipart/form-data"]),
    ),
    "a form as JSON": always(lambda: http(CHAT, form(), Content_Type=FORM)),
    "an edit as JSON": always(lambda: posted(json.dumps({"model": MODEL, "prompt": "a"}), EDITS)),
    "a form that is urlencoded": always(lambda: http(
        EDITS, b"model=served&prompt=a", Content_Type="application/x-www-form-urlencoded")),
    "a compressed body": lambda rng: posted(
        gzip.compress(bytes(10**8)), Content_Encoding=rng.choice(["gzip", "br", "deflate"])
    ),
    "another method": lambda rng: http(
        rng.choice([CHAT, EDITS, DRAWN]), method=rng.choice(["GET", "PUT", "DELETE", "OPTIONS"])
    ),
    "another path": lambda rng: http(
        rng.choice(["/", "/docs", "/redoc", "/openapi.json", "/v1", CHAT + "/", "/v1/completions",
            "/v1/models/", "/../etc/passwd", "/%00", "//health", "/" + "a" * 9000]),
        method=rng.choice(["GET", "POST"]),
    ),
    "a page elsewhere": lambda rng: posted(
        text(), Origin=rng.choice(["https://evil.example", "null", "http://127.0.0.1:1", "x"])
    ),
    "a simple POST from a page": always(
        lambda: posted(text(), Content_Type="text/plain", Origin="http://evil.example")
    ),
    "another key": lambda rng: posted(
        text(), Authorization=rng.choice(["", "Bearer", "Bearer x", KEY, f"Basic {KEY}"])
    ),
    "another host": lambda rng: posted(text(), Host=rng.choice(
        ["evil.example", "127.0.0.1.evil.example", "a@127.0.0.1", "192.168.0.1", "[::2]", "x:y"])),
    "no host": always(lambda: posted(text(), Host="")),
    "a body too large, announced": always(
        lambda: http(CHAT, Content_Type="application/json", Content_Length=str(10**10))
    ),
    "a body too large, sent": always(lambda: stream(100 * 2**20, chunked=False)),
    "a body too large, in chunks": always(lambda: stream(100 * 2**20, chunked=True)),
    "a broken chunk": always(lambda: [
        *posted("", Transfer_Encoding="chunked", Content_Length=""), b"zz\r\n{}\r\n"]),
    "a wrong length": lambda rng: posted(
        b"{}", Content_Length=rng.choice(["-1", "x", "1, 2", "9" * 30, "0x2"])
    ),
    "long headers": always(lambda: posted(text(), X="x" * 10**5)),
    "no HTTP": lambda rng: [rng.choice(
        [b"\x16\x03\x01\x02\0\x01\0", b"hello\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\0" * 99])],
    "a body that stops": always(lambda: half(said("x" * 1000))),
    "a chunked body that stops": always(lambda: half(stream(2 * 2**20, chunked=True))),
    "headers that stop": always(lambda: [b"".join(chat())[:70]]),
    "a client that hangs up": always(lambda: half(said("y" * 1000))),
}  # fmt: skip
