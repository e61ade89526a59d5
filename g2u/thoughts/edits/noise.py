"""noise: a picture of random pixels in place of a thought; a picture without content. No model."""

from collections.abc import Mapping
from functools import lru_cache

import numpy as np

from g2u.digests import call_seed
from g2u.pictures.decoding import picture_of_pixels
from g2u.protocols import Calls
from g2u.records import Picture, Question, Sampler, Thought
from g2u.settings import Section
from g2u.thoughts.drawing import without_model

NEEDS: frozenset[str] = frozenset()
READS = "pictures"


class Settings(Section):
    """It takes none."""


async def imagine(
    question: Question,
    pictures: Mapping[str, Picture],
    settings: Settings,
    sampler: Sampler,
    calls: Calls,
) -> list[Thought]:
    """Uniform noise, 0..255 in each channel, of each picture's size; seeded by the picture."""
    del settings, calls
    return without_model(question, lambda digest: _noise(pictures[digest], sampler.seed))


@lru_cache(maxsize=8)
def _noise(picture: Picture, run_seed: int) -> Picture:
    """Of questions that share a picture, made once."""
    seed = call_seed(run_seed, [picture.digest], "noise", 0)
    shape = (picture.height, picture.width, 3)
    return picture_of_pixels(np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8))
