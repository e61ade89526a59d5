"""The small forms of the campaigns, which make campaigns runs at full size; a cancelled run."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.campaigns import crashes, together
from tests.conftest import Workspace, begun
from tests.flows.serving import serving
from tests.models.servers import prefect_server

pytestmark = pytest.mark.slow
Settled = tuple[Workspace, crashes.Whole]


@pytest.fixture(scope="module")
def settled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settled]:
    with pytest.MonkeyPatch.context() as patch:
        workspace = begun(tmp_path_factory.mktemp("settled"), patch)
        yield workspace, crashes.settle(workspace, questions=8)


def test_runs_at_once_wait_their_turn_and_change_nothing(settled: Settled) -> None:
    outcome = together.campaign(*settled, runs=3)
    assert (outcome.failed, outcome.differences) == (0, 0)


def test_kills_cost_at_most_their_batches_and_change_nothing(settled: Settled) -> None:
    outcome = crashes.campaign(*settled, kills=3, seed=1)
    assert outcome.kills == 3
    assert outcome.asked > 0
    assert outcome.differences == 0
    assert outcome.redone <= outcome.kills * crashes.BATCH


def test_kills_of_a_bare_repro_cost_at_most_their_batches_and_change_nothing(
    settled: Settled,
) -> None:
    workspace, whole = settled
    outcome = crashes.campaign(workspace, replace(whole, command=crashes.REPRO), kills=2, seed=1)
    assert outcome.asked > 0
    assert outcome.differences == 0
    assert outcome.redone <= outcome.kills * crashes.BATCH


def test_a_run_cancelled_in_prefect_leaves_a_workspace_that_the_next_run_goes_on_with(
    settled: Settled, tmp_path: Path
) -> None:
    workspace, whole = settled
    crashes.forget(workspace.folder)
    with prefect_server(tmp_path) as server, serving(workspace, server) as served:
        served.start("reproduce")
        served.wait_until_told("calls made")
        (run,) = served.runs()
        served.cancel(run["id"])
        served.wait_until_told("Cancelled flow run")
        (run,) = served.runs()
    assert run["state"]["type"] == "CANCELLED"
    assert not Path("data/report/gains.json").exists()
    workspace.run("g2u.cli.main", "run")
    _, redone = crashes.count(workspace.folder, 0, 0)
    assert redone <= crashes.BATCH
    assert crashes.state(workspace.folder) == whole.state
