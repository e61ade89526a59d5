"""Replies as the call cache keeps them, and back."""

import json
import math
from typing import Any, cast, get_args

from g2u.calls.store import Entry
from g2u.errors import DataError, in_one_line
from g2u.pictures.decoding import picture_of
from g2u.protocols import Kind
from g2u.records import Ending, Failure, Picture, Text, ending, kept

ENDED = b"\xff"
"""Before the reason why a text ended and a line break; no UTF-8 text begins so, and one whose model
does not tell is stored as it is.
"""


def as_entry(kind: Kind, reply: Any) -> Entry | Failure:
    """What is stored of a reply to a request of this kind, or why it cannot be."""
    try:
        if kind == "edit":
            return _picture_entry(reply)
        if kind == "answer":
            return _text_entry(reply)
        what = "log-probabilities" if kind == "score" else "numbers of the vector"
        return _numbers_entry(kind, what, reply)
    except (DataError, ValueError) as error:
        return Failure(str(error))
    except (TypeError, AttributeError):
        said = in_one_line(repr(reply), 100)
        return Failure(f"not a reply to this kind of request ({kind}): {said}")


def reply_of(kind: Kind, entry: Entry) -> Any:
    """The reply that an entry of this kind holds."""
    if kind == "edit":
        return _picture(entry)
    return text_of(entry) if kind == "answer" else numbers_of(entry)


def _picture_entry(picture: Picture) -> Entry:
    known = picture if picture.is_flat is not None else picture_of(picture.encoded)
    said = (known.digest, known.width, known.height, bool(known.is_flat))
    return Entry(picture.encoded, "edit", 0.0, said)


def _picture(entry: Entry) -> Picture:
    if entry.picture is None:
        return picture_of(entry.body)
    digest, width, height, is_flat = entry.picture
    return Picture(digest, entry.body, width, height, is_flat)


def _text_entry(text: str) -> Entry:
    ended, said = ending(text), kept(text).encode()
    head = ENDED + ended.encode() + b"\n" if ended else b""
    return Entry(head + said, "answer", 0.0)


def text_of(entry: Entry) -> Text:
    """The text of a stored answer. Raises ValueError where it is none."""
    if not entry.body.startswith(ENDED):
        return Text(entry.body.decode())
    ended, _, said = entry.body.removeprefix(ENDED).partition(b"\n")
    if ended.decode() not in get_args(Ending):
        raise ValueError(f"ended by {ended!r}")
    return Text(said.decode(), cast(Ending, ended.decode()))


def _numbers_entry(kind: str, what: str, numbers: tuple[float, ...]) -> Entry:
    if not all(math.isfinite(number) for number in numbers):
        raise ValueError(f"{what} are not finite")
    return Entry(json.dumps(list(numbers)).encode(), kind, 0.0)


def numbers_of(entry: Entry) -> tuple[float, ...]:
    """The numbers of a stored score or vector."""
    return tuple(float(number) for number in json.loads(entry.body))
