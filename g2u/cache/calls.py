"""Model calls through the call cache: look up, make what is missing, store it as it returns."""

import json
import logging
import math
import sys
import time
from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar, cast, get_args

from tqdm import tqdm

from g2u.cache.budget import Budget
from g2u.cache.store import Entry, Replies
from g2u.digests import call_key, kind_of
from g2u.errors import DataError, G2UError, ModelError, in_one_line
from g2u.pictures import picture_of
from g2u.protocols import Embedder, Kind, Model, Reply
from g2u.records import (
    AnswerRequest,
    EditRequest,
    EmbedRequest,
    Ending,
    Failure,
    Picture,
    Request,
    ScoreRequest,
    Text,
    ending,
    kept,
)

T = TypeVar("T")
R = TypeVar("R", bound=Request)
UNMADE = Failure("not made: only planned")
AT_ONCE = 512
"""Replies read in one go."""
LOG = logging.getLogger(__name__)
ENDED = b"\xff"
"""Before the reason why a text ended and a line break; no UTF-8 text begins so, and one whose model
does not tell is stored as it is.
"""


@dataclass(slots=True)
class Tally:
    """What a run of calls came to; a request asked twice counts once."""

    made: int = 0
    reused: int = 0
    failed: int = 0
    seconds: float = 0.0
    """Model seconds of all calls, made now or when they were first made."""

    @property
    def calls(self) -> int:
        """Distinct requests."""
        return self.made + self.reused + self.failed


class CachedCalls:
    """`Calls` over one model and one store.

    Args:
        model: asked only for what the store does not hold.
        store: the call cache.
        batch: requests handed to the model at once, the most that a kill can lose.
        budget: what may be spent; None = without limit.
        plans: True = never ask the model; missing replies come back as `UNMADE` and are counted
            as made.

    Every call raises CacheError where the store fails, BudgetError once the budget is spent, and
    ModelError, with what came before it stored, where a failure says that all others would fail
    like it.
    """

    def __init__(
        self,
        model: Model,
        store: Replies,
        batch: int,
        *,
        budget: Budget | None = None,
        plans: bool = False,
    ) -> None:
        self._model, self._store, self._batch, self._plans = model, store, batch, plans
        self._budget = budget or Budget()
        self.tally: dict[str, Tally] = {}
        self._settled: dict[str, str] = {}
        self._identities: dict[Kind, str] = {}

    def key(self, request: Request) -> str:
        """The request's name in the store."""
        return call_key(self._identity(kind_of(request)), request)

    def _identity(self, kind: Kind) -> str:
        if kind not in self._identities:
            self._identities[kind] = self._model.identity(kind)
        return self._identities[kind]

    def of(self, model: Model) -> "CachedCalls":
        """Calls of another model over the same store, budget and tally."""
        other = CachedCalls(model, self._store, self._batch, budget=self._budget, plans=self._plans)
        other.tally, other._settled = self.tally, self._settled
        return other

    @property
    def settled(self) -> frozenset[str]:
        """Keys of all requests that were answered, or planned."""
        return frozenset(self._settled)

    def rows(self, drawn: Container[str]) -> Iterator[dict[str, Any]]:
        """The answered requests as rows of g2u.tables.CALLS, in the order of their keys.

        Args:
            drawn: keys of edits whose pictures lie elsewhere; their rows hold no reply.
        """
        keys = sorted(self._settled)
        for start in range(0, len(keys), AT_ONCE):
            batch = keys[start : start + AT_ONCE]
            entries = self._store.get_many(batch)
            for key in batch:
                entry = entries.get(key)
                if entry is None:  # forgotten meanwhile
                    continue
                yield {
                    "call": key,
                    "kind": entry.kind,
                    "identity": self._settled[key],
                    "reply": None if key in drawn else entry.body,
                }

    def edit(self, requests: Sequence[EditRequest]) -> list[Reply[Picture]]:
        """One picture per request."""
        return self._serve("edit", requests, self._model.edit, _picture)

    def answer(self, requests: Sequence[AnswerRequest]) -> list[Reply[str]]:
        """One text per request."""
        return self._serve("answer", requests, self._model.answer, text_of)

    def score(self, requests: Sequence[ScoreRequest]) -> list[Reply[tuple[float, ...]]]:
        """Log-probabilities per token; a reply that is not finite becomes a failure."""
        return self._serve("score", requests, self._model.score, numbers_of)

    def embed(self, requests: Sequence[EmbedRequest]) -> list[Reply[tuple[float, ...]]]:
        """One vector per picture; one that is not finite becomes a failure."""
        model = cast(Embedder, self._model)
        return self._serve("embed", requests, model.embed, numbers_of)

    def _serve(
        self,
        kind: Kind,
        requests: Sequence[R],
        call: Callable[[Sequence[R]], list[T | Failure]],
        decode: Callable[[Entry], T],
    ) -> list[T | Failure]:
        tally = self.tally.setdefault(kind, Tally())
        keys = [self.key(request) for request in requests]
        wanted = dict(zip(keys, requests, strict=True))
        stored = self._store.get_many(wanted, kind)
        replies: dict[str, T | Failure] = {}
        missing: dict[str, R] = {}
        for key, request in wanted.items():
            entry = stored.get(key)
            if entry is None:
                missing[key] = request
                continue
            replies[key] = decode(entry)
            if key not in self._settled:
                tally.reused += 1
                tally.seconds += entry.seconds
                self._settled[key] = self._identity(kind)
        if self._plans:
            tally.made += len(missing.keys() - self._settled.keys())
            self._settled |= dict.fromkeys(missing, self._identity(kind))
            return [replies.get(key, UNMADE) for key in keys]
        if missing:
            self._store.require_room(missing)
        waiting = list(missing)
        progress = tqdm(total=len(waiting), desc=kind, unit="call", disable=not waiting or None)
        start = 0
        while start < len(waiting):
            size = self._budget.allow(kind, min(self._batch, len(waiting) - start))
            batch = waiting[start : start + size]
            start += size
            begun = time.perf_counter()
            answers = _asked(call, [missing[key] for key in batch])
            seconds = time.perf_counter() - begun
            self._budget.spend(kind, size, seconds)
            each = seconds / size
            for key, reply in zip(batch, answers, strict=True):
                made = reply if isinstance(reply, Failure) else as_entry(kind, reply)
                self._settle(key, kind, made, each)
                replies[key] = made if isinstance(made, Failure) else decode(made)
            progress.update(len(batch))
            for reply in answers:
                if isinstance(reply, Failure) and reply.ends_run:
                    progress.close()
                    raise ModelError(f"{reply.reason}; what came before is kept: mend it, then the "
                                     "same command goes on")  # fmt: skip
        progress.close()
        return [replies[key] for key in keys]

    def _settle(self, key: str, kind: Kind, entry: Entry | Failure, seconds: float) -> None:
        tally = self.tally[kind]
        if isinstance(entry, Failure):
            tally.failed += 1
            if not entry.ends_run:  # that is said once
                print(f"{kind} call {key[:12]} failed: {entry.reason}", file=sys.stderr)
            return
        self._store.put(key, replace(entry, seconds=seconds))
        tally.made += 1
        tally.seconds += seconds
        self._settled[key] = self._identity(kind)


def _asked(
    call: Callable[[Sequence[R]], list[T | Failure]], requests: Sequence[R]
) -> list[T | Failure]:
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
        return [reply for request in requests for reply in _asked(call, [request])]
    if len(replies) != len(requests):
        raise ModelError(
            f"the adapter gave {len(replies)} replies to {len(requests)} requests; expected one "
            "for each, in their order"
        )
    return replies


def as_entry(kind: Kind, reply: Any) -> Entry | Failure:
    """What is stored of a reply to a request of this kind, or why it cannot be."""
    try:
        if kind == "edit":
            return _picture_entry(reply)
        if kind == "answer":
            return _text_entry(reply)
        what = "log-probabilities" if kind == "score" else "numbers of the vector"
        return _numbers_entry(kind, what, reply)
    except (DataError, ValueError) as error:
        return Failure(str(error))
    except (TypeError, AttributeError):
        said = in_one_line(repr(reply), 100)
        return Failure(f"not a reply to this kind of request ({kind}): {said}")


def _picture_entry(picture: Picture) -> Entry:
    known = picture if picture.is_flat is not None else picture_of(picture.encoded)
    said = (known.digest, known.width, known.height, bool(known.is_flat))
    return Entry(picture.encoded, "edit", 0.0, said)


def _picture(entry: Entry) -> Picture:
    if entry.picture is None:
        return picture_of(entry.body)
    digest, width, height, is_flat = entry.picture
    return Picture(digest, entry.body, width, height, is_flat)


def _text_entry(text: str) -> Entry:
    ended, said = ending(text), kept(text).encode()
    head = ENDED + ended.encode() + b"\n" if ended else b""
    return Entry(head + said, "answer", 0.0)


def text_of(entry: Entry) -> Text:
    """The text of a stored answer. Raises ValueError where it is none."""
    if not entry.body.startswith(ENDED):
        return Text(entry.body.decode())
    ended, _, said = entry.body.removeprefix(ENDED).partition(b"\n")
    if ended.decode() not in get_args(Ending):
        raise ValueError(f"ended by {ended!r}")
    return Text(said.decode(), cast(Ending, ended.decode()))


def _numbers_entry(kind: str, what: str, numbers: tuple[float, ...]) -> Entry:
    if not all(math.isfinite(number) for number in numbers):
        raise ValueError(f"{what} are not finite")
    return Entry(json.dumps(list(numbers)).encode(), kind, 0.0)


def numbers_of(entry: Entry) -> tuple[float, ...]:
    """The numbers of a stored score or vector."""
    return tuple(float(number) for number in json.loads(entry.body))
