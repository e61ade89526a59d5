"""Gold answers of several parts: accepted answers in one cell, and several right options."""

import json
import re
from collections.abc import Sequence
from typing import Any

from g2u.errors import DataError
from g2u.literals import read_literal
from g2u.questions.files.options import Kind, Options, letter_of
from g2u.questions.files.texts import text_of

SEVERAL = ("multi_choice", "multi_choice_partial")
"""Scorers of questions with several right options."""
TOGETHER = re.compile(r"[A-Z]{2,26}")
APART = re.compile(r"\s*[,;/&|]\s*|\s+and\s+|\s+")
NAME = "answer"
"""Of the text in an object that holds one person's answer (VQAv2)."""


def accepted(cell: str, separator: str | None, where: str) -> str:
    """The cell itself, or as a JSON list its parts where the preset names what stands between, or
    the answers of the people that it spells (`of_people`).
    """
    if separator is None:
        found = read_literal(cell) if cell.startswith("[") else None
        listed = found if isinstance(found, list) else []
        is_of_people = bool(listed) and all(isinstance(e, dict) and NAME in e for e in listed)
        return of_people(listed, where) if is_of_people else cell
    parts = [part.strip() for part in cell.split(separator) if part.strip()]
    return json.dumps(parts, ensure_ascii=False) if len(parts) > 1 else cell


def of_people(found: Sequence[Any], where: str) -> str:
    """A list of texts, or of objects that hold one under "answer", as a JSON list.

    Raises:
        DataError: an entry is neither.
    """
    entries = [each.get(NAME) if isinstance(each, dict) else each for each in found]
    texts = [
        "" if each is None else text_of(each, f"{where}: entry {number}")
        for number, each in enumerate(entries, 1)
    ]
    if not any(text.strip() for text in texts):
        raise DataError(f"{where}: {str(found)[:60]!r} holds no answer; expected accepted answers")
    return json.dumps(texts, ensure_ascii=False)


def letters_of(cell: Any, options: Options, where: str, kind: Kind | None) -> str:
    """The letters of the right options, such as "AC": of a list, a row of letters ("AC", "A, C"),
    or one text.

    Raises:
        DataError: a part is no option, or one is named twice.
    """
    text = "" if isinstance(cell, (list, tuple)) else text_of(cell, where).strip()
    found = read_literal(text) if text[:1] in ("[", "(") else None
    parts = cell if isinstance(cell, (list, tuple)) else found if isinstance(found, list) else None
    if parts is None:
        parts = [text] if any(text == each for each in options.values()) else _parts(text, kind)
    if not parts:
        raise DataError(f"{where}: empty; expected the right options, such as AC")
    letters = [letter_of(text_of(part, where), options, where, kind) for part in parts]
    if len(set(letters)) != len(letters):
        raise DataError(f"{where}: {str(cell)[:60]!r} names an option twice; expected each once")
    return "".join(sorted(letters))


def _parts(text: str, kind: Kind | None) -> list[str]:
    if kind != "text" and TOGETHER.fullmatch(text):
        return list(text)
    return [part for part in APART.split(text) if part] if kind != "text" else [text]
