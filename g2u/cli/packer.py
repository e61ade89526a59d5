"""The packer: one process that runs the stages of a `dvc repro`, everything imported once.

A stage asks it over a Unix socket (stages/__main__.py), one JSON line each way: the work, then what
it prints, then its exit code. It refuses work in another folder, and work once a source file has
changed since it started: the stage then runs in a process of its own.
"""

import contextlib
import importlib
import io
import json
import multiprocessing
import socket
import sys
import tempfile
import threading
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from g2u.cli.dependencies import LOADED_BY_NAME
from g2u.cli.sources import CODE, states
from g2u.cli.workers import die_with_parent
from g2u.errors import run_main
from stages.__main__ import PACKER_VARIABLE

STOPPED_IN = 10.0
"""Seconds that a packer gets to end by itself."""


@contextlib.contextmanager
def packing() -> Iterator[dict[str, str]]:
    """A packer as long as the block lasts; yields the environment that leads stages to it.

    It may still be importing: who asks it then waits in its queue.
    """
    with tempfile.TemporaryDirectory(prefix="g2u-") as folder:
        address = str(Path(folder) / "packer")
        context = multiprocessing.get_context("spawn")
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(address)
            Path(address).chmod(0o600)
            listener.listen()
            packer = context.Process(target=serve, args=(listener,), daemon=True)
            packer.start()
        try:
            yield {PACKER_VARIABLE: address}
        finally:
            _stop(address)
            packer.join(STOPPED_IN)
            packer.terminate()
            packer.join()


def _stop(address: str) -> None:
    with socket.socket(socket.AF_UNIX) as connection, contextlib.suppress(OSError):
        connection.connect(address)
        connection.sendall(b'{"stop": true}\n')


def serve(listener: socket.socket) -> None:
    """Take work, one piece after the other, until told to stop or the parent process ends."""
    threading.Thread(target=die_with_parent, daemon=True).start()
    started_as = _sources()
    for name in LOADED_BY_NAME:
        importlib.import_module(f"stages.{name}")
    while True:
        connection, _ = listener.accept()
        with connection, connection.makefile("rwb") as line, contextlib.suppress(OSError):
            job = json.loads(line.readline() or b"{}")
            if not job:
                continue
            if "stop" in job:
                return
            _serve_one(line, job, started_as)


def _serve_one(
    line: io.BufferedRWPair, job: dict[str, Any], started_as: list[tuple[str, int, int]]
) -> None:
    if job["folder"] != str(Path.cwd()) or _sources() != started_as:
        _send(line, {"refused": True})
        return
    out, error = _Sender(line, "stdout"), _Sender(line, "stderr")
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(error):
        code = _run(job["stage"], job["arguments"])
    _send(line, {"code": code})


def _run(stage: str, arguments: list[str]) -> int:
    """A stage's main as its own process would run it."""
    before = sys.argv
    sys.argv = [f"stages.{stage}", *arguments]
    try:
        run_main(importlib.import_module(f"stages.{stage}").main)
    except SystemExit as stopped:
        return stopped.code if isinstance(stopped.code, int) else int(stopped.code is not None)
    except Exception:  # noqa: BLE001  # the stage's bug is the stage's output
        traceback.print_exc()
        return 1
    finally:
        sys.argv = before
    return 0


def _sources() -> list[tuple[str, int, int]]:
    return states(map(Path, CODE))


def _send(line: io.BufferedRWPair, message: dict[str, Any]) -> None:
    line.write(json.dumps(message).encode() + b"\n")
    line.flush()


class _Sender(io.TextIOBase):
    """Text on its way to the stage's own output."""

    def __init__(self, line: io.BufferedRWPair, to: str) -> None:
        self._line, self._to = line, to

    def write(self, text: str) -> int:
        """Send it on; a stage that is gone is told nothing."""
        with contextlib.suppress(OSError, ValueError):
            _send(self._line, {"to": self._to, "text": text})
        return len(text)

    def isatty(self) -> bool:
        """It is none."""
        return False
