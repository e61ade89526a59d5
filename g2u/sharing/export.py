"""Cells become a dataset: parquet shards per configuration, a card, Croissant metadata, a manifest.

A configuration is a cell; a row is a distinct thought, with the questions that show it. Originals
lie beside their thoughts only where the benchmark's licence is known and they are wanted; without
them, rows are joined with the benchmark's pictures by the digest of their pixels. Gold answers lie
apart, in a configuration for each benchmark, under the same conditions.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError as Invalid

from g2u.calls.made import checks_of
from g2u.errors import DataError, ParamsError
from g2u.files import write_whole
from g2u.params.params import PLAIN, Params
from g2u.questions.wording import asked as asked_by
from g2u.sharing.card import write_card
from g2u.sharing.gold import licensed, write_gold
from g2u.sharing.licences import require_sharable
from g2u.sharing.manifest import NAME, SharedCell, SharedCheck, fault, write_manifest
from g2u.sharing.reading import shown
from g2u.sharing.rows import LINKED, SHARED, check_row
from g2u.sharing.signing import SIGNATURE, signature_of
from g2u.tables import parquet
from g2u.tables import schemas as tables
from g2u.tables.places import BenchmarkFolder, Cell

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


def export(
    config: Params,
    cells: Sequence[Cell],
    folder: Path,
    *,
    with_originals: bool,
    with_gold: bool = True,
    key: "Ed25519PrivateKey | None" = None,
) -> list[SharedCell]:
    """Write the cells' thoughts as a dataset.

    Args:
        config: the params that made them.
        cells: which; made by dvc repro.
        folder: must not hold anything yet.
        with_originals: whether originals are shared where a licence is known.
        with_gold: whether gold answers are, where a licence is known.
        key: signs the dataset; None = unsigned.

    Raises:
        DataError: the folder is not empty, no cells, a cell that has not been made, a licence that
            forbids it, or a thought that an import would refuse.
    """
    if os.path.lexists(folder) and not (folder.is_dir() and not any(folder.iterdir())):
        raise DataError(f"{folder}: not empty; expected a new folder")
    if not cells:
        raise DataError("no cells to export; expected cells with thoughts of their own")
    require_sharable(config, cells)
    shared = [_write_cell(config, cell, folder, with_originals=with_originals) for cell in cells]
    benchmarks = licensed(config, [cell.benchmark for cell in cells]) if with_gold else []
    gold = [write_gold(config, name, folder) for name in benchmarks]
    write_card(folder, shared, gold)
    write_manifest(folder, shared, gold)
    if key is not None:
        write_whole(folder / SIGNATURE, signature_of((folder / NAME).read_bytes(), key))
    return shared


def drawn_cells(config: Params) -> list[Cell]:
    """Every cell of params.yaml whose thoughts a model drew."""
    return [
        Cell(benchmark, model, family)
        for benchmark in config.benchmarks
        for model, family in config.cells_of(benchmark)
        if _is_drawn(Cell(benchmark, model, family))
    ]


def named_cells(config: Params, names: Sequence[str]) -> list[Cell]:
    """Cells by their names, BENCHMARK/MODEL/FAMILY.

    Raises:
        ParamsError: a name of another form, or of no preset.
    """
    cells = []
    for name in names:
        benchmark, model, family = [*name.split("/"), "", ""][:3]
        if name.count("/") != 2:
            raise ParamsError(f"{name!r}; expected BENCHMARK/MODEL/FAMILY")
        config.require(benchmark=benchmark, model=model, family=family)
        cells.append(Cell(benchmark, model, family))
    return cells


def _is_drawn(cell: Cell) -> bool:
    if not cell.thoughts.is_dir():
        raise DataError(f"{cell.thoughts}: missing; run g2u run, which makes it")
    rows = parquet.read_shards(cell.thoughts, tables.THOUGHTS.schema, ["identity"])
    return any(row["identity"] for row in rows)


def _write_cell(config: Params, cell: Cell, folder: Path, *, with_originals: bool) -> SharedCell:
    licence = config.presets.benchmarks[cell.benchmark].licence
    has_originals = with_originals and bool(licence)
    pictures = BenchmarkFolder(cell.benchmark).pictures
    originals = tables.read_pictures(pictures) if has_originals else {}
    asked = _asked(cell) if licence else {}
    uses = _uses(cell, asked)

    def encoded(digest: str) -> dict[str, Any] | None:
        known = originals.get(digest)
        return None if known is None else {"bytes": known.encoded, "path": None}

    def whole(use: dict[str, Any]) -> dict[str, Any]:
        several = use["pictures"] if has_originals and len(use["pictures"]) > 1 else []
        return {**use, "originals": [encoded(digest) for digest in several]}

    place = folder / "data" / f"{cell.benchmark}-{cell.model}-{cell.family}"

    def rows() -> Iterator[dict[str, Any]]:
        for row in parquet.read_shards(cell.thoughts, tables.THOUGHTS.schema):
            try:
                check_row(row, cell)
            except ValueError as error:
                raise DataError(
                    f"{cell.thoughts}: thought {shown(row['thought'])}: {shown(error)}; it cannot "
                    "be shared"
                ) from None
            shown_in = [whole(use) for use in uses.get(row["thought"], [])]
            yield {**row, "original": encoded(row["source"]), "uses": shown_in}

    parquet.write_shards(place, SHARED, rows(), texts="none")
    try:
        return SharedCell(
            benchmark=cell.benchmark,
            model=cell.model,
            family=cell.family,
            model_preset=config.presets.models[cell.model].model_dump(mode="json"),
            family_preset=config.presets.families[cell.family].model_dump(mode="json"),
            shards={
                part.relative_to(folder).as_posix(): parquet.count_rows(part)
                for part in parquet.shards(place)
            },
            uses=sum(map(len, uses.values())),
            licence=licence,
            has_originals=has_originals,
            check=_check(cell),
        )
    except Invalid as error:
        raise DataError(f"params.yaml: cell {cell}: {fault(error)}; it cannot be shared") from None


def _check(cell: Cell) -> SharedCheck | None:
    """What the check of the model that drew the cell's thoughts came to."""
    draws = checks_of(cell.calls("generate")).get("draws")
    return None if draws is None else SharedCheck(**asdict(draws))


def _asked(cell: Cell) -> dict[str, dict[str, Any]]:
    """By question: what is asked and what was said, as fields of USE; nothing where the questions
    are not here.
    """
    path = BenchmarkFolder(cell.benchmark).questions
    questions = tables.read_questions(path) if path.exists() else []
    replies = _replies(cell)
    return {
        q.id: {
            "text": q.text,
            "choices": list(q.choices),
            "format": q.format,
            "asked": asked_by(q).text,
            "is_placed": asked_by(q).is_placed,
            "pictures": list(q.pictures),
            "replies": replies.get(q.id, []),
        }
        for q in questions
    }


def _replies(cell: Cell) -> dict[str, list[dict[str, str]]]:
    """By question: what the cell's model said in each arm, direct first, as values of REPLY."""
    found: dict[str, list[dict[str, str]]] = {}
    for path in (cell.of_family(PLAIN).answers, cell.answers):
        for answer in tables.read_answers(path) if path.exists() else []:
            told = {"status": answer.status, "response": answer.response}
            found.setdefault(answer.id, []).append({"arm": answer.arm.name, **told})
    return found


def _uses(cell: Cell, asked: Mapping[str, Mapping[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """By thought: the questions and positions that show it, as values of USE."""
    found: dict[str, list[dict[str, Any]]] = {}
    texts = dict.fromkeys(("text", "format", "asked"), "")
    lists: dict[str, list[str]] = {"choices": [], "pictures": [], "replies": []}
    nothing = {**texts, **lists, "is_placed": False}
    path, columns = cell.thoughts / "links.parquet", ["thought", *LINKED]
    for link in parquet.iterate_rows(path, tables.LINKS.schema, columns):
        use = {name: link[name] for name in LINKED}
        found.setdefault(link["thought"], []).append({**use, **asked.get(use["question"], nothing)})
    return found
