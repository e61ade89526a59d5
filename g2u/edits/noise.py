"""noise: a picture of random pixels in place of a thought; a picture without content. No model."""

from collections.abc import Mapping, Sequence

import numpy as np

from g2u.digests import call_seed
from g2u.drawing import without_model
from g2u.pictures import picture_of_pixels
from g2u.protocols import Calls
from g2u.records import Picture, Question, Sampler, Thought
from g2u.settings import Section

NEEDS: frozenset[str] = frozenset()
READS = "pictures"


class Settings(Section):
    """It takes none."""


def imagine(
    questions: Sequence[Question],
    pictures: Mapping[str, Picture],
    settings: Settings,
    sampler: Sampler,
    calls: Calls,
) -> list[Thought]:
    """Uniform noise, 0..255 in each channel, of each picture's size; seeded by the picture."""
    del settings, calls

    def noise(source: str) -> Picture:
        seed = call_seed(sampler.seed, [source], "noise", 0)
        shape = (pictures[source].height, pictures[source].width, 3)
        pixels = np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)
        return picture_of_pixels(pixels)

    return without_model(questions, noise)
