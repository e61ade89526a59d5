"""openai: any OpenAI-compatible server: vLLM-Omni, vLLM, SGLang, `g2u serve`, hosted services.

The address and the key come from the environment alone: OPENAI_BASE_URL and OPENAI_API_KEY, or
<NAME>_BASE_URL and <NAME>_API_KEY with `environment: NAME`. Settings:
    model: the served name
    revision: what is served under that name; without it, the server is asked for its version
    capabilities: out of draw, edit, answer, sample, score; what the server offers (default:
        edit, answer, sample)
    edit_through: "images" (POST /images/edits) or "chat" (a chat reply that holds a picture)
    edit_template, ask_template: raw prompt around "{prompt}"; "{pictures}" in ask_template stands
        for one picture_mark per picture
    picture_mark: what marks a picture in a raw prompt, such as "<|image_pad|>"
    pictures: "many", or "one" for servers that take one per prompt: they get a collage
    size: "source" asks for edits of the first picture's size
    seeds: false for servers that refuse a seed
    edit_extra, answer_extra: further fields of the request's body
    in_flight (64), timeout (600 seconds), retries (6): how it is called; no reply depends on them.
        The timeout is of a request with all its retries: more than a picture takes that waits
        behind others, and a server that hangs is noticed before the night is over
Sampler settings of an edit are fields of its body. Scores come from vLLM's prompt_logprobs.
"""

import os
import re
from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import TYPE_CHECKING, Any

from g2u.digests import canonical
from g2u.errors import ModelError, ParamsError, unknown_name
from g2u.protocols import Kind, Reply
from g2u.records import AnswerRequest, EditRequest, Picture, ScoreRequest

if TYPE_CHECKING:
    from g2u.models.openai.client import Client

VERSION = "1"
"""Raised whenever the same server would be asked otherwise."""
WHERE = "params.yaml: presets.models: openai"
OFFERS = frozenset({"draw", "edit", "answer", "sample", "score"})
DEFAULTS: dict[str, Any] = {
    "model": None,
    "revision": None,
    "environment": "OPENAI",
    "capabilities": ["edit", "answer", "sample"],
    "edit_through": "images",
    "edit_template": "{prompt}",
    "ask_template": None,
    "picture_mark": "",
    "pictures": "many",
    "size": None,
    "seeds": True,
    "edit_extra": {},
    "answer_extra": {},
    "in_flight": 64,
    "timeout": 600,
    "retries": 6,
}
FREE = ("environment", "capabilities", "in_flight", "timeout", "retries", "revision")
"""Settings that decide no reply."""


def completed(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings with defaults.

    Raises:
        ParamsError: an unknown name or value, or no model.
    """
    for name in settings:
        if name not in DEFAULTS:
            raise ParamsError(unknown_name(WHERE, name, DEFAULTS))
    found = {**DEFAULTS, **settings}
    if not found["model"]:
        raise ParamsError(f"{WHERE}: model is missing; expected the served name")
    for name, known in (
        ("edit_through", ("images", "chat")),
        ("pictures", ("many", "one")),
        ("size", (None, "source")),
    ):
        if found[name] not in known:
            raise ParamsError(f"{WHERE}.{name}: {found[name]!r}; expected one of {known}")
    for name in found["capabilities"]:
        if name not in OFFERS:
            raise ParamsError(unknown_name(f"{WHERE}.capabilities", name, OFFERS))
    return found


def capabilities(settings: Mapping[str, Any]) -> frozenset[str]:
    """What the settings say the server offers."""
    return frozenset(completed(settings)["capabilities"])


def load(settings: Mapping[str, Any]) -> "Served":
    """The model; the server is asked nothing here.

    Raises:
        ParamsError: settings do not fit.
    """
    return Served(completed(settings))


def reach(settings: Mapping[str, Any]) -> None:
    """Ask the server for anything at all.

    Raises:
        ModelError: no address or key that could be one, no reply, or the key is refused.
    """
    address, key = _connection(settings)
    _client_module().reach(address, key)


def _connection(settings: Mapping[str, Any]) -> tuple[str, str]:
    """Address and key from the environment; the key is never part of a message.

    Raises:
        ModelError: there is no address, or one of them cannot be sent.
    """
    name = str(settings.get("environment", DEFAULTS["environment"]))
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
        self.capabilities = frozenset(settings["capabilities"])
        self._settings = settings
        self._revision = str(settings["revision"] or "")
        self._connected: Client | None = None

    def identity(self, kind: Kind) -> str:
        """Served name, revision or the server's version, and what decides a request's body.

        Raises:
            ModelError: no revision is set and the server does not tell its version.
        """
        if not self._revision:
            self._revision = self._client().version()
        settings = {k: v for k, v in self._settings.items() if k not in FREE}
        other = "answer" if kind == "edit" else "edit"
        decisive = {k: v for k, v in settings.items() if not k.startswith(other)}
        return f"openai {VERSION} {self._revision} {canonical(decisive).decode()}"

    def edit(self, requests: Sequence[EditRequest]) -> list[Reply[Picture]]:
        """One picture per request, of the size that the server chose."""
        return self._client().edit(requests)

    def answer(self, requests: Sequence[AnswerRequest]) -> list[Reply[str]]:
        """One text per request, with why it ended."""
        return self._client().answer(requests)

    def score(self, requests: Sequence[ScoreRequest]) -> list[Reply[tuple[float, ...]]]:
        """Log-probabilities of the continuations' tokens (vLLM: prompt_logprobs)."""
        return self._client().score(requests)

    def close(self) -> None:
        """Close the connections."""
        if self._connected is not None:
            self._connected.close()
            self._connected = None

    def _client(self) -> "Client":
        if self._connected is None:
            address, key = _connection(self._settings)
            self._connected = _client_module().Client(address, key, self._settings)
        return self._connected
