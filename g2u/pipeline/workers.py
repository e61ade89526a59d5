"""Warm model workers: processes that keep a model and their work, and die with their parent."""

import multiprocessing
import multiprocessing.connection
import os
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from types import TracebackType
from typing import Any, Protocol, TypeVar

from g2u.calls.budget import Spent
from g2u.params.params import Params
from g2u.pipeline.forked import Outputs, context

R = TypeVar("R")


class LostWorkerError(Exception):
    """A worker was killed; what it had finished is in the call cache."""


def worker_count(config: Params) -> int:
    """Processes that section run of params.yaml asks for."""
    return config.run.workers or len(config.run.devices) or os.cpu_count() or 1


class Pool(Protocol):
    """Who makes model calls: processes of this machine, or Ray actors
    (g2u/pipeline/replicas.py).
    """

    count: int

    def perform(self, slot: int, work: Callable[..., R], *arguments: Any) -> R:
        """Run `work(*arguments)` in the worker of a slot, 0 .. count - 1, and wait for it. One
        thread at a time asks a slot.

        Raises:
            LostWorkerError: the worker was killed; another has its slot now.
        """
        ...

    def __enter__(self) -> "Pool": ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


def nothing_spent() -> Spent:
    """Counters of a run, which its workers share."""
    fork = context()
    calls, seconds, money = (fork.Value("d", 0.0) for _ in range(3))
    return Spent(calls, seconds, money, fork.Lock())


def pool(config: Params, spent: Spent) -> Pool:
    """The workers that section run of params.yaml asks for; here they count what is `spent`."""
    if config.run.ray is None:
        return Workers(config, spent)
    from g2u.pipeline.replicas import Replicas

    return Replicas(config)


class Workers:
    """A pool of worker processes."""

    def __init__(self, config: Params, spent: Spent) -> None:
        self.count = worker_count(config)
        self._devices = config.run.devices
        self._context, self._spent = context(), spent
        self._pools = [self._new_pool(slot) for slot in range(self.count)]

    def perform(self, slot: int, work: Callable[..., R], *arguments: Any) -> R:
        """See `Pool.perform`."""
        try:
            return self._pools[slot].submit(work, *arguments).result()
        except BrokenProcessPool:
            self._pools[slot].shutdown(wait=False)
            self._pools[slot] = self._new_pool(slot)
            raise LostWorkerError(KILLED) from None

    def __enter__(self) -> "Workers":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is not None:
            for process in multiprocessing.active_children():
                process.terminate()
        for each in self._pools:
            each.shutdown(cancel_futures=True)

    def _new_pool(self, slot: int) -> ProcessPoolExecutor:
        device = self._devices[slot % len(self._devices)] if self._devices else ""
        return ProcessPoolExecutor(
            1,
            mp_context=self._context,
            initializer=_begin,
            initargs=(device, self._spent, Outputs()),
        )


KILLED = (
    "a model worker was killed again and again at the same work (out of memory?); finished calls "
    "are kept; lower presets.models.<model>.batch or run.workers, then run again"
)
_spent = Spent()
"""What the run has spent, counted by all workers."""


def _begin(device: str, spent: Spent, outputs: Outputs) -> None:
    """First thing in a worker: take its device, and die when the parent does."""
    del outputs  # taken
    count_in(spent)
    if device:
        os.environ["CUDA_VISIBLE_DEVICES"] = device
    threading.Thread(target=die_with_parent, daemon=True).start()


def die_with_parent() -> None:
    """In a thread of a child process: end it when its parent does."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    multiprocessing.connection.wait([parent.sentinel])
    os._exit(1)


def count_in(spent: Spent) -> None:
    """In a worker: count what is spent in `spent` from now on."""
    global _spent
    _spent = spent


def spent_here() -> Spent:
    """In a worker: what the run has spent so far, counted by all workers."""
    return _spent
