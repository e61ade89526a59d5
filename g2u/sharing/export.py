"""Cells become a dataset: parquet shards per configuration, a card, Croissant metadata, a manifest.

A configuration is a cell; a row is a distinct thought, with the questions that show it. Originals
lie beside their thoughts only where the benchmark's licence is known and they are wanted; without
them, rows are joined with the benchmark's pictures by the digest of their pixels.
"""

import hashlib
import os
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import pyarrow as pa

from g2u import parquet, tables
from g2u.errors import DataError, ParamsError
from g2u.params import Params
from g2u.parquet import IMAGE
from g2u.sharing.card import write_card
from g2u.sharing.manifest import SharedCell, write_manifest
from g2u.workspace import BenchmarkFolder, Cell

USE = pa.struct([("question", pa.string()), ("position", pa.int32()), ("choice", pa.string())])
USED = [field.name for field in USE]
SHARED = pa.schema([*tables.THOUGHTS, ("original", IMAGE), ("uses", pa.list_(USE))])
"""Columns of a configuration: those of g2u.tables.THOUGHTS, the original, and where it is shown."""


def export(
    config: Params, cells: Sequence[Cell], folder: Path, *, with_originals: bool
) -> list[SharedCell]:
    """Write the cells' thoughts as a dataset.

    Args:
        config: the params that made them.
        cells: which; made by dvc repro.
        folder: must not hold anything yet.
        with_originals: whether originals are shared where a licence is known.

    Raises:
        DataError: the folder is not empty, no cells, or a cell that has not been made.
    """
    if os.path.lexists(folder) and not (folder.is_dir() and not any(folder.iterdir())):
        raise DataError(f"{folder}: not empty; expected a new folder")
    if not cells:
        raise DataError("no cells to export; expected cells with thoughts of their own")
    shared: list[SharedCell] = []
    digests: dict[str, list[str]] = {}
    for cell in cells:
        made, pictures = _write_cell(config, cell, folder, with_originals=with_originals)
        shared.append(made)
        digests |= pictures
    write_card(folder, shared)
    write_manifest(folder, shared, digests)
    return shared


def drawn_cells(config: Params) -> list[Cell]:
    """Every cell of params.yaml whose thoughts a model drew."""
    return [
        Cell(benchmark, model, family)
        for benchmark in config.benchmarks
        for model, family in config.cells()
        if _is_drawn(Cell(benchmark, model, family))
    ]


def named_cells(config: Params, names: Sequence[str]) -> list[Cell]:
    """Cells by their names, BENCHMARK/MODEL/FAMILY.

    Raises:
        ParamsError: a name of another form, or of no preset.
    """
    cells = []
    for name in names:
        parts = name.split("/")
        if len(parts) != 3:
            raise ParamsError(f"{name!r}; expected BENCHMARK/MODEL/FAMILY")
        config.require(benchmark=parts[0], model=parts[1], family=parts[2])
        cells.append(Cell(*parts))
    return cells


def _is_drawn(cell: Cell) -> bool:
    if not cell.thoughts.is_dir():
        raise DataError(f"{cell.thoughts}: missing; run g2u run, which makes it")
    rows = parquet.read_shards(cell.thoughts, tables.THOUGHTS, ["identity"])
    return any(row["identity"] for row in rows)


def _write_cell(
    config: Params, cell: Cell, folder: Path, *, with_originals: bool
) -> tuple[SharedCell, dict[str, list[str]]]:
    licence = config.presets.benchmarks[cell.benchmark].licence
    has_originals = with_originals and bool(licence)
    originals = Originals(BenchmarkFolder(cell.benchmark).pictures)
    name = f"{cell.benchmark}-{cell.model}-{cell.family}"
    place = folder / "data" / name
    uses = _uses(cell)
    seen: list[str] = []

    def rows() -> Iterator[dict[str, Any]]:
        for row in parquet.read_shards(cell.thoughts, tables.THOUGHTS):
            seen.append(hashlib.sha256(row["image"]["bytes"]).hexdigest())
            original = originals.find(row["source"]) if has_originals else None
            shown = [dict(zip(USED, use, strict=True)) for use in uses.get(row["thought"], [])]
            yield {**row, "original": original, "uses": shown}

    parquet.write_shards(place, SHARED, rows())
    digests: dict[str, list[str]] = {}
    for part in parquet.shards(place):
        count = parquet.count_rows(part)
        digests[part.relative_to(folder).as_posix()], seen[:count] = seen[:count], []
    thoughts = sum(map(len, digests.values()))
    made = SharedCell(
        name,
        cell.benchmark,
        cell.model,
        cell.family,
        config.presets.models[cell.model].model_dump(mode="json"),
        config.presets.families[cell.family].model_dump(mode="json"),
        thoughts,
        sum(map(len, uses.values())),
        licence,
        has_originals,
    )
    return made, digests


class Originals:
    """Pictures of a benchmark by digest, a shard or two in memory."""

    def __init__(self, folder: Path) -> None:
        self._shards: dict[str, Path] = {
            row["digest"]: part
            for part in parquet.shards(folder)
            for row in parquet.read_rows(part, tables.PICTURES, ["digest"])
        }
        self._read = lru_cache(maxsize=2)(self._images)

    def find(self, digest: str) -> dict[str, Any] | None:
        """The picture as `datasets` stores it; None where the benchmark has none of that digest."""
        part = self._shards.get(digest)
        return None if part is None else self._read(part).get(digest)

    def _images(self, part: Path) -> dict[str, dict[str, Any]]:
        rows = parquet.read_rows(part, tables.PICTURES, ["digest", "image"])
        return {row["digest"]: row["image"] for row in rows}


def _uses(cell: Cell) -> dict[str, list[tuple[Any, ...]]]:
    """By thought: the questions and positions that show it, as values of the fields of USE."""
    found: dict[str, list[tuple[Any, ...]]] = {}
    path, columns = cell.thoughts / "links.parquet", ["thought", *USED]
    for link in parquet.iterate_rows(path, tables.LINKS, columns):
        use = tuple(link[name] for name in USED)
        found.setdefault(link["thought"], []).append(use)
    return found
