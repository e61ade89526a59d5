"""Warm model workers: processes that load a model once, make calls and die with their parent."""

import multiprocessing
import multiprocessing.connection
import os
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from types import TracebackType
from typing import Any, Protocol, TypeVar

from g2u.cache.budget import Spent
from g2u.errors import ModelError
from g2u.params import Params
from g2u.protocols import Model

R = TypeVar("R")
ATTEMPTS = 3
"""How often a job is begun whose worker was killed."""


def worker_count(config: Params) -> int:
    """Processes that section run of params.yaml asks for."""
    return config.run.workers or len(config.run.devices) or os.cpu_count() or 1


class Pool(Protocol):
    """Who makes model calls: processes of this machine, or Ray actors (g2u/cli/replicas.py)."""

    count: int

    def perform(self, work: Callable[..., R], *arguments: Any) -> R:
        """Run `work(*arguments)` in a worker and wait for it; callable from several threads."""
        ...

    def __enter__(self) -> "Pool": ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


def pool(config: Params) -> Pool:
    """The workers that section run of params.yaml asks for."""
    if config.run.ray is None:
        return Workers(config)
    from g2u.cli.replicas import Replicas

    return Replicas(config)


class Workers:
    """A pool of worker processes."""

    def __init__(self, config: Params) -> None:
        self.count = worker_count(config)
        self._devices = config.run.devices
        self._context = multiprocessing.get_context("spawn")
        self._spent = Spent(
            *(self._context.Value("d", 0.0) for _ in ("calls", "model_seconds", "money"))
        )
        self._lock = threading.Lock()
        self._pool = self._new_pool()

    def perform(self, work: Callable[..., R], *arguments: Any) -> R:
        """See `Pool.perform`.

        A worker that is killed costs the batch it was at: the job is begun again, and finds in the
        call cache what was finished.

        Raises:
            ModelError: the job's worker was killed again and again.
        """
        for _ in range(ATTEMPTS):
            pool = self._pool
            try:
                return pool.submit(work, *arguments).result()
            except BrokenProcessPool:
                with self._lock:
                    if self._pool is pool:
                        pool.shutdown(wait=False)
                        self._pool = self._new_pool()
        raise ModelError(
            f"a model worker was killed {ATTEMPTS} times at the same work (out of memory?); "
            "finished calls are kept; lower presets.models.<model>.batch or run.workers, then "
            "run again"
        )

    def __enter__(self) -> "Workers":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._pool.shutdown(wait=kind is None, cancel_futures=True)
        if kind is not None:
            for process in multiprocessing.active_children():
                process.terminate()

    def _new_pool(self) -> ProcessPoolExecutor:
        slots = self._context.Queue()
        for slot in range(self.count):
            slots.put(self._devices[slot % len(self._devices)] if self._devices else "")
        return ProcessPoolExecutor(
            self.count, mp_context=self._context, initializer=_begin, initargs=(slots, self._spent)
        )


_spent = Spent()
"""What the run has spent, counted by all workers."""
_models: dict[str, Model] = {}
"""The model of this worker; one at a time is in memory."""


def _begin(devices: Any, spent: Spent) -> None:
    """First thing in a worker: take a device, and die when the parent does."""
    count_in(spent)
    device = devices.get()
    if device:
        os.environ["CUDA_VISIBLE_DEVICES"] = device
    threading.Thread(target=die_with_parent, daemon=True).start()


def die_with_parent() -> None:
    """In a thread of a child process: end it when its parent does."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    multiprocessing.connection.wait([parent.sentinel])
    os._exit(1)


def model_of(config: Params, name: str) -> Model:
    """In a worker: the model of a preset, loaded once for as long as jobs ask for it."""
    if name not in _models:
        for other in _models.values():
            other.close()
        _models.clear()
        _models[name] = config.model(name)
    return _models[name]


def count_in(spent: Spent) -> None:
    """In a worker: count what is spent in `spent` from now on."""
    global _spent
    _spent = spent


def spent() -> Spent:
    """In a worker: what the run has spent so far, counted by all workers."""
    return _spent
