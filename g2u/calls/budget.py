"""What a run may spend: it stops before the call that would go beyond."""

import math
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any, Protocol

from g2u.errors import BudgetError


class Counter(Protocol):
    """A number that several processes may share (multiprocessing.Value is one)."""

    value: float


@dataclass(slots=True)
class Own:
    """A counter of this process alone."""

    value: float = 0.0


@dataclass(frozen=True, slots=True)
class Limits:
    """The most of each that a run may spend; infinite where params.yaml says null."""

    calls: float = math.inf
    model_seconds: float = math.inf
    money: float = math.inf


NO_LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Spent:
    """Counters of a run, shared by its workers."""

    calls: Counter = field(default_factory=Own)
    model_seconds: Counter = field(default_factory=Own)
    money: Counter = field(default_factory=Own)
    lock: AbstractContextManager[Any] = field(default_factory=nullcontext)
    """Held while they are read and raised."""


@dataclass(frozen=True, slots=True)
class Budget:
    """Limits, what was spent, and the prices of one model."""

    limits: Limits = NO_LIMITS
    spent: Spent = field(default_factory=Spent)
    prices: Mapping[str, float] = field(default_factory=dict)
    """Money per call, by kind; a kind that is not named costs nothing."""

    def take(self, kind: str, calls: int) -> int:
        """Count calls that are about to be made: how many of the next `calls` the budget allows.

        Raises:
            BudgetError: none.
        """
        spent, price = self.spent, self.prices.get(kind, 0.0)
        with spent.lock:
            allowed = min(calls, self.limits.calls - spent.calls.value)
            if price:
                allowed = min(allowed, (self.limits.money - spent.money.value) / price + 1e-9)
            if spent.model_seconds.value >= self.limits.model_seconds:
                allowed = 0
            if allowed < 1:
                raise BudgetError(f"the budget of params.yaml is spent: {self}; {REMEDY}")
            spent.calls.value += int(allowed)
            spent.money.value += int(allowed) * price
        return int(allowed)

    def spend(self, seconds: float) -> None:
        """Count the model seconds that calls took."""
        with self.spent.lock:
            self.spent.model_seconds.value += seconds

    def __str__(self) -> str:
        parts = [
            f"{name} {getattr(self.spent, name).value:.6g} of {limit:.6g}"
            for name in ("calls", "model_seconds", "money")
            if (limit := getattr(self.limits, name)) < math.inf
        ]
        return ", ".join(parts) or "no limit"


REMEDY = "finished calls are kept; raise run.budget and run again"
