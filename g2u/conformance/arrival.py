"""Whether each picture of a request reaches the reply, as seen from outside the model.

Two ways, no log-probabilities. Reading: every picture shows a number of two digits, drawn fresh,
and the model is asked for the numbers; a right number at its place is explained by that picture
alone. Changing: requests that differ in one picture only, beside requests that differ in nothing.
A picture has *arrived* where it was read, or where more replies changed with it than with nothing.
It is *lost* where the reply changes with another picture of the request and never with this one.
All else is *unproven*: a model that always says the same, or that never says the same twice.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from math import comb
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from g2u.pictures.decoding import picture_of_pixels, pixels_of
from g2u.records import Failure, Picture

Verdict = Literal["arrived", "lost", "unproven", "refused"]
Pictures = tuple[Picture, ...]
Ask = Callable[[Sequence[Pictures]], Sequence[object]]
"""One reply, or a Failure, per request."""

COUNTS = (1, 2, 4)
"""Pictures of a request; four is the most that served BAGEL takes."""
FIRST, MORE = 3, 5
"""Replaced pictures per place: at first, and where they left a doubt."""
REPEATS = 9
"""Requests in which nothing changed, over all counts."""
SURE = 0.01
"""Chance of calling a picture arrived that changes nothing (one-sided exact test)."""
ALARM = 0.01 / 14
"""Chance of calling a picture lost that changes replies as often as the others do, at the worst
rate; over the 14 places of a check at most 0.01.
"""
READ = "Each picture shows a number of two digits. Say the numbers, in the order of the pictures."
TOLD = (
    "Describe every picture, one after the other, in detail: the number of two digits in it, the "
    "colour of each digit, the background, where the digits are."
)
"""A long reply hangs on everything that was seen."""
MARGIN = 2.0
"""How much further off than equal requests' replies a changed one is, where replies bend."""
SIDE, CELL = 128, 8
"""Of a picture, and of a dot of its digits, in pixels."""
ROWS: dict[str, tuple[int, ...]] = {
    "1": (4, 12, 4, 4, 4, 4, 14),
    "2": (14, 17, 1, 2, 4, 8, 31),
    "3": (31, 2, 4, 2, 1, 17, 14),
    "4": (2, 6, 10, 18, 31, 2, 2),
    "5": (31, 16, 30, 1, 1, 17, 14),
    "6": (6, 8, 16, 30, 17, 17, 14),
    "7": (31, 1, 2, 4, 8, 8, 8),
    "8": (14, 17, 17, 14, 17, 17, 14),
    "9": (14, 17, 17, 15, 1, 2, 12),
}
"""Digits of 5 x 7 dots, a row per number, its highest bit on the left."""
LIGHT = ((255, 255, 255), (250, 230, 90), (150, 210, 250), (250, 180, 200), (190, 240, 170))
DARK = ((20, 20, 20), (20, 50, 170), (160, 20, 30), (10, 95, 45), (110, 25, 125))
"""Colours of digits and grounds, one of each: whoever sees colours alone sees a change too."""


def numbered(number: str, draw: np.random.Generator) -> Picture:
    """A picture of a number, 128 x 128: two digits of two colours, somewhere on a third."""
    grounds, inks = (LIGHT, DARK) if draw.integers(2) else (DARK, LIGHT)
    pixels = np.empty((SIDE, SIDE, 3), dtype=np.uint8)
    pixels[:] = draw.permutation(grounds)[0]
    left, top = draw.integers(4, SIDE - 11 * CELL - 4), draw.integers(4, SIDE - 7 * CELL - 4)
    for digit, ink in zip(number, draw.permutation(inks)[:2], strict=True):
        dots = np.array([[row >> bit & 1 for bit in range(4, -1, -1)] for row in ROWS[digit]])
        mask = np.kron(dots, np.ones((CELL, CELL), dtype=np.int64)).astype(bool)
        pixels[top : top + 7 * CELL, left : left + 5 * CELL][mask] = ink
        left += 6 * CELL
    return picture_of_pixels(pixels)


def loud(kind: int, draw: np.random.Generator) -> Picture:
    """A picture as far from a number as can be: noise, stripes, or one dark colour; drawn fresh."""
    grey = draw.integers(0, 256, (SIDE, SIDE, 1))
    stripes = (np.arange(SIDE)[:, None, None] // int(draw.integers(3, 12)) % 2) * 255
    pixels = (
        draw.integers(0, 256, (SIDE, SIDE, 3)),
        np.where(stripes, draw.integers(0, 100, 3), draw.integers(155, 256, 3)) + 0 * grey,
        draw.integers(0, 60, 3) + 0 * grey,
    )[kind % 3]
    return picture_of_pixels(pixels.astype(np.uint8))


def numbers(count: int, draw: np.random.Generator) -> list[str]:
    """Distinct numbers of two distinct digits, none of them 0."""
    every = [f"{a}{b}" for a in ROWS for b in ROWS if a != b]
    return [every[place] for place in draw.choice(len(every), count, replace=False)]


@dataclass(frozen=True, slots=True)
class Place:
    """What became of one picture of a request."""

    count: int
    """Pictures of the request."""
    number: int
    """Which of them, from 1."""
    verdict: Verdict
    note: str


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read of numbered pictures."""

    read: frozenset[tuple[int, int]]
    """(count, number) of pictures whose number was said at its place, each time."""
    disorder: str
    """What tells that pictures come in another order; empty where nothing does."""
    stale: str
    """What tells that replies belong to earlier requests; empty where nothing does."""


def read_numbers(ask: Ask, counts: Sequence[int], draw: np.random.Generator) -> Reading:
    """Ask for the numbers twice per count, once rising and once falling: no model that sorts them
    says both in the same wrong order. The second time is after the first: a cache would show.

    Args:
        ask: asks for the numbers of pictures; texts come back.
        counts: pictures of a request.
        draw: draws the numbers.
    """
    left = numbers(2 * sum(counts), draw)
    sets: list[list[list[str]]] = [[], []]
    for count in counts:
        for turn in (0, 1):
            sets[turn].append(sorted(left[:count], reverse=bool(turn)))
            del left[:count]
    said = [_said(ask, each, draw) for each in sets]
    read = {
        (count, place + 1)
        for which, count in enumerate(counts)
        for place in range(count)
        if all(said[t][which][place : place + 1] == [sets[t][which][place]] for t in (0, 1))
    }
    shown, told = sets[0] + sets[1], said[0] + said[1]
    stale = sum(s != own and s in shown for own, s in zip(shown, told, strict=True))
    disorders = []
    for which, count in enumerate(counts):
        order = _order([each[which] for each in sets], [each[which] for each in said])
        if order:
            more = [numbers(count, draw) for _ in range(MORE + 1)]
            if _order(more, _said(ask, more, draw)) == order:
                disorders.append(f"{count} pictures are always said as {order}")
    return Reading(
        frozenset(read),
        "; ".join(disorders),
        f"{stale} of {len(shown)} replies" if stale > 1 else "",
    )


def _said(ask: Ask, sets: Sequence[Sequence[str]], draw: np.random.Generator) -> list[list[str]]:
    """The numbers of two digits in each reply."""
    shown = [tuple(numbered(number, draw) for number in each) for each in sets]
    return [
        re.findall(r"(?<!\d)\d\d(?!\d)", reply) if isinstance(reply, str) else []
        for reply in ask(shown)
    ]


def _order(sets: Sequence[Sequence[str]], said: Sequence[Sequence[str]]) -> list[int]:
    """The one order, not the right one, in which all were said; empty where there is none."""
    found = {
        tuple(own.index(number) + 1 for number in told) if sorted(told) == sorted(own) else ()
        for own, told in zip(sets, said, strict=True)
    }
    order = list(found.pop()) if len(found) == 1 else []
    return order if order != sorted(order) else []


@dataclass(slots=True)
class _Trials:
    """Replies to requests of one count of pictures."""

    base: Pictures
    first: object = None
    again: list[object] = field(default_factory=list)
    """As nothing changed."""
    other: dict[int, list[object]] = field(default_factory=dict)
    """As picture n changed, from 1."""

    def failures(self) -> tuple[list[str], int]:
        """Reasons of those that failed, and how many were asked for."""
        every = [self.first, *self.again, *(r for found in self.other.values() for r in found)]
        return [reply.reason for reply in every if isinstance(reply, Failure)], len(every)


@dataclass(frozen=True, slots=True)
class Question:
    """How pictures are asked about, and how replies are compared."""

    ask: Ask
    far: Callable[[object, object], float]
    """How far two replies are from one another; 0 = they are the same."""
    bends: bool
    """Whether replies to one request may be a little off (pictures of a GPU): a reply has changed
    where it is further off than `MARGIN` times any reply to an equal request.
    """
    otherwise: Sequence[Ask] = ()
    """Other ways to ask, for a picture that seems lost."""


def changes(question: Question, counts: Sequence[int], draw: np.random.Generator) -> list[Place]:
    """What became of each picture, by what its change does to the reply.

    Args:
        question: what is asked of each tuple of pictures.
        counts: pictures of a request.
        draw: draws the pictures.
    """
    trials = {
        count: _Trials(tuple(numbered(number, draw) for number in numbers(count, draw)))
        for count in counts
    }
    if not trials:
        return []
    repeats = -(-REPEATS // len(trials))
    replies = iter(question.ask([t.base for t in trials.values() for _ in range(repeats + 1)]))
    for each in trials.values():
        each.first, *each.again = (next(replies) for _ in range(repeats + 1))
    few = [numbered(number, draw) for number in numbers(FIRST, draw)]
    _change(question.ask, trials.values(), few)
    seen = _Seen(trials.values(), question)
    doubtful = [
        each
        for each in trials.values()
        if 2 * seen.repeats[0] < seen.repeats[1]
        and any(hits == tries for hits, tries in seen.changed(each))
        and any(verdict != "arrived" for verdict in verdicts(seen.changed(each), seen.repeats))
    ]
    if doubtful:
        _change(question.ask, doubtful, [loud(kind, draw) for kind in range(MORE)])
    places = [place for each in trials.values() for place in _places(each, seen)]
    return [
        _appealed(place, trials[place.count].base, question, seen.floor, draw)
        if place.verdict == "lost"
        else place
        for place in places
    ]


def _with(base: Pictures, number: int, new: Picture) -> Pictures:
    return (*base[: number - 1], new, *base[number:])


def _change(ask: Ask, trials: Iterable[_Trials], new: Sequence[Picture]) -> None:
    """Ask with each picture replaced by each of `new`."""
    jobs = [
        (each, number, _with(each.base, number, picture))
        for each in trials
        for number in range(1, len(each.base) + 1)
        for picture in new
    ]
    replies = ask([pictures for _, _, pictures in jobs])
    for (each, number, _), reply in zip(jobs, replies, strict=True):
        each.other.setdefault(number, []).append(reply)


def _appealed(
    place: Place, base: Pictures, question: Question, floor: float, draw: np.random.Generator
) -> Place:
    """A picture that seems lost, asked about otherwise: one reply that changes clears the server.

    A model may hang on one picture more than on another; few ways to ask are deaf to the same one.
    """
    hits = tries = 0
    for ask in question.otherwise:
        first, again = ask([base, base])
        off = question.far(first, again)
        if isinstance(first, Failure) or (off and not question.bends):
            continue
        above = max(floor, MARGIN * off)
        (number,) = numbers(1, draw)
        new = [numbered(number, draw), *(loud(kind, draw) for kind in range(3))]
        replies = ask([_with(base, place.number, picture) for picture in new])
        hits += sum(
            question.far(first, reply) > above
            for reply in replies
            if not isinstance(reply, Failure)
        )
        tries += len(new)
    if hits:
        note = f"{place.note}; asked otherwise {_of((hits, tries))}"
        return Place(place.count, place.number, "unproven", note)
    told = f"; asked otherwise {_of((hits, tries))}" if tries else ""
    return replace(place, note=place.note + told)


Rate = tuple[int, int]
"""How many replies changed, of how many."""


class _Seen:
    """What counts as a change, by the replies to equal requests of all counts."""

    def __init__(self, trials: Iterable[_Trials], question: Question) -> None:
        self._far = question.far
        off = [
            self._far(each.first, reply)
            for each in trials
            if not each.failures()[0]
            for reply in each.again
        ]
        self.widest = max(off, default=0.0)
        self.floor = MARGIN * self.widest if question.bends else 0.0
        self.repeats: Rate = (sum(value > self.floor for value in off), len(off))

    def changed(self, each: _Trials) -> list[Rate]:
        """The rate of each picture; none where a request failed."""
        if each.failures()[0]:
            return []
        return [
            (sum(self._far(each.first, reply) > self.floor for reply in replies), len(replies))
            for replies in each.other.values()
        ]


def verdicts(changed: Sequence[Rate], repeats: Rate) -> list[Verdict]:
    """The verdict of each picture of a request.

    Args:
        changed: rate of replies that changed, by picture.
        repeats: the same where no picture changed.
    """
    found: list[Verdict] = [
        "arrived" if exceeds(rate, repeats) <= SURE else "unproven" for rate in changed
    ]
    for place, (hits, tries) in enumerate(changed):
        others = [rate for rate, v in zip(changed, found, strict=True) if v == "arrived"]
        is_still = hits * repeats[1] <= repeats[0] * tries
        if found[place] == "unproven" and others and is_still:
            chance = min(exceeds(rate, (hits, tries)) for rate in others)
            if chance * (len(changed) - 1) <= ALARM:
                found[place] = "lost"
    return found


def exceeds(one: Rate, other: Rate) -> float:
    """Fisher's exact test, one-sided: the chance of `one` being this far above `other` where both
    have the same rate.
    """
    (hits, tries), (others, rest) = one, other
    total = hits + others
    ways = sum(comb(tries, k) * comb(rest, total - k) for k in range(hits, min(tries, total) + 1))
    return ways / comb(tries + rest, total)


def _places(each: _Trials, seen: _Seen) -> list[Place]:
    """The verdicts of one count with what was seen."""
    count = len(each.base)
    reasons, asked = each.failures()
    if reasons:
        verdict: Verdict = "refused" if len(reasons) == asked else "unproven"
        note = f"{len(reasons)} of {asked} requests fail: {reasons[0]}"
        return [Place(count, place, verdict, note) for place in range(1, count + 1)]
    changed = seen.changed(each)
    best = max(range(count), key=lambda place: changed[place][0])
    places = []
    for place, verdict in enumerate(verdicts(changed, seen.repeats)):
        note = f"{_of(changed[place])} replies changed as it did"
        if verdict == "lost":
            note += f", {_of(changed[best])} as picture {best + 1} did"
        elif verdict == "unproven" and seen.repeats[0]:
            note += f", and {_of(seen.repeats)} as nothing did"
        elif verdict == "unproven" and seen.widest:
            note += f" by over twice the {seen.widest:.3g} levels of equal requests"
        places.append(Place(count, place + 1, verdict, note))
    return places


def _of(rate: Rate) -> str:
    return f"{rate[0]} of {rate[1]}"


def distance(one: object, other: object) -> float:
    """Mean difference of two pictures in levels of 255; that of two sizes is the greatest."""
    if not isinstance(one, Picture) or not isinstance(other, Picture):
        return 255.0
    if one == other:
        return 0.0
    first, second = _levels(one), _levels(other)
    return float(np.abs(first - second).mean()) if first.shape == second.shape else 255.0


def _levels(picture: Picture) -> NDArray[np.float64]:
    return np.asarray(pixels_of(picture), dtype=np.float64)
