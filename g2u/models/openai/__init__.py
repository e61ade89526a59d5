"""openai: any OpenAI-compatible server: vLLM-Omni, vLLM, SGLang, `g2u serve`, hosted services.

The address and the key come from the environment alone: OPENAI_BASE_URL and OPENAI_API_KEY, or
<NAME>_BASE_URL and <NAME>_API_KEY with `environment: NAME`.
Sampler settings of an edit are fields of its body. Scores come from vLLM's prompt_logprobs.
"""

import asyncio
import os
import re
from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import Field, JsonValue

from g2u.digests import canonical
from g2u.errors import ModelError
from g2u.protocols import Kind, Reply
from g2u.records import AnswerRequest, EditRequest, Picture, Request, ScoreRequest
from g2u.settings import Form, NotNegative, Positive, Section, Text, holding

if TYPE_CHECKING:
    from g2u.models.openai.client import Client

VERSION = "1"
"""Raised whenever the same server would be asked otherwise."""
WHERE = "params.yaml: presets.models: openai"
SENDS = re.compile(r"as is|longest [1-9]\d{0,4}|exact [1-9]\d{0,4}x[1-9]\d{0,4}")
SENT = '"as is", "longest 1024" or "exact 980x980"'
VARIABLE = "the name of an environment variable, without its ending"
FREE = ("environment", "capabilities", "in_flight", "timeout", "retries", "revision", "fetch")
"""Settings that decide no reply."""
LATER = (
    "answer_through", "answer_tokens", "answer_temperature", "answer_system",
    "edit_sends", "answer_sends",
)  # fmt: skip
"""Settings that came later: in an identity only where they are not as they were for all before."""


Sends = Annotated[str, Form(SENDS.fullmatch, SENT)]


class Settings(Section):
    """What params.yaml may say of it."""

    model: Text
    """The served name."""
    revision: Text | None = None
    """What is served under that name; null = the server is asked for its version and its models."""
    environment: Annotated[str, Form(re.compile("[A-Za-z_][A-Za-z0-9_]*").fullmatch, VARIABLE)] = (
        "OPENAI"
    )
    """NAME of the variables NAME_BASE_URL and NAME_API_KEY."""
    capabilities: list[Literal["draw", "edit", "interleave", "answer", "sample", "score"]] = [
        "edit", "answer", "sample",
    ]  # fmt: skip
    """What the server offers."""
    edit_through: Literal["images", "chat", "responses"] = "images"
    """POST /images/edits, a chat reply that holds a picture, or one of the Responses API."""
    edit_template: Annotated[str, holding("{prompt}")] = "{prompt}"
    """Raw prompt of an edit."""
    ask_template: Annotated[str, holding("{prompt}")] | None = None
    """Raw prompt of a question; "{pictures}" in it stands for one picture_mark per picture."""
    picture_mark: str = ""
    """What marks a picture in a raw prompt, such as "<|image_pad|>"."""
    pictures: Literal["many", "one"] = "many"
    """How many a prompt may hold; one = several go as a collage."""
    size: Literal["source"] | None = None
    """"source" asks for edits of the first picture's size."""
    edit_sends: Sends = "as is"
    """How large the pictures of an edit are sent, in pixels: as they are; scaled down to a longest
    side; or all scaled to one width and height.
    """
    answer_sends: Sends = "as is"
    """The same of a question or score: its pictures and thoughts, in every arm alike."""
    seeds: bool = True
    """False for servers that refuse a seed."""
    edit_extra: dict[str, JsonValue] = {}
    """Further fields of an edit's body."""
    answer_extra: dict[str, JsonValue] = {}
    """Further fields of the body of a question or score."""
    answer_through: Literal["chat", "responses"] = "chat"
    """POST /chat/completions, or the Responses API for models that need it."""
    answer_tokens: Literal["max_tokens", "max_completion_tokens"] | None = "max_tokens"
    """The field that says how long an answer may be; null = it is not said."""
    answer_temperature: bool = True
    """False for servers that refuse a temperature: they answer at one of their own."""
    answer_system: str = ""
    """What stands before a question or score as a system message; empty = there is none."""
    fetch: bool = False
    """Whether a picture that comes as an address is fetched; only from the server's own host."""
    in_flight: Positive = 64
    """Requests at a time, 1 and more; shared out among the workers of a run."""
    timeout: Annotated[float, Field(gt=0, le=10**7)] = 600
    """Seconds of a request with all its retries, above 0, at most 10 million: more than a picture
    takes that waits behind others, and a server that hangs is noticed before the night is over.
    """
    retries: NotNegative = 6
    """How often a request is made again, 0 and more."""


def capabilities(settings: Settings) -> frozenset[str]:
    """What the settings say the server offers; `places` where pictures stay where they stand."""
    return _capabilities(settings.model_dump())


def _capabilities(settings: Mapping[str, Any]) -> frozenset[str]:
    moves = settings["ask_template"] and not settings["picture_mark"]
    keeps = settings["pictures"] == "many" and not moves and "answer" in settings["capabilities"]
    return frozenset({*settings["capabilities"], *(["places"] if keeps else [])})


def load(settings: Settings) -> "Served":
    """The model; the server is asked nothing here."""
    return Served(settings.model_dump())


def reach(settings: Settings) -> None:
    """Ask the server for anything at all.

    Raises:
        ModelError: no address or key that could be one, no reply, or the key is refused.
    """
    address, key = _connection(settings.environment)
    _client_module().reach(address, key)


def _connection(name: str) -> tuple[str, str]:
    """Address and key from the environment; the key is never part of a message.

    Raises:
        ModelError: there is no address, or one of them cannot be sent.
    """
    address = os.environ.get(f"{name}_BASE_URL", "")
    key = os.environ.get(f"{name}_API_KEY", "none")
    if not address:
        raise ModelError(
            f"{WHERE}: {name}_BASE_URL is not set; expected the server's address in the "
            f"environment, such as {name}_BASE_URL=http://localhost:8000/v1"
        )
    if not re.fullmatch(r"https?://[!-~]+", address):
        raise ModelError(
            f"{WHERE}: {name}_BASE_URL={address[:200]!r}; expected an address such as "
            "http://localhost:8000/v1"
        )
    if not re.fullmatch("[!-~]+", key):
        raise ModelError(
            f"{WHERE}: {name}_API_KEY is empty or holds white space or other characters than "
            "ASCII's; expected the server's key, or no such variable where it wants none"
        )
    return address, key


def _client_module() -> ModuleType:
    try:
        from g2u.models.openai import client
    except ImportError:
        raise ModelError(
            f"{WHERE}: the package openai is missing; pip install 'g2u[openai]'"
        ) from None
    return client


class Served:
    """`Model` behind a server."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self.capabilities = _capabilities(settings)
        self.in_flight: int = settings["in_flight"]
        self._settings = settings
        self._revision = str(settings["revision"] or "")
        self._runner: asyncio.Runner | None = None
        self._clients: dict[asyncio.AbstractEventLoop, Client] = {}

    def identity(self, kind: Kind) -> str:
        """Served name, revision or what the server says that it is, and what decides a request's
        body.

        Raises:
            ModelError: no revision is set and the server does not tell what it is.
        """
        if not self._revision:
            build = _client_module().build
            self._revision = str(build(*self._place(), self._settings["model"]))
        settings = {k: v for k, v in self._settings.items() if k not in FREE}
        other = "answer" if kind == "edit" else "edit"
        plain = {name: Settings.model_fields[name].default for name in LATER}
        decisive = {
            name: value
            for name, value in settings.items()
            if not name.startswith(other) and (name not in plain or value != plain[name])
        }
        return f"openai {VERSION} {self._revision} {canonical(decisive).decode()}"

    def server(self, kind: Kind) -> Self:
        """Every request is sent by itself."""
        del kind
        return self

    async def ask(self, request: Request) -> Reply[Any]:
        """One reply; connections are kept from call to call, for each event loop its own."""
        return await self._client().ask(request)

    async def leave(self) -> None:
        """Close the connections of this event loop."""
        if client := self._clients.pop(asyncio.get_running_loop(), None):
            await client.close()

    def edit(self, requests: Sequence[EditRequest]) -> list[Reply[Picture]]:
        """One picture per request, of the size that the server chose."""
        return self._together(requests)

    def answer(self, requests: Sequence[AnswerRequest]) -> list[Reply[str]]:
        """One text per request, with why it ended."""
        return self._together(requests)

    def score(self, requests: Sequence[ScoreRequest]) -> list[Reply[tuple[float, ...]]]:
        """Log-probabilities of the continuations' tokens (vLLM: prompt_logprobs)."""
        return self._together(requests)

    def close(self) -> None:
        """Close the connections that the batches were sent through."""
        if self._runner is not None:
            self._runner.run(self.leave())
            self._runner.close()
            self._runner = None

    def _together(self, requests: Sequence[Request]) -> list[Reply[Any]]:
        async def replies() -> list[Reply[Any]]:
            return await self._client().ask_all(requests)

        self._runner = self._runner or asyncio.Runner()
        return self._runner.run(replies())

    def _client(self) -> "Client":
        loop = asyncio.get_running_loop()
        if loop not in self._clients:
            self._clients[loop] = _client_module().Client(*self._place(), self._settings)
        return self._clients[loop]

    def _place(self) -> tuple[str, str]:
        return _connection(self._settings["environment"])
