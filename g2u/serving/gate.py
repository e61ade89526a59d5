"""Who may ask: hosts, origins and the key, before anything of a body is read."""

import hmac
import ipaddress
import os
import re

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Receive, Scope, Send

from g2u.errors import ParamsError
from g2u.serving import limits
from g2u.serving.errors import refusal

KEY = "G2U_SERVE_KEY"
HOST = re.compile(r"\[?([^\[\]@/?#]+?)\]?(:[0-9]{1,5})?")
OPEN = "/health"
"""Is answered without the key."""


def key_of_environment() -> str | None:
    """The key that clients have to show; None where there is none.

    Raises:
        ParamsError: it is empty, or cannot be sent in a header.
    """
    key = os.environ.get(KEY)
    if key is not None and not re.fullmatch(r"[!-~]+", key):
        raise ParamsError(f"g2u serve: {KEY} is empty or no plain text; expected ASCII, no spaces")
    return key


def hosts_of(host: str, key: str | None) -> frozenset[str] | None:
    """Names under which the server may be asked; None for any.

    Raises:
        ParamsError: others could reach the server, and there is no key.
    """
    try:
        address = ipaddress.ip_address(host)
        is_own, is_any = address.is_loopback, address.is_unspecified
    except ValueError:
        is_own, is_any = host == "localhost", host == ""
    if not is_own and key is None:
        raise ParamsError(
            f"g2u serve: --host {host or repr(host)} can be reached by others; set {KEY} in the "
            "environment to the key that they have to show, or serve on 127.0.0.1"
        )
    return None if is_any else frozenset({"127.0.0.1", "localhost", "::1", host.lower()})


class Gate:
    """ASGI middleware that lets in whoever may ask.

    Args:
        app: what is behind it.
        hosts: as `hosts_of` gives them. A page of another site whose name was made to point here
            (DNS rebinding) asks under its own name.
        key: compared in constant time.
    """

    def __init__(self, app: ASGIApp, hosts: frozenset[str] | None, key: str | None) -> None:
        self._app, self._hosts, self._key = app, hosts, key

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let in, or refuse with one line."""
        if scope["type"] == "http":
            try:
                self._examine(Headers(scope=scope), scope["path"])
            except HTTPException as error:
                await refusal(error)(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _examine(self, headers: Headers, path: str) -> None:
        if sum(len(name) + len(value) for name, value in headers.raw) > limits.HEADERS:
            raise HTTPException(431, f"expected headers of at most {limits.HEADERS} bytes")
        host = headers.get("host", "").lower()
        named = HOST.fullmatch(host)
        if named is None or (self._hosts is not None and named[1] not in self._hosts):
            raise HTTPException(403, f"Host {host!r} is not an address of this server")
        for origin in headers.getlist("origin"):
            if origin.lower() not in (f"http://{host}", f"https://{host}"):
                raise HTTPException(403, f"pages of {origin!r} may not ask this server")
        if self._key is not None and path != OPEN:
            scheme, _, shown = headers.get("authorization", "").partition(" ")
            is_right = hmac.compare_digest(shown.strip().encode(), self._key.encode())
            if scheme.lower() != "bearer" or not is_right:
                bearer = {"WWW-Authenticate": "Bearer"}
                raise HTTPException(401, "expected Authorization: Bearer and the key", bearer)
