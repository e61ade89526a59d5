"""collage: each picture and its thought side by side in one, for models that take one picture."""

from collections.abc import Sequence

from PIL import Image

from g2u.pictures.decoding import picture_of_pixels, pixels_of
from g2u.records import Picture, Prompt, Turn

NEEDS: frozenset[str] = frozenset()
DIFFERENCE = "thoughts stand beside the pictures they were made from, in one picture"


def lay_out(
    prompt: Prompt, pictures: Sequence[Picture], thoughts: Sequence[Picture | None]
) -> tuple[Turn, ...]:
    """Per picture a collage with its thought, or itself, then the question."""
    shown = [
        [picture if thought is None else beside(picture, thought)]
        for picture, thought in zip(pictures, thoughts, strict=True)
    ]
    return (Turn("user", prompt.around(shown)),)


def beside(left: Picture, right: Picture) -> Picture:
    """Both at the height of the left one, without a gap."""
    first, second = pixels_of(left), pixels_of(right)
    width = max(1, round(second.width * first.height / second.height))
    if (width, first.height) != second.size:
        second = second.resize((width, first.height), Image.Resampling.BICUBIC)
    sheet = Image.new("RGB", (first.width + width, first.height))
    sheet.paste(first, (0, 0))
    sheet.paste(second, (first.width, 0))
    return picture_of_pixels(sheet)
