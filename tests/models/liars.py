"""Servers of a made-up model over HTTP: honest ones, and ones that lie in one way each.

Their models are a `mind`: `reader` reads the numbers it is shown, `digest` says and draws a digest
of all it is asked, `constant` says and draws one thing, `choice` says one of two letters, `colours`
names the mean colour of each picture, `random` never says the same twice, `noisy` draws like
`digest` with a level of noise. `LIES` are what stands between them and the request.
"""

import base64
import contextlib
import hashlib
import io
import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from g2u.conformance.arrival import ROWS

Pixels = NDArray[np.uint8]
Asked = dict[str, Any]
"""pictures, text, and the fields of the body."""


def read(pixels: Pixels) -> str:
    """The number that a picture shows, dot by dot; "nothing" where it shows none."""
    inked = np.abs(pixels.astype(int) - pixels[0, 0]).sum(2) > 90
    columns = np.flatnonzero(inked.any(0))
    cuts = np.flatnonzero(np.diff(columns) > 1)
    found = ""
    for part in np.split(columns, cuts + 1):
        digit = inked[:, part]
        digit = digit[digit.any(1)] if digit.any() else digit[:0]
        found += _digit(digit)
    return found if len(found) == 2 else "nothing"


def _digit(inked: NDArray[np.bool_]) -> str:
    cell = inked.shape[0] / 7
    for digit, rows in ROWS.items():
        dots = np.array([[row >> bit & 1 for bit in range(4, -1, -1)] for row in rows])
        dots = dots[:, dots.any(0)]
        if cell < 1 or round(inked.shape[1] / cell) != dots.shape[1]:
            continue
        down = ((np.arange(7) + 0.5) * cell).astype(int)
        right = ((np.arange(dots.shape[1]) + 0.5) * inked.shape[1] / dots.shape[1]).astype(int)
        if (inked[np.ix_(down, right)] == dots).all():
            return digit
    return ""


def _of(lie: Callable[[list[Pixels]], list[Pixels]]) -> Callable[[Asked], Asked]:
    return lambda asked: {**asked, "pictures": lie(asked["pictures"])}


def _without(name: str) -> Callable[[Asked], Asked]:
    return lambda asked: {k: v for k, v in asked.items() if k != name}


def _thumbnail(pixels: Pixels) -> Pixels:
    return np.asarray(Image.fromarray(pixels).resize((64, 64), Image.Resampling.NEAREST))


LIES: dict[str, Callable[[Asked], Asked]] = {
    "": lambda asked: asked,
    "only the first": _of(lambda shown: shown[:1]),
    "only the last": _of(lambda shown: shown[-1:]),
    "not the last of several": _of(lambda shown: shown[: max(1, len(shown) - 1)]),
    "the first for all": _of(lambda shown: shown[:1] * len(shown)),
    "swapped": _of(lambda shown: shown[::-1]),
    "64 pixels": _of(lambda shown: [_thumbnail(pixels) for pixels in shown]),
    "no image CFG": _without("cfg_img_scale"),
    "no text CFG": _without("cfg_text_scale"),
    "no steps": _without("num_inference_steps"),
    "a cache by prompt": lambda asked: asked,
    "the source": lambda asked: asked,
    "draws unless told": lambda asked: asked,
}


class Liar(ThreadingHTTPServer):
    """One server."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, mind: str, lie: str) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.mind, self.lie = mind, lie
        self.random = np.random.default_rng(5)
        self.kept: dict[str, Any] = {}
        self.lock = threading.Lock()
        self.asked: Counter[str] = Counter()
        self.bodies: dict[str, Asked] = {}
        """The last one of each kind, without its messages."""

    def reply(self, body: Asked) -> str | Pixels:
        """What is said, or drawn."""
        unset = ["text", "image"] if self.lie == "draws unless told" else ["text"]
        draws = "image" in body.get("modalities", unset)
        fields = {k: v for k, v in body.items() if k != "messages"}
        self.bodies["edit" if draws else "answer"] = fields
        body.pop("modalities", None)
        body.pop("model")
        if not body.get("temperature"):
            body = {**body, "seed": body.get("seed") if draws else None}
        taken = _taken(body)
        fields["text"] = taken["text"]
        asked = LIES[self.lie](taken)
        with self.lock:
            self.asked["edit" if draws else "answer"] += 1
            made = self._drawn(asked) if draws else self._told(asked)
            if self.lie == "a cache by prompt":
                made = self.kept.setdefault(f"{draws} {asked['text']}", made)
        return made

    def _drawn(self, asked: Asked) -> Pixels:
        if self.lie == "the source":
            return np.asarray(asked["pictures"][0])
        seed = self.random.integers(2**60) if self.mind == "random" else _digest(asked)
        pixels = np.random.default_rng(0 if self.mind == "constant" else seed).integers(1, 255, 768)
        if self.mind == "noisy":
            pixels += self.random.integers(-1, 2, 768)
        return pixels.astype(np.uint8).reshape(16, 16, 3)

    def _told(self, asked: Asked) -> str:
        if self.mind == "constant":
            return "A"
        if self.mind == "choice":
            return "AB"[_digest(asked) % 2]
        if self.mind == "colours":
            return "; ".join(str(p.reshape(-1, 3).mean(0) // 64) for p in asked["pictures"])
        if self.mind == "random":
            return f"word {self.random.integers(2**60):x}"
        if self.mind == "digest" or asked.get("temperature") or "number" not in asked["text"]:
            return f"word {_digest(asked):x}"
        return "; ".join(f"picture {n}: {read(p)}" for n, p in enumerate(asked["pictures"], 1))


def _digest(asked: Asked) -> int:
    plain = {k: [p.tobytes().hex() for p in v] if k == "pictures" else v for k, v in asked.items()}
    found = hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).digest()
    return int.from_bytes(found[:7])


def _taken(body: Asked) -> Asked:
    text, pictures = "", []
    for message in body.pop("messages"):
        held = message["content"]
        parts: list[Any] = [{"type": "text", "text": held}] if isinstance(held, str) else held
        for part in parts:
            if part["type"] == "text":
                text += part["text"]
            else:
                raw = base64.b64decode(part["image_url"]["url"].partition(",")[2])
                pictures.append(np.asarray(Image.open(io.BytesIO(raw)).convert("RGB")))
    return {"pictures": pictures, "text": text, **body}


class Handler(BaseHTTPRequestHandler):
    """The chat completions of one server."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1  # a reply goes out in one piece: its head alone would wait for the client
    server: Liar

    def do_GET(self) -> None:
        self._send({"version": "1"} if self.path == "/version" else {"data": []})

    def do_POST(self) -> None:
        made = self.server.reply(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        content: Any = made
        if not isinstance(made, str):
            file = io.BytesIO()
            Image.fromarray(made).save(file, "PNG", compress_level=1)
            url = f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"
            content = [{"type": "image_url", "image_url": {"url": url}}]
        message = {"role": "assistant", "content": content}
        choice = {"index": 0, "finish_reason": "stop", "message": message}
        self._send({"id": "1", "object": "chat.completion", "created": 0, "choices": [choice]})

    def _send(self, body: Any) -> None:
        encoded = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(encoded)))
        self.end_headers()
        self.wfile.write(encoded)

    def log_message(self, *args: Any) -> None:
        del args


@contextlib.contextmanager
def serving(mind: str, lie: str = "") -> Iterator[Liar]:
    """A server on a port of its own."""
    server = Liar(mind, lie)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
