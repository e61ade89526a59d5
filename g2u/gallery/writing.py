"""Every question with original, thoughts and answers, as files that a page loads as it needs them.

It opens from the file system, where pages cannot fetch: data are scripts. `gallery/parts.js` names
the parts (a model on a benchmark); `gallery/<part>/items.js` holds its questions and answers;
`gallery/<part>/pictures-<k>.js` the thumbnails of 100 questions, each picture once, as WebP.
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
from g2u.pictures.decoding import pixels_of
from g2u.pictures.held import FILES
from g2u.records import Picture

CHUNK = 100
"""Questions whose thumbnails lie in one file."""
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
PICTURES = re.compile(r"pictures-(\d+)\.js")
WORDS = 400
"""Characters of what was said with a thought."""
NAMED = 16
"""Characters of a digest that name a thumbnail within a part."""
TEMPLATE = Path(__file__).with_name("page.html")


@dataclass(frozen=True, slots=True)
class GalleryArm:
    """One arm's answer to a question."""

    thoughts: tuple[str, ...]
    """Digests."""
    response: str
    status: str
    """As in g2u.tables.schemas.Score."""
    score: float | None
    fidelity: float | None
    reward: float | None = None
    """Of the thought, without gold (g2u/answers/rewards.py): the first kind that was asked for."""
    words: tuple[str, ...] = ()
    """What was said with each thought; () = nothing."""


@dataclass(frozen=True, slots=True)
class GalleryItem:
    """One question with all that was shown and said."""

    id: str
    text: str
    choices: tuple[str, ...]
    answer: str
    category: str
    pictures: tuple[str, ...]
    """Digests."""
    arms: Mapping[str, GalleryArm]
    """By name; `direct` is what the others are compared with."""


@dataclass(frozen=True, slots=True)
class GalleryPart:
    """A model on a benchmark."""

    benchmark: str
    model: str
    arms: tuple[str, ...]
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
                "arms": list(part.arms),
                "items": len(part.items),
                "chunk": CHUNK,
            }
        )
        _write_part(folder / "gallery" / part.name, part)
    _script(folder / "gallery" / "parts.js", "parts", listed)
    return sum(each["items"] for each in listed)


def _write_part(place: Path, part: GalleryPart) -> None:
    _script(place / "items.js", "items", [part.name, [_row(part, i) for i in part.items]])
    chunks = [part.items[first : first + CHUNK] for first in range(0, len(part.items), CHUNK)]
    for number, some in enumerate(chunks):
        shown = {digest[:NAMED]: _thumbnail(part.pictures[digest]) for digest in _pictures(some)}
        _script(place / f"pictures-{number}.js", "pictures", [part.name, shown])
    for path in place.glob("pictures-*.js"):  # of more questions than there are now
        told = PICTURES.fullmatch(path.name)
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
        for arm in item.arms.values():
            yield from arm.thoughts


def _row(part: GalleryPart, item: GalleryItem) -> list[Any]:
    arms = []
    for name in part.arms:
        arm = item.arms.get(name)
        arms.append(
            None
            if arm is None
            else [
                [digest[:NAMED] for digest in arm.thoughts],
                arm.response[:200],
                arm.status,
                arm.score,
                None if arm.fidelity is None else round(arm.fidelity, 3),
                None if arm.reward is None else round(arm.reward, 4),
                *([[said[:WORDS] for said in arm.words]] if any(arm.words) else []),
            ]
        )
    pictures = [digest[:NAMED] for digest in item.pictures]
    return [item.id, item.text, list(item.choices), item.answer, item.category, pictures, arms]


def _script(path: Path, name: str, value: Any) -> None:
    """A script that hands `value` to the page; text cannot end the script or the line."""
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=True).replace("</", "<\\/")
    write_whole(path, f"G2U.{name}({text});\n")
