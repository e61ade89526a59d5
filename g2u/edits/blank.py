"""blank: a grey picture of the original's size; isolates the presence of any extra picture."""

from collections.abc import Mapping, Sequence
from typing import Annotated

from PIL import Image
from pydantic import Field

from g2u.drawing import without_model
from g2u.pictures import picture_of_pixels
from g2u.protocols import Calls
from g2u.records import Picture, Question, Sampler, Thought
from g2u.settings import Section

NEEDS: frozenset[str] = frozenset()
READS = "pictures"


class Settings(Section):
    """What params.yaml may say of it."""

    level: Annotated[int, Field(ge=0, le=255)] = 128
    """The grey, 0 (black) to 255 (white)."""


def imagine(
    questions: Sequence[Question],
    pictures: Mapping[str, Picture],
    settings: Settings,
    sampler: Sampler,
    calls: Calls,
) -> list[Thought]:
    """One picture of constant grey (`level`, 0..255) per picture of each question."""
    del sampler, calls
    grey = (settings.level,) * 3
    made: dict[tuple[int, int], Picture] = {}

    def blank(source: str) -> Picture:
        size = (pictures[source].width, pictures[source].height)
        if size not in made:
            made[size] = picture_of_pixels(Image.new("RGB", size, grey))
        return made[size]

    return without_model(questions, blank)
