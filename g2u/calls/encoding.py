"""Replies as the call cache keeps them, and back.

A picture is kept as its file, a text as UTF-8, numbers as JSON. Where more was told than that, a
head of one JSON line stands before the file (`TOLD`) or the text (`ENDED`); replies of before have
none.
"""

import json
import math
from collections.abc import Mapping
from typing import Any, cast, get_args

from g2u.calls.store import Entry
from g2u.digests import canonical
from g2u.errors import DataError, in_one_line
from g2u.pictures.decoding import picture_of
from g2u.protocols import Kind
from g2u.records import (
    Ending,
    Failure,
    Interleaved,
    Picture,
    Seen,
    Size,
    Text,
    ending,
    kept,
    seen,
)

ENDED = b"\xff"
"""Before the reason why a text ended, a tab and what was shown to the model if that was told, and a
line break; no UTF-8 text begins so, and one whose model tells neither is stored as it is.
"""
TOLD = b"\xfe"
"""Before what was told of a drawing, or of texts and pictures, and a line break; no picture's file
begins so.
"""


def as_entry(kind: Kind, reply: Any) -> Entry | Failure:
    """What is stored of a reply to a request of this kind, or why it cannot be."""
    try:
        if kind == "edit":
            is_woven = isinstance(reply, Interleaved)
            return _woven_entry(reply) if is_woven else _picture_entry(reply)
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
        return drawn_of(entry)
    return text_of(entry) if kind == "answer" else numbers_of(entry)


def drawn_of(entry: Entry) -> Picture | Interleaved:
    """The picture, or the texts and pictures, of a stored edit.

    Raises:
        ValueError: its head is none.
        DataError: it is no picture.
    """
    told = _head(entry.body)
    file = file_of(entry.body)
    if "parts" in told:
        return Interleaved(tuple(_parts(told["parts"], file)))
    trace, shown = tuple(map(str, told.get("trace", ()))), _seen(told.get("seen"))
    if entry.picture is None:
        found = picture_of(file)
        facts = (found.digest, found.width, found.height, found.is_flat)
    else:
        facts = entry.picture
    digest, width, height, is_flat = facts
    return Picture(digest, file, width, height, is_flat, trace, shown)


def file_of(body: bytes) -> bytes:
    """The picture's file in the body of a stored edit."""
    return body.partition(b"\n")[2] if body.startswith(TOLD) else body


def _head(body: bytes) -> dict[str, Any]:
    if not body.startswith(TOLD):
        return {}
    found = json.loads(body.partition(b"\n")[0].removeprefix(TOLD))
    if not isinstance(found, dict):
        raise ValueError("the head of a drawing is no object")
    return found


def _parts(told: list[str | int], files: bytes) -> list[str | Picture]:
    """Texts, and for each number the picture whose file has as many bytes."""
    found: list[str | Picture] = []
    begin = 0
    for part in told:
        if isinstance(part, str):
            found.append(part)
        else:
            found.append(picture_of(files[begin : begin + part]))
            begin += part
    return found


def _picture_entry(picture: Picture) -> Entry:
    known = picture if picture.is_flat is not None else picture_of(picture.encoded)
    facts = (known.digest, known.width, known.height, bool(known.is_flat))
    told: dict[str, Any] = {}
    if picture.trace:
        told["trace"] = list(map(kept, picture.trace))
    if picture.seen is not None:
        told["seen"] = _seen_told(picture.seen)
    head = TOLD + canonical(told) + b"\n" if told else b""
    return Entry(head + picture.encoded, "edit", 0.0, facts)


def _woven_entry(reply: Interleaved) -> Entry:
    parts = [kept(p) if isinstance(p, str) else len(p.encoded) for p in reply.parts]
    files = [part.encoded for part in reply.parts if isinstance(part, Picture)]
    return Entry(TOLD + canonical({"parts": parts}) + b"\n" + b"".join(files), "edit", 0.0)


def _text_entry(text: str) -> Entry:
    ended, shown, said = ending(text), seen(text), kept(text).encode()
    told = ended.encode() + (b"\t" + canonical(_seen_told(shown)) if shown else b"")
    head = ENDED + told + b"\n" if told else b""
    return Entry(head + said, "answer", 0.0)


def text_of(entry: Entry) -> Text:
    """The text of a stored answer. Raises ValueError where it is none."""
    if not entry.body.startswith(ENDED):
        return Text(entry.body.decode())
    head, _, said = entry.body.removeprefix(ENDED).partition(b"\n")
    ended, _, shown = head.partition(b"\t")
    if ended.decode() not in get_args(Ending):
        raise ValueError(f"ended by {ended!r}")
    told = _seen(json.loads(shown)) if shown else None
    return Text(said.decode(), cast(Ending, ended.decode()), told)


def _seen_told(shown: Seen) -> dict[str, Any]:
    sizes = [[size.width, size.height] for size in shown.pictures]
    return {"pictures": sizes, "tokens": shown.tokens}


def _seen(told: Mapping[str, Any] | None) -> Seen | None:
    if told is None:
        return None
    sizes = tuple(Size(int(width), int(height)) for width, height in told["pictures"])
    return Seen(sizes, told["tokens"])


def _numbers_entry(kind: str, what: str, numbers: tuple[float, ...]) -> Entry:
    if not all(math.isfinite(number) for number in numbers):
        raise ValueError(f"{what} are not finite")
    return Entry(json.dumps(list(numbers)).encode(), kind, 0.0)


def numbers_of(entry: Entry) -> tuple[float, ...]:
    """The numbers of a stored score or vector."""
    return tuple(float(number) for number in json.loads(entry.body))
