"""Points and boxes in a response, as it writes their numbers; what these count in, the benchmark
declares (g2u/scores/regions.py).

Canonical forms: a point "x,y", points with spaces between, a box "left,top,right,bottom"; a number
as it is written without zeros at its end, with % where it has one.
"""

import re
from decimal import Decimal
from typing import Any

from g2u.scores import responses

NUMBER = r"[-+]?\d{1,9}+(?:\.\d{1,20}+)?+\s?%?|[-+]?\.\d{1,20}+"
SEPARATOR = r"\s*+,\s*+"
PAIR = re.compile(rf"[(\[]\s*+({NUMBER}){SEPARATOR}({NUMBER})\s*+[)\]]")
FOUR = re.compile(rf"[(\[]\s*+{SEPARATOR.join([f'({NUMBER})'] * 4)}\s*+[)\]]")
BARE = {count: re.compile(SEPARATOR.join([f"({NUMBER})"] * count)) for count in (2, 4)}
XY = re.compile(rf"\bx\s*+[=:]\s*+({NUMBER})\W{{0,6}}(?:and\s+)?y\s*+[=:]\s*+({NUMBER})", re.I)
MOLMO = re.compile(r"<points?\s([^<>]{0,20000})>")
MOLMO_NUMBER = re.compile(rf"([xy])(\d*)\s*=\s*[\"']?({NUMBER})")
TAGS = re.compile(r"</?(?:point|points|box|ref|loc|bbox)>|<ref>[^<]*+</ref>")
NAMED = re.compile(
    rf"\b(x_?min|y_?min|x_?max|y_?max|x1|y1|x2|y2|left|top|right|bottom)\s*+[=:]\s*+({NUMBER})",
    re.I,
)
POINTS = ("point_2d", "point", "points", "coordinates", "coordinate", "position", "location")
BOXES = ("bbox_2d", "bbox", "box", "bounding_box", "boundingbox", "coordinates")
TOP_FIRST = "box_2d"
"""Gemini's name for a box that counts from the top first: which order it has beside a question
that asks for the left first, nobody can tell.
"""
CORNERS = (
    ("x1", "y1", "x2", "y2"),
    ("xmin", "ymin", "xmax", "ymax"),
    ("left", "top", "right", "bottom"),
)
SIZES = (("x", "y", "width", "height"), ("x", "y", "w", "h"))
ALTERNATIVE = re.compile(r"\b(?:or|either|maybe|oder|ou)\b|或", re.IGNORECASE)
MOST = 1000
"""Points of a response."""
Numbers = tuple[str, ...]


def points_in(response: str) -> str | None:
    """Every point that the response gives, in its order; None where it gives none, alternatives, a
    box among them, or over 1,000.
    """
    found = _of_conclusion(response, _points)
    return None if not found or len(found) > MOST else " ".join(",".join(point) for point in found)


def box_in(response: str) -> str | None:
    """The one box that the response gives; None where it gives none or several, or where its
    corners are not in order.
    """
    found = _of_conclusion(response, _boxes)
    if not found or len(set(found)) != 1:
        return None
    (box,) = set(found)
    left, top, right, bottom = (Decimal(number.rstrip("%")) for number in box)
    is_mixed = len({number.endswith("%") for number in box}) > 1
    return None if is_mixed or left >= right or top >= bottom else ",".join(box)


def _of_conclusion(response: str, read: Any) -> list[Numbers] | None:
    """What `read` finds in what the response states is its answer, else in its conclusion."""
    text = TAGS.sub(" ", responses.concluded(response))
    stated = [s for s in responses.statements(text) if not s.is_denied]
    for part in [statement.rest for statement in stated[-1:]] + [text]:
        found: list[Numbers] | None = read(part.strip())
        if found:
            is_torn = len(set(found)) > 1 and ALTERNATIVE.search(part)
            return None if is_torn else found
    return None


def _points(text: str) -> list[Numbers] | None:
    marked = [point for match in MOLMO.finditer(text) for point in _of_molmo(match[1])]
    if marked:
        return marked
    objects = responses.objects(text)
    if objects:
        found: list[Numbers] = []
        for value in objects:
            inside = _points_of(value)
            if inside is None:
                return None
            found += inside
        return found
    if FOUR.search(text):
        return None
    pairs = [_written(match.groups()) for match in PAIR.finditer(text)]
    bare = BARE[2].fullmatch(text.strip(" .()[]"))
    return (
        pairs
        or [_written(m.groups()) for m in XY.finditer(text)]
        or ([_written(bare.groups())] if bare else [])
    )


def _of_molmo(attributes: str) -> list[Numbers]:
    """Points of Molmo's tag, whose numbers are per cent."""
    found: dict[str, dict[str, str]] = {}
    for axis, place, number in MOLMO_NUMBER.findall(attributes):
        found.setdefault(place, {})[axis] = f"{_plain(number.rstrip(' %'))}%"
    return [(each["x"], each["y"]) for each in found.values() if len(each) == 2]


def _points_of(value: Any) -> list[Numbers] | None:
    """Points of a list or an object; None where something else is in it."""
    if isinstance(value, dict):
        named = {str(key).lower(): each for key, each in value.items()}
        if "x" in named and "y" in named and not {"width", "w"} & named.keys():
            return _points_of([named["x"], named["y"]])
        held = [named[name] for name in POINTS if name in named] or _only(named)
        return _points_of(held[0]) if len(held) == 1 else None
    if not isinstance(value, list):
        return None
    numbers = _numbers(value, 2)
    if numbers:
        return [numbers]
    found: list[Numbers] = []
    for each in value:
        inside = _points_of(each) if isinstance(each, (list, dict)) else None
        if inside is None:
            return None
        found += inside
    return found


def _boxes(text: str) -> list[Numbers] | None:
    objects = responses.objects(text)
    if objects:
        found: list[Numbers] = []
        for value in objects:
            inside = _boxes_of(value)
            if inside is None:
                break
            found += inside
        else:
            return found
        if len(objects) != 2:
            return None
    fours = [_written(match.groups()) for match in FOUR.finditer(text)]
    if fours:
        return fours
    pairs = [_written(match.groups()) for match in PAIR.finditer(text)]
    if len(pairs) == 2:
        return [(*pairs[0], *pairs[1])]
    named = {key.lower().replace("_", ""): number for key, number in NAMED.findall(text)}
    for corners in CORNERS:
        if all(corner in named for corner in corners):
            return [_written([named[corner] for corner in corners])]
    bare = BARE[4].fullmatch(text.strip(" ."))
    return [_written(bare.groups())] if bare else []


def _boxes_of(value: Any) -> list[Numbers] | None:
    """Boxes of a list or an object; None where something else is in it."""
    if isinstance(value, dict):
        named = {str(key).lower().replace(" ", "_"): each for key, each in value.items()}
        if TOP_FIRST in named:
            return None
        flat = {key.replace("_", ""): each for key, each in named.items()}
        for corners in CORNERS:
            if all(corner in flat for corner in corners):
                return _boxes_of([flat[corner] for corner in corners])
        for x, y, width, height in SIZES:
            if all(name in named for name in (x, y, width, height)):
                return _of_size([named[name] for name in (x, y, width, height)])
        held = [named[name] for name in BOXES if name in named] or _only(named)
        return _boxes_of(held[0]) if len(held) == 1 else None
    if not isinstance(value, list):
        return None
    numbers = _numbers(value, 4)
    if numbers:
        return [numbers]
    corners_of = [_numbers(each, 2) for each in value if isinstance(each, list)]
    if len(value) == len(corners_of) == 2 and all(corners_of):
        return [(*(corners_of[0] or ()), *(corners_of[1] or ()))]
    found: list[Numbers] = []
    for each in value:
        inside = _boxes_of(each) if isinstance(each, (list, dict)) else None
        if inside is None:
            return None
        found += inside
    return found


def _only(named: dict[str, Any]) -> list[Any]:
    """The value of an object that has one: {"boat": [15, 200, 310, 420]}."""
    return list(named.values()) if len(named) == 1 else []


def _of_size(values: list[Any]) -> list[Numbers] | None:
    """The box of a corner, a width and a height."""
    if not all(isinstance(each, (int, float)) and not isinstance(each, bool) for each in values):
        return None
    x, y, width, height = (Decimal(str(each)) for each in values)
    return [_written([str(x), str(y), str(x + width), str(y + height)])]


def _numbers(value: Any, count: int) -> Numbers | None:
    """The list's numbers as they are written; None where it holds anything else."""
    if not isinstance(value, list) or len(value) != count:
        return None
    texts = [str(each).strip() for each in value if not isinstance(each, (bool, list, dict))]
    if len(texts) < count or not all(re.fullmatch(NUMBER, text) for text in texts):
        return None
    return _written(texts)


def _written(numbers: Any) -> Numbers:
    return tuple(
        f"{_plain(number.rstrip(' %'))}%" if "%" in number else _plain(number)
        for number in map(str, numbers)
    )


def _plain(number: str) -> str:
    value = Decimal(number.strip())
    text = f"{value if value else abs(value):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
