"""Marks that say where in a text a picture stands: `<image 2>`, `<|image_1|>`, `{image}` ...

Pictures are shown before the text. Marks that say just that are dropped: one per picture, in order,
before a question, or the one mark of a single picture on its own after it. Elsewhere a mark would
be left as text with its picture in another place: it is refused, unless the preset says `marks:
text`.
"""

import re
from dataclasses import dataclass
from typing import Literal

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
SUBJECT = re.compile(r"[^\S\n]*[^\W\d_A-Z]")
"""After a mark that is a part of its sentence: "<image 1> shows a cat"."""
APART = re.compile(r"(?:^|[\n.?!:。？！：])\s*$")
Marks = Literal["text"]
"""What a preset may say of marks: they are text."""


@dataclass(frozen=True, slots=True)
class Marked:
    """How the marks of a source are read."""

    are_text: bool = False

    def question(self, text: str, pictures: int, where: str) -> str:
        """The question without marks that only say that its pictures come first, in order.

        Args:
            text: of the question.
            pictures: how many are shown.
            where: file, row and column, for errors.

        Raises:
            DataError: marks of another number, order or place.
        """
        if self.are_text:
            return text
        found = list(MARK.finditer(text))
        if pictures == len(found) == 1 and _number(found[0]) in (None, "1"):
            before, after = text[: found[0].start()], text[found[0].end() :]
            if not after.strip() and before.strip() and APART.search(before):
                return before.rstrip()
        rest, numbers = text.lstrip(), []
        while opening := MARK.match(rest):
            numbers.append(_number(opening))
            last, rest = opening, rest[opening.end() :].lstrip(" \t\n\r,;:")
        if numbers:
            follows = last.string[last.end() :]
            in_order = all(number in (None, str(place)) for place, number in enumerate(numbers, 1))
            if len(numbers) != pictures or not in_order or _continues(follows):
                raise self._error(last[0], where)
        return self.plain(rest if numbers else text, where)

    def plain(self, text: str, where: str) -> str:
        """A text in which no picture stands: an option, a hint. Raises DataError for a mark."""
        found = None if self.are_text else MARK.search(text)
        if found:
            raise self._error(found[0], where)
        return text

    def _error(self, mark: str, where: str) -> DataError:
        return DataError(
            f"{where}: {mark[:60]!r} stands where a picture belongs, and pictures inside a text "
            "cannot be shown yet; expected one mark per picture, in order, before the question, or "
            "marks: text in the preset, which leaves them as text and shows all pictures first"
        )


def _number(mark: re.Match[str]) -> str | None:
    return mark["a"] or mark["b"] or mark["c"]


def _continues(follows: str) -> bool:
    """Whether a sentence goes on after the mark: with a small letter that has a capital one."""
    match = SUBJECT.match(follows)
    return match is not None and match[0][-1].islower()
