"""filter: a classical filter's picture as the thought; is a generator needed at all? No model."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Annotated

import numpy as np

from g2u.pictures.decoding import picture_of_pixels, pixels_of
from g2u.pictures.filters import FILTERS
from g2u.protocols import Calls
from g2u.records import Picture, Question, Sampler, Thought
from g2u.settings import OneOf, Section
from g2u.thoughts.drawing import without_model

NEEDS: frozenset[str] = frozenset()
READS = "pictures"


class Settings(Section):
    """What params.yaml may say of it."""

    filter: Annotated[str, OneOf(lambda: FILTERS)]
    """A filter of g2u/pictures/filters.py."""


async def imagine(
    question: Question,
    pictures: Mapping[str, Picture],
    settings: Settings,
    sampler: Sampler,
    calls: Calls,
) -> list[Thought]:
    """Each picture through the filter."""
    del sampler, calls
    return without_model(question, lambda digest: _filtered(pictures[digest], settings.filter))


@lru_cache(maxsize=8)
def _filtered(picture: Picture, name: str) -> Picture:
    """Of questions that share a picture, made once."""
    return picture_of_pixels(FILTERS[name](np.array(pixels_of(picture))))
