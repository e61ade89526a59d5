"""Predictions of other harnesses are scored here; our thoughts are answered there."""

import base64
import csv
import json
import re
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import yaml

from g2u.arms import DIRECT
from g2u.errors import DataError
from g2u.params.sections import ScoreSection
from g2u.pictures.decoding import picture_of
from g2u.questions.benchmarks import tsv
from g2u.records import Question, Sample, Thought
from g2u.scores.statistics import Resampling
from g2u.sharing.harnesses import writing as harnesses
from g2u.sharing.harnesses.compare import compared
from g2u.sharing.harnesses.predictions import Naming, answers_of
from g2u.tables.schemas import Answer
from tests.conftest import Workspace, png, tsv_rows, write_tsv

HOW = Resampling.of(ScoreSection())
SAID = {"0": "Yes", "1": "No.", "2": "The answer is no.", "3": "I cannot tell."}
QUESTIONS = [Question(name, "?", format="yes_no") for name in SAID]


def write(path: Path, said: dict[str, str]) -> Path:
    """Predictions as a harness writes them into a file of this kind."""
    rows = [
        {"index": int(name), "question": "?", "prediction": text} for name, text in said.items()
    ]
    if path.suffix == ".xlsx":
        book = openpyxl.Workbook()
        sheet = book.worksheets[0]
        sheet.append(list(rows[0]))
        for row in rows:
            sheet.append(list(row.values()))
        book.save(path)
    elif path.suffix in (".tsv", ".csv"):
        with path.open("w", newline="") as file:
            delimiter = "\t" if path.suffix == ".tsv" else ","
            writer = csv.DictWriter(file, list(rows[0]), delimiter=delimiter)
            writer.writeheader()
            writer.writerows(rows)
    elif path.suffix == ".json":
        path.write_text(json.dumps(rows))
    else:
        lines = [
            {"doc_id": place, "doc": {"index": row["index"], "question": "?"}, "target": "x",
             "resps": [[row["prediction"]]], "filtered_resps": [row["prediction"]]}
            for place, row in enumerate(rows)
        ]  # fmt: skip
        path.write_text("\n".join(map(json.dumps, lines)) + "\n")
    return path


@pytest.mark.parametrize("kind", ["xlsx", "tsv", "csv", "json", "jsonl"])
def test_every_kind_of_file_gives_the_same_answers(kind: str, tmp_path: Path) -> None:
    found = answers_of(write(tmp_path / f"run.{kind}", SAID), QUESTIONS)
    assert [(a.id, a.status, a.response) for a in found] == [(n, "ok", t) for n, t in SAID.items()]


def test_what_is_not_there_failed_and_is_not_wrong(tmp_path: Path) -> None:
    said = {"0": "Yes", "2": "Failed to obtain answer via API. "}
    found = answers_of(write(tmp_path / "run.tsv", said), QUESTIONS)
    assert [(a.status, a.reason) for a in found[1:]] == [
        ("failed", "no prediction in the file"),
        ("failed", "the call failed"),
        ("failed", "no prediction in the file"),
    ]


def test_samples_without_an_id_go_by_their_row(tmp_path: Path) -> None:
    path = tmp_path / "s.jsonl"
    lines = [{"doc_id": n, "doc": {}, "resps": [[t]]} for n, t in enumerate(SAID.values())]
    path.write_text("\n".join(map(json.dumps, reversed(lines))))
    assert [a.response for a in answers_of(path, QUESTIONS)] == list(SAID.values())


def test_samples_of_a_task_without_some_questions_go_by_its_rows(tmp_path: Path) -> None:
    path = tmp_path / "s.jsonl"  # as lmms-eval 0.7.3 logs: no doc, a text for filtered_resps
    path.write_text('{"doc_id": 1, "target": "no", "filtered_resps": "No."}\n')
    found = answers_of(path, QUESTIONS, Naming(rows=["0", "2"]))
    assert [(a.id, a.response) for a in found if a.status == "ok"] == [("2", "No.")]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.pkl", "x", "pickles can run code"),
        ("a.tsv", "index\tprediction\n9\tyes\n", "entry 1: the benchmark has no question '9'"),
        ("a.tsv", "index\tprediction\n1\tyes\n1\tno\n", "entry 2: question '1' occurs twice"),
        ("a.tsv", "index\tanswer\n1\tyes\n", "no column 'prediction'; found index, answer"),
        ("a.xlsx", "x", "not a workbook"),
        ("a.jsonl", '{"doc": {}}\n', "line 1: no field 'doc_id'"),
        ("a.jsonl", '{"doc_id": 7, "doc": {}, "resps": [["x"]]}\n', "doc_id 7 is no row's number"),
        ("a.jsonl", '{"doc_id": 0, "doc": {}}\n', "no filtered_resps and no resps"),
    ],
)
def test_a_file_that_does_not_fit_is_one_line(
    name: str, content: str, said: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(DataError, match=said) as error:
        answers_of(tmp_path / name, QUESTIONS)
    assert "\n" not in str(error.value)


ODD: list[tuple[Any, str]] = [
    ([[-1.2, True], [-3.4, False]], "log-likelihoods"),
    ([[-0.5, True]], "log-likelihoods"),
    ([-0.5, True], "log-likelihoods"),
    ([[["-2.5", "False"]], [["-0.1", "True"]]], "log-likelihoods"),
    ([[[-2.5, 0]]], "log-likelihoods"),
    ([-0.5], "log-likelihoods"),
    (-0.5, "log-likelihoods"),
    ([float("-inf")], "log-likelihoods"),
    (["left", "right"], "2 responses; expected one"),
    ([["left"], ["right"]], "2 responses; expected one"),
    ([["left", "right"]], "2 responses; expected one"),
    ([None], "is no response"),
    ([{"text": "left"}], "is no response"),
    ({"text": "left"}, "is no response"),
    ([[7]], "is no response"),
    (True, "is no response"),
    ([], "no filtered_resps and no resps"),
    ([[]], "no filtered_resps and no resps"),
    (None, "no filtered_resps and no resps"),
]


@pytest.mark.parametrize(("found", "said"), ODD)
@pytest.mark.parametrize("field", ["filtered_resps", "resps"])
def test_a_sample_without_one_text_is_refused(
    found: Any, said: str, field: str, tmp_path: Path
) -> None:
    path = tmp_path / "s.jsonl"
    path.write_text(json.dumps({"doc_id": 0, "doc": {}, field: found}))
    with pytest.raises(DataError, match=f"line 1: .*{said}"):
        answers_of(path, QUESTIONS)


@pytest.mark.parametrize("prediction", [["left"], {"text": "left"}, [[-1.2, True]], []])
def test_a_prediction_that_is_no_text_is_refused(prediction: Any, tmp_path: Path) -> None:
    path = tmp_path / "p.json"
    path.write_text(json.dumps([{"index": 1, "prediction": prediction}]))
    with pytest.raises(DataError, match=r"row 1: prediction .* is no text"):
        answers_of(path, QUESTIONS)


@pytest.mark.parametrize("index", [None, [1], {"a": 1}, True, 1.5, float("nan")])
def test_an_index_that_is_no_id_is_refused(index: Any, tmp_path: Path) -> None:
    path = tmp_path / "p.json"
    path.write_text(json.dumps([{"index": index, "prediction": "yes"}]))
    with pytest.raises(DataError, match="row 1: index"):
        answers_of(path, QUESTIONS)


@pytest.mark.parametrize(
    "said",
    [
        r"Between \boxed{[0, 6]}, so yes.", "{{1, 2}, {3}}: no", r"\boxed{{}}", "[" * 9999,
        "{" * 9999 + "yes", r"\boxed{" * 999, "-" * 99_999 + "1", '{"answer": [1, {"a": 2}]}',
        "\ud7ff\x00yes", "<think>" * 999 + "no", "(" * 9999 + "no" + ")" * 9999,
    ],
)  # fmt: skip
def test_no_prediction_stops_the_scoring_of_the_others(said: str, tmp_path: Path) -> None:
    rows = tsv_rows(3)
    samples = read(write_tsv(tmp_path / "b.tsv", rows))
    questions, gold = [s.question for s in samples], [s.target for s in samples]
    odd = [Answer("0", DIRECT, "", "ok", response=said)]
    plain = [Answer(r["index"], DIRECT, "", "ok", response=r["answer"]) for r in rows[1:]]
    found = compared("categories", HOW, questions, gold, {"run": [*odd, *plain]})["run"]
    assert found["items"] == 3
    assert found["accuracy"] in (2 / 3, 1.0)


def test_a_truth_value_numbers_no_row(tmp_path: Path) -> None:
    (tmp_path / "s.jsonl").write_text('{"doc_id": true, "doc": {}, "resps": [["x"]]}')
    with pytest.raises(DataError, match="doc_id True is no row's number"):
        answers_of(tmp_path / "s.jsonl", QUESTIONS)


def read(path: Path) -> list[Sample]:
    return list(tsv.read(tsv.Settings(file=str(path))))


def test_runs_are_compared_by_the_projects_statistics(tmp_path: Path) -> None:
    rows = tsv_rows(40)
    samples = read(write_tsv(tmp_path / "b.tsv", rows))
    questions, gold = [s.question for s in samples], [s.target for s in samples]
    right = {row["index"]: row["answer"] for row in rows}
    worse = {**right, **{str(n): "I cannot tell." for n in range(10)}}
    runs = {
        name: answers_of(write(tmp_path / f"{name}.tsv", said), questions)
        for name, said in (("worse", worse), ("right", right))
    }
    found = compared("categories", HOW, questions, gold, runs)
    assert (found["worse"]["accuracy"], found["worse"]["abstained"]) == (0.75, 10)
    assert found["right"]["gain"]["difference"] == 0.25
    assert found["right"]["gain"]["low"] > 0
    assert found["right"]["figures"]["accuracy"]["gain"] == 25.0


def drawn(samples: list[Sample]) -> list[harnesses.Shown]:
    """Every question but the last has a thought."""
    thoughts = [
        Thought(
            s.question.id, 0, "ok", picture=picture_of(png(90 + n)), source=s.pictures[0].digest
        )
        for n, s in enumerate(samples[:-1])
    ]
    pictures = {picture.digest: picture for s in samples for picture in s.pictures}
    questions, gold = [s.question for s in samples], [s.target for s in samples]
    return harnesses.shown(questions, gold, pictures, thoughts)


def test_a_tsv_with_thoughts_is_read_again_with_both_pictures(tmp_path: Path) -> None:
    rows: list[dict[str, str]] = [
        {"index": str(n), "image": base64.b64encode(png(n)).decode(), "question": "Which?\t\n",
         "A": "None", "B": 'a "b"', "answer": "B", "category": "c", "split": "dev"}
        for n in range(4)
    ]  # fmt: skip
    samples = read(write_tsv(tmp_path / "b.tsv", rows))
    harnesses.write_vlmevalkit(tmp_path / "out.tsv", drawn(samples))
    again = read(tmp_path / "out.tsv")
    assert len(again) == 3
    for old, new in zip(samples, again, strict=False):
        assert new.question.pictures[0] == old.question.pictures[0]
        assert len(new.question.pictures) == 2
        assert (new.question.text, new.question.choices) == (
            old.question.text,
            old.question.choices,
        )
        assert (new.target, dict(new.question.labels)["split"]) == (old.target, "dev")


def test_a_task_for_lmms_eval_holds_its_pictures_and_functions(tmp_path: Path) -> None:
    import datasets

    samples = read(write_tsv(tmp_path / "b.tsv", tsv_rows(4)))
    harnesses.write_lmms_eval(tmp_path / "task", ("mine", "tiny", "detail"), drawn(samples), 32)
    data = datasets.load_dataset("parquet", data_files=str(tmp_path / "task/data.parquet"))["train"]
    text = (tmp_path / "task/g2u_mine_detail.yaml").read_text().replace("!function ", "")
    task: dict[str, Any] = yaml.safe_load(text)
    functions: dict[str, Any] = {}
    exec((tmp_path / "task/utils.py").read_text(), functions)
    assert task["task"] == "g2u_mine_detail"
    first = data[0]
    assert [picture.mode for picture in functions["doc_to_visual"](first)] == ["RGB", "RGB"]
    assert functions["doc_to_text"](first) == samples[0].question.text
    assert functions["process_results"](first, ["Yes."]) == {"says_answer": 1.0}


def test_a_cell_goes_out_and_its_answers_come_back(workspace: Workspace) -> None:
    workspace.use_null()
    workspace.use_tsv(tsv_rows(12))
    workspace.raw["families"] = ["direct", "duplicate", "detail"]
    workspace.write()
    workspace.run("stages.prepare", "--benchmark", "mine")
    cell = ("--benchmark", "mine", "--model", "tiny", "--family", "detail")
    workspace.run("stages.generate", *cell)
    out = workspace.run("g2u.cli.main", "harness", "mine", "tiny", "detail", "out/mine.tsv")
    assert "12 questions, 0 left out" in out.stdout
    answered = {row["index"]: row["answer"] for row in tsv_rows(12)}
    write(workspace.folder / "one.tsv", {**answered, "3": "yes"})
    write(workspace.folder / "two.jsonl", answered)
    runs = ("g2u.cli.main", "score", "mine", "one.tsv", "two.jsonl")
    scored = workspace.run(*runs).stdout
    assert re.search(r"^one\.tsv +91\.7 \[", scored, re.MULTILINE)
    assert re.search(r"^two\.jsonl +100\.0 \[.*\+8\.3 \[", scored, re.MULTILINE)
    told = json.loads(workspace.run(*runs, "--json").stdout)
    assert told["runs"]["two.jsonl"]["accuracy"] == 1.0
