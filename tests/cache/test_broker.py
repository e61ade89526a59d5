"""The broker: full batches in the order of the questions, servers kept busy, replies never lost."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from g2u.calls import flow
from g2u.calls.asking import BrokeredCalls
from g2u.calls.broker import Broker, Device
from g2u.calls.budget import Budget, Limits
from g2u.calls.folder import FolderStore
from g2u.errors import BudgetError, CacheError, ModelError
from g2u.pictures.decoding import PIXELS, picture_of
from g2u.protocols import Kind, Reply, Server
from g2u.records import AnswerRequest, EditRequest, Failure, Picture, Request
from tests.cache.test_calls import Echo, ask
from tests.conftest import asked_at_once, brokered, png


def edit(seed: int) -> EditRequest:
    return EditRequest(("draw",), seed)


class Batched(Echo):
    """Notes the batches that it gets."""

    def __init__(self) -> None:
        super().__init__()
        self.batches: list[tuple[str, list[str]]] = []

    def edit(self, requests: Sequence[EditRequest]) -> list[Reply[Picture]]:
        self.batches.append(("edit", [str(request.seed) for request in requests]))
        return super().edit(requests)

    def answer(self, requests: Sequence[AnswerRequest]) -> list[Reply[str]]:
        self.batches.append(("answer", [str(r.turns[0].parts[-1]) for r in requests]))
        return super().answer(requests)


async def thought_then_answers(calls: BrokeredCalls, number: int) -> None:
    """What a question of a family asks: an answer, and a drawing that two answers wait for."""

    async def family() -> None:
        await asyncio.gather(calls.edit(edit(number)))
        await asyncio.gather(calls.answer(ask(f"{number} b")), calls.answer(ask(f"{number} c")))

    await asyncio.gather(family(), calls.answer(ask(f"{number} a")))


def batches(folder: Path, size: int, questions: int) -> list[tuple[str, list[str]]]:
    model = Batched()
    calls = brokered(model, FolderStore(folder), size)
    asked_at_once(lambda number: thought_then_answers(calls, number), range(questions))
    return model.batches


def test_batches_are_full_and_the_same_in_every_run(tmp_path: Path) -> None:
    first = batches(tmp_path / "a", 4, 10)
    assert first == batches(tmp_path / "b", 4, 10)
    sizes = {kind: [len(b) for k, b in first if k == kind] for kind in ("edit", "answer")}
    assert sizes == {"edit": [4, 4, 2], "answer": [4] * 7 + [2]}
    assert first[0] == ("edit", ["0", "1", "2", "3"])


def test_nothing_waits_for_a_batch_that_cannot_be_filled(tmp_path: Path) -> None:
    assert [len(batch) for _, batch in batches(tmp_path, 64, 3)] == [3, 9]


def test_however_many_turns_a_question_takes_its_requests_come_into_one_batch(
    tmp_path: Path,
) -> None:
    model = Batched()
    calls = brokered(model, FolderStore(tmp_path), 4)

    async def late(number: int) -> None:
        for _ in range(50 * number):
            await asyncio.sleep(0)
        await calls.answer(ask(f"{number}"))

    asked_at_once(late, range(4))
    assert model.batches == [("answer", ["0", "1", "2", "3"])]


def test_two_models_share_the_device_in_an_order_of_the_questions(tmp_path: Path) -> None:
    def order(folder: Path) -> list[tuple[str, list[str]]]:
        told: list[tuple[str, list[str]]] = []
        device, store = Device(), FolderStore(folder)
        painter, scribe = Batched(), Batched()
        painter.batches = scribe.batches = told
        draws = BrokeredCalls(Broker(painter, store, 2, device=device))
        writes = BrokeredCalls(Broker(scribe, store, 3, device=device))

        async def written(number: int) -> None:
            await writes.answer(ask(f"{number}"))
            await draws.edit(edit(number))

        asked_at_once(written, range(6))
        return told

    first = order(tmp_path / "a")
    assert first == order(tmp_path / "b")
    assert first == [
        ("answer", ["0", "1", "2"]), ("answer", ["3", "4", "5"]),
        ("edit", ["0", "1"]), ("edit", ["2", "3"]), ("edit", ["4", "5"]),
    ]  # fmt: skip


def test_the_next_batch_is_decoded_while_the_device_computes(tmp_path: Path) -> None:
    class Computing(Batched):
        """Its first batch goes on until a picture of the second one is read."""

        read = threading.Event()

        def edit(self, requests: Sequence[EditRequest]) -> list[Reply[Picture]]:
            if not self.batches and not self.read.wait(60):
                raise TimeoutError
            return super().edit(requests)

    def shown(number: int) -> EditRequest:
        known = picture_of(png(number))

        def file() -> bytes:
            if number >= 2:
                model.read.set()
            return known.encoded

        lazy = Picture(known.digest, file, known.width, known.height, is_flat=False)
        return EditRequest((lazy, "draw"), number)

    model = Computing()
    calls = brokered(model, FolderStore(tmp_path), 2)
    PIXELS.clear()
    drawn = asked_at_once(calls.edit, map(shown, range(4)))
    assert all(isinstance(reply, Picture) for reply in drawn)


def test_leaving_waits_for_what_the_device_is_at(tmp_path: Path) -> None:
    class Held(Batched):
        is_begun, goes_on = threading.Event(), threading.Event()

        def answer(self, requests: Sequence[AnswerRequest]) -> list[Reply[str]]:
            self.is_begun.set()
            self.goes_on.wait(60)
            return super().answer(requests)

    model, store = Held(), FolderStore(tmp_path)
    broker = Broker(model, store, 2)

    async def work() -> None:
        asked = asyncio.ensure_future(BrokeredCalls(broker).answer(ask("a")))
        await asyncio.to_thread(model.is_begun.wait, 60)
        asked.cancel()
        leaving = asyncio.ensure_future(broker.leave())
        await asyncio.sleep(0)
        model.goes_on.set()
        await leaving

    flowing(work)
    assert len(list(store.listing())) == 1


def test_a_loop_that_does_not_tell_when_it_waits_is_refused(tmp_path: Path) -> None:
    calls = brokered(Batched(), FolderStore(tmp_path))
    with pytest.raises(TypeError, match=r"g2u\.calls\.flow\.run"):
        asyncio.run(calls.answer(ask("a")))


def test_equal_requests_in_flight_are_one_call_whoever_asks(tmp_path: Path) -> None:
    model = Batched()
    broker = Broker(model, FolderStore(tmp_path), 8)
    one, other = BrokeredCalls(broker), BrokeredCalls(broker)
    said = asked_at_once(lambda calls: calls.answer(ask("a")), [one, other, one])
    assert said == ["A"] * 3
    assert model.batches == [("answer", ["a"])]
    assert [calls.tally()["answer"].made for calls in (one, other)] == [1, 0]
    assert other.tally()["answer"].reused == 1


class Behind(Echo):
    """A model behind a server, whose replies come when the test says so."""

    def __init__(self, in_flight: int) -> None:
        super().__init__()
        self.in_flight = in_flight
        self.gates: dict[str, asyncio.Event] = {}
        self.arrived: list[str] = []
        self.most = self.now = 0

    def server(self, kind: Kind) -> Server | None:
        return self if kind != "score" else None

    async def leave(self) -> None:
        pass

    async def ask(self, request: Request) -> Reply[Any]:
        told = (
            f"edit {request.seed}"
            if isinstance(request, EditRequest)
            else str(request.turns[0].parts[-1])  # type: ignore[union-attr]
        )
        self.arrived.append(told)
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            await asyncio.sleep(0)
            if told in self.gates:
                await self.gates[told].wait()
        finally:
            self.now -= 1
        if isinstance(request, EditRequest):
            return Echo.edit(self, [request])[0]
        assert isinstance(request, AnswerRequest)
        return Echo.answer(self, [request])[0]


def flowing(work: Callable[[], Awaitable[Any]]) -> Any:
    async def run() -> Any:
        return await work()

    return flow.run(run())


def test_a_server_gets_as_many_at_once_as_it_takes_and_drawings_first(tmp_path: Path) -> None:
    model = Behind(3)
    calls = brokered(model, FolderStore(tmp_path))

    async def asked(number: int) -> None:
        await asyncio.gather(calls.answer(ask(f"{number}")), calls.edit(edit(number)))

    asked_at_once(asked, range(6))
    assert model.most == 3
    assert model.arrived == [*(f"edit {number}" for number in range(6)), *map(str, range(6))]


def test_a_slow_reply_holds_up_nobody_and_every_other_is_stored(tmp_path: Path) -> None:
    model, store = Behind(2), FolderStore(tmp_path)
    calls = brokered(model, store)

    async def work() -> int:
        model.gates["0 a"] = asyncio.Event()
        questions = [asyncio.ensure_future(thought_then_answers(calls, n)) for n in range(8)]
        await asyncio.wait(questions[1:])
        stored = len(list(store.listing()))
        model.gates["0 a"].set()
        await questions[0]
        return stored

    assert flowing(work) == 7 * 4 + 3


def test_the_budget_ends_a_served_run_and_what_was_in_flight_is_kept(tmp_path: Path) -> None:
    model, store = Behind(2), FolderStore(tmp_path)
    calls = brokered(model, store, budget=Budget(Limits(calls=5)))
    with pytest.raises(BudgetError, match="calls 5 of 5"):
        asked_at_once(calls.answer, [ask(str(number)) for number in range(9)])
    assert model.asked == len(list(store.listing())) == 5


def test_what_a_server_raises_is_the_failure_of_that_request(tmp_path: Path) -> None:
    class Torn(Behind):
        async def ask(self, request: Request) -> Reply[Any]:
            if request == ask("b"):
                raise ValueError("torn")
            if request == ask("c"):
                return Failure("gone", ends_run=True)
            return await super().ask(request)

    calls = brokered(Torn(4), FolderStore(tmp_path))
    said = asked_at_once(calls.answer, [ask("a"), ask("b")])
    assert said == ["A", Failure("ValueError: torn")]
    with pytest.raises(ModelError, match="gone; what came before is kept"):
        asked_at_once(calls.answer, [ask("c"), ask("d")])


def test_who_is_cancelled_takes_nobody_with_him(tmp_path: Path) -> None:
    model = Behind(2)
    calls = brokered(model, FolderStore(tmp_path))

    async def work() -> str:
        model.gates["a"] = asyncio.Event()
        one, other = (asyncio.ensure_future(calls.answer(ask("a"))) for _ in range(2))
        while not model.arrived:
            await asyncio.sleep(0)
        one.cancel()
        model.gates["a"].set()
        return str(await other)

    assert flowing(work) == "A"
    assert model.asked == 1


def test_a_run_that_is_cancelled_keeps_what_the_device_is_at(tmp_path: Path) -> None:
    class Cancelling(Batched):
        """Cancels the run from within its first batch."""

        def answer(self, requests: Sequence[AnswerRequest]) -> list[Reply[str]]:
            if not self.batches:
                self.loop.call_soon_threadsafe(self.task.cancel)
            return super().answer(requests)

        loop: asyncio.AbstractEventLoop
        task: "asyncio.Task[Any]"

    model, store = Cancelling(), FolderStore(tmp_path)
    calls = brokered(model, store, 4)

    async def work() -> None:
        model.loop = asyncio.get_running_loop()
        task = asyncio.current_task()
        assert task is not None
        model.task = task
        await asyncio.gather(*(calls.answer(ask(str(number))) for number in range(12)))

    with pytest.raises(asyncio.CancelledError):
        flowing(work)
    kept = len(list(store.listing()))
    assert kept == 4 * len(model.batches)
    assert kept < 12


def test_a_store_that_fails_is_told_to_who_asks(tmp_path: Path) -> None:
    (tmp_path / "calls").write_text("a file")
    model = Behind(2)
    with pytest.raises(CacheError, match="expected a folder"):
        asked_at_once(brokered(model, FolderStore(tmp_path / "calls")).answer, [ask("a")])
    assert model.asked == 0
