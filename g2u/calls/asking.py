"""What the coroutines of a stage or a cell ask for, through the broker, and a note of each call."""

from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Self

from g2u.calls.broker import Broker, Settled
from g2u.digests import kind_of
from g2u.protocols import Kind, Reply
from g2u.records import (
    AnswerRequest,
    EditRequest,
    EmbedRequest,
    Interleaved,
    InterleaveRequest,
    Picture,
    Request,
    ScoreRequest,
)
from g2u.tables.schemas import Call

AT_ONCE = 32
"""Replies read in one go; drawings are pictures."""


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

    def add(self, settled: Settled) -> None:
        """Count one more."""
        setattr(self, settled.how, getattr(self, settled.how) + 1)
        self.seconds += settled.seconds if settled.how != "failed" else 0.0


@dataclass(slots=True)
class Note:
    """One call."""

    kind: Kind
    identity: str
    settled: Settled | None
    """Without its reply; None while it is in flight."""
    round: int
    """The first round of drawing that needed it."""


class BrokeredCalls:
    """`Calls`.

    Args:
        broker: of the model.
        writer: of the model whose answers are asked for, where that is another.
    """

    def __init__(self, broker: Broker, writer: Broker | None = None) -> None:
        self._broker, self._writer = broker, writer or broker
        self._round = 0
        self.notes: dict[str, Note] = {}

    async def edit(self, request: EditRequest) -> Reply[Picture]:
        """See `Calls`; so are the others."""
        reply: Reply[Picture] = await self._ask(request)
        return reply

    async def interleave(self, request: InterleaveRequest) -> Reply[Interleaved]:
        """Texts and pictures."""
        reply: Reply[Interleaved] = await self._ask(request)
        return reply

    async def answer(self, request: AnswerRequest) -> Reply[str]:
        """One text."""
        reply: Reply[str] = await self._ask(request)
        return reply

    async def score(self, request: ScoreRequest) -> Reply[tuple[float, ...]]:
        """Log-probabilities per token."""
        reply: Reply[tuple[float, ...]] = await self._ask(request)
        return reply

    async def embed(self, request: EmbedRequest) -> Reply[tuple[float, ...]]:
        """One vector."""
        reply: Reply[tuple[float, ...]] = await self._ask(request)
        return reply

    def key(self, request: Request) -> str:
        """The request's name in the call cache."""
        return self._of(kind_of(request)).key(request)

    def identity(self, kind: Kind) -> str:
        """What replies to requests of this kind come from."""
        return self._of(kind).identity(kind)

    @property
    def window(self) -> int:
        """Questions that are worth being open at once."""
        return self._broker.window

    def in_round(self, number: int) -> Self:
        """The same calls, noted as those of a round."""
        other = type(self)(self._broker, self._writer)
        other.notes, other._round = self.notes, number
        return other

    def tally(self, rounds: Container[int] | None = None) -> dict[str, Tally]:
        """Of each kind what its calls came to; of these rounds alone where they are named."""
        found: dict[str, Tally] = {}
        for note in self.notes.values():
            if note.settled is not None and (rounds is None or note.round in rounds):
                found.setdefault(note.kind, Tally()).add(note.settled)
        return found

    def by_round(self) -> dict[str, dict[str, Tally]]:
        """What each round took beyond those before it, by name, in order; "thoughts" if one did."""
        last = max((note.round for note in self.notes.values()), default=0)
        if not last:
            return {"thoughts": self.tally()}
        return {f"round_{number}": self.tally([number]) for number in range(last + 1)}

    @property
    def settled(self) -> frozenset[str]:
        """Keys of all requests that were answered, or planned."""
        return frozenset(key for key, note in self.notes.items() if _is_answered(note))

    def rows(self, drawn: Container[str]) -> Iterator[Call]:
        """The answered requests, in the order of their keys.

        Args:
            drawn: keys of edits whose pictures lie elsewhere; their rows hold no reply.
        """
        keys = sorted(self.settled)
        for start in range(0, len(keys), AT_ONCE):
            batch = keys[start : start + AT_ONCE]
            entries = self._broker.store.get_many(key for key in batch if key not in drawn)
            for key in batch:
                entry, note = entries.get(key), self.notes[key]
                if entry is None and key not in drawn:  # forgotten meanwhile
                    continue
                reply = entry.body if entry is not None else None
                yield Call(key, note.kind, note.identity, reply)

    def _of(self, kind: Kind) -> Broker:
        return self._writer if kind == "answer" else self._broker

    async def _ask(self, request: Request) -> Any:
        kind = kind_of(request)
        broker = self._of(kind)
        key = broker.key(request)
        note = self.notes.get(key)
        if note is None:
            note = self.notes[key] = Note(kind, self.identity(kind), None, self._round)
        note.round = min(note.round, self._round)
        settled = await broker.ask(key, request)
        if not _is_answered(note):
            note.settled = Settled(None, settled.how, settled.seconds)
        return settled.reply


def _is_answered(note: Note) -> bool:
    return note.settled is not None and note.settled.how != "failed"


def total(tallies: Iterable[Tally]) -> Tally:
    """The sum."""
    found = Tally()
    for each in tallies:
        found.made += each.made
        found.reused += each.reused
        found.failed += each.failed
        found.seconds += each.seconds
    return found
