"""Servers that tests start: `g2u serve` as a process, and one that misbehaves on purpose."""

import base64
import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

from g2u.pictures.decoding import picture_of
from tests.conftest import png

READY = re.compile(r"Uvicorn running on (http://[\w.]+:\d+)")


@contextlib.contextmanager
def started(
    *command: str,
    folder: str = ".",
    ready: re.Pattern[str] = READY,
    environment: Mapping[str, str] | None = None,
) -> Iterator[str]:
    """The address of a server process, once it says that it listens; killed at the end with all
    that it started.
    """
    with subprocess.Popen(
        [sys.executable, "-m", *command],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        env=None if environment is None else {**os.environ, **environment},
    ) as server:
        assert server.stdout is not None
        said = []
        try:
            for line in server.stdout:
                said.append(line)
                if found := ready.search(line):
                    threading.Thread(target=server.stdout.read, daemon=True).start()
                    yield found[1]
                    return
            raise AssertionError("".join(said))
        finally:
            os.killpg(server.pid, signal.SIGKILL)


@contextlib.contextmanager
def prefect_server(home: Path) -> Iterator[dict[str, str]]:
    """A Prefect server with its database in `home`: the environment in which flows find it."""
    command = ("uvicorn", "--factory", "prefect.server.api.server:create_app", "--port", "0")
    own = {"PREFECT_HOME": str(home), "PREFECT_SERVER_LOGGING_LEVEL": "INFO"}
    with started(*command, environment=own) as address:
        yield {"PREFECT_HOME": str(home), "PREFECT_API_URL": f"{address}/api"}


Fault = Callable[[BaseHTTPRequestHandler], None]


def replied(
    status: int, body: bytes, *, cut: int = 0, kind: str = "application/json", **headers: str
) -> Fault:
    """A reply; `cut` bytes fewer are sent than announced."""

    def reply(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        handler.send_header("Content-Type", kind)
        handler.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(body[: len(body) - cut])
        if cut:
            handler.close_connection = True

    return reply


def edited(encoded: str) -> bytes:
    """The body of a reply to an edit."""
    return json.dumps({"created": 1, "data": [{"b64_json": encoded}]}).encode()


def dropped(handler: BaseHTTPRequestHandler) -> None:
    """The connection ends without a word."""
    handler.close_connection = True


PICTURE = base64.b64encode(png(1)).decode()
PASSING: dict[str, Fault] = {
    "too many requests": replied(429, b"{}", Retry_After="0"),
    "server error": replied(500, b"{}"),
    "unavailable": replied(503, b"{}"),
    "dropped connection": dropped,
    "cut body": replied(200, edited(PICTURE), cut=40),
    "not JSON": replied(200, b"<html>busy</html>"),
    "no picture": replied(200, json.dumps({"created": 1, "data": []}).encode()),
}
"""Faults that are over when the request is made again."""
LASTING: dict[str, Fault] = {
    "refused": replied(400, json.dumps({"error": {"message": "refused picture"}}).encode()),
    "cut base64": replied(200, edited(PICTURE[:-7])),
    "not a picture": replied(200, edited(base64.b64encode(b"hello").decode())),
}
"""Faults that stay."""


class Faulty(BaseHTTPRequestHandler):
    """Edits whose prompt is "<fault> <number>": the fault first, then the picture `number`."""

    protocol_version = "HTTP/1.1"
    seen: ClassVar[Counter[str]] = Counter()
    lock: ClassVar[threading.Lock] = threading.Lock()

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        found = re.search(rb'name="prompt"\r\n\r\n([^\r]*)', body)
        assert found is not None
        prompt = found[1].decode()
        fault, _, number = prompt.rpartition(" ")
        with self.lock:
            self.seen[prompt] += 1
            is_first = self.seen[prompt] == 1
        if fault in LASTING:
            LASTING[fault](self)
        elif fault in PASSING and is_first:
            PASSING[fault](self)
        else:
            replied(200, edited(base64.b64encode(png(int(number))).decode()))(self)

    def log_message(self, *args: Any) -> None:
        del args


@contextlib.contextmanager
def listening(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """The address of a server, a thread for each of its requests."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1"
    finally:
        server.shutdown()
        server.server_close()


@contextlib.contextmanager
def faulty() -> Iterator[str]:
    """The address of a server that misbehaves."""
    Faulty.seen.clear()
    with listening(Faulty) as address:
        yield address


class Heard(BaseHTTPRequestHandler):
    """A server that says "A" and keeps what it was asked."""

    protocol_version = "HTTP/1.1"
    bodies: ClassVar[list[dict[str, Any]]] = []

    def do_POST(self) -> None:
        self.bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        said = {"message": {"role": "assistant", "content": "A"}, "finish_reason": "stop"}
        replied(200, json.dumps({"choices": [{"index": 0, **said}]}).encode())(self)

    def log_message(self, *args: Any) -> None:
        del args


def heard(names: Mapping[str, str]) -> list[str]:
    """The messages that `Heard` got since it was last asked for them.

    Args:
        names: what stands for a picture, by its digest.
    """

    def said(part: dict[str, Any]) -> str:
        if part["type"] == "text":
            return str(part["text"])
        encoded = part["image_url"]["url"].partition(",")[2]
        return names[picture_of(base64.b64decode(encoded)).digest]

    found = [
        content if isinstance(content, str) else "".join(map(said, content))
        for body in Heard.bodies
        for content in (message["content"] for message in body["messages"])
    ]
    Heard.bodies.clear()
    return found
