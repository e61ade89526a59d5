"""A dataset of thoughts is taken in: every byte verified, then every drawing put into the call
cache, under the name of the call that made it. The same presets then draw nothing again.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from g2u import parquet
from g2u.cache.store import CallStore, Entry
from g2u.errors import DataError
from g2u.params import Params
from g2u.pictures import picture_of
from g2u.sharing.export import SHARED
from g2u.sharing.manifest import Manifest, SharedCell, verify


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


def take_in(folder: Path, store: CallStore, config: Params) -> list[TakenIn]:
    """Verify the dataset whole, then fill the call cache.

    Raises:
        DataError: the dataset is not what its manifest says; nothing has been put then. Or a
            drawing differs from the cache's under the same name.
    """
    manifest = verify(folder)
    for cell in manifest.cells:
        for _ in _rows(folder, manifest, cell):
            pass
    return [_fill(folder, manifest, cell, store, config) for cell in manifest.cells]


def _fill(
    folder: Path, manifest: Manifest, cell: SharedCell, store: CallStore, config: Params
) -> TakenIn:
    put = known = 0
    for row in _rows(folder, manifest, cell):
        key, encoded = row["thought"], row["image"]["bytes"]
        if not row["identity"]:
            continue
        there = store.get_many([key]).get(key)
        if there is not None:
            if there.picture is None or there.picture[0] != row["digest"]:
                raise DataError(
                    f"{folder}: {cell.config}: call {key[:12]} has another picture in the call "
                    "cache; one of both is wrong: g2u cache verify"
                )
            known += 1
            continue
        picture = picture_of(encoded, f"{folder}: {cell.config}")
        said = (picture.digest, picture.width, picture.height, bool(picture.is_flat))
        store.put(key, Entry(encoded, "edit", 0.0, said))
        put += 1
    return TakenIn(cell, put, known, tuple(_missing(cell, config)))


def _rows(folder: Path, manifest: Manifest, cell: SharedCell) -> Iterator[dict[str, Any]]:
    """The rows of a configuration, each picture against the manifest and its own digest.

    Raises:
        DataError: a picture, a digest or a number of rows that does not fit.
    """
    for name, digests in manifest.pictures.items():
        if Path(name).parent != Path("data") / cell.config:
            continue
        rows = parquet.read_rows(folder / name, SHARED)
        if len(rows) != len(digests):
            raise DataError(f"{folder / name}: {len(rows)} rows; expected {len(digests)}")
        for number, (row, digest) in enumerate(zip(rows, digests, strict=True)):
            encoded = row["image"]["bytes"]
            where = f"{folder / name}: row {number}"
            if hashlib.sha256(encoded).hexdigest() != digest:
                raise DataError(f"{where}: picture changed; get the dataset again")
            if picture_of(encoded, where).digest != row["digest"]:
                raise DataError(f"{where}: digest is not that of the picture; refused")
            yield row


def _missing(cell: SharedCell, config: Params) -> Iterator[str]:
    models, families = config.presets.models, config.presets.families
    own = models.get(cell.model)
    if own is None or own.model_dump(mode="json") != cell.model_preset:
        yield f"models.{cell.model}"
    family = families.get(cell.family)
    if family is None or family.model_dump(mode="json") != cell.family_preset:
        yield f"families.{cell.family}"
