"""A run stops at its budget and keeps what it made."""

from pathlib import Path

import pytest

from g2u.calls.budget import Budget, Limits, Spent
from g2u.calls.folder import FolderStore
from g2u.errors import BudgetError
from tests.cache.test_calls import Echo, ask
from tests.conftest import asked_at_once, brokered


def test_calls_stop_at_the_limit_and_go_on_with_a_greater_one(tmp_path: Path) -> None:
    model, store = Echo(), FolderStore(tmp_path)
    wanted = [ask(str(number)) for number in range(10)]
    budget = Budget(Limits(calls=7))
    with pytest.raises(BudgetError, match=r"calls 7 of 7; .* raise run.budget"):
        asked_at_once(brokered(model, store, 4, budget=budget).answer, wanted)
    assert model.asked == 7
    assert len(list(store.listing())) == 7
    again = brokered(model, store, 4, budget=Budget(Limits(calls=7)))
    assert len(asked_at_once(again.answer, wanted)) == 10
    assert model.asked == 10


def test_money_is_counted_by_the_price_of_a_kind(tmp_path: Path) -> None:
    model = Echo()
    budget = Budget(Limits(money=0.5), Spent(), {"answer": 0.1})
    calls = brokered(model, FolderStore(tmp_path), 3, budget=budget)
    with pytest.raises(BudgetError, match=r"money 0.5 of 0.5"):
        asked_at_once(calls.answer, [ask(str(number)) for number in range(9)])
    assert model.asked == 5
    assert budget.spent.calls.value == 5


def test_model_seconds_end_a_run_after_the_batch_that_used_them_up(tmp_path: Path) -> None:
    model = Echo()
    budget = Budget(Limits(model_seconds=1e-9))
    calls = brokered(model, FolderStore(tmp_path), 3, budget=budget)
    with pytest.raises(BudgetError, match="model_seconds"):
        asked_at_once(calls.answer, [ask(str(number)) for number in range(9)])
    assert model.asked == 3


def test_what_is_answered_costs_nothing(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    asked_at_once(brokered(Echo(), store, 3).answer, [ask("a"), ask("b")])
    spent_all = Budget(Limits(calls=1), Spent())
    assert spent_all.take("answer", 2) == 1
    calls = brokered(Echo(), store, 3, budget=spent_all)
    assert asked_at_once(calls.answer, [ask("a"), ask("b")]) == ["A", "B"]
