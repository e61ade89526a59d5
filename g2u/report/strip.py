"""One picture that tells the story: source, own thoughts at more steps, oracle, answers."""

from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw, ImageFont

TILE, WIDE = 144, 432
"""What a picture has at most, down and across: it is enlarged by whole factors, so that small signs
can be seen as they are, or shrunk.
"""
GAP = 12
LEFT = 150
TOP = 30
BELOW = 24
LEAST = 72
"""Height of a row, for its words."""
INK, SOFT, RIGHT, WRONG = "#1c2128", "#5b6472", "#0b6e6e", "#a3232f"


@dataclass(frozen=True, slots=True)
class Panel:
    """One picture and what was answered with it."""

    heading: str
    picture: Image.Image
    answer: str
    is_right: bool


@dataclass(frozen=True, slots=True)
class Row:
    """One question."""

    title: str
    question: str
    panels: Sequence[Panel]


def strip(rows: Sequence[Row]) -> Image.Image:
    """The rows under each other; headings are the first row's."""
    drawn = [[_scaled(panel.picture) for panel in row.panels] for row in rows]
    tile = max(TILE, *(picture.width for pictures in drawn for picture in pictures))
    heights = [max(LEAST, *(picture.height for picture in pictures)) for pictures in drawn]
    width = LEFT + max(len(row.panels) for row in rows) * (tile + GAP)
    height = TOP + sum(heights) + len(rows) * (BELOW + GAP)
    sheet = Image.new("RGB", (width, height), "white")
    pen = ImageDraw.Draw(sheet)
    large, small = ImageFont.load_default(16), ImageFont.load_default(13)
    for place, panel in enumerate(rows[0].panels):
        pen.text((LEFT + place * (tile + GAP), 6), panel.heading, INK, large)
    y = TOP
    for row, pictures, tall in zip(rows, drawn, heights, strict=True):
        pen.text((6, y + 4), row.title, INK, large)
        pen.multiline_text((6, y + 30), _wrapped(row.question, small), SOFT, small, spacing=5)
        for place, (panel, picture) in enumerate(zip(row.panels, pictures, strict=True)):
            x = LEFT + place * (tile + GAP)
            sheet.paste(picture, (x, y))
            colour = RIGHT if panel.is_right else WRONG
            said = f"{panel.answer} ({'right' if panel.is_right else 'wrong'})"
            pen.text((x, y + tall + 3), said, colour, small)
        y += tall + BELOW + GAP
    return sheet


def _scaled(picture: Image.Image) -> Image.Image:
    """As large as it may be."""
    fits = min(TILE / picture.height, WIDE / picture.width)
    size = (round(picture.width * (int(fits) or fits)), round(picture.height * (int(fits) or fits)))
    way = Image.Resampling.NEAREST if fits >= 1 else Image.Resampling.LANCZOS
    return picture.convert("RGB").resize((max(1, size[0]), max(1, size[1])), way)


def _wrapped(text: str, font: ImageFont.ImageFont | ImageFont.FreeTypeFont) -> str:
    """The text in lines that fit beside the pictures."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if font.getlength(longer) > LEFT - GAP:
            lines.append(word)
        else:
            lines[-1] = longer
    return "\n".join(lines)
