"""blank: a grey picture of the original's size; isolates the presence of any extra picture."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Annotated

from PIL import Image
from pydantic import Field

from g2u.pictures.decoding import picture_of_pixels
from g2u.protocols import Calls
from g2u.records import Picture, Question, Sampler, Thought
from g2u.settings import Section
from g2u.thoughts.drawing import without_model

NEEDS: frozenset[str] = frozenset()
READS = "pictures"


class Settings(Section):
    """What params.yaml may say of it."""

    level: Annotated[int, Field(ge=0, le=255)] = 128
    """The grey, 0 (black) to 255 (white)."""


async def imagine(
    question: Question,
    pictures: Mapping[str, Picture],
    settings: Settings,
    sampler: Sampler,
    calls: Calls,
) -> list[Thought]:
    """One picture of constant grey (`level`, 0..255) per picture of the question."""
    del sampler, calls

    def blank(digest: str) -> Picture:
        return _grey(pictures[digest].width, pictures[digest].height, settings.level)

    return without_model(question, blank)


@lru_cache(maxsize=64)
def _grey(width: int, height: int, level: int) -> Picture:
    return picture_of_pixels(Image.new("RGB", (width, height), (level,) * 3))
