"""The call cache on a real S3 server, on loopback."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from botocore.config import Config

from g2u.calls.folder import FolderStore
from g2u.calls.opened import CACHE_VARIABLE, OPTIONS_VARIABLE, call_store
from g2u.calls.remote import RemoteStore
from g2u.calls.store import Entry
from g2u.errors import CacheError
from tests.conftest import Workspace, tsv_rows

pytestmark = pytest.mark.slow
KEYS = [f"{number:064x}" for number in range(300)]


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """The address of a server with the bucket `calls`."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        os.environ.setdefault(name, "testing")
    address = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as server:
        retries = Config(retries={"max_attempts": 10, "mode": "standard"})
        client = boto3.client("s3", endpoint_url=address, region_name="us-east-1", config=retries)
        client.create_bucket(Bucket="calls")
        yield address
        server.terminate()


def store(endpoint: str, near: Path) -> RemoteStore:
    return RemoteStore("s3://calls/shared", FolderStore(near), {"endpoint_url": endpoint})


def test_replies_are_shared_between_machines(endpoint: str, tmp_path: Path) -> None:
    first, second = store(endpoint, tmp_path / "a"), store(endpoint, tmp_path / "b")
    entries = {key: Entry(key.encode(), "answer", 0.5) for key in KEYS}
    for key, entry in entries.items():
        first.put(key, entry)
    first.close()
    assert len(first._files.ls("calls/shared/3")) == 1, "one PUT"
    assert [file.key for file in second.listing()] == KEYS
    assert second.get_many([*KEYS, "f" * 64]) == entries
    assert len(list(FolderStore(tmp_path / "b").listing())) == len(KEYS)
    first.remove(KEYS[:1])
    assert store(endpoint, tmp_path / "c").get_many(KEYS[:2]) == {KEYS[1]: entries[KEYS[1]]}


def test_a_bucket_that_is_not_there_is_one_line(endpoint: str, tmp_path: Path) -> None:
    lost = RemoteStore("s3://nowhere/x", FolderStore(tmp_path), {"endpoint_url": endpoint})
    lost.put(KEYS[0], Entry(b"x", "answer", 0.1))
    for use in (lambda: lost.require_room(KEYS), lost.close):
        with pytest.raises(CacheError, match=r"s3://nowhere/x: cannot be written: .*kept in"):
            use()
    assert lost.get_many(KEYS[:1]), "it is kept here"


def test_a_second_clone_makes_no_call(
    endpoint: str, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(CACHE_VARIABLE, "s3://calls/clones")
    monkeypatch.setenv(OPTIONS_VARIABLE, json.dumps({"endpoint_url": endpoint}))
    workspace.raw["families"] = ["direct", "duplicate", "detail"]
    workspace.raw["presets"]["models"]["tiny"] = {"adapter": "null"}
    workspace.raw["run"] = {"workers": 2}
    workspace.use_tsv(tsv_rows(6))
    workspace.write()
    made = workspace.run("g2u.cli.main", "fill").stderr
    assert "generate mine tiny detail: 6 calls made" in made
    for path in sorted((Path(".g2u") / "calls").rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()
    again = workspace.run("g2u.cli.main", "fill").stderr
    assert "generate mine tiny detail: 0 calls made, 6 reused" in again
    assert call_store().place == "s3://calls/clones"
