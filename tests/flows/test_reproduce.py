"""The flow runs the real pipeline against a real, temporary Prefect server."""

import ast
import json

import pytest
from prefect.testing.utilities import prefect_test_harness

from flows.reproduce import reproduce
from g2u.dependencies import reached
from tests.conftest import ROOT, Workspace, tsv_rows


@pytest.mark.slow
def test_the_flow_ends_in_a_report_and_runs_nothing_the_second_time(workspace: Workspace) -> None:
    workspace.init_dvc()
    workspace.raw["families"] = ["direct", "duplicate", "blank"]
    workspace.use_tsv(tsv_rows(4))
    workspace.write()
    with prefect_test_harness(server_startup_timeout=120):
        assert reproduce() > 0
        assert reproduce() == 0
    gains = json.loads((workspace.folder / "data" / "report" / "gains.json").read_text())
    assert gains["mine"]["tiny"]["direct"]["items"] == 4


def test_no_flow_reaches_torch() -> None:
    for path in sorted((ROOT / "flows").glob("*.py")):
        files = reached(path.relative_to(ROOT), ROOT)
        names = {
            alias.name.split(".")[0]
            for file in files
            for node in ast.walk(ast.parse((ROOT / file).read_text()))
            if isinstance(node, ast.Import)
            for alias in node.names
        }
        assert "torch" not in names
