"""What only load shows: whose reply comes back when many are asked at once.

Two requests together, then 62, each twice among the others: what one of two equal requests gets
and the other does not is told apart from what the model always says.
"""

import re
from collections.abc import Sequence

import numpy as np

from g2u.conformance.arrival import READ
from g2u.conformance.checks import Check
from g2u.conformance.pictures import numbered, numbers
from g2u.conformance.probe import LONG, PROMPT
from g2u.conformance.subject import MARGIN, distance, failed, thumb
from g2u.protocols import Model, Reply
from g2u.records import AnswerRequest, EditRequest, Failure, Picture, Scalar, Turn

CROWD = 62
"""Requests of a kind at once, after two."""
APART = "in_flight: 1 keeps them apart"


def edits(
    model: Model, sampler: tuple[tuple[str, Scalar], ...], draw: np.random.Generator
) -> Check:
    """Edits in company: 64 requests."""
    name = "in company: an edit is its own request's"
    requests = [
        EditRequest((numbered(number, draw), PROMPT), seed, sampler)
        for seed, number in enumerate(numbers(CROWD // 2, draw))
    ]
    order = _order(draw, len(requests))
    pair, crowd = model.edit(requests[:2]), model.edit([requests[place] for place in order])
    if bad := failed([*pair, *crowd]):
        return Check(name, "fails", bad, "company")
    if pair[0] == pair[1]:
        note = f"of two edits at once the first came twice; {APART}"
        return Check(name, "fails", note, "company")
    made: list[list[Reply[Picture]]] = [[] for _ in requests]
    for place, reply in zip([0, 1, *order], [*pair, *crowd], strict=True):
        made[place].append(reply)
    strange, total = _strangers(made), len(pair) + len(crowd)
    if strange:
        note = f"{strange} of {total} edits are those of another request; {APART}"
        return Check(name, "fails", note, "company")
    widest = max(distance(replies[0], replies[-1]) for replies in made)
    note = f"equal requests are up to {widest:.3g} levels of 255 apart" if widest else ""
    return Check(name, "holds", note, "company")


def _strangers(made: Sequence[Sequence[Reply[Picture]]]) -> int:
    """Edits that are nearer to one of another request than to those of their own."""
    thumbs = [[thumb(reply) for reply in replies] for replies in made]
    found = 0
    for place, own in enumerate(thumbs):
        others = [each for n, rest in enumerate(thumbs) if n != place for each in rest]
        for which, one in enumerate(own):
            twins = [each for n, each in enumerate(own) if n != which]
            nearest, farthest = (
                min(float(np.abs(one - each).mean()) for each in rest) for rest in (others, twins)
            )
            found += MARGIN * nearest < farthest
    return found


def answers(model: Model, draw: np.random.Generator) -> Check:
    """Answers in company: 64 requests."""
    name = "in company: an answer is its own request's"
    shown = numbers(CROWD // 2, draw)
    requests = [
        AnswerRequest((Turn("user", (numbered(number, draw), READ)),), LONG) for number in shown
    ]
    order = _order(draw, len(shown))
    pair, crowd = model.answer(requests[:2]), model.answer([requests[place] for place in order])
    if bad := failed([*pair, *crowd]):
        return Check(name, "fails", bad, "company")
    told: list[list[frozenset[str]]] = [[] for _ in shown]
    for place, reply in zip([0, 1, *order], [*pair, *crowd], strict=True):
        told[place].append(_numbers(reply))
    read = sum(own in said for own, each in zip(shown, told, strict=True) for said in each)
    crossed = sum(
        own not in said
        and any(own in twin for twin in each)
        and any(_is_other(own, number, shown) for number in said)
        for own, each in zip(shown, told, strict=True)
        for said in each
    )
    total = len(pair) + len(crowd)
    if crossed > 1:
        note = f"{crossed} of {total} answers say the number of another request; {APART}"
        return Check(name, "fails", note, "company")
    if 2 * read < total:
        return Check(name, "unproven", f"only {read} of {total} numbers were read", "company")
    return Check(name, "holds", "", "company")


def _order(draw: np.random.Generator, count: int) -> list[int]:
    """Each of so many requests twice, in any order."""
    return [int(place) for place in draw.permutation(2 * count) % count]


def _numbers(reply: Reply[str]) -> frozenset[str]:
    """The numbers of two digits that are said."""
    if isinstance(reply, Failure):
        return frozenset()
    return frozenset(re.findall(r"(?<!\d)\d\d(?!\d)", reply))


def _is_other(own: str, said: str, shown: Sequence[str]) -> bool:
    """Whether a number is that of another request and not the own one with a digit misread."""
    return said in shown and said[0] != own[0] and said[1] != own[1]
