"""Gold places and what is said of them: inside or not, and how far boxes overlap.

The kept form of a gold place is that of g2u/questions/files/regions.py.
"""

import json
import math
from bisect import bisect_right
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, pairwise
from typing import Any

from g2u.questions.files.regions import WHOLE

Point = tuple[float, float]
Box = tuple[float, float, float, float]
OVER = 1.01
"""How far beyond the picture a number may lie and still be of the declared frame."""


@dataclass(frozen=True, slots=True)
class Region:
    """A gold place."""

    frame: str
    """Of replies; see `g2u.questions.files.regions.Frame`."""
    size: tuple[int, int]
    """Of the picture, in pixels."""
    box: Box | None = None
    """Relative, 0..1."""
    polygon: tuple[Point, ...] = ()
    """Relative."""
    mask: tuple[int, int] | None = None
    """Width and height."""
    ends: tuple[int, ...] = ()
    """Of a mask's runs: where each ends, in pixels from the first."""

    def holds(self, point: Point) -> bool:
        """Whether a relative point lies inside; of a box and a polygon the edge as well."""
        x, y = point
        if self.box is not None:
            left, top, right, bottom = self.box
            return left <= x <= right and top <= y <= bottom
        if self.mask is None:
            return _is_within(x, y, self.polygon)
        width, height = self.mask
        column, row = math.floor(x * width), math.floor(y * height)
        if not (0 <= column < width and 0 <= row < height):
            return False
        return bisect_right(self.ends, row * width + column) % 2 == 1

    def relative(self, text: str) -> list[float] | None:
        """The numbers of a canonical point or box, 0..1; None where they are of another frame than
        the declared one: beyond the picture, or fractions where pixels or thousandths are due.
        """
        numbers = text.split(",")
        values = [float(number.rstrip("%")) for number in numbers]
        if text.endswith("%"):
            wholes = [100.0]
        elif self.frame == "pixels":
            wholes = [float(length) for length in self.size]
        else:
            wholes = [WHOLE[self.frame]]
        if wholes != [1.0] and "." in text and all(abs(value) <= 1 for value in values):
            return None
        found = [value / wholes[n % len(wholes)] for n, value in enumerate(values)]
        return found if all(0 <= value <= OVER for value in found) else None

    def example(self) -> Point:
        """A relative point inside."""
        if self.box is not None:
            return (self.box[0] + self.box[2]) / 2, (self.box[1] + self.box[3]) / 2
        if self.mask is not None:
            width, height = self.mask
            runs = [(end - begin, begin, end) for begin, end in pairwise(self.ends)][::2]
            _, begin, end = max(runs)
            middle = (begin + end - 1) // 2
            row = begin // width
            column = min(middle, (row + 1) * width - 1) - row * width
            return (column + 0.5) / width, (row + 0.5) / height
        return _inner(self.polygon)


@lru_cache(maxsize=256)
def region(kept: str) -> Region:
    """The place of a kept form.

    Raises:
        ValueError, KeyError, TypeError: it is no such form.
    """
    found: dict[str, Any] = json.loads(kept)
    frame, size = found["frame"], tuple(found["size"])
    if "box" in found:
        return Region(frame, size, box=tuple(found["box"]))
    if "polygon" in found:
        return Region(frame, size, polygon=tuple(map(tuple, found["polygon"])))
    width, height, *runs = found["mask"]
    return Region(frame, size, mask=(width, height), ends=tuple(accumulate(runs)))


def overlap(one: Box, other: Box) -> float:
    """Intersection over union of two boxes, 0..1."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    shared = max(0.0, width) * max(0.0, height)
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (one, other)]
    return shared / (sum(areas) - shared)


def said_of(place: Region, point: Point) -> str:
    """A relative point as a reply in the declared frame gives it."""
    if place.frame == "pixels":
        return ", ".join(f"{value * of:.2f}" for value, of in zip(point, place.size, strict=True))
    return ", ".join(f"{value * WHOLE[place.frame]:.6g}" for value in point)


def _is_within(x: float, y: float, polygon: tuple[Point, ...]) -> bool:
    """Even-odd rule; on an edge is within."""
    inside = False
    for (x0, y0), (x1, y1) in pairwise((*polygon, polygon[0])):
        across = (x - x0) * (y1 - y0) - (y - y0) * (x1 - x0)
        if (
            abs(across) < 1e-12
            and min(x0, x1) <= x <= max(x0, x1)
            and min(y0, y1) <= y <= max(y0, y1)
        ):
            return True
        if (y0 > y) != (y1 > y) and x < (x1 - x0) * (y - y0) / (y1 - y0) + x0:
            inside = not inside
    return inside


def _inner(polygon: tuple[Point, ...]) -> Point:
    """A point inside: halfway between two crossings of a line through it, the widest pair."""
    heights = sorted({y for _, y in polygon})
    best: tuple[float, Point] = (-1.0, polygon[0])
    for low, high in pairwise(heights):
        y = (low + high) / 2
        crossings = sorted(
            (x1 - x0) * (y - y0) / (y1 - y0) + x0
            for (x0, y0), (x1, y1) in pairwise((*polygon, polygon[0]))
            if (y0 > y) != (y1 > y)
        )
        for left, right in list(pairwise(crossings))[::2]:
            best = max(best, (right - left, ((left + right) / 2, y)))
    return best[1]


def box_overlap(prediction: str, kept: str) -> float | None:
    """How far a canonical box overlaps the gold box, 0..1; None where it is of another frame."""
    place = region(kept)
    found = place.relative(prediction)
    if found is None or place.box is None:
        return None
    left, top, right, bottom = found
    return overlap((left, top, right, bottom), place.box)
