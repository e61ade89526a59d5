"""Between coroutines and models: a request is looked up, made once if it is missing, and stored.

Equal requests in flight are one. Models of this process share a device that gets full batches: when
all coroutines wait, the oldest requests of one kind go to it together. The next full batch is
chosen at the same time and its pictures are decoded meanwhile, so the device does not wait; replies
are given back only after that choice, so that batches depend on nothing but the questions. A model
behind a server gets each request by itself, as many at once as it takes. Drawings go first, because
answers wait for them. A reply is stored when it is there. The store is read and written in threads:
it may lie on a network.
"""

import asyncio
import heapq
import itertools
import logging
import sys
import threading
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from concurrent import futures
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Literal

from g2u import plugins
from g2u.calls.budget import Budget
from g2u.calls.encoding import as_entry, file_of, reply_of
from g2u.calls.flow import idle
from g2u.calls.store import Entry, Replies
from g2u.digests import call_key, kind_of
from g2u.errors import CacheError, G2UError, ModelError, in_one_line
from g2u.pictures.decoding import decode_ahead, pictures_in
from g2u.pictures.held import FILES
from g2u.protocols import Kind, Model, Reply, Server
from g2u.records import Failure, Picture, Request

KINDS: tuple[Kind, ...] = ("edit", "answer", "score", "embed")
UNMADE = Failure("not made: only planned")
PICTURES = 16
"""Drawings looked up at once: a store gives each drawing with its file."""
STORING = threading.Lock()
"""Held around the store, which is written for the device while requests are looked up."""
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
        return file_of(entry.body)


@dataclass(slots=True)
class _Call:
    """A request that has no reply yet, and who waits for it."""

    key: str
    kind: Kind
    request: Request
    waiting: list[asyncio.Future[Settled]]
    number: int = 0
    """Smaller = found to be missing earlier."""


class _Lane:
    """Requests to one server. Its busy seconds are shared out among the calls in flight."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.queue: list[tuple[bool, int, _Call]] = []
        self.in_flight = 0
        self._shared, self._since = 0.0, 0.0

    def clock(self) -> float:
        """What a call would have taken so far that was in flight from the beginning."""
        now = time.perf_counter()
        if self.in_flight:
            self._shared += (now - self._since) / self.in_flight
        self._since = now
        return self._shared


@dataclass(slots=True)
class _Batch:
    """Calls that the device was given."""

    broker: "Broker"
    calls: list[_Call]
    replies: "futures.Future[list[Settled]]"


class Device:
    """What the models of this process compute on: one batch after the other, whoever asks."""

    def __init__(self) -> None:
        self.thread, self.ahead, self.storing = (
            futures.ThreadPoolExecutor(1, f"g2u-{what}") for what in ("device", "ahead", "storing")
        )
        self.count = itertools.count()
        self.lookups: set[asyncio.Task[None]] = set()
        self.batches: deque[_Batch] = deque()
        """The one that is computed, and the next."""
        self._waiting: dict[tuple[Broker, Kind], deque[_Call]] = {}
        self._feeder: asyncio.Task[None] | None = None

    def add(self, broker: "Broker", call: _Call) -> None:
        """One more request for a model."""
        self._waiting.setdefault((broker, call.kind), deque()).append(call)
        if self._feeder is None:
            self._feeder = asyncio.get_running_loop().create_task(self._feed())

    def forget(self, broker: "Broker") -> None:
        """Its requests are not made."""
        for place in [place for place in self._waiting if place[0] is broker]:
            del self._waiting[place]

    async def leave(self) -> None:
        """Wait for what is computed, which is kept, and let go of the threads."""
        if self._feeder is not None:
            self._feeder.cancel()
            await asyncio.wait([self._feeder])
        for thread in (self.thread, self.ahead, self.storing):
            thread.shutdown(wait=False)

    async def _feed(self) -> None:
        """Hand over batches until nothing waits."""
        bug: Exception | None = None
        hit: set[Broker] = set()
        try:
            while True:
                await idle()
                if self.lookups:
                    await asyncio.wait(self.lookups)
                    continue
                while (batch := self._next()) is not None:
                    self.batches.append(batch)
                if not self.batches:
                    break
                batch = self.batches[0]
                try:
                    found = await _result(batch.replies)
                except Exception as error:  # noqa: BLE001 - raised where it is waited for
                    self.batches.popleft()
                    batch.broker.end(error)
                else:
                    self.batches.popleft()
                    batch.broker.settle(batch.calls, found)
        except Exception as error:  # noqa: BLE001 - raised where replies are waited for
            bug = error
            hit = {place[0] for place in self._waiting} | {batch.broker for batch in self.batches}
        finally:
            for batch in self.batches:  # cancelled: wait for what is computed, which is kept
                if not batch.replies.cancel():
                    with suppress(Exception):
                        await _result(batch.replies)
            self.batches.clear()
            self._feeder = None
            if bug is not None:
                for broker in hit:
                    broker.end(bug)

    def _next(self) -> _Batch | None:
        """The next batch, begun: of the kinds that fill one, where any does, drawings or what waits
        longest; while the device is busy nothing but a full one.
        """
        waiting = {place: calls for place, calls in self._waiting.items() if calls}
        full = [place for place, calls in waiting.items() if len(calls) >= place[0].batch]
        eligible = full if full or self.batches else list(waiting)
        if not eligible or len(self.batches) > 1:
            return None
        broker, kind = min(eligible, key=lambda p: (p[1] != "edit", waiting[p][0].number))
        if self.batches and broker.counts_seconds:
            return None
        calls = waiting[broker, kind]
        size = broker.allowed(kind, [calls[n] for n in range(min(broker.batch, len(calls)))])
        if not size:
            self.forget(broker)
            return self._next()
        chosen = [calls.popleft() for _ in range(size)]
        if self.batches:
            shown = [picture for call in chosen for picture in pictures_in(call.request)]
            self.ahead.submit(decode_ahead, shown)
        return _Batch(broker, chosen, self.thread.submit(broker.computed, kind, chosen))


class Broker:
    """One model and the store of its replies, for all coroutines of a process.

    Args:
        model: asked only for what the store does not hold.
        store: the call cache.
        batch: requests that a model in this process gets at once, the most that a kill can lose.
        budget: what may be spent; None = without limit.
        plans: True = never ask the model; what is missing comes back as `UNMADE`, made.
        shared_by: processes that call the same server, each with its part of what is in flight.
        device: of this process; None = one for this model alone.
        gate: awaited before the model is asked for anything; None = nothing stands before it.
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
        device: Device | None = None,
        gate: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self.store, self.batch = store, batch
        self._gate = gate
        self._model, self._plans = model, plans
        self._budget, self._shared_by = budget or Budget(), shared_by
        self._identities: dict[Kind, str] = {}
        self._open: dict[str, _Call] = {}
        self._fresh: list[_Call] = []
        self._looks = False
        self._failed: dict[str, Failure] = {}
        self._lanes: dict[int, _Lane] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        """Requests to servers, until they are stored."""
        self._device = device or Device()
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
        loop = asyncio.get_running_loop()
        mine: asyncio.Future[Settled] = loop.create_future()
        call = self._open.get(key)
        if call is not None:
            call.waiting.append(mine)
            settled = await mine
            return replace(settled, how="reused") if settled.how == "made" else settled
        call = self._open[key] = _Call(key, kind_of(request), request, [mine])
        self._fresh.append(call)
        if not self._looks:
            self._looks = True
            task = loop.create_task(self._look_up())
            self._device.lookups.add(task)
            task.add_done_callback(self._over)
        return await mine

    @property
    def window(self) -> int:
        """Questions open at once with which the model is kept busy: twice what it takes at once."""
        servers = [plugins.server(self._model, kind) for kind in KINDS]
        return 2 * max(self.batch, *(server.in_flight for server in servers if server), 1)

    async def leave(self) -> None:
        """Let go of threads, and of connections that the running event loop has."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        for lane in self._lanes.values():
            await lane.server.leave()
        await self._device.leave()

    async def _look_up(self) -> None:
        """What was asked for in a turn of the loop, or while the turn before was looked up."""
        loop = asyncio.get_running_loop()
        try:
            while self._fresh:
                calls, self._fresh = self._fresh, []
                found = await loop.run_in_executor(self._device.storing, self._found, calls)
                missing = []
                for call in calls:
                    if call.key in found:
                        self._settle(call, found[call.key])
                    elif call.key in self._failed:
                        self._settle(call, Settled(self._failed[call.key], "failed", 0.0))
                    elif self._plans:
                        self._settle(call, Settled(UNMADE, "made", 0.0))
                    else:
                        missing.append(call)
                if missing and self._gate is not None:
                    await self._gate()
                for call in missing:
                    if self._error is None:
                        self._hand_over(call)
                for lane in self._lanes.values():
                    self._send(lane)
                self._stop_if_ended()
        finally:
            self._looks = False

    def _found(self, calls: Sequence[_Call]) -> dict[str, Settled]:
        """What the store holds."""
        found = {}
        for kind in dict.fromkeys(call.kind for call in calls):
            keys = [call.key for call in calls if call.kind == kind]
            size = PICTURES if kind == "edit" else len(keys)
            for start in range(0, len(keys), size):
                with STORING:
                    entries = self.store.get_many(keys[start : start + size], kind)
                for key, entry in entries.items():
                    found[key] = Settled(self._reply(kind, key, entry), "reused", entry.seconds)
        return found

    def _reply(self, kind: Kind, key: str, entry: Entry) -> Any:
        """What a stored reply says; a picture's file stays in the store."""
        reply = reply_of(kind, entry)
        if not isinstance(reply, Picture):
            return reply
        FILES.put((self.store.place, key), reply.file, len(reply.encoded))
        return replace(reply, file=_StoredFile(self.store, key))

    def _hand_over(self, call: _Call) -> None:
        """To a server's queue, or the device's."""
        call.number = next(self._device.count)
        server = plugins.server(self._model, call.kind)
        if server is None:
            self._device.add(self, call)
        else:
            lane = self._lanes.setdefault(id(server), _Lane(server))
            heapq.heappush(lane.queue, (call.kind != "edit", call.number, call))

    def _send(self, lane: _Lane) -> None:
        """Send what the server takes now."""
        most = max(1, lane.server.in_flight // self._shared_by)
        while self._error is None and lane.queue and lane.in_flight < most:
            call = lane.queue[0][2]
            if not self.allowed(call.kind, [call]):
                return
            heapq.heappop(lane.queue)
            begun = lane.clock()
            lane.in_flight += 1
            task = asyncio.get_running_loop().create_task(self._served(lane, call, begun))
            self._tasks.add(task)
            task.add_done_callback(self._over)

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
            lane.in_flight -= 1
        self._budget.spend(seconds)
        self._send(lane)
        loop = asyncio.get_running_loop()
        kept = loop.run_in_executor(self._device.storing, self._kept, call, reply, seconds)
        self._settle(call, await asyncio.shield(kept))

    def _over(self, task: asyncio.Task[None]) -> None:
        """What a task of the broker raised is raised where its work is waited for."""
        self._tasks.discard(task)
        self._device.lookups.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self.end(error)
        self._stop_if_ended()

    @property
    def counts_seconds(self) -> bool:
        """Whether what may be made next depends on how long the last batch took."""
        return self._budget.limits.model_seconds < float("inf")

    def allowed(self, kind: Kind, calls: Sequence[_Call]) -> int:
        """How many of these calls may be made now; with none, the run has ended."""
        try:
            self.store.require_room([call.key for call in calls])
            return self._budget.take(kind, len(calls))
        except G2UError as error:
            self.end(error)
            return 0

    def computed(self, kind: Kind, calls: Sequence[_Call]) -> list[Settled]:
        """In the device's thread: what a batch comes to, stored before the next one is begun."""
        begun = time.perf_counter()
        replies = _replies(getattr(self._model, kind), [call.request for call in calls])
        seconds = time.perf_counter() - begun
        self._budget.spend(seconds)
        each = seconds / len(calls)
        return [self._kept(*pair, each) for pair in zip(calls, replies, strict=True)]

    def settle(self, calls: Sequence[_Call], found: Sequence[Settled]) -> None:
        """Give a batch's replies to who waits for them."""
        for call, settled in zip(calls, found, strict=True):
            self._settle(call, settled)
        self._stop_if_ended()

    def end(self, error: BaseException) -> None:
        """No further call is made; once none is in flight, who waits gets the error."""
        self._error = self._error or error
        self._stop_if_ended()

    def _kept(self, call: _Call, reply: Any, seconds: float) -> Settled:
        """A reply, stored."""
        made = reply if isinstance(reply, Failure) else as_entry(call.kind, reply)
        if isinstance(made, Failure):
            return Settled(made, "failed", seconds)
        with STORING:
            self.store.put(call.key, replace(made, seconds=seconds))
        return Settled(self._reply(call.kind, call.key, made), "made", seconds)

    def _note_failure(self, call: _Call, failure: Failure) -> None:
        if call.key in self._failed:
            return
        self._failed[call.key] = failure
        if failure.ends_run:  # that is said once
            self.end(ModelError(f"{failure.reason}; what came before is kept: mend it, then the "
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

    def _stop_if_ended(self) -> None:
        computes = any(batch.broker is self for batch in self._device.batches)
        if self._error is None or computes or self._tasks:
            return
        left, self._open, self._fresh = list(self._open.values()), {}, []
        self._device.forget(self)
        for lane in self._lanes.values():
            lane.queue.clear()
        for call in left:
            for future in call.waiting:
                if not future.done():
                    future.set_exception(self._error)


async def _result(found: "futures.Future[list[Settled]]") -> list[Settled]:
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
