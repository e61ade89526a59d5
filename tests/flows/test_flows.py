"""The flows against a real, temporary Prefect server.

Prefect is imported where it is used: collecting tests takes a third less without it.
"""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import ClassVar

import pytest
import yaml

from g2u.errors import ParamsError
from tests.conftest import Workspace, tsv_rows

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def server() -> Iterator[None]:
    """One server for all tests of this module."""
    from prefect.testing.utilities import prefect_test_harness

    with prefect_test_harness(server_startup_timeout=120):
        yield


@pytest.fixture
def small(workspace: Workspace) -> Workspace:
    """Four questions, three families; everything committed."""
    workspace.init_dvc()
    workspace.use_null()
    workspace.raw["families"] = ["direct", "duplicate", "detail"]
    workspace.use_tsv(tsv_rows(4))
    workspace.write()
    for name, value in (("user.name", "a"), ("user.email", "a@b")):
        git("config", name, value)
    commit("begin")
    return workspace


def git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], check=True, capture_output=True, text=True).stdout


def commit(message: str) -> None:
    git("add", "--all")
    git("commit", "--quiet", "--message", message)


def gains() -> dict[str, dict[str, dict[str, dict[str, float]]]]:
    found: dict[str, dict[str, dict[str, dict[str, float]]]] = json.loads(
        Path("data/report/gains.json").read_text()
    )
    return found


def test_reproduce_fills_packs_and_runs_nothing_the_second_time(
    server: None, small: Workspace
) -> None:
    from prefect.client.orchestration import get_client

    from flows.reproduce import reproduce

    assert reproduce() > 0
    assert gains()["mine"]["tiny"]["direct"]["items"] == 4
    assert Path("data/report/index.html").exists()
    assert reproduce() == 0
    with get_client(sync_client=True) as client:
        names = {run.name for run in client.read_task_runs()}
        kinds = {artifact.key for artifact in client.read_artifacts()}
    assert {"fill", "make_stages", "publish_gains"} <= {name.partition("-")[0] for name in names}
    assert {"gains", "cells"} <= kinds


def test_a_night_takes_up_changes_records_pushes_and_publishes(
    server: None, small: Workspace, tmp_path: Path
) -> None:
    from flows.nightly import nightly

    origin, remote, site = tmp_path / "origin.git", tmp_path / "remote", tmp_path / "site"
    small.raw["nightly"] = {
        "pull": True,
        "commit": True,
        "remote": "store",
        "report_to": str(site),
    }
    small.write()
    small.run("dvc", "remote", "add", "store", str(remote))
    commit("nightly")
    git("clone", "--quiet", "--bare", ".", str(origin))
    git("remote", "add", "origin", str(origin))
    git("fetch", "--quiet", "origin")
    git("branch", "--set-upstream-to", f"origin/{git('branch', '--show-current').strip()}")
    colleague = tmp_path / "colleague"
    git("clone", "--quiet", str(origin), str(colleague))
    small.raw["families"] = ["direct", "duplicate"]
    (colleague / "params.yaml").write_text(yaml.safe_dump(small.raw, sort_keys=False))
    as_colleague = ("-C", str(colleague), "-c", "user.name=b", "-c", "user.email=b@c")
    git(*as_colleague, "commit", "--quiet", "--all", "--message", "two families")
    git(*as_colleague, "push", "--quiet")
    assert nightly() > 0
    assert set(gains()["mine"]["tiny"]) == {"direct", "blind", "duplicate"}
    assert git("log", "-1", "--format=%s").strip() == "nightly: results of what changed"
    assert (site / "index.html").read_bytes() == Path("data/report/index.html").read_bytes()
    assert any(path.is_file() for path in remote.rglob("*"))
    clone = tmp_path / "clone"
    git("clone", "--quiet", ".", str(clone))
    pull = ["pull", "--remote", "store", "cells/mine/direct/dvc.yaml"]
    pulled = subprocess.run(
        [sys.executable, "-m", "dvc", *pull], cwd=clone, capture_output=True, text=True
    )
    assert pulled.returncode == 0, pulled.stderr
    assert (clone / "data/mine/direct/tiny/scores.parquet").exists()


class Inbox(BaseHTTPRequestHandler):
    """Keeps what is posted."""

    said: ClassVar[list[str]] = []

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        self.said.append(self.rfile.read(length).decode())
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


def test_a_night_that_fails_says_what_to_do(server: None, small: Workspace) -> None:
    from prefect.blocks.notifications import CustomWebhookNotificationBlock

    from flows.nightly import nightly

    with HTTPServer(("127.0.0.1", 0), Inbox) as inbox:
        threading.Thread(target=inbox.serve_forever, daemon=True).start()
        block = CustomWebhookNotificationBlock(
            name="inbox",
            url=f"http://127.0.0.1:{inbox.server_port}/",
            json_data={"text": "{{subject}}: {{body}}"},
            allow_private_urls=True,
        )
        block.save("inbox", overwrite=True)
        small.raw["nightly"] = {"notify": "custom-webhook/inbox"}
        small.write()
        Path("mine.tsv").unlink()
        with pytest.raises(Exception, match=r"mine\.tsv"):
            nightly()
        inbox.shutdown()
    assert len(Inbox.said) == 1
    assert "g2u: nightly failed" in Inbox.said[0]
    assert "g2u doctor" in Inbox.said[0]


def test_a_sweep_keeps_every_point_as_an_experiment_and_the_workspace_as_it_was(
    server: None, small: Workspace
) -> None:
    from flows.sweep import sweep

    before = Path("params.yaml").read_bytes()
    table = sweep(["presets.models.tiny.sampler.steps=1,2"])
    assert {row["presets.models.tiny.sampler.steps"] for row in table} == {1, 2}
    assert {row["arm"] for row in table} == {"direct", "blind", "duplicate", "detail"}
    assert Path("params.yaml").read_bytes() == before
    listed = small.run("dvc", "exp", "list", "--name-only").stdout.split()
    assert sorted(listed) == ["steps-1", "steps-2"]
    assert git("status", "--porcelain", "--untracked-files=no") == ""


@pytest.mark.parametrize("axes", [["steps"], ["a.b=1"], ["presets.models.tiny.nothing=1"]])
def test_an_axis_that_does_not_exist_is_refused(axes: list[str]) -> None:
    from flows.sweep import changed, points

    shelf = {"models": {"tiny": {"sampler": {"steps": 8}}}}
    with pytest.raises(ParamsError, match="expected"):
        _ = [changed({}, point, shelf) for point in points(axes)]


def test_an_axis_may_be_a_preset_of_the_shelf_or_a_section_that_is_left_out() -> None:
    from flows.sweep import changed

    shelf = {"models": {"tiny": {"adapter": "tiny", "sampler": {"steps": 8}}}}
    point = {"presets.models.tiny.sampler.steps": 2, "generate.seed": 3}
    found = changed({"presets": {"models": {}}}, point, shelf)
    assert found["presets"]["models"]["tiny"] == {"adapter": "tiny", "sampler": {"steps": 2}}
    assert found["generate"] == {"seed": 3, "max_failed": 0, "part": 1.0}
    assert shelf["models"]["tiny"]["sampler"] == {"steps": 8}
