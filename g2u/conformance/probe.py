"""The same few requests, asked at another time, to see whether it is still the same model.

Honest servers differ in last bits, so edits are compared by distance, beside that of two equal
requests of the first round; what a probe says belongs beside an identity, never into it.
"""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import cast

import numpy as np

from g2u.conformance import pictures
from g2u.conformance.arrival import READ, TOLD
from g2u.conformance.subject import MARGIN, Subject, distance, edited, failed
from g2u.errors import ModelError, in_one_line
from g2u.pictures.decoding import picture_of
from g2u.protocols import Model, Reply
from g2u.records import AnswerRequest, EditRequest, Picture, Scalar, Turn

PROMPT = "Make the ground of this picture blue and write <A> beside the number."
"""With a character that markup would eat."""
SEED = 11
LONG = 96
"""Tokens of a reply that should hang on all that was seen."""
LAST_BITS = 0.5
"""Levels of 255 that no weights differ by alone, as where equal requests were equal at first."""


@dataclass(frozen=True, slots=True)
class Round:
    """The replies of one time; of a kind that the model does not serve, none."""

    edits: tuple[Reply[Picture], ...] = ()
    """To the requests of `edits_of`, then once more to the first of them."""
    answers: tuple[Reply[str], ...] = ()
    """To the requests of `answers_of`, then once more to the first of them."""

    @property
    def widest(self) -> float:
        """How far two edits of equal requests are apart, in levels of 255."""
        return distance(self.edits[0], self.edits[-1]) if self.edits else 0.0


def shown(is_served: bool = True) -> tuple[Picture, Picture]:
    """Two pictures of numbers, always the same; small ones for a model in this process."""
    draw = np.random.default_rng(pictures.FIXED)
    if is_served:
        return pictures.source(draw), pictures.source(draw)
    first, second = (pictures.numbered(n, draw, 64, 5) for n in pictures.numbers(2, draw))
    return first, second


def edits_of(
    declared: frozenset[str], sampler: tuple[tuple[str, Scalar], ...], is_served: bool = True
) -> list[EditRequest]:
    """Two edits that differ in their picture, or where none is read, one drawing."""
    if {"edit", "interleave"} & declared:
        return [EditRequest((each, PROMPT), SEED, sampler) for each in shown(is_served)]
    return [EditRequest((PROMPT,), SEED, sampler)] if "draw" in declared else []


def answers_of(declared: frozenset[str]) -> list[AnswerRequest]:
    """What one picture shows, told at length, and its number read."""
    if "answer" not in declared:
        return []
    turns = [(Turn("user", (shown()[0], text)),) for text in (TOLD, READ)]
    return [AnswerRequest(each, LONG) for each in turns]


def drawn(subject: Subject, requests: Sequence[EditRequest]) -> tuple[Reply[Picture], ...]:
    """The edits of now: one more than there are requests, if there are any."""
    return tuple(subject.edit([*requests, *requests[:1]]))


def said(subject: Subject, requests: Sequence[AnswerRequest]) -> tuple[Reply[str], ...]:
    """The answers of now: one more than there are requests, if there are any."""
    return tuple(subject.answer([*requests, *requests[:1]]))


def moved(before: Round, after: Round) -> str:
    """What tells that other weights reply now; empty where nothing does.

    Args:
        before: the replies of an earlier time.
        after: those of now.
    """
    if failed([*before.edits, *before.answers, *after.edits, *after.answers]):
        return ""
    pairs = list(zip(before.edits[:-1], after.edits[:-1], strict=True))
    off = max((distance(one, other) for one, other in pairs), default=0.0)
    widest = max(before.widest, after.widest)
    if off > max(MARGIN * widest, LAST_BITS):
        return (
            f"equal requests now give edits {off:.3g} levels of 255 apart, {widest:.3g} within a "
            "round: other weights reply"
        )
    were_sure = (
        before.answers[:1] == before.answers[-1:] and after.answers[:1] == after.answers[-1:]
    )
    if were_sure and before.answers[:1] != after.answers[:1]:
        return "equal questions, answered alike within a round, get another answer now"
    return ""


TRIES = 3
"""How often in a row a sounding has to differ before it is believed: requests of others bend it."""
SHARED = 0.5
"""Share of an answer's words that two texts of the same model have in common from their beginnings;
rounding turns one late, other weights at once.
"""


@dataclass(frozen=True, slots=True)
class Sounding:
    """What a model replies to the few requests by which it is known again, each made twice."""

    edits: tuple[tuple[Picture, Picture], ...] = ()
    answers: tuple[tuple[str, str], ...] = ()
    """About one picture, and about two."""

    def encoded(self) -> bytes:
        """As it is kept."""
        drawn = [[base64.b64encode(e.encoded).decode() for e in pair] for pair in self.edits]
        return json.dumps({"edits": drawn, "answers": self.answers}).encode()

    @classmethod
    def of(cls, kept: bytes) -> "Sounding":
        """What was kept."""
        told = json.loads(kept)
        drawn = [[picture_of(base64.b64decode(e)) for e in pair] for pair in told["edits"]]
        said = [(str(first), str(again)) for first, again in told["answers"]]
        return cls(tuple((first, again) for first, again in drawn), tuple(said))

    @property
    def widest(self) -> float:
        """How far two edits of equal requests are apart, in levels of 255."""
        return max((distance(*pair) for pair in self.edits), default=0.0)


def sounded(
    model: Model, declared: frozenset[str], sampler: tuple[tuple[str, Scalar], ...]
) -> Sounding:
    """Ask, all at once.

    Raises:
        ModelError: a request fails.
    """
    asked = edits_of(declared, sampler)
    one, two = shown()
    turns = [(Turn("user", (*each, TOLD)),) for each in ((one,), (one, two))]
    told = [AnswerRequest(each, LONG) for each in turns] if "answer" in declared else []
    drawn = edited(model, [*asked, *asked]) if asked else []
    said = model.answer([*told, *told]) if told else []
    if bad := failed([*drawn, *said]):
        raise ModelError(f"the requests by which a model is known again: {bad}")
    pictures, texts = cast(list[Picture], drawn), [str(reply) for reply in said]
    return Sounding(
        tuple(zip(pictures[: len(asked)], pictures[len(asked) :], strict=True)),
        tuple(zip(texts[: len(told)], texts[len(told) :], strict=True)),
    )


def differs(before: Sounding, now: Sounding) -> str:
    """What tells that other weights reply now; empty where nothing does.

    Edits are compared by distance, beside that of equal requests; answers where both times equal
    questions got equal answers.
    """
    widest = max(before.widest, now.widest)
    pairs = zip(before.edits, now.edits, strict=True)
    off = max((min(distance(a, b) for a in x for b in y) for x, y in pairs), default=0.0)
    if off > max(MARGIN * widest, LAST_BITS):
        return f"edits are {off:.3g} levels of 255 from those of before, {widest:.3g} among equals"
    for (one, again), (other, twice) in zip(before.answers, now.answers, strict=True):
        if one == again and other == twice and _common(one, other) < SHARED:
            return f"it now says {in_one_line(other, 60)!r}, and said {in_one_line(one, 60)!r}"
    return ""


def _common(one: str, other: str) -> float:
    """The share of the longer one's words that both have in common from their beginnings."""
    first, second = one.split(), other.split()
    both = zip(first, second, strict=False)
    same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], both))
    longest = max(len(first), len(second))
    return same / longest if longest else 1.0
