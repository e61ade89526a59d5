"""Ctrl-C while a model computes in native code, whose threads abort a Python that is taken down
around them.
"""

import contextlib
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator

import httpx
import pytest

from g2u.errors import STOPPED
from tests.conftest import Workspace, importable, installed, tsv_rows

ENDLESS = """
import torch
from g2u.models import null
from g2u.models.null import CAPABILITIES, capabilities
from g2u.settings import Section as Settings


class Endless(null.Null):
    def answer(self, requests):
        print("answering", flush=True)
        while True:
            torch.conv2d(torch.rand(1, 3, 64, 64), torch.rand(8, 3, 3, 3))


def load(settings):
    return Endless(0)
"""
"""A model that is in native code most of the time, and never done."""


@pytest.fixture
def endless(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A workspace whose model does not come to an end."""
    installed(workspace.folder, "endless", "endless")
    (workspace.folder / "endless.py").write_text(ENDLESS)
    workspace.use_tsv(tsv_rows(2))
    workspace.raw["families"] = ["direct", "duplicate"]
    workspace.raw["presets"]["models"]["tiny"] = {"adapter": "endless"}
    with importable(workspace.folder, "endless", monkeypatch):
        workspace.write()
    return workspace


@contextlib.contextmanager
def started(workspace: Workspace, *command: str) -> Iterator[subprocess.Popen[str]]:
    """A process of the project, with its two outputs as one."""
    with subprocess.Popen(
        [sys.executable, "-m", *command],
        cwd=workspace.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def said(process: subprocess.Popen[str], what: str) -> re.Match[str]:
    """Where a line says it; lines up to there are read."""
    assert process.stdout is not None
    return next(found for line in process.stdout if (found := re.search(what, line)))


def test_a_server_does_not_wait_for_its_model(endless: Workspace) -> None:
    with started(endless, "g2u.cli.main", "serve", "tiny", "--port", "0") as server:
        address = said(server, r"http://\S+:\d+")[0]
        asked = {"model": "tiny", "messages": [{"role": "user", "content": "?"}]}
        is_stopped = threading.Event()

        def ask() -> None:
            with contextlib.suppress(httpx.HTTPError):
                httpx.post(f"{address}/v1/chat/completions", json=asked, timeout=None)
            if not is_stopped.is_set():
                server.kill()  # it did not come to the model: nothing more will be said

        threading.Thread(target=ask).start()
        said(server, "answering")
        is_stopped.set()
        server.send_signal(signal.SIGINT)
        assert server.stdout is not None
        *_, last = server.stdout
        assert (server.wait(), last) == (130, f"{STOPPED}\n")


def test_a_stage_waits_for_its_model_until_it_is_told_again(endless: Workspace) -> None:
    cell = ("--benchmark", "mine", "--model", "tiny", "--family", "direct")
    endless.run("stages.prepare", "--benchmark", "mine")
    endless.run("stages.generate", *cell)
    with started(endless, "stages.understand", *cell) as stage:
        said(stage, "answering")
        while stage.poll() is None:
            stage.send_signal(signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                stage.wait(1)
        assert stage.stdout is not None
        assert (stage.returncode, stage.stdout.read()) == (-signal.SIGINT, f"{STOPPED}\n")
