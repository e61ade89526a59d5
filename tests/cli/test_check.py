"""`g2u check`: what it prints of a server, and how it ends."""

from collections.abc import Iterator

import pytest

from tests.conftest import Workspace
from tests.models.emulator.client import Emulated, emulated

NAMED = "a thought beside the original is seen: NO -> concat and look arms mean nothing; collage, "


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Emulated]:
    with emulated() as found:
        monkeypatch.setenv("OPENAI_BASE_URL", f"{found.address}/v1")
        yield found


def test_a_server_that_drops_a_picture_fails_and_the_arms_that_hang_on_it_are_told(
    workspace: Workspace, server: Emulated
) -> None:
    workspace.write()
    sound = workspace.run("g2u.cli.main", "check", "bagel")
    assert "FAILS" not in sound.stdout
    assert "ok    in company: an answer is its own request's" in sound.stdout
    assert sum(server.told()["asked"].values()) <= 60 + 128
    (proven,) = [line for line in sound.stdout.splitlines() if line.startswith("proven: ")]
    assert "a thought beside the original is seen" in proven
    server.become(lie="drops every picture but the first")
    false = workspace.run("g2u.cli.main", "check", "bagel", "--alone", check=False)
    assert false.returncode == 1
    assert "FAILS answers: picture 2 of 2: LOST" in false.stdout
    assert NAMED in false.stdout
    assert "in company" not in false.stdout
    assert false.stderr == ""


def test_a_server_that_is_down_is_no_lie(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace.write()
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    refused = workspace.run("g2u.cli.main", "check", "bagel", check=False)
    assert refused.returncode == 1
    assert refused.stdout == ""
    assert refused.stderr.startswith("ModelError: params.yaml: presets.models: openai: ")
    assert "start the server, or mend the address" in refused.stderr
    assert len(refused.stderr.splitlines()) == 1
