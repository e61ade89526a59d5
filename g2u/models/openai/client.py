"""Requests over the openai SDK, many in flight, each ending in a reply or in a named failure.

The SDK retries 408, 409, 429 and 5xx, time-outs and lost connections with growing pauses and obeys
Retry-After; a reply whose body is broken is asked for again here. All tries of a request share its
timeout. Once a server has refused a connection after all retries, or refuses the key or the model,
what is still in flight fails at its next try, and the failures say that the run ends.
"""

import asyncio
import json
import logging
import re
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from json import JSONDecodeError
from typing import Any

import httpx
from openai import (
    APIConnectionError,
    APIError,
    APIStatusError,
    APITimeoutError,
    AsyncOpenAI,
)

from g2u.digests import canonical
from g2u.errors import DataError, ModelError
from g2u.models.openai import bodies
from g2u.models.openai.replies import BrokenReplyError
from g2u.pictures.decoding import has_png, pictures_in, png_of
from g2u.protocols import Reply
from g2u.records import AnswerRequest, EditRequest, Failure, Request, ScoreRequest

REACHED_IN = 10
"""Seconds that a server may take to say anything."""
WHERE = "params.yaml: presets.models: openai"
LOG = logging.getLogger(__name__)
FOR_ALL = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND)
"""Refusals of the key or the model, not of the request."""
FACTS = ("root", "parent", "max_model_len")
"""Of a card of /v1/models what names replies; the rest changes from start to start."""
SPENT = "insufficient_quota"
"""OpenAI's code of an account without credit; time does not mend it, as it does other 429s."""
BROKEN = (BrokenReplyError, APIError, DataError)
"""What broken replies are known to raise."""
BODY_ATTEMPTS = 3
"""How often a reply with a broken body is asked for."""


class Client:
    """Connections to one server, for one event loop.

    Args:
        address: base URL, ending in /v1.
        key: API key.
        settings: completed settings of the preset.
    """

    def __init__(self, address: str, key: str, settings: Mapping[str, Any]) -> None:
        self._settings = settings
        self._shown = without_user(address)
        self._sdk = AsyncOpenAI(
            base_url=address,
            api_key=key,
            timeout=float(settings["timeout"]),
            max_retries=int(settings["retries"]),
        )
        self._asked = 0
        """Requests that have no reply yet."""
        self._ends = ""
        """Why no further request is made, as long as others have no reply yet."""

    async def ask(self, request: Request) -> Reply[Any]:
        """A picture, a text with why it ended, or log-probabilities per token of a continuation."""
        limit = float(self._settings["timeout"])
        if not self._asked:
            self._ends = ""
        self._asked += 1
        try:
            async with asyncio.timeout(limit):
                return await self._tried(request)
        except (TimeoutError, APITimeoutError):
            return Failure(
                f"no reply within {limit:g} s; raise the preset's timeout, or lower in_flight "
                "if requests wait for one another"
            )
        finally:
            self._asked -= 1

    async def ask_all(self, requests: Sequence[Request]) -> list[Reply[Any]]:
        """The replies to all of them, in their order."""
        turn = asyncio.Semaphore(int(self._settings["in_flight"]))

        async def one(request: Request) -> Reply[Any]:
            async with turn:
                return await self.ask(request)

        return await asyncio.gather(*map(one, requests))

    async def close(self) -> None:
        """Close the connections."""
        await self._sdk.close()

    async def _sent(self, request: Request) -> Any:
        for picture in pictures_in(request):
            if not has_png(picture):  # others are sent meanwhile
                await asyncio.to_thread(png_of, picture)
        if isinstance(request, EditRequest):
            through = {
                "images": bodies.images_edit,
                "chat": bodies.chat_edit,
                "responses": bodies.responses_edit,
            }
            return await through[self._settings["edit_through"]](self._sdk, self._settings, request)
        if isinstance(request, ScoreRequest):
            return await bodies.score(self._sdk, self._settings, request)
        assert isinstance(request, AnswerRequest)
        answered = {"chat": bodies.answer, "responses": bodies.responses_answer}
        return await answered[self._settings["answer_through"]](self._sdk, self._settings, request)

    async def _tried(self, request: Request) -> Reply[Any]:
        said = ""
        for _ in range(BODY_ATTEMPTS):
            if self._ends:
                return Failure(self._ends, ends_run=True)
            try:
                return await self._sent(request)
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


def build(address: str, key: str, model: str) -> str:
    """What a server says it is: its version at /version, and of the served name what /v1/models
    tells beside it: where its weights are from (root, parent) and how long a request may be.

    Raises:
        ModelError: it does not say its version, or its list of models cannot be read.
    """
    base = address.rstrip("/").removesuffix("/v1")
    try:
        version = str(_told(f"{base}/version", key)["version"])
        cards = _models(f"{address.rstrip('/')}/models", key)
        card = next((card for card in cards if card.get("id") == model), {})
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise ModelError(
            f"{WHERE}: the server does not tell its version or its models, which "
            "are part of what names its replies; start it, and the same command goes on, or set "
            "revision to a name for what it serves"
        ) from None
    facts = {name: card[name] for name in FACTS if card.get(name) not in (None, model)}
    return f"{version} {canonical(facts).decode()}" if facts else version


def _models(place: str, key: str) -> list[dict[str, Any]]:
    """The cards of what is served; none where the server has no such list."""
    try:
        return list(_told(place, key)["data"])
    except urllib.error.HTTPError as error:
        if error.code in (HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED):
            return []
        raise


def _told(place: str, key: str) -> Any:
    asked = urllib.request.Request(place)  # noqa: S310 - the user's
    asked.add_unredirected_header("Authorization", f"Bearer {key}")
    with urllib.request.urlopen(asked, timeout=REACHED_IN) as reply:  # noqa: S310 - the user's
        return json.load(reply)


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
