"""Predictions that other harnesses made: VLMEvalKit's result files, lmms-eval's sample logs.

VLMEvalKit: xlsx, tsv, csv or json with columns `index` and `prediction` (vlmeval/inference.py).
lmms-eval: jsonl of --log_samples with `doc_id`, `filtered_resps` or `resps` and, in some versions,
`doc` (lmms_eval/loggers/evaluation_tracker.py; 0.7.3 leaves it out).
"""

import math
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from g2u.arms import DIRECT
from g2u.errors import DataError
from g2u.questions.files.rows import rows_of
from g2u.records import Question
from g2u.tables.schemas import Answer

FAILED = "Failed to obtain answer via API"
"""What VLMEvalKit writes for a call that failed."""
MISSING = "no prediction in the file"
"""Why a question has no answer that the file does not name."""
ID_FIELDS = ("index", "id", "question_id")
LIKELIHOOD = re.compile(r"[-+]?(?:[\d.]+(?:e[-+]?\d+)?|inf|nan)", re.IGNORECASE)
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
        return Answer(name, DIRECT, "", "failed", MISSING)
    if FAILED in prediction:
        return Answer(name, DIRECT, "", "failed", "the call failed")
    return Answer(name, DIRECT, "", "ok", response=prediction)


def _of_results(path: Path) -> Iterator[tuple[str, str]]:
    """Index and prediction of VLMEvalKit's rows."""
    rows = _workbook(path) if path.suffix == ".xlsx" else rows_of(path)
    for number, row in rows:
        for column in ("index", "prediction"):
            if column not in row:
                found = ", ".join(row)
                raise DataError(f"{path}: row {number}: no column {column!r}; found {found}")
        where = f"{path}: row {number}"
        yield _index(row["index"], where), _cell(row["prediction"], where)


def _index(cell: Any, where: str) -> str:
    """The id in a cell, whose numbers a spreadsheet may have made floats."""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, (str, int)) and not isinstance(cell, bool):
        return str(cell)
    raise DataError(f"{where}: index {str(cell)[:60]!r}; expected a text or a whole number")


def _cell(cell: Any, where: str) -> str:
    """The response in a cell of a table; empty where the cell is."""
    if cell is None or (isinstance(cell, float) and math.isnan(cell)):
        return ""
    if isinstance(cell, (str, int, float)):  # a spreadsheet makes numbers of "43" and "TRUE"
        return str(cell)
    raise DataError(
        f"{where}: prediction {str(cell)[:60]!r} is no text; expected one response as text"
    )


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
        elif type(row["doc_id"]) is int and 0 <= row["doc_id"] < len(order):
            name = order[row["doc_id"]]
        else:
            raise DataError(f"{path}: line {number}: doc_id {row['doc_id']!r} is no row's number")
        yield name, _response(row, path, number)


def _response(row: Mapping[str, Any], path: Path, number: int) -> str:
    """The one text of a sample: bare, or in lists of one entry each (requests, repeats)."""
    where = f"{path}: line {number}"
    field = next((name for name in ("filtered_resps", "resps") if row.get(name) is not None), None)
    if field is None:
        raise DataError(f"{where}: no filtered_resps and no resps")
    found = row[field]
    while isinstance(found, list) and len(found) == 1:
        found = found[0]
    if isinstance(found, str):
        return found
    if isinstance(found, list) and not found:
        raise DataError(f"{where}: no filtered_resps and no resps")
    is_text = isinstance(found, list) and all(isinstance(entry, str) for entry in found)
    if _has_likelihood(found):
        what = "log-likelihoods of options, no response; expected a task of output_type "
        what += "generate_until"
    elif is_text or (isinstance(found, list) and all(isinstance(each, list) for each in found)):
        what = f"{len(found)} responses; expected one: ask once, or take one by a filter"
    else:
        what = f"{str(found)[:60]!r} is no response; expected a text"
    raise DataError(f"{where}: {field}: {what}")


def _has_likelihood(found: Any, depth: int = 3) -> bool:
    """Whether it is or holds [log-probability, is greedy], as numbers or as texts of them; within
    as many lists as lmms-eval writes.
    """
    if isinstance(found, float):
        return True
    if not isinstance(found, list) or not depth:
        return False
    is_pair = len(found) == 2 and found[1] in ("True", "False")
    if is_pair and LIKELIHOOD.fullmatch(str(found[0])):
        return True
    return any(_has_likelihood(entry, depth - 1) for entry in found)
