"""A dataset of thoughts is taken in: everything verified, then every drawing put into the call
cache, under the name of the call that made it. The same presets then draw nothing again.

What is believed and what is not: docs/sharing.md.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from g2u.calls.encoding import as_entry
from g2u.calls.store import CallStore, Entry
from g2u.errors import DataError
from g2u.params.params import Params
from g2u.pictures.decoding import picture_of
from g2u.records import Picture
from g2u.sharing.manifest import Manifest, SharedCell, verify
from g2u.sharing.reading import shown
from g2u.sharing.rows import PIXELS, is_call, read_rows, told


@dataclass(frozen=True, slots=True)
class TakenIn:
    """What became of one configuration."""

    cell: SharedCell
    put: int
    """Drawings that the call cache did not have."""
    known: int
    """Drawings that it had."""
    missing: tuple[str, ...]
    """Presets that params.yaml lacks, or has otherwise: models.NAME, families.NAME."""
    signer: str
    """Public key of who signed the dataset; empty = unsigned."""


@dataclass(slots=True)
class _Drawing:
    """What was verified of a row, in little memory."""

    content: bytes
    """First half of the sha256 of the picture's file."""
    is_flat: bool
    is_known: bool
    """Whether the call cache has it."""


def take_in(folder: Path, store: CallStore, config: Params, trusted: str = "") -> list[TakenIn]:
    """Verify the dataset whole, then fill the call cache.

    Args:
        folder: the dataset.
        store: the call cache; nothing that it holds is changed.
        config: params to compare the dataset's presets with.
        trusted: public key of who must have signed it; empty = whoever, or nobody.

    Raises:
        DataError: the dataset is not what its manifest says, a row's name is not that of its call,
            or a drawing differs from the cache's under the same name; nothing has been put then.
        CacheError: the store cannot be read or written.
    """
    manifest = verify(folder, trusted)
    drawings: dict[bytes, _Drawing] = {}
    for cell in manifest.cells:
        _verify(folder, manifest, cell, store, drawings)
    store.require_room(key.hex() for key, each in drawings.items() if not each.is_known)
    return [_fill(folder, manifest, cell, store, drawings, config) for cell in manifest.cells]


def _verify(
    folder: Path,
    manifest: Manifest,
    cell: SharedCell,
    store: CallStore,
    drawings: dict[bytes, _Drawing],
) -> None:
    """Decode every picture and compare it with the row, with other rows and with the cache.

    Raises:
        DataError: one of them differs.
    """
    for where, row in read_rows(folder, manifest, cell):
        content = _content(row["image"]["bytes"])
        try:
            picture = picture_of(row["image"]["bytes"], where, PIXELS)
        except DataError as error:
            raise DataError(shown(error, 1000)) from None
        facts = (picture.digest, picture.width, picture.height)
        if facts != (row["digest"], row["width"], row["height"]):
            raise DataError(f"{where}: digest is not that of the picture; refused")
        if not is_call(row):
            continue
        name = row["thought"]
        key = bytes.fromhex(name)
        if key in drawings:
            if drawings[key].content != content:
                raise DataError(f"{where}: two pictures under the name {name[:12]}; refused")
            continue
        there = store.get_many([name], "edit").get(name)
        if there is not None and (there.picture is None or there.picture[0] != row["digest"]):
            raise DataError(
                f"{folder}: {cell.config}: call {name[:12]} has another picture in the call "
                "cache; one of both is wrong: g2u cache verify"
            )
        drawings[key] = _Drawing(content, bool(picture.is_flat), there is not None)


def _fill(
    folder: Path,
    manifest: Manifest,
    cell: SharedCell,
    store: CallStore,
    drawings: dict[bytes, _Drawing],
    config: Params,
) -> TakenIn:
    put = known = 0
    for where, row in read_rows(folder, manifest, cell):
        if not is_call(row):
            continue
        drawing = drawings.get(bytes.fromhex(row["thought"]))
        if drawing is None or drawing.content != _content(row["image"]["bytes"]):
            raise DataError(f"{where}: changed while it was read; get the dataset again")
        if drawing.is_known:
            known += 1
            continue
        image, size = row["image"]["bytes"], (row["width"], row["height"])
        found = told(Picture(row["digest"], image, *size, drawing.is_flat), row)
        entry = as_entry("edit", found)
        assert isinstance(entry, Entry)
        store.put(row["thought"], entry)
        drawing.is_known = True
        put += 1
    return TakenIn(cell, put, known, tuple(_missing(cell, config)), manifest.signer)


def _content(encoded: bytes) -> bytes:
    return hashlib.sha256(encoded).digest()[:16]


def _missing(cell: SharedCell, config: Params) -> Iterator[str]:
    models, families = config.presets.models, config.presets.families
    own = models.get(cell.model)
    if own is None or own.model_dump(mode="json") != cell.model_preset:
        yield f"models.{cell.model}"
    family = families.get(cell.family)
    if family is None or family.model_dump(mode="json") != cell.family_preset:
        yield f"families.{cell.family}"
