"""The routes, and the engine behind them."""

import asyncio
import base64
import io
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
from PIL import Image
from starlette.applications import Starlette
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.models.emulator import mind
from tests.models.emulator.lies import LIES, Lie, Memory
from tests.models.emulator.mind import Asked, Drawn, Made, Said, Woven
from tests.models.emulator.routes import ROUTINGS, Body, Hosted, RefusedError

MODEL = "ByteDance-Seed/BAGEL-7B-MoT"
WINDOW = 0.05
"""Seconds that a server whose lie wants company waits for it."""
HONEST = Lie(())


@dataclass(frozen=True, slots=True)
class Guise:
    """What the server is."""

    routing: str = "plain"
    mind: str = "reader"
    """A key of `mind.MINDS`; "tiny" = the embedded model."""
    lie: str = ""
    noise: int = 0
    """Levels by which pixels differ from request to request at most, as those of bfloat16 do."""
    crowd_noise: int = 0
    """The same while others are in flight."""
    seed: int = 0
    """Of what the lie draws."""
    swapped_at: int = 0
    """Which request is the first that other weights answer, where the lie swaps them; 0 = one of
    the first 30.
    """
    model: str = MODEL
    """The one that is served; others are unknown."""


@dataclass(slots=True)
class Waiting:
    """Requests that are there at once, for a lie that wants company."""

    asked: list[tuple[Asked, asyncio.Future[Made]]] = field(default_factory=list)


class Engine:
    """One model, and what lies about it."""

    def __init__(self, own: Guise) -> None:
        self.own, self.routing = own, ROUTINGS[own.routing]
        self.lie = LIES[own.lie] if own.lie else HONEST
        dice = np.random.default_rng(own.seed)
        self.memory = Memory(dice, {}, swapped_at=own.swapped_at or int(dice.integers(12, 30)))
        self.asked: Counter[str] = Counter()
        self.bodies: dict[str, Any] = {}
        self.in_flight = 0
        self._waiting: dict[str, Waiting] = {}
        self._noise = np.random.default_rng()
        self._tiny: Any = None

    async def reply(self, asked: Asked, body: Body) -> Made:
        """What comes back."""
        self.asked[asked.kind] += 1
        self.memory.count += 1
        self.bodies[asked.kind] = {k: v for k, v in body.items() if k != "messages"}
        self.bodies[f"{asked.kind} arrived"] = mind.fields(asked)
        if not self.lie.crowd:
            return self._made(asked)
        waiting = self._waiting.setdefault(asked.kind, Waiting())
        future = asyncio.get_running_loop().create_future()
        waiting.asked.append((asked, future))
        if len(waiting.asked) == 1:
            asyncio.get_running_loop().call_later(WINDOW, self._serve, waiting)
        made: Made = await future
        return made

    def _serve(self, waiting: Waiting) -> None:
        crowd, waiting.asked = waiting.asked, []
        made = [self._made(asked) for asked, _ in crowd]
        if len(crowd) >= self.lie.crowd:
            made = self.lie.mixed(made, self.memory.random)
        for (_, future), each in zip(crowd, made, strict=True):
            if not future.done():
                future.set_result(each)

    def _made(self, asked: Asked) -> Made:
        reached = self.lie.asked(asked, self.memory)
        return self.lie.made(self._model(reached), reached, self.memory)

    def _model(self, asked: Asked) -> Made:
        if self.own.mind == "tiny":
            from tests.models.emulator.embedded import Embedded

            self._tiny = self._tiny or Embedded()
            made: Made = self._tiny(asked)
        elif asked.kind == "interleave":
            made = mind.weave(asked, lambda each: Drawn(mind.draw(each, self.own.mind)))
        elif asked.kind == "score":
            made = mind.score(asked, self.own.mind)
        elif asked.kind == "answer":
            made = mind.answer(asked, self.own.mind)
        else:
            made = Drawn(mind.draw(asked, self.own.mind))
        most = self.own.crowd_noise if self.in_flight > 1 else 0
        most = max(most, self.own.noise)
        if most and isinstance(made, Drawn):
            off = self._noise.integers(-most, most + 1, made.pixels.shape)
            made = Drawn((made.pixels.astype(int) + off).clip(0, 255).astype(np.uint8))
        return made


def encoded(made: Drawn) -> str:
    """Its file in base64."""
    file = io.BytesIO()
    more = {"compress_level": 1} if made.file == "PNG" else {"quality": made.quality}
    Image.fromarray(made.pixels).save(file, made.file, **more)
    return base64.b64encode(file.getvalue()).decode()


def url(made: Drawn) -> str:
    """Its file as a data: URL."""
    return f"data:image/{made.file.lower()};base64,{encoded(made)}"


def part(made: Said | Drawn) -> dict[str, Any]:
    """Of a message."""
    if isinstance(made, Said):
        return {"type": "text", "text": made.text}
    return {"type": "image_url", "image_url": {"url": url(made)}}


def choice(made: Made) -> dict[str, Any]:
    """Of a chat reply."""
    content: Any = ""
    finish = "stop"
    if isinstance(made, Said) and made.picture is None:
        content, finish = made.text, made.finish
    elif isinstance(made, Woven):
        content = list(map(part, made.parts))
    elif not isinstance(made, list):
        drawn = made if isinstance(made, Drawn) else Drawn(made.picture)  # type: ignore[arg-type]
        content = [part(drawn)]
    message = {"role": "assistant", "content": content}
    return {"index": 0, "message": message, "finish_reason": finish, "logprobs": None}


def completion(made: list[Made], tokens: int) -> dict[str, Any]:
    """A chat reply to so many tokens; vLLM's prompt_logprobs where a reply was scored."""
    scored = next((each for each in made if isinstance(each, list)), None)
    further: dict[str, Any] = {}
    if scored is not None:
        template = [("<|im_start|>", -3.0), ("assistant", -0.1), ("\n", -0.1)]
        entries = [
            {str(place): {"logprob": value, "rank": 1, "decoded_token": token}}
            for place, (token, value) in enumerate([*template, *scored])
        ]
        further = {"prompt_logprobs": [None, *entries]}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": MODEL,
        "choices": [choice(each) for each in made],
        "usage": {"prompt_tokens": tokens, "completion_tokens": 1, "total_tokens": tokens + 1},
        **further,
    }


def hosted(made: list[Made], tokens: int) -> dict[str, Any]:
    """A chat reply whose pictures lie beside its words, and its reasoning in a field of its own."""
    reply = completion(made, tokens)
    for each in reply["choices"]:
        message = each["message"]
        message["reasoning"] = "First I look at each picture."
        if not isinstance(message["content"], str):
            message |= {"images": message["content"], "content": "Here it is."}
    return reply


def response(made: Made) -> dict[str, Any]:
    """A reply of the Responses API."""
    output: list[dict[str, Any]] = [{"type": "reasoning", "id": "r", "summary": []}]
    cut = isinstance(made, Said) and made.finish == "length"
    if isinstance(made, Said):
        part = {"type": "output_text", "text": made.text, "annotations": []}
        message = {"type": "message", "id": "m", "role": "assistant", "status": "completed"}
        output.append({**message, "content": [part]})
    elif isinstance(made, Drawn):
        drawn = {"type": "image_generation_call", "id": "i", "status": "completed"}
        output.append({**drawn, "result": encoded(made)})
    return {
        "id": "resp_1",
        "object": "response",
        "created_at": 1,
        "model": MODEL,
        "status": "incomplete" if cut else "completed",
        "incomplete_details": {"reason": "max_output_tokens"} if cut else None,
        "output": output,
        "error": None,
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
    }


class Service:
    """The routes of one process; PUT /emulator makes it another server."""

    def __init__(self, own: Guise) -> None:
        self.engine = Engine(own)

    async def _counted(self, reply: Callable[[Request], Any], http: Request) -> Response:
        engine = self.engine
        engine.in_flight += 1
        try:
            await asyncio.sleep(0)  # whoever came at the same time is counted too
            found: Response = await reply(http)
        finally:
            engine.in_flight -= 1
        return found

    def application(self) -> Starlette:
        """All of them."""
        post = {
            "/v1/chat/completions": self.chat,
            "/v1/images/edits": self.edits,
            "/v1/images/generations": self.generations,
            "/v1/responses": self.responses,
        }
        get: dict[str, Callable[[Request], Any]] = {
            "/health": self.health,
            "/version": self.version,
            "/v1/models": self.models,
        }
        return Starlette(
            routes=[
                *[
                    Route(path, partial(self._counted, each), methods=["POST"])
                    for path, each in post.items()
                ],
                *[Route(path, each) for path, each in get.items()],
                Route("/emulator", self.become, methods=["PUT"]),
                Route("/emulator", self.told),
            ],
            exception_handlers={RefusedError: refused},
        )

    async def become(self, http: Request) -> Response:
        """Another server from now on."""
        self.engine = Engine(Guise(**await http.json()))
        return Response()

    async def told(self, http: Request) -> Response:
        """What was asked, and what arrived."""
        found = {"asked": self.engine.asked, "bodies": self.engine.bodies}
        return JSONResponse({**found, "follows": self.engine.routing.follows})

    async def health(self, http: Request) -> Response:
        return Response()

    async def version(self, http: Request) -> Response:
        return JSONResponse({"version": "0.26.0"})

    async def models(self, http: Request) -> Response:
        card = {
            "id": MODEL,
            "object": "model",
            "root": MODEL,
            "parent": None,
            "max_model_len": 32768,
        }
        return JSONResponse({"object": "list", "data": [card]})

    async def chat(self, http: Request) -> Response:
        body = await http.json()
        engine = self.engine
        _check_model(body, engine)
        asked = engine.routing.chat(body)
        made = list(await asyncio.gather(*(engine.reply(each, body) for each in asked)))
        form = hosted if engine.routing.beside else completion
        return JSONResponse(form(made, max(map(mind.read_tokens, asked))))

    async def edits(self, http: Request) -> Response:
        async with http.form() as form:
            fields = {k: v for k, v in form.items() if isinstance(v, str)}
            _check_model(fields, self.engine)
            held = [v for _, v in form.multi_items() if isinstance(v, UploadFile)]
            files = [await each.read() for each in held]
        if not files:
            raise RefusedError(422, "Field 'image' or 'url' is required")
        return await self._image(fields, files)

    async def generations(self, http: Request) -> Response:
        body = await http.json()
        _check_model(body, self.engine)
        return await self._image(body, [])

    async def responses(self, http: Request) -> Response:
        body = await http.json()
        engine = self.engine
        if not isinstance(engine.routing, Hosted):
            raise RefusedError(404, "Not Found")
        return JSONResponse(response(await engine.reply(engine.routing.respond(body), body)))

    async def _image(self, fields: Body, files: list[bytes]) -> Response:
        made = await self.engine.reply(self.engine.routing.edit(fields, files), fields)
        assert isinstance(made, Drawn)
        return JSONResponse({"created": 1, "data": [{"b64_json": encoded(made)}]})


def _check_model(body: Body, engine: Engine) -> None:
    if body.get("model") not in (engine.own.model, None):
        raise RefusedError(404, f"The model `{body['model']}` does not exist.")


async def refused(http: Request, error: Exception) -> Response:
    """In OpenAI's form."""
    assert isinstance(error, RefusedError)
    held = {"message": str(error), "type": "BadRequestError", "code": error.code or error.status}
    return JSONResponse({"error": held}, error.status)
