"""flows.serve in a workspace, beside a Prefect server, as tests watch it."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from tests.conftest import ROOT, Workspace


@dataclass(frozen=True)
class Serving:
    """The process that serves the flows."""

    api: str
    """Address of the Prefect server's API."""
    process: "subprocess.Popen[str]"

    def wait_until_told(self, wanted: str) -> None:
        """Read the process' lines up to one that holds the words."""
        assert self.process.stdout is not None
        lines = []
        for line in self.process.stdout:
            lines.append(line)
            if wanted in line:
                return
        raise AssertionError("".join(lines))

    def start(self, flow: str) -> None:
        """What `prefect deployment run` asks of the server."""
        found = httpx.get(f"{self.api}/deployments/name/{flow}/{flow}").json()
        self._asked(f"deployments/{found['id']}/create_flow_run", {})

    def cancel(self, run: str) -> None:
        """What `prefect flow-run cancel` asks of the server."""
        self._asked(f"flow_runs/{run}/set_state", {"state": {"type": "CANCELLING"}})

    def runs(self) -> list[dict[str, Any]]:
        """All flow runs that the server knows."""
        found: list[dict[str, Any]] = self._asked("flow_runs/filter", {})
        return found

    def _asked(self, path: str, body: dict[str, Any]) -> Any:
        return httpx.post(f"{self.api}/{path}", json=body).raise_for_status().json()


@contextlib.contextmanager
def serving(workspace: Workspace, server: Mapping[str, str]) -> Iterator[Serving]:
    """Serve the flows until the end, when all that was started is killed.

    Args:
        workspace: where.
        server: the environment that names the Prefect server.
    """
    environment = {
        **os.environ,
        **server,
        "PREFECT_RUNNER_POLL_FREQUENCY": "1",
        "PYTHONPATH": f"{workspace.folder}:{ROOT}",
    }
    with contextlib.ExitStack() as stack:
        process = stack.enter_context(
            subprocess.Popen(
                [sys.executable, "-u", "-m", "flows.serve"],
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment,
                start_new_session=True,
            )
        )  # fmt: skip
        stack.callback(os.killpg, process.pid, signal.SIGKILL)
        served = Serving(server["PREFECT_API_URL"], process)
        served.wait_until_told("being served")
        yield served
