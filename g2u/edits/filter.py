"""filter: a classical filter's picture as the thought; is a generator needed at all? No model."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from g2u.drawing import without_model
from g2u.errors import ParamsError, unknown_name
from g2u.filters import FILTERS
from g2u.pictures import picture_of_pixels, pixels_of
from g2u.protocols import Calls
from g2u.records import Picture, Question, Thought

NEEDS: frozenset[str] = frozenset()
READS = "pictures"
SETTINGS = frozenset({"filter"})


def imagine(
    questions: Sequence[Question],
    pictures: Mapping[str, Picture],
    settings: Mapping[str, Any],
    calls: Calls,
) -> list[Thought]:
    """Each picture through the filter of g2u/filters.py that `settings["filter"]` names.

    Raises:
        ParamsError: no such filter.
    """
    del calls
    name = str(settings.get("filter", ""))
    if name not in FILTERS:
        raise ParamsError(unknown_name("params.yaml: presets.families: filter", name, FILTERS))

    def filtered(source: str) -> Picture:
        pixels = np.array(pixels_of(pictures[source]))
        return picture_of_pixels(FILTERS[name](pixels))

    return without_model(questions, filtered)
