"""noise: a picture of random pixels in place of a thought; a picture without content. No model."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from g2u.digests import call_seed
from g2u.pictures import encode_png, picture_of
from g2u.protocols import Calls
from g2u.records import Picture, Question, Thought

NEEDS: frozenset[str] = frozenset()
READS = "pictures"
SETTINGS: frozenset[str] = frozenset()


def imagine(
    questions: Sequence[Question],
    pictures: Mapping[str, Picture],
    settings: Mapping[str, Any],
    calls: Calls,
) -> list[Thought]:
    """Uniform noise, 0..255 in each channel, of each picture's size; seeded by the picture."""
    del calls
    made: dict[str, Picture] = {}
    for digest in {digest for question in questions for digest in question.pictures}:
        seed = call_seed(settings["seed"], [digest], "noise", 0)
        source = pictures[digest]
        shape = (source.height, source.width, 3)
        pixels = np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)
        made[digest] = picture_of(encode_png(pixels))
    return [
        Thought(question.id, position, "ok", picture=made[source], source=source)
        for question in questions
        for position, source in enumerate(question.pictures)
    ]
