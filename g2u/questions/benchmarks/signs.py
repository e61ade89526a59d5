"""Signs (detail): a word and a number on a sign that was photographed too small to read it well.

A picture is one sign: an open font, two colours, mild perspective, then light, blur, noise and JPEG
as photographs have them. Its depth is its height in pixels. The oracle is the sign as it was drawn,
before the camera, SCALE times as large; the adversary shows other letters and figures in its place.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from g2u.pictures.decoding import picture_of_pixels
from g2u.questions.signs import words
from g2u.questions.signs.dice import Dice
from g2u.questions.signs.lettering import CAPITAL, UNITS, Outline, covered, outline
from g2u.questions.signs.photograph import SCALE, WHOLE, Colour, Pixels, photographed
from g2u.records import Picture, Question, Sample, Target
from g2u.settings import NotNegative, Positive, Section

SCORERS = ("letters",)
QUESTION = "What does the sign say?"
HEIGHTS = (8, 64)
Split = Literal["development", "test"]
WORDS: dict[Split, list[str]] = {"development": words.DEVELOPMENT, "test": words.TEST}
FACES: dict[Split, tuple[str, ...]] = {
    "development": (
        "barlow_condensed", "bebas_neue", "courier_prime", "crimson_pro", "jost",
        "libre_baskerville", "roboto_slab", "work_sans",
    ),
    "test": (
        "anton", "b612_mono", "eb_garamond", "league_spartan", "oswald", "overpass", "rubik",
        "zilla_slab",
    ),
}  # fmt: skip
"""Of each split four without and four with serifs, or as near as there are open ones."""
CONTRAST = (70, 200)
"""Least and greatest difference of luminance between letters and ground, of 0..255."""
PROJECTION = 24
"""Bits of the denominator in `_seen`."""


class Settings(Section):
    """What params.yaml may say of it."""

    items: Positive
    """How many signs, 1 and more."""
    height: Annotated[int, Field(ge=HEIGHTS[0], le=HEIGHTS[1])]
    """Of a picture in pixels, 8 to 64; capitals take about half of it."""
    seed: NotNegative
    """Of the signs, 0 and more. A sign is the same at every height."""
    seeds: Positive = 1
    """How many seeds take turns, from `seed` on: the spread over drawings of the benchmark."""
    split: Split = "test"
    """Of words and fonts: development or test."""


@dataclass(frozen=True, slots=True)
class Sign:
    """What is decided of a sign before it is drawn at a height."""

    text: str
    other: str
    """The adversary's: as many letters and figures, each figure another one."""
    face: str
    ink: Colour
    ground: Colour
    capital: int
    """Height of a capital, in 1000ths of the picture's."""
    margins: tuple[int, int]
    """Free ground to the left and right, in 1000ths of the picture's height."""
    place: int
    """Of the free ground above and below, 1000ths that lie above."""
    tilt: int
    lean: int
    turn: tuple[int, int]
    """Perspective, see `_seen`: each -1000..1000."""


def design(number: int, split: Split, seed: int) -> Sign:
    """The sign `number` of a split and seed; all words come once before one comes again."""
    known = WORDS[split]
    key = (seed, list(WORDS).index(split))
    deck = Dice(*key, 0, number // len(known)).shuffled(range(len(known)))
    dice = Dice(*key, 1, number)
    word = known[deck[number % len(known)]]
    figures = str(dice.between(10, 999))
    other = dice.one_of([each for each in known if len(each) == len(word) and each != word])
    others = "".join(str((int(each) + dice.below(8)) % 9 + 1) for each in figures)
    face = dice.one_of(FACES[split])
    ink, ground = _colours(dice)
    return Sign(
        f"{word} {figures}",
        f"{other} {others}",
        face,
        ink,
        ground,
        dice.between(420, 560),
        (dice.between(150, 450), dice.between(150, 450)),
        dice.between(300, 700),
        dice.between(-1000, 1000),
        dice.between(-1000, 1000),
        (dice.between(-1000, 1000), dice.between(-1000, 1000)),
    )


def _colours(dice: Dice) -> tuple[Colour, Colour]:
    """Of letters and ground, within CONTRAST."""
    while True:
        one, two = (
            (dice.below(256), dice.below(256), dice.below(256)),
            (dice.below(256), dice.below(256), dice.below(256)),
        )
        gap = abs(_luminance(one) - _luminance(two))
        if CONTRAST[0] <= gap <= CONTRAST[1]:
            return one, two


def _luminance(colour: Sequence[int]) -> int:
    red, green, blue = colour
    return (299 * red + 587 * green + 114 * blue) // 1000


def _seen(shape: Outline, sign: Sign, height: int, width: int) -> Outline:
    """A line of text as the camera sees it, in units of `covered` around the middle of the text.

    Args:
        shape: in units of the face.
        sign: its capitals, tilt (of the line, at most 1 in 20 and a tenth of the height), lean (of
            upright strokes, at most 1 in 10) and turn (how much the far end shrinks, at most 6 %;
            across and down).
        height: of the picture that is drawn, in pixels.
        width: to which the text is stretched before it is projected, in units of `covered`.
    """
    points = np.concatenate(shape)
    left, right = points[:, 0].min(), points[:, 0].max()
    tall = height * UNITS * sign.capital // 1000
    x = (points[:, 0] - left) * width // (right - left) - width // 2
    y = tall // 2 - points[:, 1] * tall // CAPITAL
    slope = min(51, height * UNITS * 205 // width)
    across, down = ((each * 63 << PROJECTION - 10) // 1000 for each in sign.turn)
    unit = (1 << PROJECTION) + 2 * across * x // width + 2 * down * y // tall
    seen = np.stack(
        [
            ((x * 1024 + y * sign.lean * 102 // 1000) << PROJECTION - 10) // unit,
            ((y * 1024 + x * sign.tilt * slope // 1000) << PROJECTION - 10) // unit,
        ],
        axis=1,
    )
    return np.split(seen, np.cumsum([len(each) for each in shape])[:-1])


def drawn(sign: Sign, height: int) -> tuple[Pixels, Pixels]:
    """The ink of a sign and of its adversary [SCALE * height, SCALE * width], 0..WHOLE; alike but
    for their texts.
    """
    tall = height * SCALE
    shape, other = outline(sign.text, sign.face), outline(sign.other, sign.face)
    points = np.concatenate(shape)[:, 0]
    long = int(points.max() - points.min()) * tall * UNITS * sign.capital // (1000 * CAPITAL)
    seen = _seen(shape, sign, tall, long)
    low, high = (pick(np.concatenate(seen), axis=0) for pick in (np.min, np.max))
    before, after = (margin * tall * UNITS // 1000 for margin in sign.margins)
    width = -(-int(high[0] - low[0] + before + after) // (UNITS * SCALE)) * SCALE
    free = tall * UNITS - int(high[1] - low[1])
    move = np.array([before - low[0], free * sign.place // 1000 - low[1]])
    ink, misleading = (
        covered([contour + move for contour in each], tall, width)
        for each in (seen, _seen(other, sign, tall, long))
    )
    return ink, misleading


def coloured(share: Pixels, sign: Sign) -> Picture:
    """A picture of ink on its ground."""
    ink = np.arange(WHOLE + 1)[:, None]
    mixed = ink * np.array(sign.ink) + (WHOLE - ink) * np.array(sign.ground)
    return picture_of_pixels(((mixed + WHOLE // 2) // WHOLE).astype(np.uint8)[share])


def read(settings: Settings) -> Iterator[Sample]:
    """`items` signs of the split, one question about each."""
    part = list(WORDS).index(settings.split)
    for turn in range(settings.items):
        number, seed = turn // settings.seeds, settings.seed + turn % settings.seeds
        sign = design(number, settings.split, seed)
        ink, misleading = drawn(sign, settings.height)
        camera = Dice(seed, part, 2, number, settings.height)
        source = picture_of_pixels(photographed(ink, sign.ink, sign.ground, camera))
        question = Question(
            id=f"{settings.height}-{seed}-{number}",
            text=QUESTION,
            pictures=(source.digest,),
            category=f"{settings.height} px, seed {seed}",
        )
        target = Target(question.id, sign.text, "letters")
        oracles, adversaries = (coloured(ink, sign),), (coloured(misleading, sign),)
        yield Sample(question, target, (source,), oracles, adversaries)
