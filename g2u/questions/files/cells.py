"""A cell of a table becomes pictures, in any form that benchmarks use.

Forms: a decoded picture; a file as bytes; {bytes, path} as `datasets` stores it; base64 text, with
or without data:; a path below a declared folder; or a list of any of these, real or spelt out. A
cell that yields no picture is an error, never an item without a picture.
"""

import base64
import binascii
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PIL import Image

from g2u.errors import DataError
from g2u.literals import read_literal
from g2u.pictures.decoding import MAX_BYTES, encode_png, picture_of
from g2u.questions.files.texts import is_absent
from g2u.records import Picture

SPELT_LIST = re.compile(r"\s*\[.*\]\s*", re.DOTALL)
DATA_URL = re.compile(r"data:image/[\w.+-]+;base64,", re.IGNORECASE)
MOST = 1000
"""Pictures of a cell: all are in memory at once, and no model looks at more."""
CLIPS = (".mp4", ".webm", ".mov", ".avi", ".mkv")
SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff")


def pictures_in(cell: Any, where: str, root: Path | None = None) -> tuple[Picture, ...]:
    """The pictures of a cell, in order; at least one.

    Args:
        cell: see the module.
        where: file, row and column, for errors.
        root: folder that paths are below; None = paths are refused.

    Raises:
        DataError: no picture, over `MOST`, an unknown form, not base64, not a whole picture, a path
            that leaves `root` or cannot be read.
    """
    entries = cell if isinstance(cell, (list, tuple)) else spelt(cell)
    if len(entries) > MOST:
        raise DataError(
            f"{where}: {len(entries)} pictures; expected at most {MOST} (of a clip, take fewer "
            "frames: ffmpeg -i CLIP -vf fps=1 %03d.png)"
        )
    found = tuple(_picture(entry, where, root) for entry in entries)
    if not found:
        raise DataError(f"{where}: an empty list; expected at least one picture")
    return found


def is_empty(cell: Any) -> bool:
    """Whether a picture cell holds nothing: null, blank, an empty list or a struct of nulls."""
    if isinstance(cell, dict):
        return not any(cell.values())
    return is_absent(cell) or (isinstance(cell, (str, bytes, list)) and not cell)


def spelt(cell: Any) -> list[Any]:
    """A cell's entries: itself, or those of the list that its text spells; never evaluated."""
    if not isinstance(cell, str) or not SPELT_LIST.fullmatch(cell):
        return [cell]
    found = read_literal(cell)
    return found if isinstance(found, list) else [cell]


def file_below(root: Path | None, name: str, where: str) -> bytes:
    """The bytes of a file below `root`.

    Raises:
        DataError: no root, a name that leaves it, or an unreadable file.
    """
    if root is None:
        raise DataError(f"{where}: is a path; name its folder as image_root in params.yaml")
    try:
        folder = root.resolve()
        path = (folder / name).resolve()
        if not path.is_relative_to(folder):
            raise DataError(f"{where}: {name!r} leaves image_root; refused")
        return path.read_bytes()
    except (OSError, ValueError, RuntimeError):  # no such file, a null byte in it, a loop of links
        raise DataError(f"{where}: {name!r} cannot be read below image_root") from None


def decoded_base64(text: str, where: str) -> bytes:
    """The bytes that base64 text spells; line breaks and a data: prefix may be in it.

    Raises:
        DataError: too long, or not base64.
    """
    text = DATA_URL.sub("", text, count=1) if text.startswith("data:") else text
    if len(text) > MAX_BYTES * 4 // 3 + 4:
        raise DataError(f"{where}: over {MAX_BYTES} bytes")
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise DataError(f"{where}: not base64 ({error}); expected an encoded picture") from None


def _picture(entry: Any, where: str, root: Path | None) -> Picture:
    if isinstance(entry, Image.Image):
        return picture_of(encode_png(entry.convert("RGB")), where)
    if isinstance(entry, (bytes, bytearray, memoryview)):
        return picture_of(bytes(entry), where)
    if isinstance(entry, Mapping) and isinstance(held := entry.get("bytes"), (bytes, str)) and held:
        return _picture(held, where, root)
    if isinstance(entry, Mapping) and isinstance(entry.get("path"), str) and entry["path"]:
        return picture_of(file_below(root, entry["path"], where), where)
    if isinstance(entry, str) and entry.strip():
        if entry.strip().lower().endswith(CLIPS):
            raise DataError(
                f"{where}: {entry.strip()[-60:]!r} is a clip; make frames of it (ffmpeg -i CLIP "
                "-vf fps=1 %03d.png) and name them as a list"
            )
        if entry.strip().lower().endswith(SUFFIXES):
            return picture_of(file_below(root, entry.strip(), where), where)
        return picture_of(decoded_base64(entry, where), where)
    raise DataError(
        f"{where}: no picture in it; expected an encoded file, base64, a path or a list of these"
    )
