"""Requests of many clients, handed to one model in batches as they come."""

import asyncio
import contextlib
import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Any

from starlette.exceptions import HTTPException

from g2u.protocols import Model
from g2u.records import AnswerRequest, EditRequest, Request, ScoreRequest

LOG = logging.getLogger(__name__)
Call = Callable[[Sequence[Any]], Sequence[Any]]


@dataclass(frozen=True, slots=True)
class Raised:
    """The model raised an error: its bug, not the client's."""

    reason: str


@dataclass(slots=True, eq=False)
class Waiting:
    """A request, and where its reply is awaited."""

    request: Request
    future: asyncio.Future[Any]


class Queue:
    """One model, one thread: what waits when it is free goes to it together.

    Args:
        model: is called from one thread, which does not keep the process from ending.
        batch: the most requests handed over at once.
        waiting: the most requests that may wait.
    """

    def __init__(self, model: Model, batch: int, waiting: int) -> None:
        self._batch, self._most = batch, waiting
        self._calls: dict[type[Request], Call] = {
            EditRequest: model.edit,
            AnswerRequest: model.answer,
            ScoreRequest: model.score,
        }
        self._waiting: list[Waiting] = []
        self._jobs: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._worker: asyncio.Task[None] | None = None
        threading.Thread(target=self._obey, name="model", daemon=True).start()

    async def reply(self, request: Request) -> Any:
        """The model's reply to one request, a `Failure` where it has none, `Raised` where it fell.

        Who stops waiting gives the place free.

        Raises:
            HTTPException: too many wait.
        """
        if len(self._waiting) >= self._most:
            said = f"{self._most} requests wait for the model; try again"
            raise HTTPException(503, said, {"Retry-After": "1"})
        place = Waiting(request, asyncio.get_running_loop().create_future())
        self._waiting.append(place)
        if self._worker is None or self._worker.done():
            self._worker = asyncio.create_task(self._work())
        try:
            return await place.future
        finally:
            if place in self._waiting:
                self._waiting.remove(place)

    async def _work(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            kind = type(self._waiting[0].request)
            alike = [place for place in self._waiting if type(place.request) is kind]
            batch = alike[: self._batch]
            self._waiting = [place for place in self._waiting if place not in batch]
            done: asyncio.Future[list[Any]] = loop.create_future()

            def job(
                requests: Sequence[Request] = tuple(place.request for place in batch),
                call: Call = self._calls[kind],
                done: asyncio.Future[list[Any]] = done,
            ) -> None:
                found = replies(call, requests)
                with contextlib.suppress(RuntimeError):  # the loop has ended
                    loop.call_soon_threadsafe(done.set_result, found)

            self._jobs.put(job)
            for place, reply in zip(batch, await done, strict=True):
                if not place.future.done():
                    place.future.set_result(reply)

    def _obey(self) -> None:
        while True:
            self._jobs.get()()


def replies(call: Call, requests: Sequence[Request]) -> list[Any]:
    """One reply per request. Of a batch that raises each request is asked alone, so that only the
    one at fault fails.
    """
    try:
        found = list(call(requests))
        if len(found) != len(requests):
            raise ValueError(f"{len(found)} replies to {len(requests)} requests")
    except BaseException as error:
        if len(requests) > 1:
            return [reply for request in requests for reply in replies(call, [request])]
        LOG.exception("the model raised an error")
        return [Raised(f"{type(error).__name__}: {error}")]
    return found
