"""Coroutines over many questions, few of them open at once."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from typing import TypeVar

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
