"""Work on a stream on all cores, in order, a few items ahead."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


def ahead(work: Callable[[T], R], items: Iterable[T], depth: int = 4) -> Iterator[R]:
    """`work` of every item, in the items' order; at most `depth` are under way or waiting.

    Threads serve: decoding pictures and hashing them leave the interpreter's lock. An exception of
    an item is raised in its turn.
    """
    waiting: deque[Future[R]] = deque()
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        try:
            for item in items:
                waiting.append(pool.submit(work, item))
                if len(waiting) >= depth:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()
