"""Cells in the layouts in which others publish traces: a row is a question and what was thought.

Not g2u's own datasets: there is no manifest, and adapter `traces` reads them, as any reader of
ThinkMorph's or Zebra-CoT's tables does.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from g2u.errors import DataError
from g2u.files import write_whole
from g2u.params.params import Params
from g2u.questions.targets import read_targets
from g2u.records import Picture, Question, Thought
from g2u.sharing.card import front, thought_by
from g2u.sharing.layouts import Layout, Trace, row_of, schema_of
from g2u.sharing.licences import require_sharable
from g2u.tables import parquet
from g2u.tables import schemas as tables
from g2u.tables.places import BenchmarkFolder, Cell

NAMES: Mapping[Layout, str] = {"thinkmorph": "ThinkMorph", "zebra_cot": "Zebra-CoT"}


@dataclass(frozen=True, slots=True)
class Published:
    """What was written of a cell."""

    name: str
    """Of its configuration."""
    rows: int
    left: int
    """Questions without a drawing that is whole."""


def publish(
    config: Params, cells: Sequence[Cell], folder: Path, layout: Layout, *, with_gold: bool = True
) -> list[Published]:
    """Write the cells' questions, drawings and words in a layout.

    Args:
        config: the params that made them.
        cells: which; made by dvc repro.
        folder: must not hold anything yet.
        layout: thinkmorph or zebra_cot.
        with_gold: whether rows hold gold answers; else their column is empty.

    Raises:
        DataError: the folder is not empty, no cells, a cell that has not been made, or a benchmark
            whose licence is not stated or forbids it: rows hold its pictures; or, with gold, one
            whose questions accept several answers.
    """
    if os.path.lexists(folder) and not (folder.is_dir() and not any(folder.iterdir())):
        raise DataError(f"{folder}: not empty; expected a new folder")
    if not cells:
        raise DataError("no cells to export; expected cells with thoughts of their own")
    require_sharable(config, cells)
    licences = {cell.benchmark: _licence(config, cell.benchmark) for cell in cells}
    made = []
    for cell in cells:
        traces = list(_traces(cell, layout, with_gold=with_gold))
        schema = schema_of(layout, traces)
        name = f"{cell.benchmark}-{cell.model}-{cell.family}"
        rows = (row_of(layout, trace, schema) for trace in traces)
        parquet.write_shards(folder / "data" / name, schema, rows)
        asked = len(tables.read_questions(BenchmarkFolder(cell.benchmark).questions))
        made.append(Published(name, len(traces), asked - len(traces)))
    write_whole(folder / "README.md", _card(config, cells, made, licences, layout))
    return made


def _licence(config: Params, benchmark: str) -> str:
    licence = config.presets.benchmarks[benchmark].licence
    if not licence:
        raise DataError(
            f"params.yaml: presets.benchmarks.{benchmark}: no licence; rows of this layout hold "
            "its pictures: state it"
        )
    return licence


def _traces(cell: Cell, layout: Layout, *, with_gold: bool) -> Iterator[Trace]:
    """Of each question whose first draw is whole: its drawings with their words."""
    place = BenchmarkFolder(cell.benchmark)
    pictures = tables.read_pictures(place.pictures)
    gold = _gold(cell, layout) if with_gold else {}
    drawn: dict[str, list[Thought]] = {}
    for thought in tables.read_thoughts(cell.thoughts):
        if thought.draw == 0:
            drawn.setdefault(thought.question, []).append(thought)
    for question in tables.read_questions(place.questions):
        found = sorted(drawn.get(question.id, []), key=lambda each: (each.round, each.position))
        if any(each.status != "ok" for each in found):
            continue
        parts = tuple(part for thought in found for part in _told(thought))
        if parts:
            yield _trace(question, pictures, parts, gold.get(question.id, ""))


def _gold(cell: Cell, layout: Layout) -> dict[str, str]:
    """By question its answer; a row of the layout holds one.

    Raises:
        DataError: a question accepts several.
    """
    found = read_targets(BenchmarkFolder(cell.benchmark).targets)
    several = next((each for each in found if len(each.distinct) > 1), None)
    if several is not None:
        raise DataError(
            f"{cell.benchmark}: question {several.id!r} accepts {len(several.distinct)} answers; "
            f"a row of {NAMES[layout]}'s layout holds one: add --without-gold, or export without "
            "--layout, which keeps all"
        )
    return {each.id: each.answer for each in found}


def _told(thought: Thought) -> Iterator[str | Picture]:
    """A drawing between what was said before it and after it."""
    if thought.picture is not None:
        before, after = thought.picture.trace or ("", "")
        yield from (part for part in (before, thought.picture, after) if part)


def _trace(
    question: Question, pictures: Mapping[str, Picture], parts: tuple[str | Picture, ...], gold: str
) -> Trace:
    told = [question.hint, question.text, *question.lettered_choices()]
    return Trace(
        text="\n".join(part for part in told if part),
        pictures=tuple(pictures[digest] for digest in question.pictures),
        parts=parts,
        id=question.id,
        answer=gold,
        task=question.category,
    )


def _drawn_by(config: Params, model: str) -> str:
    return thought_by(model, config.presets.models[model].model_dump(mode="json"))


def _card(
    config: Params,
    cells: Sequence[Cell],
    made: Sequence[Published],
    licences: Mapping[str, str],
    layout: Layout,
) -> str:
    rows = sum(each.rows for each in made)
    lines = [
        "---",
        front([(each.name, f"data/{each.name}") for each in made], rows),
        "---",
        "# Visual thoughts",
        "",
        f"Questions, and the texts and pictures that models thought about them, in the layout of "
        f"{NAMES[layout]}, written by g2u.",
        "",
        "| configuration | rows | thought by | benchmark's licence |",
        "|---|---|---|---|",
        *(
            f"| {each.name} | {each.rows} | {_drawn_by(config, cell.model)} "
            f"| {licences[cell.benchmark]} |"
            for cell, each in zip(cells, made, strict=True)
        ),
        "",
    ]
    return "\n".join(lines)
