"""null: a model that knows nothing, needs no weights and costs no time.

Its edits tint the picture and its answers are drawn by the digest of what it is asked: the control
that no score should beat by chance, and the model with which the pipeline itself is measured
(bench/). Sampler settings are free: they count towards an edit's digest.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Annotated

import numpy as np
from PIL import Image
from pydantic import Field

from g2u.digests import described, sha256
from g2u.pictures.decoding import picture_of_pixels, pixels_of
from g2u.protocols import Kind, Reply
from g2u.records import (
    AnswerRequest,
    EditRequest,
    EmbedRequest,
    Failure,
    Picture,
    Request,
    ScoreRequest,
    Text,
)
from g2u.settings import Section

VERSION = "2"
CAPABILITIES = frozenset({"edit", "answer", "sample", "score", "embed", "places"})
SAID = ("yes", "no")


class Settings(Section):
    """What params.yaml may say of it."""

    size: Annotated[int, Field(ge=0, le=16384)] = 0
    """Side of its edits in pixels, up to 16384; 0 = the picture's own."""


def capabilities(settings: Settings) -> frozenset[str]:
    """What it can do, whatever its settings."""
    del settings
    return CAPABILITIES


def load(settings: Settings) -> "Null":
    """The model."""
    return Null(settings.size)


class Null:
    """`Model` without weights."""

    capabilities = CAPABILITIES

    def __init__(self, size: int) -> None:
        self._size = size
        self._identity = f"null {VERSION} size {size}"

    def identity(self, kind: Kind) -> str:
        """One identity for all kinds of requests."""
        del kind
        return self._identity

    def edit(self, requests: Sequence[EditRequest]) -> list[Reply[Picture]]:
        """The first picture, each channel shifted by up to 64 of 255."""
        return [self._edited(request) for request in requests]

    def answer(self, requests: Sequence[AnswerRequest]) -> list[Reply[str]]:
        """Yes or no."""
        return [Text(SAID[_drawn(request)[0] % 2], "stop") for request in requests]

    def score(self, requests: Sequence[ScoreRequest]) -> list[Reply[tuple[float, ...]]]:
        """One number per character, in -1..0, which depends on nothing that follows it."""
        return [
            tuple(-float(_drawn(beginning)[0]) / 255 for beginning in _beginnings(request))
            or Failure("null scores at least one character")
            for request in requests
        ]

    def embed(self, requests: Sequence[EmbedRequest]) -> list[Reply[tuple[float, ...]]]:
        """32 numbers in 0..1."""
        return [tuple(byte / 255 for byte in _drawn(request)) for request in requests]

    def close(self) -> None:
        """Nothing to free."""

    def _edited(self, request: EditRequest) -> Reply[Picture]:
        if not request.pictures:
            return Failure("null edits pictures; it draws none from text alone")
        source = pixels_of(request.pictures[0])
        if self._size:
            source = source.resize((self._size, self._size), Image.Resampling.BICUBIC)
        shift = np.frombuffer(_drawn(request)[:3], np.uint8) % 64 + 1
        pixels = np.asarray(source) + shift.astype(np.uint8)
        return picture_of_pixels(pixels)


def _drawn(request: Request) -> bytes:
    """32 bytes that every part of the request decides."""
    return hashlib.sha256(sha256(described(request)).encode()).digest()


def _beginnings(request: ScoreRequest) -> Iterator[ScoreRequest]:
    """The request for each beginning of its continuation, up to the whole."""
    for end in range(1, len(request.continuation) + 1):
        yield replace(request, continuation=request.continuation[:end])
