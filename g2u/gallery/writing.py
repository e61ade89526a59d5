"""Every question with original, thoughts and answers, as files that a page loads as it needs them.

It opens from the file system, where pages cannot fetch: data are scripts. `gallery/parts.js` names
the parts (a model on a benchmark); `gallery/<part>/items.js` holds what its list and filters need
of all questions, a list per column; `gallery/<part>/items-<k>.js` all that is shown of 50 of them,
and `pictures-<k>.js` their thumbnails, each picture once, as WebP.
"""

import base64
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from g2u.files import write_whole
from g2u.gallery.gold import Gold
from g2u.pictures.decoding import pixels_of
from g2u.pictures.held import FILES
from g2u.records import Picture

CHUNK = 50
"""Questions of which all lies in one file, and whose thumbnails lie in another."""
SIDE = 224
"""Pixels of a thumbnail's longer side, at most."""
LOSSLESS = 96
"""Up to this side, thumbnails are kept pixel for pixel."""
EFFORT = 0
"""Of the WebP encoder, 0..6: 1.6 ms a photograph of 224 pixels against 3.9 ms at 2, and 28 % more
bytes.
"""
AS_IT_IS = 4096
"""Bytes up to which a PNG is its own thumbnail."""
CHUNKED = re.compile(r"(?:items|pictures)-(\d+)\.js")
REPLY = 4000
"""Characters of a reply at most."""
LISTED = 160
"""Characters of a question in the list at most."""
NAMED = 16
"""Characters of a digest that name a thumbnail within a part."""
TEMPLATE = Path(__file__).with_name("page.html")


@dataclass(frozen=True, slots=True)
class GalleryArm:
    """One arm's answer to a question."""

    name: str
    """How it differs from the family's main arm; the family's for this one."""
    thoughts: tuple[str, ...]
    """Digests of what was shown."""
    response: str
    """Or why there is none."""
    status: str
    """As in g2u.tables.schemas.Score."""
    score: float | None
    fidelity: float | None
    reward: float | None = None
    """Of the thought, without gold (g2u/answers/rewards.py): the first kind that was asked for."""
    difference: str = ""
    """The one thing in which it differs from direct."""
    words: tuple[str, ...] = ()
    """What was said with each thought; () = nothing."""
    at: str = ""
    """Where the reply points to, as `Gold.place`."""


@dataclass(frozen=True, slots=True)
class GalleryCell:
    """What a family drew for a question, and what was answered."""

    main: GalleryArm
    others: tuple[GalleryArm, ...] = ()
    """Its controls and other ways to show the same: another question's thought, a layout."""
    prompts: tuple[str, ...] = ()
    """What was drawn, in words: one per thought of the main arm."""


@dataclass(frozen=True, slots=True)
class GalleryItem:
    """One question with all that was shown and said."""

    id: str
    text: str
    hint: str
    choices: tuple[str, ...]
    gold: Gold
    category: str
    pictures: tuple[str, ...]
    """Digests."""
    cells: Mapping[str, GalleryCell]
    """By family; `direct` is what the others are compared with."""
    is_placed: bool = False
    """Whether `<image N>` in its texts is where picture N stands (`g2u.records.Question`)."""


@dataclass(frozen=True, slots=True)
class GalleryPart:
    """A model on a benchmark."""

    benchmark: str
    model: str
    families: tuple[str, ...]
    items: Sequence[GalleryItem]
    pictures: Mapping[str, Picture]
    """By digest: every one that the items show."""

    @property
    def name(self) -> str:
        """Unique within a report."""
        return f"{self.benchmark}-{self.model}"


def write_gallery(folder: Path, parts: Iterable[GalleryPart]) -> int:
    """Write gallery.html and gallery/ into the report's folder; other files in it stay.

    Args:
        folder: the report's.
        parts: one is in memory at a time, and the thumbnails of CHUNK questions.

    Returns:
        How many items there are.
    """
    write_whole(folder / "gallery.html", TEMPLATE.read_text(encoding="utf-8"))
    listed: list[dict[str, Any]] = []
    for part in parts:
        listed.append(
            {
                "name": part.name,
                "benchmark": part.benchmark,
                "model": part.model,
                "families": list(part.families),
                "items": len(part.items),
                "chunk": CHUNK,
            }
        )
        _write_part(folder / "gallery" / part.name, part)
    _script(folder / "gallery" / "parts.js", "parts", listed)
    return sum(each["items"] for each in listed)


def _write_part(place: Path, part: GalleryPart) -> None:
    _script(place / "items.js", "items", [part.name, _columns(part)])
    chunks = [part.items[first : first + CHUNK] for first in range(0, len(part.items), CHUNK)]
    for number, some in enumerate(chunks):
        shown = {digest[:NAMED]: _thumbnail(part.pictures[digest]) for digest in _pictures(some)}
        rows = [_row(part.families, item) for item in some]
        _script(place / f"items-{number}.js", "rows", [part.name, number, rows])
        _script(place / f"pictures-{number}.js", "pictures", [part.name, number, shown])
    for path in place.glob("*.js"):  # of more questions than there are now
        told = CHUNKED.fullmatch(path.name)
        if told and int(told[1]) >= len(chunks):
            path.unlink()


def _thumbnail(picture: Picture) -> str:
    """`thumbnail`, held for other questions and models that show the picture."""
    return FILES.get(("thumbnail", picture.file), lambda: thumbnail(picture), len)


def thumbnail(picture: Picture) -> str:
    """A data URI of at most SIDE pixels: the file itself where it is a small one, else WebP,
    lossless where the picture is small.
    """
    if _is_plain(picture):
        return "data:image/png;base64," + base64.b64encode(picture.encoded).decode()
    pixels = pixels_of(picture)
    pixels.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    is_small = max(picture.width, picture.height) <= LOSSLESS
    pixels.save(buffer, "WEBP", lossless=is_small, quality=80, method=EFFORT)
    return "data:image/webp;base64," + base64.b64encode(buffer.getvalue()).decode()


def _is_plain(picture: Picture) -> bool:
    """Whether its file is short, fits, and is a PNG of 8-bit RGB that browsers show as it is."""
    head = picture.encoded[:26]
    return (
        len(picture.encoded) <= AS_IT_IS
        and max(picture.width, picture.height) <= SIDE
        and head[:8] == b"\x89PNG\r\n\x1a\n"
        and head[24:26] == b"\x08\x02"
        and not any(chunk in picture.encoded for chunk in (b"tRNS", b"iCCP", b"gAMA", b"eXIf"))
    )


def _pictures(items: Sequence[GalleryItem]) -> Iterator[str]:
    """Digests of the pictures that the items show."""
    for item in items:
        yield from item.pictures
        for cell in item.cells.values():
            for arm in (cell.main, *cell.others):
                yield from arm.thoughts


def _columns(part: GalleryPart) -> dict[str, Any]:
    """What list and filters need, a list per column, in the order of the questions."""
    mains = {
        family: [item.cells[family].main if family in item.cells else None for item in part.items]
        for family in part.families
    }
    return {
        "ids": [item.id for item in part.items],
        "texts": [_cut(item.text, LISTED) for item in part.items],
        "answers": [_cut(item.gold.text, LISTED) for item in part.items],
        "categories": [item.category for item in part.items],
        "pictures": [[d[:NAMED] for d in item.pictures[:1]] for item in part.items],
        "mains": {
            family: {
                "thoughts": [[d[:NAMED] for d in arm.thoughts[:1]] if arm else [] for arm in arms],
                "states": [arm.status if arm else "" for arm in arms],
                "scores": [arm.score if arm else None for arm in arms],
                "fidelities": [_rounded(arm.fidelity, 3) if arm else None for arm in arms],
                "rewards": [_rounded(arm.reward, 4) if arm else None for arm in arms],
            }
            for family, arms in mains.items()
        },
    }


def _row(families: Sequence[str], item: GalleryItem) -> dict[str, Any]:
    """All that is shown of a question."""
    return {
        "text": item.text,
        "hint": item.hint,
        "choices": list(item.choices),
        "answers": list(item.gold.answers),
        "criteria": list(item.gold.criteria),
        "letters": item.gold.letters,
        "place": item.gold.place,
        "pictures": [digest[:NAMED] for digest in item.pictures],
        "placed": item.is_placed,
        "cells": {
            family: {
                "prompts": list(cell.prompts),
                "arms": [_arm(arm) for arm in (cell.main, *cell.others)],
            }
            for family in families
            if (cell := item.cells.get(family)) is not None
        },
    }


def _arm(arm: GalleryArm) -> dict[str, Any]:
    return {
        "name": arm.name,
        "thoughts": [digest[:NAMED] for digest in arm.thoughts],
        "said": _cut(arm.response, REPLY),
        "state": arm.status,
        "score": arm.score,
        "fidelity": _rounded(arm.fidelity, 3),
        "reward": _rounded(arm.reward, 4),
        "difference": arm.difference,
        "at": arm.at,
        "words": [_cut(words, REPLY) for words in arm.words] if any(arm.words) else [],
    }


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)


def _script(path: Path, name: str, value: Any) -> None:
    """A script that hands `value` to the page, as JSON in a text, which browsers read in half the
    time; it cannot end the text, the script or the line.
    """
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=True).replace("</", "<\\/")
    quoted = text.replace("\\", "\\\\").replace("'", "\\'")
    write_whole(path, f"G2U.{name}(JSON.parse('{quoted}'));\n")
