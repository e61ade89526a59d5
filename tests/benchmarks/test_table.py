"""Tables by a column map: every kind of file gives the same questions."""

import base64
import csv
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from g2u.errors import DataError, ParamsError
from g2u.questions.benchmarks import table
from g2u.records import Sample
from g2u.settings import checked
from tests.conftest import png

COLUMNS = {
    "id": "name", "question": "{topic}: {asked}", "pictures": "image", "choices": "options",
    "answer": "gold", "category": "topic", "labels": ["level"],
}  # fmt: skip
SETTINGS = {"columns": COLUMNS, "format": "choice", "answer_is": "index"}


def rows() -> list[dict[str, Any]]:
    return [
        {
            "name": f"q{number}", "topic": "birds", "asked": "Which?", "level": str(number % 2),
            "image": {"bytes": png(number), "path": None}, "options": ["None", "NA", "owl"],
            "gold": number % 3,
        }
        for number in range(5)
    ]  # fmt: skip


def as_text(row: dict[str, Any]) -> dict[str, Any]:
    """A row as a text file holds it."""
    picture = base64.b64encode(row["image"]["bytes"]).decode()
    return {**row, "image": picture, "options": str(row["options"]), "gold": str(row["gold"])}


def write(folder: Path, kind: str) -> dict[str, Any]:
    """The rows in a file of a kind; returns where they are."""
    path = folder / f"rows.{kind}"
    if kind in ("parquet", "folder"):
        path = folder / "parts" / "part-0.parquet" if kind == "folder" else path
        path.parent.mkdir(exist_ok=True)
        pq.write_table(pa.Table.from_pylist(rows()), path)
        path = path.parent if kind == "folder" else path
    elif kind == "jsonl":
        path.write_text("\n".join(json.dumps(as_text(row)) for row in rows()) + "\n")
    elif kind == "json":
        path.write_text(json.dumps([as_text(row) for row in rows()]))
    elif kind in ("csv", "tsv"):
        with path.open("w", newline="", encoding="utf-8-sig") as file:
            delimiter = "," if kind == "csv" else "\t"
            writer = csv.DictWriter(file, list(rows()[0]), delimiter=delimiter)
            writer.writeheader()
            writer.writerows(as_text(row) for row in rows())
    elif kind == "hub":
        import datasets

        found = datasets.Dataset.from_list(rows()).cast_column("image", datasets.Image())
        found.to_parquet(folder / "data.parquet")
        return {"hf": {"path": str(folder), "split": "train"}}
    return {"file": str(path)}


def read(place: dict[str, Any], **changes: Any) -> list[Sample]:
    return list(table.read(checked(table.Settings, {**SETTINGS, **place, **changes})))


@pytest.mark.parametrize("kind", ["parquet", "folder", "jsonl", "json", "csv", "tsv", "hub"])
def test_every_kind_of_file_gives_the_same_questions(kind: str, tmp_path: Path) -> None:
    found = read(write(tmp_path, kind))
    assert [s.question.id for s in found] == [f"q{n}" for n in range(5)]
    assert [s.target.answer for s in found] == ["A", "B", "C", "A", "B"]
    first = found[1].question
    assert (first.text, first.choices) == ("birds: Which?", ("None", "NA", "owl"))
    assert (first.category, first.labels) == ("birds", (("level", "1"),))
    assert [s.question.pictures for s in found] == [
        s.question.pictures for s in read(write(tmp_path, "jsonl"))
    ]


def test_answers_may_be_letters_or_texts_and_choices_columns(tmp_path: Path) -> None:
    place = write(tmp_path, "jsonl")
    path = Path(place["file"])
    changed = [json.loads(line) | {"gold": "owl", "A": "NA", "B": "owl"} for line in path.open()]
    path.write_text("\n".join(map(json.dumps, changed)))
    columns = {**COLUMNS, "choices": ["A", "B"]}
    assert {s.target.answer for s in read(place, answer_is="text", columns=columns)} == {"B"}
    with pytest.raises(DataError, match=r"row 1, column gold: 'owl' is no index of 2 options"):
        read(place, columns=columns)


def test_classes_of_a_classification_are_given_once(tmp_path: Path) -> None:
    columns = {"question": "asked", "answer": "topic", "pictures": "image"}
    place = write(tmp_path, "parquet")
    found = read(place, columns=columns, format="label", choices=["birds", "fish"])
    assert found[0].question.choices == ("birds", "fish")
    assert (found[0].target.answer, found[0].target.scorer) == ("birds", "label")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"columns": {"question": "asked"}}, "columns.answer is missing"),
        ({"columns": {**COLUMNS, "answr": "gold"}}, "did you mean 'answer'"),
        ({"format": "chioce"}, "did you mean 'choice'"),
        ({"scorer": "nubmer"}, "did you mean 'number'"),
        ({"format": "open"}, "needs a scorer"),
    ],
)
def test_a_map_that_does_not_fit_is_one_line(
    changes: dict[str, Any], said: str, tmp_path: Path
) -> None:
    with pytest.raises(ParamsError, match=said):
        read(write(tmp_path, "parquet"), **changes)


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"pictures": "picture"}, "row 1: no column 'picture'; found name"),
        ({"question": "{nothing}"}, "names 'nothing', no column"),
        ({"choices": "asked"}, "spells no list of options"),
        ({"pictures": "topic"}, "column topic: not base64"),
    ],
)
def test_a_row_that_does_not_fit_is_one_line(
    columns: dict[str, Any], said: str, tmp_path: Path
) -> None:
    with pytest.raises(DataError, match=said):
        read(write(tmp_path, "jsonl"), columns={**COLUMNS, **columns})


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.jsonl", "{\n", "line 1: not JSON"),
        ("a.jsonl", "[1]\n", "expected an object"),
        ("a.json", "{}", "expected a list of objects"),
        ("a.parquet", "PAR1", "not a whole parquet file"),
        ("a.csv", "a,a\n1,2\n", "column 'a' occurs twice"),
        ("a.csv", "a,b\n1\n", "row 2 has 1 cells; expected 2"),
        ("a.xyz", "", "unknown kind"),
    ],
)
def test_a_broken_file_is_one_line(name: str, content: str, said: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(DataError, match=said):
        read({"file": str(tmp_path / name)})
