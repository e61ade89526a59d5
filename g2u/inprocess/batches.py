"""Handing requests over in batches: too little memory halves a batch, a bad request fails alone."""

import logging
from collections.abc import Callable, Hashable, Sequence
from typing import TypeVar

from g2u.protocols import Reply
from g2u.records import Failure

R = TypeVar("R")
T = TypeVar("T")
LOG = logging.getLogger(__name__)


def in_batches(
    requests: Sequence[R],
    call: Callable[[Sequence[R]], list[T]],
    group: Callable[[R], Hashable] | None = None,
) -> list[Reply[T]]:
    """The replies in the order of the requests; `call` gets requests of one `group` at a time
    (None: all at once).

    Where memory does not suffice the batch is halved, down to single requests. Where a batch
    raises, its requests are made one by one, so that only those that cannot be served fail.
    """
    replies: list[Reply[T]] = [Failure("not asked")] * len(requests)
    groups: dict[Hashable, list[int]] = {}
    for place, request in enumerate(requests):
        try:
            groups.setdefault(group(request) if group else None, []).append(place)
        except Exception as error:  # noqa: BLE001 - of the library, of any kind
            replies[place] = _failure(error)
    waiting = list(groups.values())
    while waiting:
        places = waiting.pop()
        try:
            for place, reply in zip(places, call([requests[i] for i in places]), strict=True):
                replies[place] = reply
        except Exception as error:
            if len(places) == 1:
                replies[places[0]] = _failure(error)
            elif _is_memory(error):
                LOG.warning("out of memory with %d requests; going on with half", len(places))
                _free()
                half = len(places) // 2
                waiting += [places[:half], places[half:]]
            else:
                LOG.warning(
                    "%d requests failed together; made one by one", len(places), exc_info=True
                )
                waiting += [[place] for place in places]
    return replies


def _failure(error: Exception) -> Failure:
    if _is_memory(error):
        _free()
        return Failure("out of memory with this one request")
    return Failure(f"{type(error).__name__}: {' '.join(str(error).split())}"[:300])


def _is_memory(error: Exception) -> bool:
    import torch

    return isinstance(error, torch.OutOfMemoryError) or "can't allocate memory" in str(error)


def _free() -> None:
    import torch

    if torch.cuda.is_available():
        torch.cuda.empty_cache()
