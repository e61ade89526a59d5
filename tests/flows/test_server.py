"""A flow whose Prefect server is stopped meanwhile comes to its end all the same."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT, Workspace, tsv_rows
from tests.models.servers import prefect_server

pytestmark = pytest.mark.slow


def test_a_flow_outlives_its_server(workspace: Workspace, tmp_path: Path) -> None:
    workspace.init_dvc()
    workspace.use_null()
    workspace.raw["families"] = ["direct", "duplicate"]
    workspace.use_tsv(tsv_rows(4))
    workspace.write()
    home = {"PREFECT_HOME": str(tmp_path / "prefect")}
    with prefect_server(home) as address:
        environment = {
            **os.environ,
            **home,
            "PREFECT_API_URL": f"{address}/api",
            "PREFECT_CLIENT_MAX_RETRIES": "0",
            "PYTHONPATH": str(ROOT),
        }
        flow = subprocess.Popen(
            [sys.executable, "-m", "flows.reproduce"],
            stderr=subprocess.PIPE, text=True, env=environment,
        )  # fmt: skip
        assert flow.stderr is not None
        said = []
        for line in flow.stderr:
            said.append(line)
            if sum("calls made" in told for told in said) == 3:  # of four cells' stages
                break
    rest = flow.stderr.read()
    assert flow.wait() == 0, "".join(said) + rest
    assert "going on" in rest
    gains = json.loads(Path("data/report/gains.json").read_text())
    assert gains["mine"]["tiny"]["duplicate"]["items"] == 4
