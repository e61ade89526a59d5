"""Predictions that other harnesses made: VLMEvalKit's result files, lmms-eval's sample logs.

VLMEvalKit: xlsx, tsv, csv or json with columns `index` and `prediction` (vlmeval/inference.py).
lmms-eval: jsonl of --log_samples with `doc_id`, `filtered_resps` or `resps` and, in some versions,
`doc` (lmms_eval/loggers/evaluation_tracker.py; 0.7.3 leaves it out).
"""

import json
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from g2u.errors import DataError
from g2u.records import Question
from g2u.sources.rows import rows_of
from g2u.tables import Answer

FAILED = "Failed to obtain answer via API"
"""What VLMEvalKit writes for a call that failed."""
ID_FIELDS = ("index", "id", "question_id")
KINDS = (".xlsx", ".tsv", ".csv", ".json", ".jsonl")


@dataclass(frozen=True, slots=True)
class Naming:
    """How lmms-eval's samples name their questions."""

    field: str = ""
    """Field of `doc`; empty = the first of index, id, question_id that does, else the row's number.
    """
    rows: Sequence[str] = ()
    """Ids by row's number, as in the task that was run; empty = the benchmark's own order."""


def answers_of(
    path: Path, questions: Sequence[Question], naming: Naming = Naming()
) -> list[Answer]:
    """One answer per question, in the order of the questions; those without a prediction failed.

    Args:
        path: a file of one of KINDS.
        questions: of the benchmark.
        naming: of lmms-eval's samples.

    Raises:
        DataError: an unknown kind, a row without id or prediction, an id that no question has, or
            one that occurs twice.
    """
    if path.suffix not in KINDS:
        raise DataError(
            f"{path}: expected {', '.join(KINDS)}; of a pickle, write one of these with VLMEvalKit "
            "first: pickles can run code"
        )
    known = {question.id for question in questions}
    if path.suffix == ".jsonl":
        pairs = list(_of_samples(path, questions, naming))
    else:
        pairs = list(_of_results(path))
    said: dict[str, str] = {}
    for number, (name, prediction) in enumerate(pairs, 1):
        if name not in known:
            raise DataError(f"{path}: entry {number}: the benchmark has no question {name!r}")
        if name in said:
            raise DataError(f"{path}: entry {number}: question {name!r} occurs twice")
        said[name] = prediction
    return [_answer(question.id, said.get(question.id)) for question in questions]


def _answer(name: str, prediction: str | None) -> Answer:
    if prediction is None:
        return Answer(name, "none", "", "failed", "no prediction in the file")
    if FAILED in prediction:
        return Answer(name, "none", "", "failed", "the call failed")
    return Answer(name, "none", "", "ok", response=prediction)


def _of_results(path: Path) -> Iterator[tuple[str, str]]:
    """Index and prediction of VLMEvalKit's rows."""
    rows = _workbook(path) if path.suffix == ".xlsx" else rows_of(path)
    for number, row in rows:
        for column in ("index", "prediction"):
            if column not in row:
                found = ", ".join(row)
                raise DataError(f"{path}: row {number}: no column {column!r}; found {found}")
        index = row["index"]
        if isinstance(index, float) and index.is_integer():
            index = int(index)
        yield str(index), "" if row["prediction"] is None else str(row["prediction"])


def _workbook(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    try:
        import openpyxl
    except ImportError:
        raise DataError(f"{path}: pip install 'g2u[excel]', or save it as tsv") from None
    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise DataError(f"{path}: not a workbook ({error})") from None
    rows = book.worksheets[0].iter_rows(values_only=True)
    header = [str(cell) for cell in next(rows, ())]
    for number, cells in enumerate(rows, 2):
        yield number, dict(zip(header, cells, strict=False))
    book.close()


def _of_samples(
    path: Path, questions: Sequence[Question], naming: Naming
) -> Iterator[tuple[str, str]]:
    """Question and response of lmms-eval's samples."""
    rows = list(rows_of(path))
    for number, row in rows:
        if "doc_id" not in row:
            found = ", ".join(row)
            raise DataError(f"{path}: line {number}: no field 'doc_id'; found {found}")
    docs = [row["doc"] if isinstance(row.get("doc"), Mapping) else {} for _, row in rows]
    known = {question.id for question in questions}
    fields = [naming.field] if naming.field else ID_FIELDS
    field = next(
        (f for f in fields if docs and all(str(doc.get(f)) in known for doc in docs)), None
    )
    if naming.field and field is None:
        raise DataError(f"{path}: doc.{naming.field} does not name the benchmark's questions")
    order = naming.rows or [question.id for question in questions]
    for (number, row), doc in zip(rows, docs, strict=True):
        if field is not None:
            name = str(doc[field])
        elif isinstance(row["doc_id"], int) and 0 <= row["doc_id"] < len(order):
            name = order[row["doc_id"]]
        else:
            raise DataError(f"{path}: line {number}: doc_id {row['doc_id']!r} is no row's number")
        yield name, _response(row, path, number)


def _response(row: Mapping[str, Any], path: Path, number: int) -> str:
    found = row.get("filtered_resps", row.get("resps"))
    while isinstance(found, list) and found:
        found = found[0]
    if found is None or isinstance(found, list):
        raise DataError(f"{path}: line {number}: no filtered_resps and no resps")
    return found if isinstance(found, str) else json.dumps(found)
