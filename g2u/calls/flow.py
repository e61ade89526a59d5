"""Coroutines over many questions, few of them open at once, and the event loop that they run on."""

import asyncio
import selectors
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable
from typing import Any, TypeVar

A = TypeVar("A")
B = TypeVar("B")


async def in_order(
    items: Iterable[A], work: Callable[[A], Awaitable[B]], window: int
) -> AsyncIterator[B]:
    """What `work` makes of each item, in the order of the items.

    Args:
        items: read as they are needed.
        work: begun for an item after the other.
        window: items that are worked at, or done and wait for one before them.
    """
    begun: deque[asyncio.Future[B]] = deque()
    try:
        for item in items:
            if len(begun) == window:
                yield await begun.popleft()
            begun.append(asyncio.ensure_future(work(item)))
        while begun:
            yield await begun.popleft()
    finally:
        for task in begun:
            task.cancel()
        await asyncio.gather(*begun, return_exceptions=True)


async def together(work: Iterable[Coroutine[Any, Any, B]]) -> list[B]:
    """What coroutines come to that run at once; a single one needs no task of its own."""
    each = list(work)
    return [await each[0]] if len(each) == 1 else await asyncio.gather(*each)


async def idle() -> None:
    """Wait until whatever else runs on this event loop waits for something outside: a thread, a
    connection or a clock. So nothing more is to come of what is at hand.

    Raises:
        TypeError: the loop is none of `run` or `runner`.
    """
    loop = asyncio.get_running_loop()
    if not isinstance(loop, _Loop):
        raise TypeError("expected the event loop of g2u.calls.flow.run, which tells when it waits")
    waits = loop.create_future()
    loop.selector.waiting.append(waits)
    await waits


def runner() -> asyncio.Runner:
    """An asyncio.Runner on whose loop `idle` can be awaited."""
    return asyncio.Runner(loop_factory=_Loop)


def run(work: Coroutine[Any, Any, B]) -> B:
    """`asyncio.run` on such a loop."""
    with runner() as running:
        return running.run(work)


class _Selector(selectors.DefaultSelector):
    """Tells who waits for it that the event loop is about to wait."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting: list[asyncio.Future[None]] = []

    def select(self, timeout: float | None = None) -> Any:
        """See the base class; a loop with something to do asks with a timeout of 0."""
        if self.waiting and timeout != 0:
            waiting, self.waiting, timeout = self.waiting, [], 0
            for future in waiting:
                if not future.done():
                    future.set_result(None)
        return super().select(timeout)


class _Loop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self.selector = _Selector()
        super().__init__(self.selector)
