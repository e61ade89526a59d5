"""An OpenAI-compatible server whose reply times are as uneven as real ones.

The n-th request since /reset waits a time that n decides: log-normal with a median of 0.5 s, at
most 6 s. So two clients that ask as often wait the same times. After /reset?replies=300 no further
one is sent. /told gives when the first request came, and when each reply was sent.
Run: python -m bench.slow PORT
"""

import asyncio
import base64
import itertools
import math
import random
import time
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bench.common import picture

STATE: dict[str, Any] = {"count": itertools.count(), "first": 0.0, "sent": [], "most": math.inf}
TEXT = {"finish_reason": "stop", "index": 0, "message": {"role": "assistant", "content": "yes"}}


async def waited(request: Request) -> int:
    """The number of a request, once its time is over."""
    await request.body()
    number = next(STATE["count"])
    STATE["first"] = STATE["first"] or time.time()
    await asyncio.sleep(min(6.0, random.Random(number).lognormvariate(math.log(0.5), 0.9)))
    if len(STATE["sent"]) >= STATE["most"]:
        await asyncio.Event().wait()
    STATE["sent"].append(time.time())
    return int(number)


async def chat(request: Request) -> Response:
    """An answer."""
    await waited(request)
    usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
    return JSONResponse({"id": "x", "object": "chat.completion", "created": 0, "model": "m",
                         "choices": [TEXT], "usage": usage})  # fmt: skip


async def edits(request: Request) -> Response:
    """A drawing, another for every request."""
    drawn = picture(10**6 + await waited(request), 64)
    return JSONResponse({"created": 0, "data": [{"b64_json": base64.b64encode(drawn).decode()}]})


async def told(request: Request) -> Response:
    """When the first request came and the replies were sent."""
    del request
    return JSONResponse({"first": STATE["first"], "sent": STATE["sent"]})


async def reset(request: Request) -> Response:
    """Count anew."""
    most = float(request.query_params.get("replies", math.inf))
    STATE.update(count=itertools.count(), first=0.0, sent=[], most=most)
    return JSONResponse({})


ROUTES = [
    Route("/v1/chat/completions", chat, methods=["POST"]),
    Route("/v1/images/edits", edits, methods=["POST"]),
    Route("/told", told),
    Route("/reset", reset),
]

if __name__ == "__main__":
    import sys

    uvicorn.run(Starlette(routes=ROUTES), port=int(sys.argv[1]), log_level="error")
