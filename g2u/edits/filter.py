"""filter: a classical filter's picture as the thought; is a generator needed at all? No model."""

from collections.abc import Mapping, Sequence
from typing import Annotated

import numpy as np

from g2u.drawing import without_model
from g2u.filters import FILTERS
from g2u.pictures import picture_of_pixels, pixels_of
from g2u.protocols import Calls
from g2u.records import Picture, Question, Sampler, Thought
from g2u.settings import OneOf, Section

NEEDS: frozenset[str] = frozenset()
READS = "pictures"


class Settings(Section):
    """What params.yaml may say of it."""

    filter: Annotated[str, OneOf(lambda: FILTERS)]
    """A filter of g2u/filters.py."""


def imagine(
    questions: Sequence[Question],
    pictures: Mapping[str, Picture],
    settings: Settings,
    sampler: Sampler,
    calls: Calls,
) -> list[Thought]:
    """Each picture through the filter."""
    del sampler, calls

    def filtered(source: str) -> Picture:
        pixels = np.array(pixels_of(pictures[source]))
        return picture_of_pixels(FILTERS[settings.filter](pixels))

    return without_model(questions, filtered)
