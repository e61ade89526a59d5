"""What a kill can leave behind is put right before the next run."""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from dvc.schema import COMPILED_LOCKFILE_SCHEMA

from g2u.errors import DataError, G2UError
from g2u.pipeline import guard
from tests.conftest import Workspace

LOCK = {
    "schema": "2.0",
    "stages": {
        name: {"cmd": f"make {name}", "outs": [{"path": name, "md5": "0" * 32}]}
        for name in ("prepare", "generate@a", "generate@b")
    },
}


@pytest.fixture
def lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A benchmark's dvc.lock, copied aside as after a good run."""
    monkeypatch.chdir(tmp_path)
    path = Path("cells/mine/dvc.lock")
    path.parent.mkdir(parents=True)
    path.with_suffix(".yaml").touch()
    path.write_text(yaml.safe_dump(LOCK, sort_keys=False))
    guard.keep_locks()
    assert guard.repair() == []
    return path


@pytest.mark.parametrize(
    "left", ["", "schema: '2.0'\nstages:\n  prep", "schema: '2.0'\nstages: {a: {", "\0"]
)
def test_a_broken_lock_file_is_put_back(lock: Path, left: str) -> None:
    lock.write_text(left)
    assert guard.repair() == [f"{lock} was broken; put back"]
    assert yaml.safe_load(lock.read_text()) == LOCK


def test_a_lock_file_that_was_cut_anywhere_is_one_that_dvc_reads(lock: Path) -> None:
    """A run that is killed while DVC writes may leave any beginning of the file."""
    part = {"hash": "md5", "md5": "0" * 32, "size": 12}
    stage = {
        "cmd": "make it",
        "deps": [{"path": "g2u/__init__.py", **part}, {"path": "data/mine/pictures", **part}],
        "params": {"params.yaml": {"generate": {"seed": 0, "max_failed": 0}}},
        "outs": [{"path": "data/mine/thoughts", **part}],
    }
    whole = {"schema": "2.0", "stages": {"first": stage, "second": {**stage, "cmd": "make more"}}}
    text = yaml.safe_dump(whole, sort_keys=False)
    lock.write_text(text)
    guard.keep_locks()
    for end in range(len(text)):
        lock.write_text(text[:end])
        guard.repair()
        left = yaml.safe_load(lock.read_text())
        assert COMPILED_LOCKFILE_SCHEMA(left)["stages"].keys() == {"first", "second"}, end


def test_a_lock_file_that_was_cut_short_gets_its_stages_back(lock: Path) -> None:
    new = {"cmd": "make prepare", "outs": [{"path": "prepare", "md5": "1" * 32}]}
    lock.write_text(yaml.safe_dump({"schema": "2.0", "stages": {"prepare": new}}))
    assert guard.repair() == [f"{lock} had lost 2 stages; put back"]
    stages = yaml.safe_load(lock.read_text())["stages"]
    assert stages == {**LOCK["stages"], "prepare": new}, "what is newer stays"


def test_a_lock_file_that_git_brought_is_left_alone(lock: Path) -> None:
    lock.write_text(yaml.safe_dump({"schema": "2.0", "stages": {"prepare": {"cmd": "x"}}}))
    for command in ("init -q", "add -A", "-c user.name=a -c user.email=a@b commit -qm lock"):
        subprocess.run(["git", *command.split()], check=True)
    before = lock.read_bytes()
    assert guard.repair() == []
    assert lock.read_bytes() == before


def test_a_lock_file_without_a_copy_is_removed_when_broken(lock: Path) -> None:
    lock.write_text("{")
    (guard.KEPT / lock).unlink()
    assert "removed" in guard.repair()[0]
    assert not lock.exists()


def test_a_second_driver_is_refused_as_long_as_the_first_runs(lock: Path) -> None:
    code = "from g2u.pipeline import guard\nwith guard.only_driver(): print('held')"
    with guard.only_driver():
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        assert "is running this study" in done.stderr
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == "held\n"
    with pytest.raises(G2UError, match="wait for it"), guard.only_driver(), guard.only_driver():
        pass


def test_dvc_that_stops_is_one_line(lock: Path) -> None:
    said: list[str] = []
    with pytest.raises(
        DataError, match=r"dvc status stopped with exit code \d+: ERROR.*not a git repository"
    ):
        guard.run_dvc(["status"], tell=said.append)
    assert said


@pytest.mark.parametrize("command", [("sync",), ("fill",), ("cache", "prune")])
def test_commands_that_write_are_refused_while_a_run_is_under_way(
    workspace: Workspace, command: tuple[str, ...]
) -> None:
    workspace.init_dvc()
    with guard.only_driver():
        done = workspace.run("g2u.cli.main", *command, check=False)
    assert done.returncode == 1
    assert "is running this study; wait for it" in done.stderr
