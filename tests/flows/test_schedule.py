"""nightly on a schedule that fires by itself, with a worker killed meanwhile."""

import subprocess
from pathlib import Path

import pytest
import yaml

from tests.conftest import Workspace, tsv_rows
from tests.flows.serving import serving

pytestmark = pytest.mark.slow

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


def test_a_schedule_fires_and_leaves_a_result_that_is_pushed_and_published(
    workspace: Workspace, tmp_path: Path
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
    with serving(workspace) as served:
        served.wait_until_told(f"report: {site}")
        served.wait_until_told("Finished in state Completed")
        begun = [run for run in served.runs() if run["auto_scheduled"] and run["start_time"]]
    assert begun, "a run that the schedule began"
    assert KILLED.exists()
    assert (site / "index.html").read_bytes() == Path("data/report/index.html").read_bytes()
    lock = yaml.safe_load(Path("data/mine/cells/detail/dvc.lock").read_text())
    (thoughts,) = [
        out["md5"]
        for name, stage in lock["stages"].items()
        if name.startswith("generate")
        for out in stage["outs"]
        if "thoughts" in out["path"]
    ]
    kept = remote / "files" / "md5" / thoughts[:2] / thoughts[2:]
    assert kept.exists(), subprocess.run(["find", str(remote)], capture_output=True).stdout
