"""Every change costs exactly the calls that were declared for it."""

import sys
from collections.abc import Iterator

import pytest

from g2u import plugins
from g2u.code import identity as code
from g2u.models import null
from tests.campaigns.mutations import MUTATIONS, Mutation, install, settle
from tests.conftest import Counter, Workspace


@pytest.fixture
def house(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspace]:
    """A workspace whose copy of the house's code is the one looked at, with a private adapter."""
    monkeypatch.setattr(null, "VERSION", null.VERSION)
    monkeypatch.setattr(code, "ROOT", workspace.folder)
    monkeypatch.syspath_prepend(str(install(workspace)))
    for cached in (plugins.brought, plugins._of_name):
        cached.cache_clear()
    yield workspace
    for cached in (plugins.brought, plugins._of_name):
        cached.cache_clear()
    sys.modules.pop("g2u_own", None)


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda m: m.name)
def test_a_change_costs_the_calls_that_were_declared(
    mutation: Mutation, house: Workspace, count_calls: Counter
) -> None:
    settle(house, mutation.adapter)
    first = count_calls(house.write())
    assert all(made.get("answer") for made in first.values())
    mutation.apply(house)
    assert count_calls(house.write()) == mutation.expected
