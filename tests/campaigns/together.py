"""Many runs at once: in one workspace, and on one call cache."""

import os
import subprocess
import sys
from dataclasses import dataclass

from tests.campaigns.crashes import Whole, changes, forget, state
from tests.conftest import Workspace


@dataclass(frozen=True)
class Outcome:
    """What a campaign came to."""

    runs: int
    failed: int
    """Runs that did not end with exit code 0."""
    differences: int
    """Results that are not as after one run alone."""


def campaign(workspace: Workspace, whole: Whole, runs: int) -> Outcome:
    """Start all runs at once in one workspace; each waits its turn."""
    forget(workspace.folder)
    environment = {**os.environ, "PYTHONPATH": str(workspace.folder)}
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "g2u.cli.main", "run", "--wait"],
            cwd=workspace.folder, env=environment,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        )
        for _ in range(runs)
    ]  # fmt: skip
    ends = [(process.communicate()[1], process.returncode) for process in processes]
    failed = sum(code != 0 for _, code in ends)
    return Outcome(runs, failed, changes(whole.state, state(workspace.folder)))
