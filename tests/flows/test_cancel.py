"""A run that is cancelled in Prefect leaves a workspace that the next run goes on with."""

import os
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.campaigns.crashes import BATCH, count, forget, settle, state
from tests.conftest import ROOT, Workspace
from tests.models.servers import prefect_server

pytestmark = pytest.mark.slow


def wait_until_told(process: "subprocess.Popen[str]", wanted: str) -> None:
    """Read a process' lines up to one that holds the words."""
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if wanted in line:
            return
    raise AssertionError("".join(lines))


def test_a_cancelled_run_leaves_a_sound_workspace(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settle(workspace, 20)
    workspace.run("g2u.cli.main", "run")
    whole = state(workspace.folder)
    forget(workspace.folder)
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path / "prefect"))
    with prefect_server() as address:
        monkeypatch.setenv("PREFECT_API_URL", f"{address}/api")
        monkeypatch.setenv("PREFECT_RUNNER_POLL_FREQUENCY", "1")
        environment = {**os.environ, "PYTHONPATH": f"{workspace.folder}:{ROOT}"}
        prefect = [sys.executable, "-m", "prefect"]
        with subprocess.Popen(
            [sys.executable, "-u", "-m", "flows.serve"],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment,
        ) as serving:  # fmt: skip
            try:
                wait_until_told(serving, "being served")
                begin = [*prefect, "deployment", "run", "reproduce/reproduce"]
                subprocess.run(begin, check=True, capture_output=True, env=environment)
                wait_until_told(serving, "calls made")
                runs = httpx.post(f"{address}/api/flow_runs/filter", json={}).json()
                stop = [*prefect, "flow-run", "cancel", runs[0]["id"]]
                subprocess.run(stop, check=True, capture_output=True, env=environment)
                wait_until_told(serving, "Cancelled flow run")
                ended = httpx.get(f"{address}/api/flow_runs/{runs[0]['id']}").json()
            finally:
                serving.kill()
    assert ended["state"]["type"] == "CANCELLED"
    assert not Path("data/report/gains.json").exists()
    workspace.run("g2u.cli.main", "run")
    _, redone = count(workspace.folder, 0, 0)
    assert redone <= BATCH
    assert state(workspace.folder) == whole
