"""Marks that say where in a question a picture stands: `<image 2>`, `<image>`, `[IMG]`, `![](b)`.

Marks with numbers name their pictures, counted from 1, or from 0 where 0 is among them; marks
without take the pictures in order. They may stand in the hint, the question and the options, and
the question keeps them as `<image N>`. Where they say no more than that the pictures come first, in
order, or that the one picture comes last, they are dropped: that is how unmarked questions are
asked. A mark without a picture, and a picture without a mark where others have one, are errors.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from g2u.errors import DataError
from g2u.records import Question

NAMES = r"(?:problem_)?(?:image|img|picture)s?"
MARK = re.compile(
    rf"""
      (?:<\|?(?:vision|image|img)_?start\|?>\s*)?
      (?: <\|?\s*{NAMES}(?:[\s_#-]*(?:(?P<a>\d+)|here|pad|token|placeholder))?\s*/?\s*\|?>
        | <{NAMES}\s[^<>]*?src\s*=\s*["']?(?P<src>[^"'\s<>]*)[^<>]*>
        | <\|?vision_pad\|?>
        | \{{\{{?\s*{NAMES}[\s_#-]*(?P<b>\d+)?\s*\}}?\}}
        | \[{NAMES}[\s_#-]*(?P<c>\d+)?\]
        | !\[[^\]]*\]\((?P<md>[^()]*)\)
      )
      (?:\s*<\|?(?:vision|image|img)_?end\|?>)?
    """,
    re.IGNORECASE | re.VERBOSE,
)
UNREAD = re.compile(
    r"<\|?\s*(?:video|frame)s?[^<>]*>|\{\{?\s*(?:video|frame)s?[\s_#-]*\d*\s*\}?\}"
    r"|\[(?:video|frame)s?[\s_#-]*\d*\]|<\|?(?:vision|image|img)_?(?:start|end)\|?>"
    rf"|<{NAMES}\s[^<>]*>",
    re.IGNORECASE,
)
"""What stands for a clip, or for a picture in a way that says not which."""
SUBJECT = re.compile(r"[^\S\n]*[^\W\d_A-Z]")
"""After a mark that is a part of its sentence: "<image 1> shows a cat"."""
APART = re.compile(r"(?:^|[\n.?!:。？！：])\s*$")
LAST_NUMBER = re.compile(r"(\d+)\D*$")
Marks = Literal["text"]
"""What a preset may say of marks: they are text."""


def unmarked(text: str) -> str:
    """A text without the marks in it, and without the space that they stand in."""
    return " ".join(MARK.sub(" ", text).split())


@dataclass(frozen=True, slots=True)
class Placed:
    """The texts of a question, with the places of its pictures as `<image N>`."""

    text: str
    options: Mapping[str, str]
    hint: str = ""
    drawing: str = ""
    """The instruction for a drawing, in which places are named: "image 2"."""
    is_placed: bool = False
    """Whether pictures have places; else they come first."""
    whole: str = ""
    """The text with the marks that were dropped; empty = none was."""

    def of(self, question: Question) -> Question | None:
        """The question of these texts with the marks that were dropped; None where none was."""
        return replace(question, text=self.whole, is_placed=True) if self.whole else None


@dataclass(frozen=True, slots=True)
class Marked:
    """How the marks of a source are read."""

    are_text: bool = False

    def question(self, texts: Placed, pictures: int, where: str) -> Placed:
        """The question with its places.

        Args:
            texts: as the source has them.
            pictures: how many the question has.
            where: file and row, for errors.

        Raises:
            DataError: a mark without a picture, a picture without a mark, marks of two kinds, or
                marks that do not say which picture they stand for.
        """
        each = {
            "the hint": texts.hint,
            "the question": texts.text,
            **{f"option {letter}": text for letter, text in texts.options.items()},
        }
        if self.are_text:
            return texts
        found = [(name, mark) for name, text in each.items() for mark in MARK.finditer(text)]
        for name, text in (*each.items(), ("the drawing's instruction", texts.drawing)):
            if unread := UNREAD.search(MARK.sub("", text)):
                raise _error(where, name, unread[0], "stands for no picture that can be told")
        if not found and not MARK.search(texts.drawing):
            return texts
        bare = None
        if found and all(name == "the question" for name, _ in found):
            bare = _as_unmarked(texts.text, [mark for _, mark in found], pictures)
        marked = iter(_numbers(found, pictures, where) if found else ())

        def kept(text: str) -> str:
            return MARK.sub(lambda _: f"<image {next(marked)}>", text)

        if bare is not None and not MARK.search(texts.drawing):
            return Placed(bare, texts.options, texts.hint, whole=kept(texts.text))
        hint, text = kept(texts.hint), kept(texts.text)
        options = {letter: kept(option) for letter, option in texts.options.items()}
        return Placed(text, options, hint, _named(texts.drawing, pictures, where), bool(found))


def _as_unmarked(text: str, marks: Sequence[re.Match[str]], pictures: int) -> str | None:
    """The question without marks that say what is done anyway; None where they say more."""
    if pictures == len(marks) == 1 and _number(marks[0]) in (None, 1):
        before, after = text[: marks[0].start()], text[marks[0].end() :]
        if not after.strip() and before.strip() and APART.search(before):
            return before.rstrip()
    rest, numbers = text.lstrip(), list[int | None]()
    while opening := MARK.match(rest):
        numbers.append(_number(opening))
        follows = rest[opening.end() :]
        rest = follows.lstrip(" \t\n\r,;:")
    in_order = all(number in (None, place) for place, number in enumerate(numbers, 1))
    is_whole = len(numbers) == len(marks) == pictures and in_order
    return rest if is_whole and not _continues(follows) else None


def _numbers(found: Sequence[tuple[str, re.Match[str]]], pictures: int, where: str) -> list[int]:
    """Which picture, from 1, each mark stands for."""
    numbers = [_number(mark) for _, mark in found]
    told = [number for number in numbers if number is not None]
    if told and len(told) < len(numbers):
        name, mark = found[numbers.index(None)]
        raise _error(where, name, mark[0], "has no number, and other marks have one")
    if not told:
        _in_order([mark for _, mark in found], where)
        told = list(range(1, len(found) + 1))
    elif 0 in told:
        told = [number + 1 for number in told]
    for (name, mark), number in zip(found, told, strict=True):
        if not 1 <= number <= pictures:
            what = f"stands for picture {number} of a question that has {pictures}"
            raise _error(where, name, mark[0], what)
    absent = sorted(set(range(1, pictures + 1)) - set(told))
    if absent:
        listed = ", ".join(map(str, absent))
        raise DataError(
            f"{where}: picture {listed} of {pictures} has no mark, and others have one; expected a "
            f"mark for each, or {OR_TEXT}"
        )
    return told


def _in_order(marks: Sequence[re.Match[str]], where: str) -> None:
    """Raises DataError where several marks name files whose order is not told by numbers."""
    names = [name for mark in marks if (name := mark["src"] or mark["md"])]
    if len(marks) < 2 or not names:
        return
    ordered = [int(match[1]) for name in names if (match := LAST_NUMBER.search(name))]
    if len(ordered) < len(marks) or ordered != sorted(set(ordered)):
        raise DataError(
            f"{where}: {', '.join(names)[:80]!r} name files, which do not say in what order the "
            f"pictures are; expected <image 1>, <image 2> ..., or {OR_TEXT}"
        )


def _named(drawing: str, pictures: int, where: str) -> str:
    """An instruction for a drawing, with words for its marks."""

    def word(mark: re.Match[str]) -> str:
        number = _number(mark)
        if number is None and pictures != 1:
            what = f"does not say which of {pictures} pictures it stands for"
            raise _error(where, "the drawing's instruction", mark[0], what)
        return "the image" if number is None else f"image {number}"

    return MARK.sub(word, drawing)


OR_TEXT = "marks: text in the preset, which leaves marks as text and shows all pictures first"


def _error(where: str, name: str, mark: str, what: str) -> DataError:
    return DataError(
        f"{where}: in {name} {mark[:60]!r} {what}; expected a mark for each picture, or {OR_TEXT}"
    )


def _number(mark: re.Match[str]) -> int | None:
    found = mark["a"] or mark["b"] or mark["c"]
    return None if found is None else int(found[-9:])


def _continues(follows: str) -> bool:
    """Whether a sentence goes on after the mark: with a small letter that has a capital one."""
    match = SUBJECT.match(follows)
    return match is not None and match[0][-1].islower()
