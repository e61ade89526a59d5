"""Many requests in flight over the openai SDK, each ending in a reply or in a named failure.

The SDK retries 408, 409, 429 and 5xx, time-outs and lost connections with growing pauses and obeys
Retry-After; a reply whose body is broken is asked for again here. All tries of a request share its
timeout. Once a server has refused a connection after all retries, or refuses the key or the model,
what still waits of the batch fails at once, and the failures say that the run ends.
"""

import asyncio
import json
import logging
import re
import urllib.request
from collections.abc import Awaitable, Callable, Mapping, Sequence
from http import HTTPStatus
from json import JSONDecodeError
from typing import Any, TypeVar

import httpx
from openai import (
    APIConnectionError,
    APIError,
    APIStatusError,
    APITimeoutError,
    AsyncOpenAI,
)

from g2u.errors import DataError, ModelError
from g2u.models.openai import bodies
from g2u.protocols import Reply
from g2u.records import AnswerRequest, EditRequest, Failure, Picture, ScoreRequest

R = TypeVar("R")
T = TypeVar("T")
REACHED_IN = 10
"""Seconds that a server may take to say anything."""
WHERE = "params.yaml: presets.models: openai"
LOG = logging.getLogger(__name__)
FOR_ALL = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND)
"""Refusals of the key or the model, not of the request."""
SPENT = "insufficient_quota"
"""OpenAI's code of an account without credit; time does not mend it, as it does other 429s."""
BROKEN = (bodies.BrokenReplyError, APIError, DataError)
"""What broken replies are known to raise."""
BODY_ATTEMPTS = 3
"""How often a reply with a broken body is asked for."""


class Client:
    """Connections to one server; one event loop, kept from call to call.

    Args:
        address: base URL, ending in /v1.
        key: API key.
        settings: completed settings of the preset.
    """

    def __init__(self, address: str, key: str, settings: Mapping[str, Any]) -> None:
        self._address, self._key, self._settings = address, key, settings
        self._shown = without_user(address)
        self._runner = asyncio.Runner()
        self._turn = asyncio.Semaphore(int(settings["in_flight"]))
        self._sdk = AsyncOpenAI(
            base_url=address,
            api_key=key,
            timeout=float(settings["timeout"]),
            max_retries=int(settings["retries"]),
        )
        self._ends = ""
        """Why no further request of the batch is made."""

    def version(self) -> str:
        """What the server says it is, at /version.

        Raises:
            ModelError: it says nothing.
        """
        place = self._address.rstrip("/").removesuffix("/v1") + "/version"
        try:
            asked = urllib.request.Request(place)  # noqa: S310 - the user's
            asked.add_unredirected_header("Authorization", f"Bearer {self._key}")
            with urllib.request.urlopen(asked, timeout=10) as reply:  # noqa: S310 - the user's
                return str(json.load(reply)["version"])
        except (OSError, ValueError, KeyError, TypeError):
            raise ModelError(
                f"{WHERE}: the server does not tell its version, which "
                "is part of what names its replies; start it, and the same command goes on, or set "
                "revision to a name for what it serves"
            ) from None

    def edit(self, requests: Sequence[EditRequest]) -> list[Reply[Picture]]:
        """One picture per request."""
        through = {"images": bodies.images_edit, "chat": bodies.chat_edit}
        ask = through[self._settings["edit_through"]]
        return self._all(requests, lambda r: ask(self._sdk, self._settings, r))

    def answer(self, requests: Sequence[AnswerRequest]) -> list[Reply[str]]:
        """One text per request, with why it ended."""
        return self._all(requests, lambda r: bodies.answer(self._sdk, self._settings, r))

    def score(self, requests: Sequence[ScoreRequest]) -> list[Reply[tuple[float, ...]]]:
        """Log-probabilities per token of the continuation."""
        return self._all(requests, lambda r: bodies.score(self._sdk, self._settings, r))

    def close(self) -> None:
        """Close connections and loop."""
        self._runner.run(self._sdk.close())
        self._runner.close()

    def _all(self, requests: Sequence[R], ask: Callable[[R], Awaitable[T]]) -> list[Reply[T]]:
        async def gathered() -> list[Reply[T]]:
            return await asyncio.gather(*(self._one(request, ask) for request in requests))

        self._ends = ""
        return self._runner.run(gathered())

    async def _one(self, request: R, ask: Callable[[R], Awaitable[T]]) -> Reply[T]:
        limit = float(self._settings["timeout"])
        async with self._turn:
            try:
                async with asyncio.timeout(limit):
                    return await self._tried(request, ask)
            except (TimeoutError, APITimeoutError):
                return Failure(
                    f"no reply within {limit:g} s; raise the preset's timeout, or lower in_flight "
                    "if requests wait for one another"
                )

    async def _tried(self, request: R, ask: Callable[[R], Awaitable[T]]) -> Reply[T]:
        said = ""
        for _ in range(BODY_ATTEMPTS):
            if self._ends:
                return Failure(self._ends, ends_run=True)
            try:
                return await ask(request)
            except APITimeoutError:
                raise
            except APIConnectionError as error:
                return self._lost(error)
            except APIStatusError as error:
                reason = f"the server answers {error.status_code}: {_line(error)}"
                if error.status_code in FOR_ALL or error.code == SPENT:
                    self._ends = f"{WHERE}: {self._shown}: {reason}"
                return Failure(self._ends or reason, ends_run=bool(self._ends))
            except JSONDecodeError as error:
                said = f"broken reply: not JSON: {_line(error)}"
            except Exception as error:  # whatever one reply raises is the failure of its request
                if not isinstance(error, BROKEN):
                    LOG.warning("a reply could not be read", exc_info=True)
                said = f"broken reply: {_line(error)}"
        return Failure(said)

    def _lost(self, error: APIConnectionError) -> Failure:
        """A request that got no reply; a refused connection ends the run."""
        cause = _line(error.__cause__ or error)
        if type(error.__cause__).__name__ != "ConnectError":
            return Failure(f"the connection was lost: {cause}")
        self._ends = f"{WHERE}: {self._shown}: the server cannot be reached: {cause}"
        return Failure(self._ends, ends_run=True)


def reach(address: str, key: str) -> None:
    """Ask a server for its models: any reply will do.

    Raises:
        ModelError: there is none within `REACHED_IN`, or the key is refused.
    """

    async def status() -> int:
        async with (
            asyncio.timeout(REACHED_IN),
            httpx.AsyncClient(timeout=None) as client,  # noqa: S113  # one for all of it
            client.stream("GET", f"{address.rstrip('/')}/models", headers=headers) as reply,
        ):
            return reply.status_code

    headers = {"Authorization": f"Bearer {key}"}
    shown = without_user(address)
    try:
        code = asyncio.run(status())
    except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, OSError) as error:
        raise ModelError(
            f"{WHERE}: {shown}: no reply within {REACHED_IN} s "
            f"({_line(error)}); start the server, or mend the address"
        ) from None
    if code == HTTPStatus.UNAUTHORIZED:
        raise ModelError(f"{WHERE}: {shown} refuses the key (401)")


def without_user(address: str) -> str:
    """The address as it may be shown."""
    return re.sub("//[^/]*@", "//", address)


def _line(error: BaseException) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
