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

from g2u.conformance.pictures import loud, numbered, numbers
from g2u.conformance.subject import MARGIN
from g2u.records import Failure, Picture

Verdict = Literal["arrived", "lost", "unproven", "refused"]
Pictures = tuple[Picture, ...]
Ask = Callable[[Sequence[Pictures]], Sequence[object]]
"""One reply, or a Failure, per request."""

COUNTS = (1, 2, 4)
"""Pictures of a request; four is the most that served BAGEL takes."""
SURE = {False: 0.01, True: 0.025}
"""Chance of calling a picture arrived that changes nothing, where replies do not bend and where
they do; these lie beyond `MARGIN` as well.
"""
ALARM = 0.01
"""Chance, over all places of a check, of calling a picture lost that changes replies as often as
the others do, at the worst rate.
"""
READ = "Each picture shows a number of two digits. Say the numbers, in the order of the pictures."
TOLD = (
    "Describe every picture, one after the other, in detail: the number of two digits in it, the "
    "colour of each digit, the background, where the digits are."
)
"""A long reply hangs on everything that was seen."""


@dataclass(frozen=True, slots=True)
class Effort:
    """How often is asked."""

    first: int
    """Replaced pictures per place at first."""
    more: int
    """The same where they left a doubt."""
    repeats: int
    """Requests in which nothing changed, over all counts."""
    appeal: int
    """Replaced pictures per other way to ask, for one that seems lost."""
    again: int
    """How often a wrong order of numbers is asked for again."""


THOROUGH = Effort(3, 5, 9, 4, 6)
"""For models in this process."""
FRUGAL = {"edits": Effort(2, 3, 4, 2, 0), "answers": Effort(3, 3, 4, 2, 3)}
"""For served ones."""


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

    read: frozenset[tuple[int, int]] = frozenset()
    """(count, number) of pictures whose number was said, each time, at its place or, where
    pictures come in another order, at that.
    """
    disorder: str = ""
    """What tells that pictures come in another order; empty where nothing does."""
    stale: int = 0
    """Replies that say the numbers of an earlier request."""

    def with_(self, other: "Reading") -> "Reading":
        """Both."""
        return Reading(
            self.read | other.read,
            "; ".join(filter(None, (self.disorder, other.disorder))),
            self.stale + other.stale,
        )


def read_numbers(
    ask: Ask, counts: Sequence[int], draw: np.random.Generator, again: int = THOROUGH.again
) -> Reading:
    """Ask for the numbers twice per count, once rising and once falling: no model that sorts them
    says both in the same wrong order. The second time is after the first: a cache would show.

    Args:
        ask: asks for the numbers of pictures; texts come back.
        counts: pictures of a request.
        draw: draws the numbers.
        again: how often a wrong order is asked for again.
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
    disorders = []
    for which, count in enumerate(counts):
        order = _order([each[which] for each in sets], [each[which] for each in said])
        if order:
            more = [numbers(count, draw) for _ in range(again)]
            if _order(more, _said(ask, more, draw)) == order:
                disorders.append(f"{count} pictures are always said as {order}")
                read |= {(count, place) for place in range(1, count + 1)}
    return Reading(
        frozenset(read),
        "; ".join(disorders),
        sum(s != own and s in shown for own, s in zip(shown, told, strict=True)),
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
class Trial:
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
    effort: Effort = THOROUGH


Rate = tuple[int, int]
"""How many replies changed, of how many."""


def changes(
    question: Question, counts: Sequence[int], draw: np.random.Generator, begun: Trial | None = None
) -> list[Place]:
    """What became of each picture, by what its change does to the reply.

    Args:
        question: what is asked of each tuple of pictures.
        counts: pictures of a request.
        draw: draws the pictures.
        begun: what was asked already; where its count is not in `counts`, its equal requests
            count all the same.
    """
    trials = {
        count: Trial(tuple(numbered(number, draw) for number in numbers(count, draw)))
        for count in counts
    }
    if not trials:
        return []
    if begun:
        trials[len(begun.base)] = begun
    _repeat(question, trials.values())
    few = [numbered(number, draw) for number in numbers(question.effort.first, draw)]
    every = [(trials[count], n) for count in counts for n in range(1, count + 1)]
    _change(question.ask, [(each, n, few[len(each.other.get(n, ())) :]) for each, n in every])
    seen = _Seen(trials.values(), question)
    noisy = [loud(kind, draw) for kind in range(question.effort.more)]
    _change(question.ask, [(each, n, noisy) for each, n in every if seen.is_doubtful(each, n)])
    places = [place for count in counts for place in seen.places(trials[count])]
    return [
        _appealed(place, trials[place.count].base, question, seen.floor, draw)
        if place.verdict == "lost"
        else place
        for place in places
    ]


def _repeat(question: Question, trials: Iterable[Trial]) -> None:
    """Ask for the first replies, and for as many again as are wanted over all of them."""
    fresh = [each for each in trials if each.first is None]
    left = question.effort.repeats - sum(len(each.again) for each in trials)
    each_again = -(-left // len(fresh)) if fresh else 0
    replies = iter(question.ask([t.base for t in fresh for _ in range(each_again + 1)]))
    for each in fresh:
        each.first, *each.again = (next(replies) for _ in range(each_again + 1))


def _change(ask: Ask, wanted: Iterable[tuple[Trial, int, Sequence[Picture]]]) -> None:
    """Ask with a picture replaced by each of some."""
    jobs = [(each, number, picture) for each, number, new in wanted for picture in new]
    replies = ask([_with(each.base, number, picture) for each, number, picture in jobs])
    for (each, number, _), reply in zip(jobs, replies, strict=True):
        each.other.setdefault(number, []).append(reply)


def _with(base: Pictures, number: int, new: Picture) -> Pictures:
    return (*base[: number - 1], new, *base[number:])


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
        new = new[: question.effort.appeal]
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


class _Seen:
    """What counts as a change, by the replies to equal requests of all counts."""

    def __init__(self, trials: Iterable[Trial], question: Question) -> None:
        self._far, self._sure = question.far, SURE[question.bends]
        self._whole = [each for each in trials if not each.failures()[0]]
        off = [self._far(each.first, reply) for each in self._whole for reply in each.again]
        self.widest = max(off, default=0.0)
        self.floor = MARGIN * self.widest if question.bends else 0.0
        self.repeats: Rate = (sum(value > self.floor for value in off), len(off))

    def is_doubtful(self, each: Trial, number: int) -> bool:
        """Whether a picture did not change every reply while another picture did, and equal
        requests mostly give equal replies.
        """
        rates = [rate for trial in self._whole for rate in self.changed(trial)]
        if each not in self._whole or 2 * self.repeats[0] >= self.repeats[1]:
            return False
        hits, tries = self.changed(each)[number - 1]
        return hits < tries and any(h == t for h, t in rates)

    def changed(self, each: Trial) -> list[Rate]:
        """The rate of each picture."""
        return [
            (sum(self._far(each.first, reply) > self.floor for reply in replies), len(replies))
            for _, replies in sorted(each.other.items())
        ]

    def places(self, each: Trial) -> list[Place]:
        """The verdicts of one count with what was seen."""
        count = len(each.base)
        reasons, asked = each.failures()
        if reasons:
            verdict: Verdict = "refused" if len(reasons) == asked else "unproven"
            note = f"{len(reasons)} of {asked} requests fail: {reasons[0]}"
            return [Place(count, place, verdict, note) for place in range(1, count + 1)]
        own = self.changed(each)
        others = [
            rate for trial in self._whole if trial is not each for rate in self.changed(trial)
        ]
        best = max(range(count), key=lambda place: own[place][0])
        places = []
        for place, verdict in enumerate(
            verdicts([*own, *others], self.repeats, self._sure)[:count]
        ):
            note = f"{_of(own[place])} replies changed as it did"
            if verdict == "lost":
                note += f", {_of(own[best])} as picture {best + 1} did"
            elif verdict == "unproven" and self.repeats[0]:
                note += f", and {_of(self.repeats)} as nothing did"
            elif verdict == "unproven" and self.widest:
                note += f" by over twice the {self.widest:.3g} levels of equal requests"
            places.append(Place(count, place + 1, verdict, note))
        return places


def verdicts(changed: Sequence[Rate], repeats: Rate, sure: float) -> list[Verdict]:
    """The verdict of each picture of a check.

    Args:
        changed: rate of replies that changed, by picture.
        repeats: the same where no picture changed.
        sure: chance of calling a picture arrived that changes nothing.
    """
    found: list[Verdict] = [
        "arrived" if chance(rate, repeats) <= sure else "unproven" for rate in changed
    ]
    arrived = [rate for rate, verdict in zip(changed, found, strict=True) if verdict == "arrived"]
    known = (sum(hits for hits, _ in arrived), sum(tries for _, tries in arrived))
    for place, (hits, tries) in enumerate(changed):
        is_still = hits * repeats[1] <= repeats[0] * tries
        is_silent = found[place] == "unproven" and arrived and is_still
        if is_silent and chance(known, (hits, tries)) * len(changed) <= ALARM:
            found[place] = "lost"
    return found


def chance(one: Rate, other: Rate) -> float:
    """The chance of `one` being this far above `other` where both have the same rate: all against
    none at the worst rate, else Fisher's exact test, one-sided.
    """
    (hits, tries), (others, rest) = one, other
    if hits == tries and not others:
        total = tries + rest
        return float((tries / total) ** tries * (rest / total) ** rest) if total else 1.0
    total = hits + others
    ways = sum(comb(tries, k) * comb(rest, total - k) for k in range(hits, min(tries, total) + 1))
    return ways / comb(tries + rest, total)


def _of(rate: Rate) -> str:
    return f"{rate[0]} of {rate[1]}"
