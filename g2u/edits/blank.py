"""blank: a grey picture of the original's size; isolates the presence of any extra picture."""

from collections.abc import Mapping, Sequence
from typing import Any

from PIL import Image

from g2u.drawing import without_model
from g2u.pictures import picture_of_pixels
from g2u.protocols import Calls
from g2u.records import Picture, Question, Thought

NEEDS: frozenset[str] = frozenset()
READS = "pictures"
SETTINGS = frozenset({"level"})


def imagine(
    questions: Sequence[Question],
    pictures: Mapping[str, Picture],
    settings: Mapping[str, Any],
    calls: Calls,
) -> list[Thought]:
    """One picture of constant grey (`level`, 0..255) per picture of each question."""
    del calls
    grey = (int(settings.get("level", 128)),) * 3
    made: dict[tuple[int, int], Picture] = {}

    def blank(source: str) -> Picture:
        size = (pictures[source].width, pictures[source].height)
        if size not in made:
            made[size] = picture_of_pixels(Image.new("RGB", size, grey))
        return made[size]

    return without_model(questions, blank)
