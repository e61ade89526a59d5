"""flows.serve in a workspace, beside a Prefect server of its own, as tests watch it."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx

from tests.conftest import ROOT, Workspace
from tests.models.servers import prefect_server


@dataclass(frozen=True)
class Serving:
    """The process that serves the flows."""

    address: str
    """Of the Prefect server."""
    environment: dict[str, str]
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

    def prefect(self, *arguments: str) -> None:
        """Run Prefect's command against the server."""
        command = [sys.executable, "-m", "prefect", *arguments]
        subprocess.run(command, check=True, capture_output=True, env=self.environment)

    def runs(self) -> list[dict[str, Any]]:
        """All flow runs that the server knows."""
        found: list[dict[str, Any]] = httpx.post(
            f"{self.address}/api/flow_runs/filter", json={}
        ).json()
        return found


@contextlib.contextmanager
def serving(workspace: Workspace) -> Iterator[Serving]:
    """Serve the flows until the end, when all that was started is killed."""
    environment = {
        **os.environ,
        "PREFECT_HOME": str(workspace.folder.parent / "prefect"),
        "PREFECT_RUNNER_POLL_FREQUENCY": "1",
        "PYTHONPATH": f"{workspace.folder}:{ROOT}",
    }
    with contextlib.ExitStack() as stack:
        address = stack.enter_context(prefect_server(environment))
        environment["PREFECT_API_URL"] = f"{address}/api"
        process = stack.enter_context(
            subprocess.Popen(
                [sys.executable, "-u", "-m", "flows.serve"],
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment,
                start_new_session=True,
            )
        )  # fmt: skip
        stack.callback(os.killpg, process.pid, signal.SIGKILL)
        served = Serving(address, environment, process)
        served.wait_until_told("being served")
        yield served
