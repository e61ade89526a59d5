"""Answerers of a known kind, as a private adapter: what each looks at decides what it says.

A picture has its number in its first row; two questions are asked of it. A drawing is the picture
with a square on its left and one on its right, each in the colour that is the answer of a side.
Questions differ in difficulty: without help the easier half is answered rightly, with help FURTHER
of those that follow. What is no such question is answered as `null` does.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from g2u.models import null
from g2u.models.null import Null
from g2u.pictures.decoding import picture_of_pixels, pixels_of
from g2u.protocols import Reply
from g2u.records import AnswerRequest, EditRequest, Picture, Text
from g2u.settings import Section

CAPABILITIES = null.CAPABILITIES
SIDES = ("left", "right")
NAMES = ("red", "green", "blue", "grey")
COLOURS = np.array([(230, 20, 20), (20, 230, 20), (20, 20, 230), (120, 120, 120)], np.uint8)
MARK = (7, 77, 177)
PICTURES = 200
SIZE, SQUARE = 24, 4
ASKED = "Which colour is on the {side}?"
PLAIN, FURTHER, NOISE = 0.5, 0.2, 0.1
"""Chance to be right, what help adds to it, share of answers that fall at random."""
ADOPTED, LEANING = 2 * FURTHER, 0.8
"""Share of answers that a channel takes from a drawing, and of "A" with a second picture."""
Second = Literal[
    "nothing", "the same", "its own drawing", "another's drawing", "an edit", "strange",
]  # fmt: skip


@lru_cache
def _eases(half: int) -> list[float]:
    """Of the questions of every second picture: spread evenly, so that effects are as planted."""
    places = np.random.default_rng(half).permutation(PICTURES)
    return [(place + 0.5) / PICTURES for place in places.tolist()]


@dataclass(frozen=True)
class Item:
    """A question, by what it is made of."""

    number: int
    side: int
    gold: int
    slip: int
    """The wrong answer that it is taken for."""
    ease: float
    """0 = the easiest, 1 = the hardest."""

    @classmethod
    def of(cls, number: int, side: int) -> "Item":
        """The question about a side of a picture."""
        told = hashlib.sha256(f"planted {number} {side}".encode()).digest()
        gold = told[0] % 4
        ease = _eases(number % 2)[number - number % 2 + side]
        return cls(number, side, gold, (gold + 1 + told[1] % 3) % 4, ease)

    @property
    def is_in_half(self) -> bool:
        """Of one half of the pictures."""
        return self.number % 2 == 0


@dataclass(frozen=True)
class Seen:
    """What an answerer makes of the pictures that it is shown."""

    second: Second
    told: int
    """The answer that the second one tells; -1 = none."""


Kind = Callable[[Item, Seen], float]
"""The chance to be right."""


def _helped(*seconds: Second) -> Kind:
    return lambda item, seen: PLAIN + FURTHER * (seen.second in seconds)


def _reads(item: Item, seen: Seen) -> float:
    strays = 0.05 * (seen.second == "another's drawing")
    return PLAIN - strays + FURTHER * (seen.second == "its own drawing" and seen.told == item.gold)


def _in_half(item: Item, seen: Seen) -> float:
    return _reads(item, seen) if item.is_in_half else PLAIN


def _both_ways(item: Item, seen: Seen) -> float:
    return PLAIN + FURTHER * (1 if item.is_in_half else -1) * (seen.second == "its own drawing")


REPEATED: tuple[Second, ...] = ("the same", "its own drawing", "an edit")
KINDS: dict[str, Kind] = {
    "reads_its_thought": _reads,
    "ignores_its_thought": _helped(),
    "any_second_picture": _helped(*REPEATED, "another's drawing", "strange"),
    "repetition": _helped(*REPEATED),
    "reads_in_half_of_the_items": _in_half,
    "leak": _reads,
    "exact_copy": _helped("the same"),
    "position_bias": _helped(),
    "classical_edit": _helped("its own drawing", "an edit"),
    "answer_channel": _helped(),
    "half_gain_half_lose": _both_ways,
}
"""By the names of `bench.planted.PLANTED`."""


class Settings(Section):
    """What params.yaml may say of it."""

    kind: str
    """One of KINDS."""


def capabilities(settings: Settings) -> frozenset[str]:
    """As null."""
    del settings
    return CAPABILITIES


def load(settings: Settings) -> "Answerer":
    """The model."""
    return Answerer(settings.kind)


def picture(number: int) -> Picture:
    """Grey noise with its number."""
    grey = np.random.default_rng(number).integers(90, 160, (SIZE, SIZE, 1), np.uint8)
    pixels = np.repeat(grey, 3, axis=2)
    pixels[0, 0], pixels[0, 1] = MARK, (number // 256, number % 256, 0)
    return picture_of_pixels(pixels)


@lru_cache(maxsize=1024)
def _pixels(shown: Picture) -> NDArray[np.uint8]:
    """In the size of a picture, as an edit may have another one."""
    found = pixels_of(shown)
    if found.size != (SIZE, SIZE):
        found = found.resize((SIZE, SIZE), Image.Resampling.BOX)
    return np.asarray(found)


def _number(shown: Picture) -> int | None:
    pixels = _pixels(shown)
    if tuple(pixels[0, 0]) != MARK:
        return None
    return 256 * int(pixels[0, 1, 0]) + int(pixels[0, 1, 1])


def _square(side: int) -> tuple[slice, slice]:
    left = 2 if side == 0 else SIZE - 2 - SQUARE
    return slice(10, 10 + SQUARE), slice(left, left + SQUARE)


def _told(shown: Picture, side: int) -> int:
    """The answer that a drawing tells of a side; -1 = none."""
    square = _pixels(shown)[_square(side)]
    return next((n for n, colour in enumerate(COLOURS) if (square == colour).all()), -1)


def _seen(shown: Sequence[Picture], side: int) -> Seen:
    if len(shown) < 2:
        return Seen("nothing", -1)
    first, second = shown[0], shown[-1]
    if np.abs(_pixels(first).astype(int) - _pixels(second)).max() <= 1:
        return Seen("the same", -1)
    told = _told(second, side)
    if told >= 0:
        is_own = _number(first) == _number(second)
        return Seen("its own drawing" if is_own else "another's drawing", told)
    one, other = (_pixels(each)[1:].astype(float).ravel() for each in (first, second))
    is_alike = other.std() > 0 and np.corrcoef(one, other)[0, 1] > 0.5
    return Seen("an edit" if is_alike else "strange", -1)


def _share(digest: bytes) -> float:
    """0..1, uniform."""
    return int.from_bytes(digest[:4], "big") / 2**32


class Answerer(Null):
    """`Model` of a kind."""

    def __init__(self, kind: str) -> None:
        super().__init__(0)
        self._kind, self._identity = kind, f"planted {kind}"

    def edit(self, requests: Sequence[EditRequest]) -> list[Reply[Picture]]:
        """A drawing of a picture that has a number."""
        return [self._drawn(request) for request in requests]

    def _drawn(self, request: EditRequest) -> Reply[Picture]:
        number = _number(request.pictures[0]) if request.pictures else None
        if number is None:
            return super().edit([request])[0]
        pixels = np.array(_pixels(request.pictures[0]))
        if self._kind == "exact_copy":  # to the last pixel but one, else it is no thought
            pixels[-1, -1] += 1
            return picture_of_pixels(pixels)
        for side in range(2):
            pixels[_square(side)] = COLOURS[Item.of(number, side).gold]
        return picture_of_pixels(pixels)

    def answer(self, requests: Sequence[AnswerRequest]) -> list[Reply[str]]:
        """A letter; where it is asked for the words of an edit, these tell the answer."""
        return [self._answered(request) for request in requests]

    def _answered(self, request: AnswerRequest) -> Reply[str]:
        parts = [part for turn in request.turns for part in turn.parts]
        text = " ".join(part for part in parts if isinstance(part, str))
        shown = [part for part in parts if isinstance(part, Picture)]
        side = next((n for n, name in enumerate(SIDES) if ASKED.format(side=name) in text), None)
        number = _number(shown[0]) if shown else None
        if side is None or number is None:
            return super().answer([request])[0]
        item = Item.of(number, side)
        if NAMES[1] not in text:  # it sees no options
            return Text(f"Draw that the answer is {NAMES[item.gold]}.", "stop")
        return Text("ABCD"[self._said(item, _seen(shown, side), shown)], "stop")

    def _said(self, item: Item, seen: Seen, shown: Sequence[Picture]) -> int:
        digests = [each.digest for each in shown]
        luck = hashlib.sha256(f"{self._kind} {item.side} {digests}".encode()).digest()
        if self._kind == "position_bias" and seen.second != "nothing" and _share(luck) < LEANING:
            return 0
        if self._kind == "answer_channel" and seen.told >= 0 and _share(luck) < ADOPTED:
            return seen.told
        if _share(luck[4:]) < NOISE:
            item = replace(item, ease=_share(luck[8:]))
        return item.gold if item.ease < KINDS[self._kind](item, seen) else item.slip
