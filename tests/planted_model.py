"""A model of a known kind, copied into a workspace as an adapter of its own: it draws what tells
the answer, and reads its drawing, follows whichever it is shown, or looks at none.

Its pictures have a secret in their first row: the answer, and a key. A drawing covers all but that
row with sixteen tiles of one colour, a reader looks at one of them. What is no such picture is
answered as `null` does.
"""

from collections.abc import Sequence
from typing import Literal

import numpy as np

from g2u.models import null
from g2u.models.null import Null
from g2u.pictures.decoding import picture_of_pixels, pixels_of
from g2u.protocols import Reply
from g2u.records import AnswerRequest, EditRequest, Picture, Text
from g2u.settings import Section

CAPABILITIES = null.CAPABILITIES
MARK = (7, 77, 177)
COLOURS = np.array([(230, 20, 20), (20, 230, 20), (20, 20, 230), (230, 230, 20)], np.uint8)
TILE = 12
SIDE = 4 * TILE


class Settings(Section):
    """What params.yaml may say of it."""

    kind: Literal["reads", "follows", "ignores", "misled"]
    """reads: what a drawing says is coded with the key of its picture. follows: it says the answer.
    ignores: no drawing is looked at. misled: drawings say a wrong answer.
    """


def capabilities(settings: Settings) -> frozenset[str]:
    """As null."""
    del settings
    return CAPABILITIES


def load(settings: Settings) -> "Planted":
    """The model."""
    return Planted(settings.kind)


def picture(number: int, answer: int, key: int) -> Picture:
    """Grey noise with a secret."""
    grey = np.random.default_rng(number).integers(90, 160, (SIDE, SIDE, 1), np.uint8)
    pixels = np.repeat(grey, 3, axis=2)
    pixels[0, 0], pixels[0, 1] = MARK, (answer, key, 0)
    return picture_of_pixels(pixels)


def secret(shown: Picture) -> tuple[int, int] | None:
    """Answer and key; None where it has none."""
    pixels = np.asarray(pixels_of(shown))
    if tuple(pixels[0, 0]) != MARK:
        return None
    return int(pixels[0, 1][0]), int(pixels[0, 1][1])


class Planted(Null):
    """`Model` that knows what it shall."""

    def __init__(self, kind: str) -> None:
        super().__init__(0)
        self._kind, self._identity = kind, f"planted {kind}"

    def edit(self, requests: Sequence[EditRequest]) -> list[Reply[Picture]]:
        """A drawing of a picture with a secret."""
        return [self._drawing(request) for request in requests]

    def _drawing(self, request: EditRequest) -> Reply[Picture]:
        told = secret(request.pictures[0]) if request.pictures else None
        if told is None:
            return super().edit([request])[0]
        answer, key = told
        code = answer + {"reads": key, "misled": 1}.get(self._kind, 0)
        pixels = np.array(pixels_of(request.pictures[0]))
        pixels[1:] = COLOURS[code % 4]
        return picture_of_pixels(pixels)

    def answer(self, requests: Sequence[AnswerRequest]) -> list[Reply[str]]:
        """A letter."""
        return [self._said(request) for request in requests]

    def _said(self, request: AnswerRequest) -> Reply[str]:
        parts = [part for turn in request.turns for part in turn.parts]
        shown = [part for part in parts if isinstance(part, Picture)]
        if not any("Which colour?" in part for part in parts if isinstance(part, str)):
            return super().answer([request])[0]
        chance = bytes.fromhex(shown[0].digest) if shown else bytes(3)
        told = secret(shown[0]) if shown else None
        guess = told[0] if told and chance[0] < 128 else chance[1] % 4
        code = None if self._kind == "ignores" or not shown else _read(shown[-1], chance[2] % 16)
        if code is not None and self._kind == "reads":
            code -= told[1] if told else 0
        return Text("ABCD"[(guess if code is None else code) % 4], "stop")


def _read(shown: Picture, tile: int) -> int | None:
    """What a drawing says at a place; None where it says nothing."""
    top, left = (TILE * each + TILE // 2 for each in divmod(tile, 4))
    pixel = np.asarray(pixels_of(shown))[top, left]
    found = np.flatnonzero((pixel == COLOURS).all(axis=1))
    return int(found[0]) if found.size else None
