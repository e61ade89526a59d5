"""One picture that tells the story: source, own thoughts at more steps, oracle, answers."""

from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw, ImageFont

TILE = 132
GAP = 12
LEFT = 150
TOP = 30
BELOW = 24
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
    width = LEFT + max(len(row.panels) for row in rows) * (TILE + GAP)
    height = TOP + len(rows) * (TILE + BELOW + GAP)
    sheet = Image.new("RGB", (width, height), "white")
    pen = ImageDraw.Draw(sheet)
    large, small = ImageFont.load_default(16), ImageFont.load_default(13)
    for place, panel in enumerate(rows[0].panels):
        pen.text((LEFT + place * (TILE + GAP), 6), panel.heading, INK, large)
    for number, row in enumerate(rows):
        y = TOP + number * (TILE + BELOW + GAP)
        pen.text((6, y + 4), row.title, INK, large)
        pen.multiline_text((6, y + 30), _wrapped(row.question, small), SOFT, small, spacing=5)
        for place, panel in enumerate(row.panels):
            x = LEFT + place * (TILE + GAP)
            sheet.paste(panel.picture.resize((TILE, TILE), Image.Resampling.NEAREST), (x, y))
            colour = RIGHT if panel.is_right else WRONG
            said = f"{panel.answer} ({'right' if panel.is_right else 'wrong'})"
            pen.text((x, y + TILE + 3), said, colour, small)
    return sheet


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
