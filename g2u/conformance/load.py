"""What only load shows: whose reply comes back when many are asked at once.

Two requests together, then 62, each twice among the others: what one of two equal requests gets
and the other does not is told apart from what the model always says.
"""

from collections.abc import Sequence

import numpy as np

from g2u.conformance.answers import HEAT
from g2u.conformance.arrival import TOLD
from g2u.conformance.checks import Check
from g2u.conformance.pictures import numbered, numbers
from g2u.conformance.probe import LONG, PROMPT
from g2u.conformance.subject import MARGIN, distance, edited, failed, taken, thumb
from g2u.protocols import Model, Reply
from g2u.records import AnswerRequest, EditRequest, Picture, Scalar, Turn

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
    pair = taken(edited(model, requests[:2]))
    crowd = taken(edited(model, [requests[place] for place in order]))
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


def answers(model: Model, *, samples: bool, draw: np.random.Generator) -> Check:
    """Answers in company: 64 requests.

    Args:
        model: behind a server.
        samples: whether it samples by a seed; else it has to say something else of each picture.
        draw: draws the pictures.
    """
    name = "in company: an answer is its own request's"
    heat = HEAT if samples else 0.0
    requests = [
        AnswerRequest((Turn("user", (numbered(number, draw), TOLD)),), LONG, heat, samples * seed)
        for seed, number in enumerate(numbers(CROWD // 2, draw), 1)
    ]
    order = _order(draw, len(requests))
    pair = taken(model.answer(requests[:2]))
    crowd = taken(model.answer([requests[place] for place in order]))
    if bad := failed([*pair, *crowd]):
        return Check(name, "fails", bad, "company")
    said: list[list[str]] = [[] for _ in requests]
    for place, reply in zip([0, 1, *order], [*pair, *crowd], strict=True):
        said[place].append(str(reply))
    total = len(pair) + len(crowd)
    crossed = sum(
        any(reply in rest for n, rest in enumerate(said) if n != place) and len({*own}) > 1
        for place, own in enumerate(said)
        for reply in own
    )
    distinct = len({reply for own in said for reply in own})
    if 2 * distinct < len(requests):
        note = f"{distinct} different answers about {len(requests)} pictures"
        return Check(name, "unproven", note, "company")
    if crossed > 1:
        note = f"{crossed} of {total} answers are also those of another request; {APART}"
        return Check(name, "fails", note, "company")
    return Check(name, "holds", "", "company")


def _order(draw: np.random.Generator, count: int) -> list[int]:
    """Each of so many requests twice, in any order."""
    return [int(place) for place in draw.permutation(2 * count) % count]
