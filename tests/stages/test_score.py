"""score: what a judge decided is in every arm that is compared."""

import json

import pytest

from g2u import tables
from g2u.tables import Judgement
from g2u.workspace import Cell
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
        judged = [Judgement(a.id, a.arm, "grades", grade, str(grade)) for a in answers]
        tables.write_judgements(cell.judgements, judged)
    workspace.run("stages.score", "--benchmark", "mine", "--model", "tiny", "--family", "duplicate")
    metrics = json.loads(cells["duplicate"].metrics.read_text())
    assert metrics["gains"]["concat"]["direct"]["difference"] == pytest.approx(-0.7)
    assert metrics["official"]["concat"]["score"]["gain"] == pytest.approx(-70.0)
    assert metrics["arms"]["concat"]["undecided"] + metrics["arms"]["concat"]["unparsed"] == 0
