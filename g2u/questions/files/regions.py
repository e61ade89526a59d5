"""A gold place in a picture: a box, a polygon or a mask, kept as relative numbers with the frame in
which replies are to be read.

Kept form, JSON: {"box": [left, top, right, bottom]}, {"polygon": [[x, y] ...]} or {"mask": [width,
height, run, run ...]} (runs of pixels outside and inside in turn, row by row), with "frame" and
"size", the picture's width and height in pixels.
"""

import json
import math
from collections.abc import Sequence
from itertools import groupby
from typing import Any, Literal, get_args

from g2u.errors import DataError
from g2u.literals import read_literal
from g2u.pictures.decoding import pixels_of
from g2u.records import Picture

Frame = Literal["pixels", "relative", "percent", "thousand"]
"""What numbers count in: pixels of the picture; 0 to 1; 0 to 100; 0 to 1000, of its width and
height.
"""
Edges = Literal[
    "left_top_right_bottom",
    "left_top_width_height",
    "top_left_bottom_right",
    "center_width_height",
]
"""What the four numbers of a box are: those of VOC; COCO and RefCOCO; Gemini; YOLO."""
WHOLE = {"relative": 1.0, "percent": 100.0, "thousand": 1000.0}
"""What the width and the height of a picture count in a frame."""
INSIDE = 128
"""A mask's pixel belongs to the region from this brightness on, of 255."""


def region_of(
    cell: Any, picture: Picture, frame: Frame, replies: Frame, edges: Edges | None, where: str
) -> str:
    """The kept form of a box (four numbers) or a polygon (three points and more).

    Args:
        cell: a list, real or spelt.
        picture: that it lies in.
        frame: of the cell's numbers.
        replies: of the numbers that replies give.
        edges: what a box's numbers are; boxes of other forms look alike, so none is guessed.
        where: file, row and column, for errors.

    Raises:
        DataError: neither, a box without `edges`, corners in another order, or out of the picture.
    """
    found: Any = read_literal(cell) if isinstance(cell, str) else cell
    width, height = _whole(picture, frame)
    if _are_numbers(found) and len(found) == 4:
        left, top, right, bottom = _corners(found, edges, where)
        if not (0 <= left < right <= width * SLACK and 0 <= top < bottom <= height * SLACK):
            raise _error(
                cell, f"is no box (left, top, right, bottom) within {width:g} x {height:g}", where
            )
        box = [left / width, top / height, right / width, bottom / height]
        return _kept({"box": box}, picture, replies)
    if isinstance(found, Sequence) and len(found) > 2 and all(map(_is_point, found)):
        if not all(0 <= x <= width * SLACK and 0 <= y <= height * SLACK for x, y in found):
            raise _error(cell, f"leaves the picture, {width:g} x {height:g}", where)
        return _kept({"polygon": [[x / width, y / height] for x, y in found]}, picture, replies)
    raise _error(cell, "is neither a box nor a polygon", where)


def _corners(box: Sequence[float], edges: Edges | None, where: str) -> tuple[float, ...]:
    """Left, top, right, bottom."""
    one, two, three, four = box
    if edges is None:
        raise DataError(
            f"{where}: {str(box)[:60]!r} is a box, and nothing says what its numbers are; expected "
            f"box_is of the preset: {', '.join(get_args(Edges))}"
        )
    if edges == "left_top_width_height":
        return one, two, one + three, two + four
    if edges == "top_left_bottom_right":
        return two, one, four, three
    if edges == "center_width_height":
        return one - three / 2, two - four / 2, one + three / 2, two + four / 2
    return one, two, three, four


SLACK = 1.001
"""How far beyond the picture a rounded number may lie, as a factor."""


def mask_of(mask: Picture, picture: Picture, replies: Frame, where: str) -> str:
    """The kept form of a mask, light where the region is.

    Raises:
        DataError: another size than the picture's, nothing in it, or grey where it has to be light
            or dark.
    """
    if (mask.width, mask.height) != (picture.width, picture.height):
        raise DataError(
            f"{where}: a mask of {mask.width} x {mask.height} pixels for a picture of "
            f"{picture.width} x {picture.height}; expected equal sizes (the mask of a picture that "
            "was resized is not its mask)"
        )
    light = pixels_of(mask).convert("L").point(lambda value: value >= INSIDE and 255)
    runs = [(bool(value), len(list(run))) for value, run in groupby(light.tobytes())]
    if not any(is_inside for is_inside, _ in runs):
        raise DataError(f"{where}: a mask without a light pixel; expected the region in white")
    lengths = ([0] if runs[0][0] else []) + [length for _, length in runs]
    return _kept({"mask": [mask.width, mask.height, *lengths]}, picture, replies)


def _kept(region: dict[str, Any], picture: Picture, replies: Frame) -> str:
    return json.dumps({**region, "frame": replies, "size": [picture.width, picture.height]})


def _whole(picture: Picture, frame: Frame) -> tuple[float, float]:
    """The picture's width and height in the frame."""
    if frame == "pixels":
        return picture.width, picture.height
    return WHOLE[frame], WHOLE[frame]


def _are_numbers(found: Any) -> bool:
    return isinstance(found, Sequence) and all(
        isinstance(each, (int, float)) and not isinstance(each, bool) and math.isfinite(each)
        for each in found
    )


def _is_point(each: Any) -> bool:
    return _are_numbers(each) and len(each) == 2


def _error(cell: Any, what: str, where: str) -> DataError:
    return DataError(
        f"{where}: {str(cell)[:60]!r} {what}; expected [left, top, right, bottom] or [[x, y] ...], "
        "and what its numbers count in as frame of the preset (pixels, relative, percent, thousand)"
    )
