"""The address itself: what of the OpenAI and vLLM interfaces a local model can serve.

POST /v1/images/edits, /v1/images/generations, /v1/chat/completions (a text; a picture with
modalities ["image"], in vLLM-Omni's form; log-probabilities of a given reply with prompt_logprobs,
in vLLM's form), GET /v1/models, /version, /health. Errors have OpenAI's form.
"""

import asyncio
from collections.abc import Callable
from typing import Any

from anyio import CapacityLimiter, to_thread
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.requests import Request as HTTPRequest
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from g2u.digests import sha256
from g2u.protocols import Kind, Model
from g2u.records import Request
from g2u.serving import limits, replies, requests
from g2u.serving.errors import form, refusal
from g2u.serving.limits import Patience
from g2u.serving.queue import Queue

KINDS: tuple[Kind, ...] = ("edit", "answer", "score")
JSON, FORM = "application/json", "multipart/form-data"
HUNG_UP = 499
"""nginx's status for a client that did not wait; nobody reads it."""

Read = Callable[[bytearray, str, str], Request]
"""(body, served name, media type) -> request."""
Shown = Callable[[str, Request, Any], dict[str, Any]]
"""(served name, request, reply) -> body."""


def application(name: str, model: Model, batch: int, patience: Patience | None = None) -> Starlette:
    """The server of one model.

    Args:
        name: under which it is served.
        model: the model.
        batch: the most requests handed to it at once.
        patience: time limits.
    """
    service = Service(name, model, batch, patience or Patience())

    async def health(_: HTTPRequest) -> Response:
        return JSONResponse({"status": "ok"})

    async def version(_: HTTPRequest) -> Response:
        return JSONResponse({"version": sha256([model.identity(kind) for kind in KINDS])[:16]})

    async def models(_: HTTPRequest) -> Response:
        entry = {"id": name, "object": "model", "created": 0, "owned_by": "g2u"}
        return JSONResponse({"object": "list", "data": [entry]})

    async def edits(http: HTTPRequest) -> Response:
        return await service.posted(http, FORM, requests.edit_of_form, replies.image)

    async def generations(http: HTTPRequest) -> Response:
        return await service.posted(http, JSON, requests.edit_of_json, replies.image)

    async def chat(http: HTTPRequest) -> Response:
        return await service.posted(http, JSON, requests.chat, replies.completion)

    async def refused(_: HTTPRequest, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        return refusal(error)

    async def gone(_: HTTPRequest, __: Exception) -> Response:
        return Response(status_code=HUNG_UP)

    async def fallen(_: HTTPRequest, error: Exception) -> Response:
        return JSONResponse(form(500, f"a bug: {type(error).__name__}"), 500)

    app = Starlette(
        routes=[
            Route("/health", health),
            Route("/version", version),
            Route("/v1/models", models),
            Route("/v1/images/edits", edits, methods=["POST"]),
            Route("/v1/images/generations", generations, methods=["POST"]),
            Route("/v1/chat/completions", chat, methods=["POST"]),
        ],
        exception_handlers={HTTPException: refused, ClientDisconnect: gone, Exception: fallen},
    )
    app.router.redirect_slashes = False
    return app


class Service:
    """One model, and the bodies that are held for it."""

    def __init__(self, name: str, model: Model, batch: int, patience: Patience) -> None:
        self._name, self._patience = name, patience
        self._queue = Queue(model, batch, patience.waiting)
        self._held = 0
        self._one: CapacityLimiter | None = None
        """One body is parsed, one reply written at a time, beside the loop."""

    async def posted(self, http: HTTPRequest, media: str, read: Read, shown: Shown) -> Response:
        """Read a body, ask the model, answer.

        Raises:
            HTTPException: whatever is wrong, with one line.
        """
        body = bytearray()
        size = 0
        self._one = self._one or CapacityLimiter(1)
        try:
            kind = _media(http, media)
            await self._receive(http, body)
            size = len(body)
            request = await to_thread.run_sync(read, body, self._name, kind, limiter=self._one)
            body.clear()
            reply = replies.given(await self._reply(http, request))
            found = await to_thread.run_sync(
                lambda: JSONResponse(shown(self._name, request, reply)), limiter=self._one
            )
        except asyncio.CancelledError:  # uvicorn's, when the time to end is over
            raise HTTPException(503, "the server ends", {"Retry-After": "10"}) from None
        finally:
            self._held -= size or len(body)
        return found

    async def _receive(self, http: HTTPRequest, body: bytearray) -> None:
        if int(http.headers.get("content-length", 0)) > limits.BODY:
            raise HTTPException(413, f"expected a body of at most {limits.BODY} bytes")
        loop, patience = asyncio.get_running_loop(), self._patience
        end = loop.time() + patience.reading
        try:
            async with asyncio.timeout(patience.pause) as clock:
                async for piece in http.stream():
                    body += piece
                    self._held += len(piece)
                    if len(body) > limits.BODY:
                        raise HTTPException(413, f"expected a body of at most {limits.BODY} bytes")
                    if self._held > limits.HELD:
                        raise HTTPException(503, "too many bodies at once", {"Retry-After": "1"})
                    clock.reschedule(min(end, loop.time() + patience.pause))
        except TimeoutError:
            said = f"{len(body)} bytes of the body came, then too little for too long"
            raise HTTPException(408, said) from None

    async def _reply(self, http: HTTPRequest, request: Request) -> Any:
        async def hung_up() -> None:
            while (await http.receive())["type"] != "http.disconnect":
                pass

        gone = asyncio.create_task(hung_up())
        asked = asyncio.create_task(self._queue.reply(request))
        try:
            done, _ = await asyncio.wait(
                {gone, asked}, timeout=self._patience.reply, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            gone.cancel()
            asked.cancel()
        if asked in done:
            return asked.result()
        if gone in done:
            raise HTTPException(HUNG_UP, "the client hung up")
        raise HTTPException(504, f"no reply within {self._patience.reply:g} s")


def _media(http: HTTPRequest, expected: str) -> str:
    """The body's media type with its parameters.

    Raises:
        HTTPException: 415, it is another one, or the body is compressed.
    """
    found = http.headers.get("content-type", "")
    if found.partition(";")[0].strip().lower() != expected:
        raise HTTPException(415, f"Content-Type {found!r}; expected {expected}")
    if http.headers.get("content-encoding", "identity").lower() != "identity":
        raise HTTPException(415, "Content-Encoding: bodies are not unpacked; send them as they are")
    return found
