"""Model workers as Ray actors, on this machine or on a cluster: the extra [ray].

Every actor loads a model once and fills the call cache with the functions that local workers use
(g2u/pipeline/workers.py), so its replies are the same. On several machines the cache has to be
shared storage (G2U_CACHE, a URL or a mounted folder), and the workspace travels as Ray's
working_dir.
"""

import os
import sys
from collections.abc import Callable
from typing import Any, TypeVar

from g2u.calls.budget import Spent
from g2u.calls.opened import CACHE_VARIABLE, DEFAULT_CACHE, OPTIONS_VARIABLE, call_store
from g2u.errors import ParamsError
from g2u.params.params import Params
from g2u.pipeline import workers

R = TypeVar("R")
LEFT_BEHIND = [
    "data/**/pictures",
    "data/**/thoughts",
    ".git",
    ".dvc/cache",
    ".dvc/tmp",
    ".g2u",
    ".venv",
]
"""What the actors' copy of the workspace does without."""


class Replicas:
    """What `workers.Workers` is, with Ray actors.

    Args:
        config: section run names the cluster's address and how many actors there are.

    Raises:
        ParamsError: Ray is not installed, or cannot start this Python.
    """

    def __init__(self, config: Params) -> None:
        try:
            import ray
        except ImportError:
            raise ParamsError(
                "params.yaml: run.ray: Ray is not installed; expected the extra [ray]: pip install "
                "'g2u[ray]'"
            ) from None
        if " " in sys.executable:
            raise ParamsError(
                f"params.yaml: run.ray: Ray cannot start {sys.executable!r}, as its path holds a "
                "space; expected an environment in another folder, or ray: null"
            )
        self._ray = ray
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        self.count = workers.worker_count(config)
        address = config.run.ray
        passed = {
            name: os.environ[name]
            for name in (CACHE_VARIABLE, OPTIONS_VARIABLE)
            if os.environ.get(name)
        }
        if address == "local":
            passed.setdefault(CACHE_VARIABLE, str(DEFAULT_CACHE.resolve()))
        ray.init(
            address=None if address == "local" else address,
            runtime_env={
                "working_dir": ".", "excludes": LEFT_BEHIND, "env_vars": passed,
            },
            num_cpus=self.count if address == "local" else None,
            include_dashboard=False,
            log_to_driver=False,
        )  # fmt: skip
        gpus = 1 if config.run.devices else 0
        self._actor = ray.remote(num_cpus=1, num_gpus=gpus)(Replica)
        self._actors = [self._actor.remote() for _ in range(self.count)]

    def perform(self, slot: int, work: Callable[..., R], *arguments: Any) -> R:
        """See `workers.Pool.perform`."""
        errors = self._ray.exceptions
        try:
            done: R = self._ray.get(self._actors[slot].perform.remote(work, *arguments))
        except errors.RayActorError:
            self._actors[slot] = self._actor.remote()
            raise workers.LostWorkerError(
                "a Ray actor was lost again and again at the same work; finished calls are kept; "
                "see the cluster's logs, then run again"
            ) from None
        except errors.RayTaskError as error:
            raise error.cause from None
        return done

    def __enter__(self) -> "Replicas":
        return self

    def __exit__(self, *error: object) -> None:
        self._ray.shutdown()


class Replica:
    """The actor. Its budget is its own: Ray workers share no counter."""

    def __init__(self) -> None:
        workers.count_in(Spent())

    def perform(self, work: Callable[..., R], *arguments: Any) -> R:
        """Call it here, and seal what the call cache was given: an actor is killed at the end."""
        try:
            return work(*arguments)
        finally:
            call_store().close()
