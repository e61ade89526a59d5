"""A cell of a table becomes options, each with its letter; what is of no known form is refused.

Forms: a list (real, or spelt in JSON or Python), an object of letters ({"A": "left", "B": "right"})
or one cell per option. Null and the empty text are no options: the others keep their letters.
Texts that carry their letters already ("A. left") lose them. Never a guess: another form, one
option alone, or over 26 are an error. Whether the right one is told from the others, prepare asks
of the gold answer (g2u/scores/gold.py).
"""

import math
import re
import string
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Literal

from g2u.errors import DataError
from g2u.literals import read_literal
from g2u.questions.files.texts import is_absent, undirected

Options = dict[str, str]
"""Letter -> text, in order."""
CARRIED = re.compile(
    r"\s*[(\[]?([A-Za-z])(?:[)\]][.:]?|[.:])\s+(?=\S)|\s*[(\[]([A-Za-z])[)\]](?=\S)"
)
"""A letter before an option's text."""
INDEX = re.compile(r"([0-9]{1,3})(?:\.0+)?")
ENCODED = re.compile(
    r"data:image/|(?:iVBORw0KGgo|/9j/|R0lGOD|UklGR|Qk[0-2])[A-Za-z0-9+/=\s]{60,}+$"
)
"""The beginning of an encoded picture."""
NAMED = re.compile(r"[^\s.]\S*\.(?:png|jpe?g|webp|gif|bmp|tiff?)(?:\?\S*)?", re.IGNORECASE)
"""The name of a picture's file."""
Kind = Literal["letter", "text", "index"]
"""How a gold answer is written; an index counts from 0."""
FORMS = 'a list, an object such as {"A": "left", "B": "right"}, or one column per option'


def options_in(cell: Any, where: str) -> Options:
    """The options of one cell; none where it is empty.

    Raises:
        DataError: another form, one option alone, or over 26.
    """
    if is_absent(cell) or (isinstance(cell, str) and not cell.strip()):
        return {}
    found = read_literal(cell) if isinstance(cell, str) else cell
    if isinstance(found, Mapping):
        letters = [str(key).strip().upper() for key in found]
        if len(set(letters)) != len(letters) or not set(letters) <= set(string.ascii_uppercase):
            raise _unknown(cell, "an object whose names are not letters", where)
        return lettered(dict(zip(letters, found.values(), strict=True)), where)
    if not isinstance(found, (list, tuple)):
        what = "spells no list of options" if isinstance(cell, str) else "is no list of options"
        raise _unknown(cell, what, where)
    return options_of(found, where)


def options_of(cells: Sequence[Any], where: str) -> Options:
    """The options of cells or entries, lettered by their places.

    Raises:
        DataError: as `options_in`.
    """
    if len(cells) > len(string.ascii_uppercase):
        raise DataError(f"{where}: {len(cells)} options; expected at most 26, one per letter")
    return lettered(dict(zip(string.ascii_uppercase, cells, strict=False)), where)


def lettered(cells: Mapping[str, Any], where: str) -> Options:
    """The options of cells by letter, without those in which nothing is.

    Raises:
        DataError: as `options_in`.
    """
    found = {
        letter: _text(cell, f"{where}: option {letter}")
        for letter, cell in cells.items()
        if not is_absent(cell)
    }
    if len(found) == 1:
        raise DataError(f"{where}: one option, {next(iter(found.values()))[:60]!r}; expected two")
    if found and all(NAMED.fullmatch(text.strip()) for text in found.values()):
        raise _picture(next(iter(found.values())), where)
    return _bare(found, where)


def letter_of(answer: str, options: Options, where: str, kind: Kind | None = None) -> str:
    """The letter of the gold answer.

    Args:
        answer: as it is written: B, (b), "B. right", "right", or 1.
        options: of the question.
        where: file, row and column, for errors.
        kind: what is written; None = a letter or a text, whichever it is.

    Raises:
        DataError: it is none of the options, or one as a letter and another as a text.
    """
    bare = undirected(answer).strip("()[].:").strip().upper()
    carried = CARRIED.match(answer)
    rest = answer[carried.end() :].strip() if carried else ""
    by_letter = {letter for letter in options if letter == bare}
    by_letter |= {
        letter
        for letter, text in options.items()
        if rest
        and text.strip() == rest
        and carried
        and letter == (carried[1] or carried[2]).upper()
    }
    said = undirected(answer)
    by_text = {letter for letter, text in options.items() if undirected(text) == said}
    if kind == "index":
        index = INDEX.fullmatch(answer.strip())
        place = int(index[1]) if index else len(string.ascii_uppercase)
        found = set(string.ascii_uppercase[place : place + 1]) & set(options)
    else:
        found = {"letter": by_letter, "text": by_text, None: by_letter | by_text}[kind]
    is_torn = kind != "letter" and by_letter and by_text and by_letter != by_text
    if len(found) == 1 and (kind == "index" or not is_torn):
        return found.pop()
    if is_torn and kind != "index":
        raise DataError(
            f"{where}: {answer!r} is a letter and the text of option {min(by_text)}; expected "
            "letters, and answer_is: letter in the preset"
        )
    if len(found) > 1:
        raise DataError(
            f"{where}: {answer[:60]!r} is the text of options {', '.join(sorted(found))}; expected "
            "the right one's letter, or options that differ"
        )
    if (
        kind != "text"
        and len(bare) > 1
        and len(set(bare)) == len(bare)
        and set(bare) <= set(options)
    ):
        raise DataError(
            f"{where}: {answer[:60]!r} names {len(bare)} options; expected one, or format: "
            "multi_choice in the preset (scorer: multi_choice_partial for partial credit)"
        )
    raise DataError(
        f"{where}: {answer[:60]!r} is no {kind or 'letter and no text'} of {len(options)} options "
        f"({', '.join(options) or 'none'}); expected one, as answer_is of the preset says"
    )


def _bare(found: Options, where: str) -> Options:
    """The texts without letters of their own, where all have them."""
    marks = {letter: CARRIED.match(text) for letter, text in found.items()}
    carried = [(match[1] or match[2]).upper() for match in marks.values() if match]
    if len(carried) < len(found) or not set(carried) <= set(found):
        return found
    if carried != list(found):
        raise DataError(
            f"{where}: options carry the letters {', '.join(carried)}; expected "
            f"{', '.join(found)}, as they stand, or texts without letters"
        )
    return {letter: text[marks[letter].end() :] for letter, text in found.items()}  # type: ignore[union-attr]


def _text(cell: Any, where: str) -> str:
    """The text of one option: of a number or a truth value, as it is written."""
    if isinstance(cell, str):
        if not cell.strip():
            raise DataError(f"{where}: only spaces; expected a text, or nothing for no option")
        if ENCODED.match(cell.strip()):
            raise _picture(cell, where)
        return cell
    if isinstance(cell, Mapping) and "bytes" in cell:
        raise _picture("an encoded file", where)
    if isinstance(cell, (int, float, Decimal)) and math.isfinite(cell):
        return str(cell)
    raise _unknown(cell, f"is of type {type(cell).__name__}", where)


def _picture(cell: str, where: str) -> DataError:
    return DataError(
        f"{where}: {cell.strip()[:40]!r} is a picture; expected a text (pictures that are options: "
        "name them as pictures, and their places in the options, such as <image 2>)"
    )


def _unknown(cell: Any, what: str, where: str) -> DataError:
    return DataError(f"{where}: {str(cell)[:60]!r} {what}; expected {FORMS}")
