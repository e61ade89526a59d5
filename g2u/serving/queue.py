"""Requests of many clients, handed to one model in batches as they come."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from g2u.protocols import Model
from g2u.records import AnswerRequest, EditRequest, Failure, Request, ScoreRequest

Waiting = tuple[Request, asyncio.Future[Any]]


class Queue:
    """One model, one thread: what waits when it is free goes to it together.

    Args:
        model: is called from one thread at a time.
        batch: the most requests handed over at once.
    """

    def __init__(self, model: Model, batch: int) -> None:
        self._batch = batch
        self._calls: dict[type[Request], Callable[[Sequence[Any]], Sequence[Any]]] = {
            EditRequest: model.edit,
            AnswerRequest: model.answer,
            ScoreRequest: model.score,
        }
        self._waiting: list[Waiting] = []
        self._worker: asyncio.Task[None] | None = None

    async def reply(self, request: Request) -> Any:
        """The model's reply to one request, a `Failure` where it has none."""
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting.append((request, future))
        if self._worker is None or self._worker.done():
            self._worker = asyncio.create_task(self._work())
        return await future

    async def _work(self) -> None:
        while self._waiting:
            kind = type(self._waiting[0][0])
            batch: list[Waiting] = []
            left: list[Waiting] = []
            for pair in self._waiting:
                fits = type(pair[0]) is kind and len(batch) < self._batch
                (batch if fits else left).append(pair)
            self._waiting = left
            try:
                call = self._calls[kind]
                replies = await asyncio.to_thread(call, [request for request, _ in batch])
            except Exception as error:  # noqa: BLE001 - a client must get a reply whatever happens
                replies = [Failure(f"{type(error).__name__}: {error}")] * len(batch)
            for (_, future), reply in zip(batch, replies, strict=True):
                if not future.done():
                    future.set_result(reply)
