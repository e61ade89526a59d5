"""The small forms of the campaigns; make campaigns runs them at full size."""

import pytest

from tests.campaigns import crashes, together
from tests.conftest import Workspace


@pytest.mark.slow
def test_runs_at_once_wait_their_turn_and_change_nothing(workspace: Workspace) -> None:
    outcome = together.campaign(workspace, runs=3, questions=4)
    assert (outcome.failed, outcome.differences) == (0, 0)


@pytest.mark.slow
def test_kills_cost_at_most_their_batches_and_change_nothing(workspace: Workspace) -> None:
    outcome = crashes.campaign(workspace, kills=3, questions=8, seed=1)
    assert outcome.kills == 3
    assert outcome.asked > 0
    assert outcome.differences == 0
    assert outcome.redone <= outcome.kills * crashes.BATCH
