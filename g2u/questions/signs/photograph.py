"""What a small photograph makes of a sign: uneven light, blur, few pixels, noise, JPEG.

Whole numbers throughout. Pictures are [height, width, 3].
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from g2u.questions.signs.dice import Dice

Numbers = NDArray[np.signedinteger[Any]]
Pixels = NDArray[np.uint8]
Colour = tuple[int, int, int]
SCALE = 4
"""How much larger than its photograph a sign is drawn, on each side."""
WHOLE = 16
"""The share of a pixel that is ink alone."""
LUMINANCE = np.array([
    16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56,
    14, 17, 22, 29, 51, 87, 80, 62, 18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113,
    92, 49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99,
]).reshape(8, 8)  # fmt: skip
"""Quantisation of luminance at quality 50: ITU-T T.81, table K.1."""
CHROMINANCE = np.array([
    17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99, 24, 26, 56, 99, 99, 99, 99, 99,
    47, 66, 99, 99, 99, 99, 99, 99, *[99] * 32,
]).reshape(8, 8)  # fmt: skip
"""The same of the two colours: table K.2."""
BITS = 12
COSINES: Numbers = np.array([
    [
        round(2**BITS * math.cos((2 * x + 1) * u * math.pi / 16) * math.sqrt((1 + (u > 0)) / 8))
        for x in range(8)
    ]
    for u in range(8)
], dtype=np.int64)  # fmt: skip
"""The transform of 8 samples, times 2**BITS; no entry lies near the middle of two numbers."""
TO_YCC = np.array([[19595, 38470, 7471], [-11059, -21709, 32768], [32768, -27439, -5329]])
TO_RGB = np.array([[65536, 0, 91881], [65536, -22553, -46802], [65536, 116130, 0]])
"""JFIF's, times 2**16."""


def photographed(share: Pixels, ink: Colour, ground: Colour, dice: Dice) -> Pixels:
    """A sign of two colours at 1 / SCALE of its size, as a camera has it.

    Args:
        share: [height, width], of ink in each pixel, 0..WHOLE; both multiples of SCALE.
        ink: the letters' colour.
        ground: the colour around them.
        dice: decides blur, light, noise and quality.
    """
    tall = _blurred(share.astype(np.int32) * (256 // WHOLE), 0, dice.between(1, SCALE))
    small = _blurred(tall, 1, dice.between(1, SCALE))[..., None]
    colour = _divided(small * np.array(ink) + (256 - small) * np.array(ground), 256)
    light = _light(colour.shape, dice.between(-30, 30), dice.between(-20, 20))
    strength = dice.between(4, 16)
    grain = dice.bytes_of(4, *colour.shape).astype(np.int64).sum(0) - 510
    return jpeg(
        np.clip(_divided(colour * light, 256) + (grain * strength >> 8), 0, 255),
        dice.between(35, 75),
    )


def _divided(numbers: Numbers, by: int | Numbers) -> Numbers:
    """Rounded to the nearest whole number."""
    return (2 * numbers + by) // (2 * by)


def _light(shape: tuple[int, ...], across: int, down: int) -> Numbers:
    """[height, width, 1], around 256: light that changes from edge to edge by so much."""
    height, width = shape[:2]
    found: Numbers = (
        256
        + (2 * np.arange(width) - width)[None] * across // (2 * width)
        + (2 * np.arange(height) - height)[:, None] * down // (2 * height)
    )
    return found[..., None]


def _blurred(share: Numbers, axis: int, reach: int) -> Numbers:
    """Means over `reach` pixels to each side, twice, at every pixel of those that are SCALE as
    large.
    """
    for _ in range(2):
        pad = [(reach + 1, reach) if each == axis else (0, 0) for each in range(2)]
        sums = np.cumsum(np.pad(share, pad, mode="edge"), axis=axis, dtype=np.int32)
        size, length = 2 * reach + 1, share.shape[axis]
        ahead, behind = (
            (sums[size:], sums[:length]) if axis == 0 else (sums[:, size:], sums[:, :length])
        )
        share = _divided(ahead - behind, size)
    height, width = share.shape
    shape = (height // SCALE, SCALE, width) if axis == 0 else (height, width // SCALE, SCALE)
    return _divided(share.reshape(shape).sum(1 if axis == 0 else 2, dtype=np.int32), SCALE)


def jpeg(picture: Numbers, quality: int) -> Pixels:
    """A picture [h, w, 3] of 0..255 after JPEG at a quality of 1..100, colours at half size.

    Source: ITU-T T.81 with the scaling of tables of libjpeg (jcparam.c); the coding itself loses
    nothing and is left out.
    """
    height, width = picture.shape[:2]
    padded = np.pad(picture, ((0, -height % 16), (0, -width % 16), (0, 0)), mode="edge")
    ycc = (padded @ TO_YCC.T + 32768 >> 16) - np.array([128, 0, 0])
    colours = ycc[..., 1:].reshape(len(ycc) // 2, 2, -1, 2, 2).sum((1, 3))
    percent = 5000 // quality if quality < 50 else 200 - 2 * quality
    kept = [
        _requantised(channel, np.clip((table * percent + 50) // 100, 1, 255))
        for channel, table in (
            (ycc[..., 0], LUMINANCE),
            *((_divided(colours[..., each], 4), CHROMINANCE) for each in (0, 1)),
        )
    ]
    large = [kept[0] + 128, *(each.repeat(2, 0).repeat(2, 1) for each in kept[1:])]
    rgb = np.stack(large, axis=-1) @ TO_RGB.T + 32768 >> 16
    found: Pixels = np.clip(rgb, 0, 255).astype(np.uint8)[:height, :width]
    return found


def _requantised(channel: Numbers, table: Numbers) -> Numbers:
    """One channel through the transform, its table, and back."""
    rows, columns = channel.shape[0] // 8, channel.shape[1] // 8
    blocks = channel.reshape(rows, 8, columns, 8).swapaxes(1, 2)
    unit = 1 << 2 * BITS
    levels = _divided(COSINES @ blocks @ COSINES.T, table * unit) * table
    back = _divided(COSINES.T @ levels @ COSINES, unit)
    return back.swapaxes(1, 2).reshape(channel.shape)
