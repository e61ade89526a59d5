"""Layouts of others hold what they have room for, or refuse it in one line."""

import pyarrow.parquet as pq

from g2u.tables.parquet import read_rows
from tests.conftest import Workspace, tsv_rows


def test_a_layout_with_room_for_one_answer_refuses_several_and_goes_without_gold(
    workspace: Workspace,
) -> None:
    rows = [{**row, "answer": '["couch", "sofa"]'} for row in tsv_rows(3)]
    workspace.use_null(settings={"size": 48})
    workspace.use_tsv(rows, format="short", scorer="short", licence="MIT")
    workspace.raw["families"] = ["direct", "duplicate", "detail"]
    workspace.write()
    workspace.run("stages.prepare", "--benchmark", "mine")
    for family in workspace.raw["families"]:
        cell = ("--benchmark", "mine", "--model", "tiny", "--family", family)
        workspace.run("stages.generate", *cell)
    asked = ("g2u.cli.main", "export", "out", "--layout", "zebra_cot")
    refused = workspace.run(*asked, check=False)
    assert refused.returncode == 1
    (line,) = [said for said in refused.stderr.splitlines() if "DataError" in said]
    assert "question '0' accepts 2 answers; a row of Zebra-CoT's layout holds one" in line
    assert "--without-gold" in line
    assert not list(workspace.folder.glob("out/data/*"))
    workspace.run(*asked, "--without-gold")
    (shard,) = workspace.folder.glob("out/data/*/*.parquet")
    schema = pq.read_schema(shard)
    assert [row["Final Answer"] for row in read_rows(shard, schema)] == ["", "", ""]
