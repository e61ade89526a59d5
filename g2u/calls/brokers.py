"""The brokers of a process: one for each model that it calls."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import AbstractContextManager
from functools import partial
from types import TracebackType
from typing import Any, TypeVar

from g2u.calls.asking import BrokeredCalls
from g2u.calls.broker import Broker, Device
from g2u.calls.budget import Budget, Limits, Spent
from g2u.calls.flow import runner
from g2u.calls.store import Replies
from g2u.errors import ModelError
from g2u.params.params import Params
from g2u.params.sections import Run
from g2u.protocols import Model

T = TypeVar("T")


def budget(section: Run, model: str, spent: Spent) -> Budget:
    """What may be spent on calls of a model; `spent` is shared by the workers of a run."""
    prices = {str(kind): price for kind, price in section.prices.get(model, {}).items()}
    return Budget(Limits(**section.budget.model_dump(exclude_none=True)), spent, prices)


class Brokers(AbstractContextManager["Brokers"]):
    """By model preset; models are read when their calls are first asked for, closed at the end.

    Args:
        config: the params.
        store: the call cache.
        spent: counters that other processes share; None = this process counts for itself.
        plans: whether calls are only planned.
        shared_by: processes that call the same servers.
        store_of: where the replies of a preset's model are put, by its name; None = in `store`.
        gate: awaited with a preset's name before its model is asked for anything.
    """

    def __init__(
        self,
        config: Params,
        store: Replies,
        *,
        spent: Spent | None = None,
        plans: bool = False,
        shared_by: int = 1,
        store_of: Callable[[str], Replies] | None = None,
        gate: Callable[[str], Awaitable[None]] | None = None,
    ) -> None:
        self._config, self._store, self._plans = config, store, plans
        self._store_of, self._gate = store_of, gate
        self._spent, self._shared_by = spent or Spent(), shared_by
        self._runner, self._device = runner(), Device()
        self._models: dict[str, Model] = {}
        self._brokers: dict[str, Broker] = {}

    def calls(self, model: str, writer: str | None = None) -> BrokeredCalls:
        """Calls of a model, noted apart from all others.

        Args:
            model: a preset.
            writer: the preset whose answers are asked for; None = the same.

        Raises:
            ParamsError: there is no such preset.
            ModelError: the writer does not answer.
        """
        if writer is not None and "answer" not in self._config.abilities(writer):
            raise ModelError(
                f"params.yaml: presets.models.{writer} cannot answer, so it writes nothing"
            )
        return BrokeredCalls(self.of(model), None if writer is None else self.of(writer))

    def of(self, name: str) -> Broker:
        """The broker of a model preset."""
        if name not in self._brokers:
            preset = self._config.presets.models[name]
            self._models[name] = self._config.model(name)
            self._brokers[name] = Broker(
                self._models[name],
                self._store if self._store_of is None else self._store_of(name),
                preset.batch,
                budget=budget(self._config.run, name, self._spent),
                plans=self._plans,
                shared_by=self._shared_by,
                device=self._device,
                gate=None if self._gate is None else partial(self._gate, name),
            )
        return self._brokers[name]

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """What a coroutine over these calls comes to."""
        return self._runner.run(work)

    async def leave(self) -> None:
        """Let go of what the running event loop has open, and of the models."""
        for broker in self._brokers.values():
            await broker.leave()
        for model in self._models.values():
            await asyncio.to_thread(model.close)  # it may run a loop of its own
        self._brokers, self._models = {}, {}

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._runner.run(self.leave())
        self._runner.close()
