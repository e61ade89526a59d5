"""A dataset of thoughts is taken in: every byte verified, then every drawing put into the call
cache, under the name of the call that made it. The same presets then draw nothing again.
"""

import hashlib
from collections.abc import Container, Iterator
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
    flat = {cell.config: _flat(folder, manifest, cell) for cell in manifest.cells}
    return [
        _fill(folder, manifest, cell, flat[cell.config], store, config) for cell in manifest.cells
    ]


def _fill(
    folder: Path,
    manifest: Manifest,
    cell: SharedCell,
    flat: Container[str],
    store: CallStore,
    config: Params,
) -> TakenIn:
    put = known = 0
    for _, row in _rows(folder, manifest, cell):
        key = row["thought"]
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
        said = (row["digest"], row["width"], row["height"], row["digest"] in flat)
        store.put(key, Entry(row["image"]["bytes"], "edit", 0.0, said))
        put += 1
    return TakenIn(cell, put, known, tuple(_missing(cell, config)))


def _flat(folder: Path, manifest: Manifest, cell: SharedCell) -> set[str]:
    """Digests of the thoughts of one colour; every picture is decoded and checked on the way.

    Raises:
        DataError: a picture, its digest or its size does not fit.
    """
    found = set()
    for where, row in _rows(folder, manifest, cell):
        picture = picture_of(row["image"]["bytes"], where)
        said = (row["digest"], row["width"], row["height"])
        if said != (picture.digest, picture.width, picture.height):
            raise DataError(f"{where}: digest is not that of the picture; refused")
        if picture.is_flat:
            found.add(picture.digest)
    return found


def _rows(
    folder: Path, manifest: Manifest, cell: SharedCell
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Where and what the rows of a configuration are, each picture as the manifest says.

    Raises:
        DataError: a changed picture, or another number of rows.
    """
    for name, digests in manifest.pictures.items():
        if Path(name).parent != Path("data") / cell.config:
            continue
        rows = parquet.read_rows(folder / name, SHARED)
        if len(rows) != len(digests):
            raise DataError(f"{folder / name}: {len(rows)} rows; expected {len(digests)}")
        for number, (row, digest) in enumerate(zip(rows, digests, strict=True)):
            where = f"{folder / name}: row {number}"
            if hashlib.sha256(row["image"]["bytes"]).hexdigest() != digest:
                raise DataError(f"{where}: picture changed; get the dataset again")
            yield where, row


def _missing(cell: SharedCell, config: Params) -> Iterator[str]:
    models, families = config.presets.models, config.presets.families
    own = models.get(cell.model)
    if own is None or own.model_dump(mode="json") != cell.model_preset:
        yield f"models.{cell.model}"
    family = families.get(cell.family)
    if family is None or family.model_dump(mode="json") != cell.family_preset:
        yield f"families.{cell.family}"
