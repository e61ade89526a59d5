"""What the model said, in the forms of OpenAI, vLLM (prompt_logprobs) and vLLM-Omni (pictures)."""

import base64
import math
import time
import uuid
from typing import Any

from starlette.exceptions import HTTPException

from g2u.records import (
    AnswerRequest,
    EditRequest,
    Ending,
    Failure,
    Picture,
    Request,
    ScoreRequest,
    ending,
)
from g2u.serving.queue import Raised

FINISHED: dict[Ending, str | None] = {
    "stop": "stop", "length": "length", "filter": "content_filter", "": None
}  # fmt: skip
"""How OpenAI's API says why a reply ended; None where the model does not tell."""


def given(reply: Any) -> Any:
    """The reply, unless there is none.

    Raises:
        HTTPException: 400, the model cannot serve the request; 500, it raised an error.
    """
    if isinstance(reply, Failure):
        raise HTTPException(400, reply.reason)
    if isinstance(reply, Raised):
        raise HTTPException(500, reply.reason)
    return reply


def image(name: str, request: Request, reply: Picture) -> dict[str, Any]:
    """Of /v1/images/..."""
    del name, request
    return {"created": int(time.time()), "data": [{"b64_json": _base64(reply)}]}


def completion(name: str, request: Request, reply: Any) -> dict[str, Any]:
    """Of /v1/chat/completions."""
    content: Any = reply
    further: dict[str, Any] = {}
    if isinstance(request, EditRequest):
        url = f"data:image/png;base64,{_base64(reply)}"
        content = [{"type": "image_url", "image_url": {"url": url}}]
    elif isinstance(request, ScoreRequest):
        content = ""
        further = {"prompt_logprobs": [None, *_entries(reply, request.continuation)]}
    message = {"role": "assistant", "content": content}
    why = FINISHED[ending(reply)] if isinstance(request, AnswerRequest) else "stop"
    choice = {"index": 0, "message": message, "finish_reason": why, "logprobs": None}
    return {
        "id": f"chatcmpl-{uuid.uuid4().hex}",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": name,
        "choices": [choice],
        **further,
    }


def _base64(picture: Picture) -> str:
    return base64.b64encode(picture.encoded).decode()


def _entries(values: tuple[float, ...], text: str) -> list[dict[str, Any]]:
    """One entry per token. Adapters do not tell how tokens spell: where tokens are bytes each gets
    its letter, else the first holds the whole text and the others hold nothing.
    """
    if not all(math.isfinite(value) for value in values):
        raise HTTPException(500, "the model gave a log-probability that is not finite")
    letters = list(text) if len(values) == len(text) else [text, *[""] * (len(values) - 1)]
    return [
        {str(number): {"logprob": value, "rank": None, "decoded_token": letter}}
        for number, (value, letter) in enumerate(zip(values, letters, strict=True))
    ]
