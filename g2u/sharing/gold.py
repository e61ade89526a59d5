"""Gold answers of a dataset, apart from its thoughts: what scoring an answer to them needs.

A row is a question with its answer. No import and no model reads them; `g2u score` does.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import pyarrow as pa
from pydantic import Field
from pydantic import ValidationError as Invalid

from g2u import plugins
from g2u.errors import DataError
from g2u.params.params import Params
from g2u.questions.targets import TARGETS
from g2u.records import AnswerFormat, Question, Target
from g2u.sharing.manifest import Manifest, SharedGold, Strict, fault
from g2u.sharing.reading import shown
from g2u.sharing.rows import Text, read_table
from g2u.tables import parquet
from g2u.tables.columns import Table
from g2u.tables.places import BenchmarkFolder
from g2u.tables.schemas import QUESTIONS

Texts = Annotated[list[Text], Field(max_length=2**12)]


@dataclass(frozen=True, slots=True)
class Known:
    """A question with its gold answer."""

    question: Question
    target: Target


def _row(known: Known) -> dict[str, Any]:
    return {**QUESTIONS.row(known.question), **TARGETS.row(known.target)}


GOLD: Table[Known] = Table(
    pa.schema([*QUESTIONS.schema, *(field for field in TARGETS.schema if field.name != "id")]),
    _row,
    lambda row: Known(QUESTIONS.record(row), TARGETS.record(row)),
)
"""Columns: those of g2u.tables.schemas.QUESTIONS, the answer, and its answer type (scorer)."""


class Label(Strict):
    """A group that a question belongs to."""

    name: Text
    value: Text


class Row(Strict):
    """A foreign row of GOLD."""

    id: Text
    text: Text
    choices: Texts
    letters: Texts
    format: AnswerFormat
    pictures: Texts
    hint: Text
    category: Text
    labels: Annotated[list[Label], Field(max_length=2**8)]
    drawing: Text
    is_placed: bool
    asked: Text
    is_asked_placed: bool
    answer: Text
    scorer: Text
    accepted: Texts


def write_gold(config: Params, benchmark: str, folder: Path) -> SharedGold:
    """Write a benchmark's questions and gold answers into a dataset.

    Raises:
        DataError: they have not been prepared.
    """
    place = BenchmarkFolder(benchmark)
    targets = {target.id: target for target in TARGETS.read(place.targets)}
    rows = (
        GOLD.row(Known(question, targets[question.id]))
        for question in QUESTIONS.read(place.questions)
    )
    metric = config.presets.benchmarks[benchmark].metric
    kept = SharedGold(benchmark=benchmark, metric=metric, shards={"": 0})
    parquet.write_shards(folder / kept.folder, GOLD.schema, rows, texts="none")
    shards = {
        part.relative_to(folder).as_posix(): parquet.count_rows(part)
        for part in parquet.shards(folder / kept.folder)
    }
    return kept.model_copy(update={"shards": shards})


def read_gold(
    folder: Path, manifest: Manifest, gold: SharedGold
) -> tuple[list[Question], list[Target]]:
    """A benchmark's questions and targets, each row checked.

    Raises:
        DataError: a changed shard, a row that is not what it has to be, or a question named twice.
    """
    known: dict[str, Known] = {}
    for name, count in gold.shards.items():
        said, columns = manifest.files[name], GOLD.schema.names
        rows = read_table(folder / name, said, GOLD.schema, columns, count)
        for number, row in enumerate(rows):
            if problem := _fault(row, known):
                raise DataError(f"{folder / name}: row {number}: {shown(problem, 400)}")
            known[row["id"]] = GOLD.record(row)
    if not known:
        raise DataError(f"{folder}: {gold.config} has no questions; get the dataset again")
    return [each.question for each in known.values()], [each.target for each in known.values()]


def _fault(row: Mapping[str, Any], known: Mapping[str, Known]) -> str:
    """What is wrong with a row; empty where nothing is."""
    try:
        Row.model_validate(row)
    except Invalid as error:
        return fault(error)
    if row["id"] in known:
        return f"question {row['id']!r} is there twice"
    if row["letters"] and len(row["letters"]) != len(row["choices"]):
        return f"{len(row['letters'])} letters of {len(row['choices'])} choices"
    if row["scorer"] not in plugins.known("scorer"):
        return f"scorer {row['scorer']!r} is unknown; install a newer g2u"
    return ""


def licensed(config: Params, benchmarks: Sequence[str]) -> list[str]:
    """Those whose gold answers may be shared: their licence is stated, and they are prepared."""
    return [
        name
        for name in dict.fromkeys(benchmarks)
        if config.presets.benchmarks[name].licence and BenchmarkFolder(name).targets.exists()
    ]
