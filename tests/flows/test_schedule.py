"""Flows and their Prefect server: a schedule that fires by itself, with a worker killed meanwhile;
a flow whose server is stopped comes to its end all the same.
"""

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from tests.conftest import ROOT, Workspace, tsv_rows
from tests.flows.serving import serving
from tests.models.servers import prefect_server

pytestmark = pytest.mark.slow
Server = tuple[dict[str, str], Callable[[], None]]
"""The environment that names it, and what stops it."""

KILLED = Path("killed")
ADAPTER = f'''"""The model null; the first worker that is asked for a drawing is killed."""

import os
import signal
from pathlib import Path

from g2u.models import null

capabilities = null.capabilities
Settings = null.Settings


def load(settings):
    return Killed(0)


class Killed(null.Null):
    def edit(self, requests):
        if not Path("{KILLED}").exists():
            Path("{KILLED}").touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return super().edit(requests)
'''


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One for all tests of this module; the last one stops it."""
    with contextlib.ExitStack() as stack:
        environment = stack.enter_context(prefect_server(tmp_path_factory.mktemp("prefect")))
        yield environment, stack.close


def test_a_schedule_fires_and_leaves_a_result_that_is_pushed_and_published(
    server: Server, workspace: Workspace, tmp_path: Path
) -> None:
    remote, site = tmp_path / "remote", tmp_path / "site"
    workspace.init_dvc()
    adapter = workspace.folder / "g2u" / "models" / "killed"
    adapter.mkdir()
    (adapter / "__init__.py").write_text(ADAPTER)
    workspace.raw["families"] = ["direct", "duplicate", "detail"]
    workspace.raw["presets"]["models"]["tiny"] = {"adapter": "killed"}
    workspace.raw["nightly"] = {
        "cron": "* * * * *",
        "remote": "store",
        "report_to": str(site),
    }
    workspace.use_tsv(tsv_rows(4))
    # the adapter exists in the workspace alone, so params are checked there
    (workspace.folder / "params.yaml").write_text(yaml.safe_dump(workspace.raw, sort_keys=False))
    workspace.run("g2u.cli.main", "sync")
    workspace.run("dvc", "remote", "add", "store", str(remote))
    with serving(workspace, server[0]) as served:
        served.wait_until_told(f"report: {site}")
        served.wait_until_told("Finished in state Completed")
        begun = [run for run in served.runs() if run["auto_scheduled"] and run["start_time"]]
    assert begun, "a run that the schedule began"
    assert KILLED.exists()
    assert (site / "index.html").read_bytes() == Path("data/report/index.html").read_bytes()
    lock = yaml.safe_load(Path("cells/mine/detail/dvc.lock").read_text())
    (thoughts,) = [
        out["md5"]
        for name, stage in lock["stages"].items()
        if name.startswith("generate")
        for out in stage["outs"]
        if "thoughts" in out["path"]
    ]
    kept = remote / "files" / "md5" / thoughts[:2] / thoughts[2:]
    assert kept.exists(), subprocess.run(["find", str(remote)], capture_output=True).stdout


def test_a_flow_outlives_its_server(server: Server, workspace: Workspace) -> None:
    workspace.init_dvc()
    workspace.use_null()
    workspace.raw["families"] = ["direct", "duplicate"]
    workspace.use_tsv(tsv_rows(4))
    workspace.write()
    named, stop = server
    flow = subprocess.Popen(
        [sys.executable, "-m", "flows.reproduce"],
        stderr=subprocess.PIPE, text=True,
        env={**os.environ, **named, "PREFECT_CLIENT_MAX_RETRIES": "0", "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert flow.stderr is not None
    said = []
    for line in flow.stderr:
        said.append(line)
        if sum("calls made" in told for told in said) == 3:  # of four cells' stages
            break
    stop()
    rest = flow.stderr.read()
    assert flow.wait() == 0, "".join(said) + rest
    assert "going on" in rest
    gains = json.loads(Path("data/report/gains.json").read_text())
    assert gains["mine"]["tiny"]["duplicate"]["items"] == 4
