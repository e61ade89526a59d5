"""Every change costs exactly the calls that were declared for it."""

import pytest

from g2u.models import null
from tests.campaigns.mutations import MUTATIONS, Mutation, settle
from tests.conftest import Counter, Workspace


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda m: m.name)
def test_a_change_costs_the_calls_that_were_declared(
    mutation: Mutation,
    workspace: Workspace,
    count_calls: Counter,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(null, "VERSION", null.VERSION)
    settle(workspace)
    first = count_calls(workspace.write())
    assert all(made.get("answer") for made in first.values())
    mutation.apply(workspace)
    assert count_calls(workspace.write()) == mutation.expected
