"""The small form of the campaign of people's files."""

import pytest

from tests.campaigns import files
from tests.conftest import Workspace


@pytest.mark.slow
def test_no_command_removes_moves_or_overwrites_what_people_put_beside_its_files(
    workspace: Workspace,
) -> None:
    outcome = files.campaign(workspace, rounds=1, seed=1)
    assert outcome.kept >= 40
    assert outcome.harmed == []
    assert outcome.refused == []
