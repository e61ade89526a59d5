"""A run that is cancelled in Prefect leaves a workspace that the next run goes on with."""

from pathlib import Path

import pytest

from tests.campaigns.crashes import BATCH, count, forget, settle, state
from tests.conftest import Workspace
from tests.flows.serving import serving

pytestmark = pytest.mark.slow


def test_a_cancelled_run_leaves_a_sound_workspace(workspace: Workspace) -> None:
    settle(workspace, 20)
    workspace.run("g2u.cli.main", "run")
    whole = state(workspace.folder)
    forget(workspace.folder)
    with serving(workspace) as served:
        served.start("reproduce")
        served.wait_until_told("calls made")
        (run,) = served.runs()
        served.cancel(run["id"])
        served.wait_until_told("Cancelled flow run")
        (run,) = served.runs()
    assert run["state"]["type"] == "CANCELLED"
    assert not Path("data/report/gains.json").exists()
    workspace.run("g2u.cli.main", "run")
    _, redone = count(workspace.folder, 0, 0)
    assert redone <= BATCH
    assert state(workspace.folder) == whole
