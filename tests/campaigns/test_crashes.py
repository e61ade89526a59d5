"""The small form of the parallel campaign; make campaigns runs it, and the kills, at full size."""

import pytest

from tests.campaigns import together
from tests.conftest import Workspace


@pytest.mark.slow
def test_runs_at_once_wait_their_turn_and_change_nothing(workspace: Workspace) -> None:
    outcome = together.campaign(workspace, runs=3, questions=4)
    assert (outcome.failed, outcome.differences) == (0, 0)
