"""A stranger answers from a dataset alone, and scores with the installed command alone."""

import csv
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import datasets
import polars as pl
import pyarrow as pa
import pytest

from g2u.errors import DataError
from g2u.questions.wording import question_prompt
from g2u.sharing.gold import GOLD, read_gold
from g2u.sharing.manifest import NAME, read_manifest, write_manifest
from g2u.tables import parquet
from g2u.tables import schemas as tables
from tests.conftest import ROOT, Workspace, tsv_rows
from tests.models.servers import listening
from tests.sharing.conftest import CELL

ANSWERS = {row["index"]: row["answer"] for row in tsv_rows(12)} | {
    "again": tsv_rows(1)[0]["answer"]
}
GOLD_SHARD = Path("gold/mine/part-00000.parquet")


def printed(page: str) -> list[str]:
    """Python examples of a page."""
    return re.findall(r"```python\n(.*?)```", (ROOT / page).read_text(), re.DOTALL)


def score(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """`g2u score`, in a folder that is no study."""
    return subprocess.run(
        [sys.executable, "-m", "g2u.cli.main", "score", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "100"},
        capture_output=True,
        text=True,
    )


def predicted(path: Path, said: Mapping[str, str]) -> str:
    """A file of predictions."""
    with path.open("w", newline="") as file:
        csv.writer(file, delimiter="\t").writerows([("index", "prediction"), *said.items()])
    return path.name


class Sighted(BaseHTTPRequestHandler):
    """A server of a model that answers yes to one picture, and rightly to two."""

    right = {row["question"]: row["answer"] for row in tsv_rows(12)}

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        parts = body["messages"][0]["content"]
        shown = [part for part in parts if part["type"] == "image_url"]
        assert all(part["image_url"]["url"].startswith("data:image/png") for part in shown)
        (text,) = (part["text"] for part in parts if part["type"] == "text")
        said = self.right[text] if len(shown) == 2 else "Yes."
        choice = {"index": 0, "message": {"role": "assistant", "content": said}}
        choice["finish_reason"] = "stop"
        reply = {"id": "1", "object": "chat.completion", "created": 1, "model": body["model"]}
        encoded = json.dumps({**reply, "choices": [choice]}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(encoded)))
        self.end_headers()
        self.wfile.write(encoded)

    def log_message(self, *args: Any) -> None:
        del args


def test_the_example_of_the_readme_runs_as_printed_with_the_model_of_ten_lines(
    shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    look, answer = (block for block in printed("README.md") if "FOLDER" in block)
    (model,) = (block for block in printed("docs/sharing.md") if "openai" in block)
    assert len([line for line in model.splitlines() if line.strip()]) <= 11, "with its import"
    (tmp_path / "my_model.py").write_text(model)
    mine = {"FOLDER": str(shared), "ladder-tiny-structure": CELL}
    with listening(Sighted) as address:
        monkeypatch.setenv("OPENAI_BASE_URL", address)
        monkeypatch.setenv("OPENAI_API_KEY", "none")
        for block in (look, answer):
            exec(re.sub("|".join(mine), lambda found: mine[found[0]], block), {})
    assert (tmp_path / "thought.png").exists()
    found = score(tmp_path, str(shared), "direct.tsv", "thought.tsv", "--json")
    assert found.returncode == 0, found.stderr
    told = json.loads(found.stdout)
    assert (told["benchmark"], told["questions"], told["confidence"]) == ("mine", 13, 0.95)
    direct, thought = told["runs"]["direct.tsv"], told["runs"]["thought.tsv"]
    share = sum(text == "yes" for text in ANSWERS.values()) / len(ANSWERS)
    assert direct["accuracy"] == pytest.approx(share)
    assert thought["accuracy"] == 1.0
    assert thought["gain"]["difference"] == pytest.approx(1 - share)
    assert thought["gain"]["clusters"] == 12, "two questions share a picture"


def test_a_row_holds_what_a_model_is_asked_here(shared: Path) -> None:
    place = shared.parent / "a workspace/data/mine/questions.parquet"
    asked = {q.id: question_prompt(q) for q in tables.read_questions(place)}
    rows = datasets.load_dataset(str(shared), CELL, split="train")
    assert {use["question"]: use["asked"] for row in rows for use in row["uses"]} == asked


def test_gold_lies_apart_and_plain_datasets_load_it(shared: Path) -> None:
    gold = datasets.load_dataset(str(shared), "mine-gold", split="train")
    assert dict(zip(gold["id"], gold["answer"], strict=True)) == ANSWERS
    thoughts = datasets.load_dataset(str(shared), CELL, split="train")
    assert "answer" not in thoughts.column_names
    assert "answer" not in thoughts[0]["uses"][0]


@pytest.mark.parametrize(("licence", "flag"), [("", ()), ("MIT", ("--without-gold",))])
def test_gold_is_left_out_without_a_licence_or_by_a_flag(
    shared: Path, tmp_path: Path, licence: str, flag: tuple[str, ...]
) -> None:
    made = Workspace.__new__(Workspace)
    made.folder = Path(shutil.copytree(shared.parent / "a workspace", tmp_path / "w"))
    text = (made.folder / "params.yaml").read_text()
    (made.folder / "params.yaml").write_text(text.replace("licence: MIT", f"licence: '{licence}'"))
    made.run("g2u.cli.main", "export", "../bare", "mine/tiny/detail", *flag)
    assert not (tmp_path / "bare/gold").exists()
    assert "Gold answers are not in this dataset" in (tmp_path / "bare/README.md").read_text()
    one = predicted(tmp_path / "one.tsv", ANSWERS)
    refused = score(tmp_path, "bare", one)
    assert refused.returncode == 1
    assert refused.stderr.count("\n") == 1
    assert "bare: no gold answers of mine" in refused.stderr


def test_a_table_of_both_arms_fits_80_columns_and_says_what_is_missing(
    shared: Path, tmp_path: Path
) -> None:
    few = {name: text for name, text in ANSWERS.items() if name not in ("3", "4")}
    names = [
        predicted(tmp_path / "direct.tsv", dict.fromkeys(ANSWERS, "I cannot tell.")),
        predicted(tmp_path / "thought.tsv", few),
    ]
    lines = score(tmp_path, str(shared), *names).stdout.splitlines()
    assert lines[0].startswith("mine: 13 questions")
    direct, thought = [line for line in lines if re.match(r"(direct|thought)\.tsv ", line)]
    assert "0.0 [" in direct
    assert "+100.0 [" in thought
    assert "direct.tsv: 13 declined" in lines
    assert "thought.tsv: 2 without a prediction" in lines


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.tsv", "index\tprediction\n99\tyes\n", "entry 1: the benchmark has no question '99'"),
        ("a.tsv", "index\tprediction\n1\tyes\n1\tno\n", "entry 2: question '1' occurs twice"),
        ("a.tsv", "id\tprediction\n1\tyes\n", "no column 'index'; found id, prediction"),
        ("a.tsv", "", "a.tsv"),
        ("b.tsv", "index\tprediction\n1\tyes\n", "a.tsv"),
    ],
)
def test_a_file_that_does_not_fit_the_dataset_is_one_line(
    shared: Path, tmp_path: Path, name: str, content: str, said: str
) -> None:
    (tmp_path / name).write_text(content)
    done = score(tmp_path, str(shared), "a.tsv")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert said in done.stderr
    assert done.stdout == ""


def test_outside_of_a_study_what_is_no_dataset_is_one_line(tmp_path: Path) -> None:
    done = score(tmp_path, "ladder", predicted(tmp_path / "a.tsv", ANSWERS))
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert (
        "ladder is no dataset (a folder with manifest.json), and there is no study" in done.stderr
    )


def test_ids_tell_which_of_several_benchmarks_is_meant(shared: Path, tmp_path: Path) -> None:
    several = Path(shutil.copytree(shared, tmp_path / "several"))
    manifest = read_manifest(several)
    (own,) = manifest.gold
    other = own.model_copy(update={"benchmark": "other", "shards": {}})
    shutil.copytree(several / own.folder, several / other.folder)
    (several / NAME).unlink()
    rows = pl.read_parquet(several / GOLD_SHARD).rows(named=True)
    renamed = [{**row, "id": f"x{row['id']}"} for row in rows]
    parquet.write_shards(several / other.folder, GOLD.schema, renamed, texts="none")
    shards = {f"{other.folder}/part-00000.parquet": len(rows)}
    cells = [*manifest.cells, manifest.cells[0].model_copy(update={"benchmark": "other"})]
    cells[-1] = moved(several, cells[-1])
    write_manifest(several, cells, [own, other.model_copy(update={"shards": shards})])
    theirs = predicted(tmp_path / "x.tsv", {f"x{name}": text for name, text in ANSWERS.items()})
    told = json.loads(score(tmp_path, "several", theirs, "--json").stdout)
    assert (told["benchmark"], told["runs"]["x.tsv"]["accuracy"]) == ("other", 1.0)
    strange = predicted(tmp_path / "y.tsv", {"nobody": "yes"})
    assert "fits none of the benchmarks of several" in score(tmp_path, "several", strange).stderr
    absent = score(tmp_path, "several", "absent.tsv")
    assert absent.stderr == "DataError: absent.tsv: missing; expected predictions\n"
    named = score(tmp_path, "several", strange, "--benchmark", "mine")
    assert "no question 'nobody'" in named.stderr


def moved(folder: Path, cell: Any) -> Any:
    """A cell under its own name, its shards copied there."""
    place = folder / cell.folder
    shutil.copytree(folder / Path(next(iter(cell.shards))).parent, place)
    shards = {f"{cell.folder}/{Path(name).name}": count for name, count in cell.shards.items()}
    return cell.model_copy(update={"shards": shards})


ODD: dict[str, dict[str, Any]] = {
    "format: Input should be": {"format": "shout"},
    "scorer 'os' is unknown": {"scorer": "os"},
    "question '1' is there twice": {"id": "1"},
    "1 letters of 0 choices": {"letters": ["A"]},
    "answer: Input should be a valid string": {"answer": None},
}


@pytest.mark.parametrize("said", ODD)
def test_a_row_of_gold_that_is_none_is_one_line(shared: Path, tmp_path: Path, said: str) -> None:
    spoilt = Path(shutil.copytree(shared, tmp_path / "spoilt"))
    manifest = read_manifest(spoilt)
    rows = pl.read_parquet(spoilt / GOLD_SHARD).rows(named=True)
    rows[2] = {**rows[2], **ODD[said]}
    table = pa.Table.from_pylist(rows, schema=GOLD.schema)
    pa.parquet.write_table(table, spoilt / GOLD_SHARD, compression="none")
    (spoilt / NAME).unlink()
    write_manifest(spoilt, manifest.cells, manifest.gold)
    with pytest.raises(DataError, match=re.escape(said)) as error:
        read_gold(spoilt, read_manifest(spoilt), manifest.gold[0])
    assert "row 2" in str(error.value)


def test_gold_that_was_touched_is_refused(shared: Path, tmp_path: Path) -> None:
    touched = Path(shutil.copytree(shared, tmp_path / "touched"))
    with (touched / GOLD_SHARD).open("ab") as file:
        file.write(b"x")
    done = score(tmp_path, "touched", predicted(tmp_path / "a.tsv", ANSWERS))
    assert "part-00000.parquet: changed; get the dataset again" in done.stderr


def test_the_readme_has_at_most_1100_words() -> None:
    assert len((ROOT / "README.md").read_text().split()) <= 1100
