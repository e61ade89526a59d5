"""The emulator as a process that a test talks to."""

import contextlib
from collections.abc import Iterator
from typing import Any

import httpx

from g2u import plugins
from g2u.protocols import Model
from tests.conftest import ROOT, typed
from tests.models.servers import started


class Emulated:
    """A running emulator."""

    def __init__(self, address: str, client: httpx.Client) -> None:
        self.address = address
        self._client = client  # one for all: each reads the certificates anew

    def become(self, **guise: Any) -> None:
        """Another server: fields of `Guise`."""
        self._client.put("/emulator", json=guise).raise_for_status()

    def told(self) -> dict[str, Any]:
        """Requests by kind (`asked`), and of each kind the last body and what arrived."""
        found: dict[str, Any] = self._client.get("/emulator").raise_for_status().json()
        return found


@contextlib.contextmanager
def emulated() -> Iterator[Emulated]:
    """One process; `become` makes it another server."""
    with (
        started("tests.models.emulator", folder=str(ROOT)) as address,
        httpx.Client(base_url=address) as client,
    ):
        yield Emulated(address, client)


def loaded(preset: dict[str, Any]) -> Model:
    """The model of a preset of the adapter openai; OPENAI_BASE_URL says where."""
    return plugins.model("openai", typed("openai", preset["settings"]))
