"""Marks that say where in a text a picture stands: `<image 2>`, `<|image_1|>`, `{image}` ...

Pictures are shown before the text. So marks that open a question, one per picture and in order, say
what is done anyway and are dropped; elsewhere they would be left as text, with the pictures in
another place, and are refused.
"""

import re

from g2u.errors import DataError

NAMES = r"(?:image|img|picture|video|frame)s?"
MARK = re.compile(
    rf"""
      <\|?\s*{NAMES}(?:[\s_#-]*(?:(?P<a>\d+)|here|pad|token|placeholder|start|end))?\s*/?\s*\|?>
    | <{NAMES}\s[^<>]*>
    | <\|?vision_(?:start|end|pad)\|?>
    | \{{\{{?\s*{NAMES}[\s_#-]*(?P<b>\d+)?\s*\}}?\}}
    | \[{NAMES}[\s_#-]*(?P<c>\d+)?\]
    | !\[[^\]]*\]\([^()]*\)
    """,
    re.IGNORECASE | re.VERBOSE,
)


def without_marks(text: str, pictures: int, where: str) -> str:
    """The text without marks that only say that its pictures come first, in order.

    Args:
        text: of a question.
        pictures: how many are shown.
        where: file, row and column, for errors.

    Raises:
        DataError: marks of another number, order or place.
    """
    rest, numbers = text, []
    while opening := MARK.match(rest.lstrip()):
        numbers.append(opening["a"] or opening["b"] or opening["c"])
        rest = rest.lstrip()[opening.end() :]
    if not numbers:
        return unmarked(text, where)
    in_order = all(number in (None, str(place)) for place, number in enumerate(numbers, 1))
    if len(numbers) != pictures or not in_order:
        raise DataError(
            f"{where}: opens with {len(numbers)} picture marks for {pictures} pictures, "
            f"{text[:60]!r}; expected one mark per picture, in order, or none"
        )
    return unmarked(rest.lstrip(), where)


def unmarked(text: str, where: str) -> str:
    """The text itself.

    Raises:
        DataError: a mark is in it.
    """
    found = MARK.search(text)
    if found:
        raise DataError(
            f"{where}: {found[0][:60]!r} stands where a picture belongs; pictures inside a text "
            "cannot be shown yet: expected marks at the question's start, or none"
        )
    return text
