"""score: what a judge decided is in every arm that is compared."""

import json

import pyarrow.parquet as pq
import pytest

from g2u.tables import schemas as tables
from g2u.tables.places import Cell
from g2u.tables.schemas import Judgement
from tests.conftest import Workspace, tsv_rows


def test_a_judges_word_counts_for_the_baselines_as_well(workspace: Workspace) -> None:
    rows = [{**row, "answer": "it depends on the light"} for row in tsv_rows(4)]
    workspace.use_tsv(rows, format="open", scorer="graded", metric="mmvet")
    workspace.raw["families"] = ["direct", "duplicate"]
    workspace.raw["judge"]["model"] = "tiny"
    workspace.write()
    workspace.run("stages.prepare", "--benchmark", "mine")
    cells = {family: Cell("mine", "tiny", family) for family in workspace.raw["families"]}
    for family, cell in cells.items():
        for stage in ("generate", "understand"):
            names = ("--benchmark", "mine", "--model", "tiny", "--family", family)
            workspace.run(f"stages.{stage}", *names)
        grade = {"direct": 0.9, "duplicate": 0.2}[family]
        answers = tables.read_answers(cell.answers)
        judged = [Judgement(a.id, a.arm.name, "grades", grade, str(grade)) for a in answers]
        tables.write_judgements(cell.judgements, judged)
    workspace.run("stages.score", "--benchmark", "mine", "--model", "tiny", "--family", "duplicate")
    metrics = json.loads(cells["duplicate"].metrics.read_text())
    assert metrics["gains"]["concat"]["direct"]["difference"] == pytest.approx(-0.7)
    assert metrics["official"]["concat"]["score"]["gain"] == pytest.approx(-70.0)
    assert metrics["arms"]["concat"]["undecided"] + metrics["arms"]["concat"]["unparsed"] == 0


def test_a_judge_that_cannot_be_read_is_asked_once_more_and_counted_apart(
    workspace: Workspace,
) -> None:
    rows = [{**row, "answer": "it depends on the light"} for row in tsv_rows(4)]
    workspace.use_tsv(rows, format="open", scorer="graded")
    workspace.use_null()
    workspace.raw["families"] = ["direct", "duplicate"]
    workspace.raw["judge"] = {"model": "tiny", "tasks": ["answers"]}
    workspace.write()
    workspace.run("stages.prepare", "--benchmark", "mine")
    for family in ("direct", "duplicate"):
        names = ("--benchmark", "mine", "--model", "tiny", "--family", family)
        for stage in ("generate", "understand"):
            workspace.run(f"stages.{stage}", *names)
        said = workspace.run("stages.judge", *names).stderr
        cell = Cell("mine", "tiny", family)
        judged = tables.read_judgements(cell.judgements)
        assert [row.score for row in judged] == [None] * len(judged), "null says yes or no"
        assert f"{len(judged)} unread or failed" in said
        asked = {(answer.id, answer.response) for answer in tables.read_answers(cell.answers)}
        kinds = pq.read_table(cell.calls("judge"))["kind"].to_pylist()
        assert kinds.count("answer") == 2 * len(asked)
    workspace.run("stages.score", *names)
    found = json.loads(cell.metrics.read_text())["judged"]["grades"]
    assert found == {"items": 0, "unread": len(judged)}
