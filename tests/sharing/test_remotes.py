"""A DVC remote on a real S3 server, on loopback: pushed, pulled, and reproduced from it alone."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
import yaml
from botocore.config import Config
from dvc.api import DVCFileSystem

from g2u.sharing.manifest import verify
from tests.conftest import Workspace, tsv_rows

pytestmark = pytest.mark.slow
BUCKET = "results"


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """The address of a server with an empty bucket."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        os.environ.setdefault(name, "testing")
    address = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as server:
        client(address).create_bucket(Bucket=BUCKET)
        yield address
        server.terminate()


def client(address: str):  # type: ignore[no-untyped-def]
    retries = Config(retries={"max_attempts": 10, "mode": "standard"})
    return boto3.client("s3", endpoint_url=address, region_name="us-east-1", config=retries)


def objects(address: str) -> set[str]:
    """Names of all objects in the bucket."""
    pages = client(address).get_paginator("list_objects_v2").paginate(Bucket=BUCKET)
    return {entry["Key"] for page in pages for entry in page.get("Contents", ())}


def git(folder: Path, *arguments: str) -> None:
    command = ["git", "-c", "user.name=t", "-c", "user.email=t@example.org", *arguments]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)


def test_a_second_clone_has_the_report_from_the_remote_alone(
    workspace: Workspace, endpoint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace.use_null()
    workspace.use_tsv(tsv_rows(8))
    workspace.raw["families"] = ["direct", "duplicate", "detail"]
    workspace.write()
    workspace.init_dvc()
    for name, value in (("url", f"s3://{BUCKET}/g2u"), ("endpointurl", endpoint)):
        if name == "url":
            workspace.run("dvc", "remote", "add", "--default", "store", value)
        else:
            workspace.run("dvc", "remote", "modify", "store", name, value)
    workspace.run("g2u.cli.main", "run")
    workspace.run("dvc", "push")
    first = objects(endpoint)
    git(workspace.folder, "add", "--all")
    git(workspace.folder, "commit", "--quiet", "--message", "results")

    clone = Workspace.__new__(Workspace)
    clone.folder = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", str(workspace.folder), str(clone.folder))
    monkeypatch.setenv("DVC_SITE_CACHE_DIR", str(tmp_path / "other site"))
    clone.run("dvc", "pull")
    done = clone.run("dvc", "repro")
    assert "Running stage" not in done.stdout + done.stderr
    assert not (clone.folder / ".g2u").exists()
    for name in ("index.html", "gains.json"):
        theirs = (workspace.folder / "data/report" / name).read_bytes()
        assert (clone.folder / "data/report" / name).read_bytes() == theirs

    prompt = workspace.raw["presets"]["families"]["detail"]
    workspace.raw["presets"]["families"]["detail"] = {**prompt, "prompt": "Sharpen the picture."}
    workspace.write()
    workspace.run("g2u.cli.main", "run")
    workspace.run("dvc", "push")
    fresh = objects(endpoint) - first
    kept = yaml.safe_load((clone.folder / "cells/mine/dvc.lock").read_text())
    assert kept == yaml.safe_load((workspace.folder / "cells/mine/dvc.lock").read_text())
    assert 0 < len(fresh) < len(first) / 2


def test_dvc_reads_a_dataset_out_of_another_repository(
    workspace: Workspace, tmp_path: Path
) -> None:
    workspace.use_null()
    workspace.use_tsv(tsv_rows(6))
    workspace.raw["families"] = ["direct", "duplicate", "detail"]
    workspace.write()
    workspace.init_dvc()
    workspace.run("stages.prepare", "--benchmark", "mine")
    for family in workspace.raw["families"]:
        cell = ("--benchmark", "mine", "--model", "tiny", "--family", family)
        workspace.run("stages.generate", *cell)
    workspace.run("g2u.cli.main", "export", "thoughts")
    workspace.run("dvc", "add", "thoughts")
    git(workspace.folder, "add", "--all")
    git(workspace.folder, "commit", "--quiet", "--message", "thoughts")

    files = DVCFileSystem(str(workspace.folder))
    assert "thoughts/manifest.json" in files.find("thoughts", detail=False, dvc_only=True)
    other = Workspace.__new__(Workspace)
    other.folder = tmp_path / "other"
    other.folder.mkdir()
    git(other.folder, "init", "--quiet")
    other.run("dvc", "init", "--quiet")
    other.run("dvc", "import", str(workspace.folder), "thoughts")
    assert [cell.config for cell in verify(other.folder / "thoughts").cells] == ["mine-tiny-detail"]
