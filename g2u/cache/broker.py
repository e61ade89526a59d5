"""Between coroutines and a model: a request is looked up, made once if it is missing, and stored.

Equal requests in flight are one. A model in this process gets full batches: whatever the open
questions can ask without a further reply is waited for, then the oldest requests of one kind go to
the device together. The next full batch is chosen meanwhile, so the device does not wait; replies
are given back only after that choice, so that batches depend on nothing but the questions. A model
behind a server gets each request by itself, as many at once as it takes. Drawings go first, because
answers wait for them. A reply is stored when it is there.
"""

import asyncio
import heapq
import itertools
import logging
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent import futures
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from g2u import plugins
from g2u.cache.budget import Budget
from g2u.cache.encoding import as_entry, reply_of
from g2u.cache.store import Entry, Replies
from g2u.digests import call_key, kind_of
from g2u.errors import CacheError, G2UError, ModelError, in_one_line
from g2u.held import FILES
from g2u.protocols import Kind, Model, Reply, Server
from g2u.records import Failure, Picture, Request

KINDS: tuple[Kind, ...] = ("edit", "answer", "score", "embed")
UNMADE = Failure("not made: only planned")
CALM = 8
"""Turns of the event loop without a new request after which none is to come: a reply passes through
two for each `gather` between it and the next request."""
PICTURES = 16
"""Drawings looked up at once: a store gives each with its file."""
STORING = threading.Lock()
"""Held around a store, which the device's thread writes while the event loop reads."""
LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Settled:
    """How a request was answered."""

    reply: Reply[Any]
    how: Literal["made", "reused", "failed"]
    seconds: float
    """Model seconds of the call, made now or when it was first made."""


@dataclass(frozen=True, slots=True)
class _StoredFile:
    """The file of a drawing in a store, read when it is called for."""

    store: Replies
    key: str

    def __call__(self) -> bytes:
        return FILES.get((self.store.place, self.key), self._read, len)

    def _read(self) -> bytes:
        with STORING:
            entry = self.store.get_many([self.key], "edit").get(self.key)
        if entry is None:
            raise CacheError(
                f"call cache {self.store.place}: drawing {self.key[:12]} was forgotten or damaged "
                "since it was looked up; the same command makes it anew"
            )
        return entry.body


@dataclass(slots=True)
class _Call:
    """A request that has no reply yet, and who waits for it."""

    key: str
    kind: Kind
    request: Request
    waiting: list[asyncio.Future[Settled]]


class _Lane:
    """Requests to one server. Its busy seconds are shared out among the calls in flight."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.queue: list[tuple[bool, int, _Call]] = []
        self.tasks: set[asyncio.Task[None]] = set()
        self._shared, self._since = 0.0, 0.0

    def clock(self) -> float:
        """What a call would have taken so far that was in flight from the beginning."""
        now = time.perf_counter()
        if self.tasks:
            self._shared += (now - self._since) / len(self.tasks)
        self._since = now
        return self._shared


@dataclass(slots=True)
class _Batch:
    """Calls that the device was given."""

    calls: list[_Call]
    replies: futures.Future[list[Settled]]


@dataclass(slots=True)
class _Device:
    """The model of this process: one thread, so one batch after the other."""

    thread: futures.ThreadPoolExecutor = field(
        default_factory=lambda: futures.ThreadPoolExecutor(1, "g2u-device")
    )
    waiting: dict[Kind, deque[tuple[int, _Call]]] = field(default_factory=dict)
    """By kind: when it came, and the call."""
    batches: deque[_Batch] = field(default_factory=deque)
    """The one that is computed, and the next."""
    feeder: asyncio.Task[None] | None = None


class Broker:
    """One model and the store of its replies, for all coroutines of a process.

    Args:
        model: asked only for what the store does not hold.
        store: the call cache.
        batch: requests that a model in this process gets at once, the most that a kill can lose.
        budget: what may be spent; None = without limit.
        plans: True = never ask the model; what is missing comes back as `UNMADE`, made.
        shared_by: processes that call the same server, each with its part of what is in flight.
    """

    def __init__(
        self,
        model: Model,
        store: Replies,
        batch: int,
        *,
        budget: Budget | None = None,
        plans: bool = False,
        shared_by: int = 1,
    ) -> None:
        self.store = store
        self._model, self._batch, self._plans = model, batch, plans
        self._budget, self._shared_by = budget or Budget(), shared_by
        self._identities: dict[Kind, str] = {}
        self._open: dict[str, _Call] = {}
        self._fresh: list[_Call] = []
        self._failed: dict[str, Failure] = {}
        self._lanes: dict[int, _Lane] = {}
        self._device = _Device()
        self._count = itertools.count()
        self._asked = 0
        self._error: BaseException | None = None

    def key(self, request: Request) -> str:
        """The request's name in the store."""
        return call_key(self.identity(kind_of(request)), request)

    def identity(self, kind: Kind) -> str:
        """What replies to requests of this kind come from."""
        if kind not in self._identities:
            self._identities[kind] = self._model.identity(kind)
        return self._identities[kind]

    async def ask(self, key: str, request: Request) -> Settled:
        """The reply to a request, which the caller names by its key. A request that failed is not
        made again by this broker.

        Raises:
            CacheError: the store fails.
            BudgetError: the budget is spent.
            ModelError: a failure says that all further calls would fail like it. Whatever is
                raised, what was in flight is waited for and stored before.
        """
        mine: asyncio.Future[Settled] = asyncio.get_running_loop().create_future()
        call = self._open.get(key)
        if call is not None:
            call.waiting.append(mine)
            settled = await mine
            return replace(settled, how="reused") if settled.how == "made" else settled
        self._asked += 1
        call = self._open[key] = _Call(key, kind_of(request), request, [mine])
        if not self._fresh:
            asyncio.get_running_loop().call_soon(self._turn)
        self._fresh.append(call)
        return await mine

    @property
    def window(self) -> int:
        """Questions open at once with which the model is kept busy: twice what it takes at once."""
        servers = [plugins.server(self._model, kind) for kind in KINDS]
        return 2 * max(self._batch, *(server.in_flight for server in servers if server), 1)

    async def leave(self) -> None:
        """Let go of the device's thread, and of connections that the running event loop has."""
        for lane in self._lanes.values():
            await lane.server.leave()
        self._device.thread.shutdown(wait=False)

    def _turn(self) -> None:
        try:
            self._look_up()
        except Exception as error:  # noqa: BLE001 - a bug, raised where it is waited for
            self._end(error)

    def _look_up(self) -> None:
        """What was asked for in this turn of the loop, all at once."""
        fresh, self._fresh = self._fresh, []
        for kind in dict.fromkeys(call.kind for call in fresh):
            calls = [call for call in fresh if call.kind == kind]
            size = PICTURES if kind == "edit" else len(calls)
            for start in range(0, len(calls), size):
                self._look_up_some(kind, calls[start : start + size])

    def _look_up_some(self, kind: Kind, calls: Sequence[_Call]) -> None:
        try:
            with STORING:
                found = self.store.get_many([call.key for call in calls], kind)
        except G2UError as error:
            self._end(error)
            found = {}
        for call in calls:
            entry = found.get(call.key)
            if entry is not None:
                self._settle(call, Settled(self._reply(call, entry), "reused", entry.seconds))
            elif call.key in self._failed:
                self._settle(call, Settled(self._failed[call.key], "failed", 0.0))
            elif self._plans and self._error is None:
                self._settle(call, Settled(UNMADE, "made", 0.0))
            else:
                self._hand_over(call)

    def _hand_over(self, call: _Call) -> None:
        server = plugins.server(self._model, call.kind)
        if server is not None:
            lane = self._lanes.setdefault(id(server), _Lane(server))
            heapq.heappush(lane.queue, (call.kind != "edit", next(self._count), call))
            self._send(lane)
            return
        device = self._device
        device.waiting.setdefault(call.kind, deque()).append((next(self._count), call))
        if device.feeder is None:
            device.feeder = asyncio.get_running_loop().create_task(self._feed())
            device.feeder.add_done_callback(self._over)

    def _send(self, lane: _Lane) -> None:
        """Send what the server takes now."""
        most = max(1, lane.server.in_flight // self._shared_by)
        while lane.queue and len(lane.tasks) < most and self._error is None:
            call = lane.queue[0][2]
            try:
                self.store.require_room([call.key])
                self._budget.take(call.kind, 1)
            except G2UError as error:
                self._end(error)
                return
            heapq.heappop(lane.queue)
            begun = lane.clock()
            task = asyncio.get_running_loop().create_task(self._served(lane, call, begun))
            lane.tasks.add(task)
            task.add_done_callback(self._over)
        self._stop_if_ended()

    async def _served(self, lane: _Lane, call: _Call, begun: float) -> None:
        try:
            reply = await lane.server.ask(call.request)
        except G2UError:
            raise
        except Exception as error:  # an adapter's bug, of any kind, is the failure of its request
            LOG.warning("a request failed", exc_info=True)
            reply = Failure(in_one_line(f"{type(error).__name__}: {error}", 300))
        finally:
            seconds = lane.clock() - begun
            lane.tasks.discard(asyncio.current_task())
        self._budget.spend(seconds)
        self._settle(call, self._kept(call, reply, seconds))
        self._send(lane)

    async def _feed(self) -> None:
        """Hand batches to the device until nothing waits."""
        device = self._device
        depth = 1 if self._budget.limits.model_seconds < float("inf") else 2
        try:
            while True:
                await self._calm()
                while len(device.batches) < depth and (batch := self._chosen()):
                    device.batches.append(batch)
                if not device.batches:
                    break
                found = await _result(device.batches[0].replies)
                for call, settled in zip(device.batches.popleft().calls, found, strict=True):
                    self._settle(call, settled)
        except asyncio.CancelledError:
            await self._drain()
            raise
        except G2UError as error:
            await self._drain()
            self._end(error)
        finally:
            device.batches.clear()
            device.feeder = None
        self._stop_if_ended()

    async def _drain(self) -> None:
        """Wait for what the device is at, which is kept."""
        for batch in self._device.batches:
            if not batch.replies.cancel():
                with suppress(G2UError):
                    await _result(batch.replies)

    def _over(self, task: asyncio.Task[None]) -> None:
        """What a task of the broker raised is raised where its work is waited for."""
        if not task.cancelled() and (error := task.exception()) is not None:
            self._end(error)

    async def _calm(self) -> None:
        """Wait until the open questions ask for nothing more."""
        calm = 0
        while calm < CALM:
            seen = self._asked
            await asyncio.sleep(0)
            calm = calm + 1 if seen == self._asked else 0

    def _chosen(self) -> _Batch | None:
        """The next batch, begun: of the kinds that fill one, where any does, drawings or what waits
        longest; while the device is busy nothing but a full one.
        """
        device = self._device
        waiting = {kind: calls for kind, calls in device.waiting.items() if calls}
        full = {kind: calls for kind, calls in waiting.items() if len(calls) >= self._batch}
        eligible = full if full or device.batches else waiting
        if not eligible or self._error is not None:
            return None
        kind = min(eligible, key=lambda kind: (kind != "edit", eligible[kind][0][0]))
        size = min(self._batch, len(waiting[kind]))
        try:
            self.store.require_room([waiting[kind][n][1].key for n in range(size)])
            size = self._budget.take(kind, size)
        except G2UError as error:
            self._end(error)
            return None
        calls = [waiting[kind].popleft()[1] for _ in range(size)]
        return _Batch(calls, device.thread.submit(self._computed, kind, calls))

    def _computed(self, kind: Kind, calls: Sequence[_Call]) -> list[Settled]:
        """In the device's thread: what a batch comes to, stored before the next one is begun."""
        begun = time.perf_counter()
        replies = _replies(getattr(self._model, kind), [call.request for call in calls])
        seconds = time.perf_counter() - begun
        self._budget.spend(seconds)
        each = seconds / len(calls)
        return [self._kept(*pair, each) for pair in zip(calls, replies, strict=True)]

    def _kept(self, call: _Call, reply: Any, seconds: float) -> Settled:
        """A reply, stored."""
        made = reply if isinstance(reply, Failure) else as_entry(call.kind, reply)
        if isinstance(made, Failure):
            return Settled(made, "failed", seconds)
        with STORING:
            self.store.put(call.key, replace(made, seconds=seconds))
        return Settled(self._reply(call, made), "made", seconds)

    def _reply(self, call: _Call, entry: Entry) -> Any:
        """What a stored reply says; a picture's file stays in the store."""
        reply = reply_of(call.kind, entry)
        if not isinstance(reply, Picture):
            return reply
        FILES.put((self.store.place, call.key), entry.body, len(entry.body))
        return replace(reply, file=_StoredFile(self.store, call.key))

    def _note_failure(self, call: _Call, failure: Failure) -> None:
        if call.key in self._failed:
            return
        self._failed[call.key] = failure
        if failure.ends_run:  # that is said once
            self._end(ModelError(f"{failure.reason}; what came before is kept: mend it, then the "
                                 "same command goes on"))  # fmt: skip
        else:
            print(f"{call.kind} call {call.key[:12]} failed: {failure.reason}", file=sys.stderr)

    def _settle(self, call: _Call, settled: Settled) -> None:
        """Give a reply to who waits for it."""
        if isinstance(settled.reply, Failure) and settled.how == "failed":
            self._note_failure(call, settled.reply)
            if settled.reply.ends_run:
                return  # it is raised
        self._open.pop(call.key, None)
        for future in call.waiting:
            if not future.done():  # cancelled
                future.set_result(settled)

    def _end(self, error: BaseException) -> None:
        """No further call is made; once none is in flight, who waits gets the error."""
        self._error = self._error or error
        self._stop_if_ended()

    def _stop_if_ended(self) -> None:
        if (
            self._error is None
            or self._device.batches
            or any(x.tasks for x in self._lanes.values())
        ):
            return
        left, self._open, self._fresh = list(self._open.values()), {}, []
        self._device.waiting.clear()
        for lane in self._lanes.values():
            lane.queue.clear()
        for call in left:
            for future in call.waiting:
                if not future.done():
                    future.set_exception(self._error)


async def _result(found: futures.Future[list[Settled]]) -> list[Settled]:
    """What a thread comes to; where the wait for it is cancelled, the thread's work is not."""
    return await asyncio.shield(asyncio.wrap_future(found))


def _replies(call: Callable[[Sequence[Any]], list[Any]], requests: Sequence[Request]) -> list[Any]:
    """The replies of a batch. Where an adapter raises, its requests are made one by one, so that
    the others are kept; each that raises again has failed.

    Raises:
        G2UError: the adapter says that nothing can be called.
        ModelError: there are not as many replies as requests.
    """
    try:
        replies = call(requests)
    except G2UError:
        raise
    except Exception as error:  # an adapter's bug, of any kind, is the failure of its request
        LOG.warning("%d requests failed together", len(requests), exc_info=True)
        if len(requests) == 1:
            return [Failure(in_one_line(f"{type(error).__name__}: {error}", 300))]
        return [reply for request in requests for reply in _replies(call, [request])]
    if len(replies) != len(requests):
        raise ModelError(
            f"the adapter gave {len(replies)} replies to {len(requests)} requests; expected one "
            "for each, in their order"
        )
    return replies
