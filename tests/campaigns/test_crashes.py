"""The small form of the crash and parallel campaigns; make campaigns runs them at full size."""

import pytest

from tests.campaigns import crashes, together
from tests.conftest import Workspace


@pytest.mark.slow
def test_kills_cost_at_most_a_batch_each_and_change_nothing(workspace: Workspace) -> None:
    outcome = crashes.campaign(workspace, kills=4, questions=12, seed=0)
    assert outcome.kills == 4
    assert outcome.redone <= 4 * crashes.BATCH
    assert outcome.differences == 0
    assert outcome.asked >= 12


@pytest.mark.slow
def test_runs_at_once_wait_their_turn_and_change_nothing(workspace: Workspace) -> None:
    outcome = together.campaign(workspace, runs=3, questions=4)
    assert (outcome.failed, outcome.differences) == (0, 0)
