"""Subject a model under a budget, and comparing what comes back."""

from collections.abc import Sequence
from functools import partial
from typing import Any, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from g2u.errors import ModelError
from g2u.pictures.decoding import pixels_of
from g2u.protocols import Model, Reply
from g2u.records import (
    AnswerRequest,
    EditRequest,
    Failure,
    Interleaved,
    InterleaveRequest,
    Picture,
    ScoreRequest,
)

T = TypeVar("T")
TOLERANCE = 1e-3
"""Of log-probabilities, between two ways of asking: other matrix shapes round otherwise."""
MARGIN = 2.0
"""How much further off than equal requests' replies a changed one is, where replies bend."""
BUDGET, RESERVED = 60, 6
"""Requests that a check of a served model may cost, beside what only load shows; those of its last
round.
"""
UNASKED = f"not asked: the {BUDGET} requests of a check are spent"


class Tally:
    """How many requests a server was sent."""

    def __init__(self) -> None:
        self.count = 0


class Subject:
    """A model, asked one by one where it lies behind a server, and counted; a server that is gone
    ends it (`taken`).

    Args:
        model: what is asked.
        is_served: whether each request is sent by itself, once the one before has its reply.
        tally: counts what a server is sent, over all kinds of requests.
    """

    def __init__(self, model: Model, is_served: bool, tally: Tally) -> None:
        self.model, self.is_served, self._tally = model, is_served, tally

    def can_ask(self, requests: int) -> bool:
        """Whether this many more stay within the budget; there is none for a model in process."""
        return not self.is_served or self._tally.count + requests <= BUDGET - RESERVED

    def edit(self, requests: Sequence[EditRequest]) -> list[Reply[Picture]]:
        """Their pictures."""
        return self._replies(partial(edited, self.model), requests)

    def answer(self, requests: Sequence[AnswerRequest]) -> list[Reply[str]]:
        """Their texts."""
        return self._replies(self.model.answer, requests)

    def score(self, requests: Sequence[ScoreRequest]) -> list[Reply[tuple[float, ...]]]:
        """Their log-probabilities."""
        return self._replies(self.model.score, requests)

    def _replies(self, call: Any, requests: Sequence[Any]) -> list[Any]:
        if not self.is_served:
            return list(call(requests))
        self._tally.count += len(requests)
        return [taken(call([request]))[0] for request in requests]


def edited(model: Model, requests: Sequence[EditRequest]) -> list[Reply[Picture]]:
    """A model's edits; of one that only interleaves, the first picture of each reply."""
    if {"edit", "draw"} & model.capabilities or "interleave" not in model.capabilities:
        return model.edit(requests)
    woven = [InterleaveRequest(each.parts, each.seed, each.settings) for each in requests]
    return [_first(reply) for reply in cast(list[object], model.edit(woven))]


def _first(reply: object) -> Reply[Picture]:
    if not isinstance(reply, Interleaved):
        return reply if isinstance(reply, Failure) else Failure(f"no interleaved reply: {reply!r}")
    return next(iter(reply.drawn), Failure("the reply has no picture"))


def taken(replies: Sequence[T]) -> Sequence[T]:
    """The replies of a server that is there.

    Raises:
        ModelError: it is gone, or refuses the key: that tells nothing of what it serves.
    """
    for reply in replies:
        if isinstance(reply, Failure) and reply.ends_run:
            raise ModelError(f"{reply.reason}; mend it, then the same command goes on")
    return replies


def failed(replies: Sequence[object]) -> str:
    """What is wrong with the first that failed; empty where none did."""
    failures = [reply.reason for reply in replies if isinstance(reply, Failure)]
    return f"fails: {failures[0]}" if failures else ""


def same(*found: Sequence[object]) -> str:
    """What is wrong with replies that should be equal, each to its counterpart."""
    bad = next((said for replies in found if (said := failed(replies))), "")
    return bad or ("" if all(list(r) == list(found[0]) for r in found) else "they differ")


def near(first: object, second: object, tolerance: float = TOLERANCE) -> bool:
    """Whether two tuples of numbers are equal but for rounding."""
    return (
        isinstance(first, tuple)
        and isinstance(second, tuple)
        and len(first) == len(second)
        and bool(np.allclose(first, second, rtol=0, atol=tolerance))
    )


def distance(one: object, other: object) -> float:
    """Mean difference of two pictures in levels of 255; that of two sizes is the greatest."""
    if not isinstance(one, Picture) or not isinstance(other, Picture):
        return 255.0
    if one == other:
        return 0.0
    first, second = levels(one), levels(other)
    return float(np.abs(first - second).mean()) if first.shape == second.shape else 255.0


def levels(picture: Picture) -> NDArray[np.float64]:
    """Its pixels, [height, width, 3] in 0..255."""
    return np.asarray(pixels_of(picture), dtype=np.float64)


def thumb(picture: object) -> NDArray[np.float64]:
    """A picture of any size as 32 x 32 pixels, to be looked up among many."""
    assert isinstance(picture, Picture)
    return np.asarray(pixels_of(picture).resize((32, 32)), dtype=np.float64)
