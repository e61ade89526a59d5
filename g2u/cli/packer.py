"""The packer: one process that runs the stages of a `dvc repro`, everything imported once.

A stage asks it over a Unix socket (stages/run.py, which tells the form): the work, then what it
prints, then its exit code. It refuses work in another folder, and work once a source file has
changed since it started: the stage then runs in a process of its own.
"""

import contextlib
import importlib
import io
import multiprocessing
import os
import socket
import sys
import tempfile
import threading
import traceback
from collections.abc import Iterator
from pathlib import Path

from g2u.cli.sources import CODE, states
from g2u.cli.workers import die_with_parent
from g2u.dependencies import LOADED_BY_NAME
from g2u.errors import run_main
from stages.run import END, PACKER_VARIABLE

STOP = b"stop"
STOPPED_IN = 10.0
"""Seconds that a packer gets to end by itself."""


@contextlib.contextmanager
def packing(*, at_once: bool = True) -> Iterator[dict[str, str]]:
    """A packer as long as the block lasts; yields the environment that leads stages to it.

    It imports what stages need `at_once`, or when it is first asked: who asks it meanwhile waits in
    its queue.
    """
    with tempfile.TemporaryDirectory(prefix="g2u-") as folder:
        address = str(Path(folder) / "packer")
        context = multiprocessing.get_context("spawn")
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(address)
            Path(address).chmod(0o600)
            listener.listen()
            packer = context.Process(target=serve, args=(listener, at_once), daemon=True)
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
        connection.sendall(STOP)


def serve(listener: socket.socket, at_once: bool) -> None:
    """Take work, one piece after the other, until told to stop or the parent process ends."""
    threading.Thread(target=die_with_parent, daemon=True).start()
    started_as = _sources()
    for name in LOADED_BY_NAME if at_once else ():
        importlib.import_module(f"stages.{name}")
    while True:
        connection, _ = listener.accept()
        with connection, connection.makefile("rwb") as stream, contextlib.suppress(OSError):
            asked = stream.read()
            if asked == STOP:
                return
            *work, end = os.fsdecode(asked).split("\0")
            if end == END:
                _serve_one(stream, work, started_as)


def _serve_one(
    stream: io.BufferedRWPair, work: list[str], started_as: list[tuple[str, int, int]]
) -> None:
    folder, stage, *arguments = work
    if folder != str(Path.cwd()) or _sources() != started_as:
        stream.write(b"refused\n")
    else:
        out, error = _Sender(stream, "stdout"), _Sender(stream, "stderr")
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(error):
            code = _run(stage, arguments)
        stream.write(b"code %d\n" % code)
    stream.flush()


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


class _Sender(io.TextIOBase):
    """Text on its way to the stage's own output."""

    def __init__(self, stream: io.BufferedRWPair, to: str) -> None:
        self._stream, self._to = stream, to

    def write(self, text: str) -> int:
        """Send it on; a stage that is gone is told nothing."""
        with contextlib.suppress(OSError, ValueError):
            said = text.encode(errors="replace")
            self._stream.write(f"{self._to} {len(said)}\n".encode() + said)
            self._stream.flush()
        return len(text)

    def isatty(self) -> bool:
        """It is none."""
        return False
