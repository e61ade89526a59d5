"""The address itself: what of the OpenAI and vLLM interfaces a local model can serve.

POST /v1/images/edits, /v1/images/generations, /v1/chat/completions (a text; a picture with
modalities ["image"], in vLLM-Omni's form; log-probabilities of a given reply with prompt_logprobs,
in vLLM's form), GET /v1/models, /version, /health. Errors have OpenAI's form.
"""

import base64
import time
import uuid
from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse
from starlette.datastructures import UploadFile

from g2u.digests import sha256
from g2u.errors import DataError
from g2u.pictures import picture_of
from g2u.protocols import Kind, Model
from g2u.records import (
    AnswerRequest,
    EditRequest,
    Failure,
    Picture,
    Scalar,
    ScoreRequest,
    Turn,
)
from g2u.serving.queue import Queue

KINDS: tuple[Kind, ...] = ("edit", "answer", "score")
NOT_SAMPLER = frozenset(
    {"model", "prompt", "image", "image[]", "n", "response_format", "user", "seed", "size"}
)
"""Fields of an edit that are no sampler settings."""
CHAT_FIELDS = frozenset({"messages", "modalities", "max_tokens", "temperature", "stream"})


def application(name: str, model: Model, batch: int) -> FastAPI:
    """The server of one model.

    Args:
        name: under which it is served.
        model: the model.
        batch: the most requests handed to it at once.
    """
    app, queue = FastAPI(title="g2u serve"), Queue(model, batch)

    @app.exception_handler(HTTPException)
    async def refused(_: Request, error: HTTPException) -> JSONResponse:
        detail = {"message": str(error.detail), "type": "invalid_request_error", "param": None}
        return JSONResponse({"error": {**detail, "code": error.status_code}}, error.status_code)

    @app.get("/health")
    async def health() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/version")
    async def version() -> dict[str, str]:
        return {"version": sha256([model.identity(kind) for kind in KINDS])[:16]}

    @app.get("/v1/models")
    async def models() -> dict[str, Any]:
        entry = {"id": name, "object": "model", "created": 0, "owned_by": "g2u"}
        return {"object": "list", "data": [entry]}

    @app.post("/v1/images/edits")
    async def edits(request: Request) -> dict[str, Any]:
        async with request.form() as form:
            files = [*form.getlist("image"), *form.getlist("image[]")]
            held = [await file.read() for file in files if isinstance(file, UploadFile)]
            fields = {key: str(value) for key, value in form.items() if isinstance(value, str)}
        if not held:
            raise HTTPException(400, "image is missing; expected at least one file")
        return await drawn(fields, tuple(_picture(data) for data in held))

    @app.post("/v1/images/generations")
    async def generations(request: Request) -> dict[str, Any]:
        return await drawn(await request.json(), ())

    async def drawn(fields: Mapping[str, Any], pictures: tuple[Picture, ...]) -> dict[str, Any]:
        known(fields)
        if not fields.get("prompt"):
            raise HTTPException(400, "prompt is missing")
        reply = await queue.reply(_edit(fields, pictures, str(fields["prompt"])))
        encoded = base64.b64encode(served(reply).encoded).decode()
        return {"created": int(time.time()), "data": [{"b64_json": encoded}]}

    @app.post("/v1/chat/completions")
    async def chat(request: Request) -> dict[str, Any]:
        body = await request.json()
        known(body)
        if body.get("stream"):
            raise HTTPException(400, "stream is not served")
        turns = _turns(body.get("messages"))
        logprobs: list[Any] | None = None
        content: Any = ""
        if body.get("prompt_logprobs") is not None:
            *before, last = turns
            text = "".join(part for part in last.parts if isinstance(part, str))
            if last.role != "assistant" or not before:
                raise HTTPException(400, "prompt_logprobs: the last message is no given reply")
            values = served(await queue.reply(ScoreRequest(tuple(before), text)))
            logprobs = [None, *_entries(values, text)]
        elif "image" in (body.get("modalities") or ()):
            parts = [part for turn in turns for part in turn.parts]
            pictures = tuple(part for part in parts if isinstance(part, Picture))
            prompt = "\n".join(part for part in parts if isinstance(part, str))
            picture = served(await queue.reply(_edit(body, pictures, prompt)))
            url = f"data:image/png;base64,{base64.b64encode(picture.encoded).decode()}"
            content = [{"type": "image_url", "image_url": {"url": url}}]
        else:
            temperature = float(body.get("temperature") or 0)
            limit, seed = int(body.get("max_tokens") or 64), int(body.get("seed") or 0)
            asked = AnswerRequest(turns, limit, temperature, seed if temperature else 0)
            content = served(await queue.reply(asked))
        message = {"role": "assistant", "content": content}
        choice = {"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}
        found = {
            "id": f"chatcmpl-{uuid.uuid4().hex}",
            "object": "chat.completion",
            "created": int(time.time()),
            "model": name,
            "choices": [choice],
        }
        return found if logprobs is None else {**found, "prompt_logprobs": logprobs}

    def known(body: Mapping[str, Any]) -> None:
        if body.get("model") != name:
            raise HTTPException(
                404, f"The model {body.get('model')!r} does not exist; it is {name}"
            )

    def served(reply: Any) -> Any:
        if isinstance(reply, Failure):
            raise HTTPException(400, reply.reason)
        return reply

    return app


def _edit(fields: Mapping[str, Any], pictures: tuple[Picture, ...], prompt: str) -> EditRequest:
    settings = {
        key: _scalar(value)
        for key, value in fields.items()
        if key not in NOT_SAMPLER | CHAT_FIELDS and value is not None
    }
    if isinstance(size := fields.get("size"), str) and "x" in size:
        width, _, height = size.partition("x")
        settings |= {"width": int(width), "height": int(height)}
    seed = int(fields.get("seed") or 0)
    return EditRequest(pictures, prompt, seed, tuple(sorted(settings.items())))


def _scalar(value: Any) -> Scalar:
    """A form's text as the number that it spells."""
    if not isinstance(value, str):
        return value if isinstance(value, int | float | bool) else str(value)
    for kind in (int, float):
        try:
            return kind(value)
        except ValueError:
            continue
    return value


def _picture(data: bytes) -> Picture:
    try:
        return picture_of(data, "image")
    except DataError as error:
        raise HTTPException(400, str(error)) from None


def _turns(messages: Any) -> tuple[Turn, ...]:
    if not isinstance(messages, list) or not messages:
        raise HTTPException(400, "messages is missing; expected at least one")
    return tuple(Turn(_role(message), _parts(message)) for message in messages)


def _role(message: Any) -> Any:
    role = message.get("role") if isinstance(message, dict) else None
    if role not in ("user", "assistant"):
        raise HTTPException(400, f"role {role!r} is not served; expected user or assistant")
    return role


def _parts(message: Mapping[str, Any]) -> tuple[str | Picture, ...]:
    content = message.get("content")
    if isinstance(content, str):
        return (content,)
    parts: list[str | Picture] = []
    for part in content or []:
        if part.get("type") == "text":
            parts.append(str(part["text"]))
            continue
        url = str((part.get("image_url") or {}).get("url", ""))
        if not url.startswith("data:image"):
            raise HTTPException(400, "a part is neither text nor a picture as a data: URL")
        try:
            parts.append(_picture(base64.b64decode(url.partition(",")[2], validate=True)))
        except ValueError as error:
            raise HTTPException(400, f"image_url: {error}") from None
    return tuple(parts)


def _entries(values: tuple[float, ...], text: str) -> list[dict[str, Any]]:
    """One entry per token. Adapters do not tell how tokens spell: where tokens are bytes each gets
    its letter, else the first holds the whole text and the others hold nothing.
    """
    letters = list(text) if len(values) == len(text) else [text, *[""] * (len(values) - 1)]
    return [
        {str(number): {"logprob": value, "rank": None, "decoded_token": letter}}
        for number, (value, letter) in enumerate(zip(values, letters, strict=True))
    ]
