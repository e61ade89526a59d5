"""g2u serve under malformed and oversized requests, beside a client that asks rightly."""

import contextlib
import json
import os
import random
import re
import resource
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from g2u.models import null
from g2u.models import openai as served
from g2u.pictures.decoding import picture_of
from g2u.records import AnswerRequest, EditRequest, ScoreRequest, Turn
from g2u.settings import checked
from tests.campaigns.attacks import CUT, KEY, KINDS, MODEL, Sent, chat, half
from tests.conftest import Workspace, png
from tests.models.servers import READY

ADAPTER = '''"""The model null, which never answers the text "hang"."""

import threading

from g2u.models import null

capabilities = null.capabilities
Settings = null.Settings


def load(settings):
    return Hanging(0)


class Hanging(null.Null):
    def answer(self, requests):
        if any(part == "hang" for r in requests for turn in r.turns for part in turn.parts):
            threading.Event().wait()
        return super().answer(requests)
'''
ADDRESS_SPACE = 8 * 2**30
"""Bytes that the server may map, so that a flaw harms nobody else."""
MEMORY, END = 10**9, 5.0
"""Limits: bytes of memory, seconds to the end after SIGTERM."""
WAIT = 60.0
"""Seconds after which a request counts as hung."""


@dataclass
class Outcome:
    """What a campaign came to."""

    sent: Counter[str] = field(default_factory=Counter)
    """Requests by kind."""
    statuses: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    """Replies that are no 4xx with one line in OpenAI's form."""
    asked: int = 0
    """Requests of the client that asks rightly."""
    failed: list[str] = field(default_factory=list)
    """Of these, without the right reply."""
    peak: int = 0
    """Bytes of memory, resident, of the server."""
    ended: float = 0.0
    """Seconds from SIGTERM to the end of the process, with requests under way."""

    @property
    def is_sound(self) -> bool:
        """Whether every figure lies within its limit."""
        return not (self.wrong or self.failed) and self.peak < MEMORY and self.ended < END


def campaign(workspace: Workspace, count: int, seed: int) -> Outcome:
    """Send `count` requests, each kind as often as any other."""
    rng, outcome = random.Random(seed), Outcome()
    kinds = [name for _ in range(-(-count // len(KINDS))) for name in KINDS][:count]
    rng.shuffle(kinds)
    settle(workspace)
    with running(workspace.folder) as (process, port), watched(process, outcome):
        with asking(port, outcome), ThreadPoolExecutor(4) as senders:
            plans = [(name, random.Random(rng.random())) for name in kinds]
            for name, reply in senders.map(lambda plan: (plan[0], told(port, *plan)), plans):
                judge(outcome, name, reply)
        with contextlib.ExitStack() as under_way:
            hanging = chat(messages=[{"role": "user", "content": "hang"}])
            for sent in (hanging, hanging, half(chat()), half(chat())):
                under_way.enter_context(connected(port, sent))
            begun = time.perf_counter()
            process.send_signal(signal.SIGTERM)
            process.wait(WAIT)
            outcome.ended = time.perf_counter() - begun
    return outcome


def settle(workspace: Workspace) -> None:
    """A workspace whose model `served` can be made to hang."""
    folder = workspace.folder / "g2u" / "models" / "hanging"
    folder.mkdir()
    (folder / "__init__.py").write_text(ADAPTER)
    workspace.raw["presets"]["models"][MODEL] = {"adapter": "hanging", "batch": 8}
    # the adapter exists in the workspace alone, so params are checked there
    (workspace.folder / "params.yaml").write_text(json.dumps(workspace.raw))


@contextlib.contextmanager
def running(folder: Path) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """The server's process, and the port at which it listens."""

    def bounded() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))

    log = folder / "serve.log"
    with (
        log.open("w") as said,
        subprocess.Popen(
            [sys.executable, "-m", "g2u.cli.main", "serve", MODEL, "--port", "0"],
            cwd=folder, stdout=said, stderr=said, text=True, preexec_fn=bounded,
            env={**os.environ, "PYTHONPATH": str(folder), "G2U_SERVE_KEY": KEY},
        ) as process,
    ):  # fmt: skip
        try:
            while not (found := READY.search(log.read_text())):
                assert process.poll() is None, log.read_text()
                time.sleep(0.05)
            yield process, int(found[1].rpartition(":")[2])
        finally:
            process.kill()


@contextlib.contextmanager
def watched(process: subprocess.Popen[str], outcome: Outcome) -> Iterator[None]:
    """Notes the server's memory, every 20 ms."""
    over = threading.Event()

    def watch() -> None:
        found = psutil.Process(process.pid)
        with contextlib.suppress(psutil.Error):
            while not over.wait(0.02):
                outcome.peak = max(outcome.peak, found.memory_info().rss)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


@contextlib.contextmanager
def asking(port: int, outcome: Outcome) -> Iterator[None]:
    """A client that asks rightly, one request after the other, and knows the right replies."""
    over = threading.Event()
    os.environ["RIGHT_BASE_URL"] = f"http://127.0.0.1:{port}/v1"
    os.environ["RIGHT_API_KEY"] = KEY
    settings = {"model": MODEL, "environment": "RIGHT", "retries": 0, "timeout": WAIT}

    def ask() -> None:
        here = null.load(null.Settings())
        there = served.load(
            checked(
                served.Settings, {**settings, "capabilities": ["edit", "answer", "sample", "score"]}
            )
        )
        there.identity("edit")
        while not over.is_set():
            picture = picture_of(png(outcome.asked))
            turns = (Turn("user", (picture, f"What is {outcome.asked}?")),)
            pairs = [
                (here.edit, there.edit, EditRequest((picture, "Enhance."), 1, (("steps", 2),))),
                (here.answer, there.answer, AnswerRequest(turns, 8)),
                (here.score, there.score, ScoreRequest(turns, "yes")),
            ]
            for right, asked, request in pairs:
                outcome.asked += 1
                if (reply := asked([request])) != right([request]):
                    outcome.failed.append(f"{type(request).__name__}: {reply}")
        there.close()

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


@contextlib.contextmanager
def connected(port: int, sent: Sent) -> Iterator[socket.socket]:
    """A connection on which this was sent, as far as the server took it."""
    with socket.create_connection(("127.0.0.1", port), timeout=WAIT) as link:
        with contextlib.suppress(ConnectionError):
            for piece in sent:
                link.sendall(piece)
        yield link


def told(port: int, name: str, rng: random.Random) -> bytes:
    """What the server replies, whole; empty where it says nothing."""
    reply = b""
    try:
        with connected(port, KINDS[name](rng)) as link:
            if name == "a client that hangs up":
                return b""
            while piece := link.recv(2**16):
                reply += piece
                head, _, body = reply.partition(b"\r\n\r\n")
                length = re.search(rb"(?i)content-length: (\d+)", head)
                if length and len(body) >= int(length[1]):
                    break
    except OSError as error:
        return reply or f"{type(error).__name__}".encode()
    return reply


def judge(outcome: Outcome, name: str, reply: bytes) -> None:
    """Count a reply, and note what is wrong with it."""
    outcome.sent[name] += 1
    head, _, body = reply.partition(b"\r\n\r\n")
    found = re.match(rb"HTTP/1.1 (\d+)", head)
    status = found[1].decode() if found else "cut"
    outcome.statuses[status] += 1
    if name in CUT and status == "cut":
        return
    try:
        line = json.loads(body)["error"]["message"]
        is_line = isinstance(line, str) and bool(line) and "\n" not in line
    except (ValueError, KeyError, TypeError):
        is_line = False
    if not (status.startswith("4") and is_line):
        outcome.wrong.append(f"{name}: {status} {body[:200]!r} {reply[:100]!r}")
