"""The small form of the serving campaign: one request of each kind; SIGTERM ends the server."""

import pytest

from tests.campaigns import serving
from tests.campaigns.attacks import KINDS
from tests.conftest import Workspace


@pytest.mark.slow
def test_malformed_and_oversized_requests_harm_nobody(workspace: Workspace) -> None:
    outcome = serving.campaign(workspace, len(KINDS), seed=1)
    assert set(outcome.sent) == set(KINDS)
    assert outcome.wrong == []
    assert outcome.failed == []
    assert outcome.asked > 0
    assert outcome.peak < serving.MEMORY
