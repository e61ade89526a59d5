"""What Prefect's UI is shown of a run; a server that is gone costs the view, not the run."""

import sys
from collections.abc import Callable
from typing import TypeVar

import httpx
from prefect import get_run_logger

T = TypeVar("T")


class View:
    """Artifacts of one run. Once the server cannot be reached it is asked no more."""

    def __init__(self) -> None:
        self._is_lost = False

    def show(self, call: Callable[[], T]) -> T | None:
        """What `call` returns; None where the server cannot be reached."""
        if self._is_lost:
            return None
        try:
            return call()
        except httpx.TransportError as error:
            self._is_lost = True
            get_run_logger().warning("Prefect's server cannot be reached (%s); going on", error)
            return None


def surviving(flow: Callable[[], int], rest: Callable[[], int]) -> int:
    """Run a flow; where Prefect's server is lost meanwhile, run `rest` without it.

    Finished work is in the call cache and in DVC's, so `rest` does what is left.
    """
    try:
        return flow()
    except httpx.TransportError as error:
        print(f"Prefect's server is gone ({error}); going on without it", file=sys.stderr)
        return rest()
