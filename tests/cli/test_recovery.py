"""What stopped `dvc repro` for good, or let it end wrong, is put right before the next one.

Each case is shown on DVC itself: with the fault it stops, or ends wrong; after the repair, right.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from dvc.cli import main as dvc
from dvc.repo import Repo

from g2u.errors import DataError, G2UError
from g2u.pipeline import guard, repairs
from g2u.pipeline.run import run
from g2u.tables.places import DATA
from tests.conftest import Workspace, tsv_rows

OUT, END = DATA / "out" / "table", DATA / "end"
STAGES = """stages:
  first:
    cmd: mkdir -p data/out && cp source data/out/table
    deps: [source]
    outs: [data/out: {persist: true}]
  second: {cmd: tr a-z A-Z < data/out/table > data/end, deps: [data/out], outs: [data/end]}
"""


def repro() -> bool:
    """Whether `dvc repro` ends well."""
    return bool(dvc(["repro", "--no-run-cache", "--quiet"]) == 0)


@pytest.fixture
def pipeline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two stages that have run, one after the other, with hard links to DVC's cache."""
    folder = tmp_path / "a workspace"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("DVC_SITE_CACHE_DIR", str(tmp_path / "site"))
    for level in ("SYSTEM", "GLOBAL"):
        monkeypatch.setenv(f"DVC_{level}_CONFIG_DIR", str(tmp_path / level))
    Repo.init(no_scm=True).close()
    configure("hardlink")
    Path("source").write_text("what it was")
    Path("dvc.yaml").write_text(STAGES)
    assert repro()
    guard.keep_locks()
    assert guard.repair() == []
    return folder


def configure(link: str, **further: str) -> None:
    """Write DVC's settings: how outputs are linked, and others of its cache."""
    told = "".join(f"    {key} = {value}\n" for key, value in further.items())
    Path(".dvc/config").write_text(
        f"[core]\n    no_scm = true\n    analytics = false\n[cache]\n    type = {link}\n{told}"
    )


def change() -> None:
    """Give both stages something to do."""
    Path("source").write_text("what it is now")


def holding(process: int, command: str) -> None:
    """The rwlock as a DVC leaves it that was killed while it wrote `OUT`."""
    info = {"pid": process, "cmd": command}
    lock = {"write": {str(OUT.parent.resolve()): info}, "read": {str(END.resolve()): [info]}}
    repairs.RWLOCK.write_text(json.dumps(lock))


@pytest.mark.usefixtures("pipeline")
@pytest.mark.parametrize("number", [1, os.getpid()], ids=["pid 1", "any other"])
def test_a_lock_of_a_process_whose_number_another_one_has_got_is_freed(number: int) -> None:
    change()
    holding(number, "/usr/bin/dvc repro --no-run-cache")
    assert not repro()
    assert guard.repair() == [f"{repairs.RWLOCK} was held by a process that has ended; removed"]
    assert repro()
    assert END.read_text() == "WHAT IT IS NOW"


@contextmanager
def running(*arguments: str) -> Iterator["subprocess.Popen[bytes]"]:
    """A process with these arguments that waits."""
    waits = "import os, sys; os.close(1); sys.stdin.read()"
    command = [sys.executable, "-c", waits, *arguments]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.read()  # it has begun
        yield process


@pytest.mark.usefixtures("pipeline")
def test_a_lock_of_a_process_that_runs_is_kept_and_of_a_later_one_not() -> None:
    with running("repro", "-q") as process:
        holding(process.pid, "/some/where/dvc repro -q")
        assert guard.repair() == []
        os.utime(repairs.RWLOCK, (1, 1))
        assert guard.repair() == [f"{repairs.RWLOCK} was held by a process that has ended; removed"]
        holding(process.pid, "/some/where/dvc repro -q --force")
        assert len(guard.repair()) == 1


@pytest.mark.usefixtures("pipeline")
def test_a_rwlock_that_only_a_zombie_holds_is_removed() -> None:
    """DVC asks whether a process exists; one that was killed does, until its parent looks."""
    killed = subprocess.Popen([sys.executable, "-c", ""], stdout=subprocess.PIPE)
    assert killed.stdout is not None
    killed.stdout.read()
    os.waitid(os.P_PID, killed.pid, os.WEXITED | os.WNOWAIT)
    zombie = {"pid": killed.pid, "cmd": "dvc repro"}
    with running("push") as alive:
        held = {"pid": alive.pid, "cmd": "dvc push"}
        repairs.RWLOCK.write_text(json.dumps({"read": {"a": [held, zombie]}, "write": {}}))
        assert guard.repair() == [], "one that runs holds it as well"
        repairs.RWLOCK.write_text(json.dumps({"read": {"a": [zombie]}, "write": {"b": zombie}}))
        assert len(guard.repair()) == 1
    assert not repairs.RWLOCK.exists()
    killed.wait()


BROKEN = [
    b"", b'{"data": {"write"', b"[]", b'{"other": {}}', b"\0\xff", b'{"write": {"a": {"pid": 1}}}',
    b'{"write": {"a": 1}}', b'{"read": {"a": {"pid": 1, "cmd": "dvc"}}}', b"null",
]  # fmt: skip


@pytest.mark.usefixtures("pipeline")
@pytest.mark.parametrize("left", BROKEN, ids=repr)
def test_a_broken_rwlock_is_removed(left: bytes) -> None:
    change()
    repairs.RWLOCK.write_bytes(left)
    assert guard.repair() == [f"{repairs.RWLOCK} was broken; removed"]
    assert repro()


@pytest.mark.usefixtures("pipeline")
@pytest.mark.parametrize("place", repairs.LOCK_FILES, ids=str)
def test_a_folder_in_the_place_of_a_lock_is_removed_if_it_is_empty(place: Path) -> None:
    change()
    place.unlink(missing_ok=True)
    place.mkdir()
    assert not repro()
    assert guard.repair() == [f"{place} was a folder; removed"]
    assert repro()
    place.unlink(missing_ok=True)
    (place / "note").mkdir(parents=True)
    with pytest.raises(DataError, match="move it away"):
        guard.repair()
    assert (place / "note").exists()


@pytest.mark.usefixtures("pipeline")
def test_a_hard_lock_that_is_left_over_is_named_with_the_command_that_removes_it() -> None:
    Path(".dvc/config").write_text("[core]\n    no_scm = true\n    hardlink_lock = true\n")
    repairs.LOCK_FILES[-1].write_text("/some/where/else")
    with pytest.raises(DataError, match=r"if no other DVC runs, remove it \(rm \.dvc/tmp/lock\)"):
        guard.run_dvc(["repro"], tell=lambda line: None)


def overwrite(path: Path, content: bytes) -> None:
    """Write into a file in place as root does, whom read-only files do not stop."""
    path.chmod(0o644)
    with path.open("r+b") as file:
        file.write(content)
    path.chmod(0o444)


@pytest.mark.usefixtures("pipeline")
@pytest.mark.parametrize("link", ["hardlink", "symlink"])
def test_an_output_that_was_overwritten_in_place_is_made_again(
    link: str,
) -> None:
    if link == "symlink":
        shutil.copytree(".dvc/cache", "../elsewhere")
        configure(link, dir="../../elsewhere")
    assert dvc(["checkout", "--relink", "--quiet"]) == 0
    overwrite(END, b"what")
    assert repro()
    assert END.read_text() == "what IT WAS", "DVC takes the object for what it was"
    said, *_ = guard.repair()
    assert "was overwritten; removed, it is made again" in said
    assert repro()
    assert END.read_text() == "WHAT IT WAS"
    guard.keep_locks()
    assert guard.repair() == []


@pytest.mark.usefixtures("pipeline")
def test_an_object_that_was_touched_alone_is_kept() -> None:
    for path in Path(".dvc/cache/files/md5").glob("*/*"):
        os.utime(path, (1, 1))
    assert guard.repair() == []
    assert OUT.exists()


@pytest.mark.usefixtures("pipeline")
@pytest.mark.parametrize(
    "place", ["../shared", "/", "elsewhere"], ids=["relative", "absolute", "in"]
)
def test_links_into_a_cache_that_is_gone_are_removed_and_made_again(
    place: str, pipeline: Path
) -> None:
    cache = pipeline.parent / "far" if place == "/" else Path(".dvc", place)
    configure("symlink", dir=str(cache) if place == "/" else place)
    change()
    assert repro()
    assert OUT.is_symlink()
    notes = DATA / "a link of mine"
    notes.symlink_to("/nowhere")
    guard.keep_locks()
    shutil.rmtree(cache)
    assert not repro()
    (said,) = guard.repair()
    assert said.startswith("2 links to objects that DVC's cache has lost")
    assert repro()
    assert END.read_text() == "WHAT IT IS NOW"
    assert notes.is_symlink(), "links of people stay"


@pytest.mark.usefixtures("pipeline")
def test_a_link_to_nothing_at_an_output_is_named_with_the_command_that_removes_it() -> None:
    END.unlink()
    END.symlink_to("/nowhere")
    with pytest.raises(
        DataError, match=r"data/end is a link to nothing: remove it \(rm data/end\)"
    ):
        guard.run_dvc(["repro"], tell=lambda line: None)
    assert END.is_symlink()


@pytest.mark.usefixtures("pipeline")
def test_a_folder_or_a_pipe_in_the_place_of_an_object_is_set_aside() -> None:
    found = [path for path in Path(".dvc/cache/files/md5").glob("*/*") if path.is_file()]
    # DVC opens those of folders first, and would wait for ever for what a pipe has to say
    objects = sorted(found, key=lambda path: path.suffix != ".dir")
    for path in objects:
        path.unlink()
        path.mkdir()
    (objects[0] / "note").write_text("mine")
    objects[1].rmdir()
    os.mkfifo(objects[1])
    assert not repro()
    assert len(guard.repair()) == len(objects)
    assert Path(f"{objects[0]}.damaged", "note").read_text() == "mine"
    assert repro()


@pytest.mark.usefixtures("pipeline")
def test_a_broken_database_of_dvc_is_removed(tmp_path: Path) -> None:
    change()
    for path in (tmp_path / "site").rglob("*.db"):
        path.write_bytes(b"no database" * 100)
    assert not repro()
    with pytest.raises(DataError, match=r"broken and is removed: the same command goes on"):
        guard.run_dvc(["status"], tell=lambda line: None)
    assert repro()


@pytest.mark.usefixtures("pipeline")
def test_what_g2u_remembers_is_found_out_anew_where_it_is_broken() -> None:
    notes = repairs.OWN
    for path in notes:
        path.unlink(missing_ok=True)
        path.mkdir()
    assert len(guard.repair()) == len(notes)
    for path in notes:
        path.write_bytes(b"\xff\xfe")
    assert len(guard.repair()) == len(notes)
    guard.keep_locks()
    assert guard.repair() == []


@pytest.mark.usefixtures("pipeline")
def test_a_folder_in_the_place_of_the_drivers_lock_is_one_line() -> None:
    guard.DRIVER.parent.mkdir(parents=True, exist_ok=True)
    guard.DRIVER.mkdir()
    with pytest.raises(G2UError, match="that can be written"), guard.only_driver():
        pass


@pytest.mark.slow
def test_a_run_after_an_output_was_overwritten_ends_as_the_first_one(
    workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    workspace.init_dvc()
    workspace.raw["presets"]["models"]["nil"] = {"adapter": "null"}
    workspace.raw |= {
        "models": ["nil"], "families": ["direct", "duplicate", "detail"], "run": {"workers": 1},
    }  # fmt: skip
    workspace.use_tsv(tsv_rows(2))
    workspace.write()

    def digests() -> dict[str, str]:
        files = sorted(Path("data/mine").rglob("*.parquet"))
        return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}

    run()
    first = digests()
    overwrite(Path("data/mine/detail/nil/answers.parquet"), b"spoilt")
    overwrite(Path("data/mine/questions.parquet"), b"spoilt")
    capsys.readouterr()
    run()
    assert capsys.readouterr().err.count("was overwritten") == 2
    assert digests() == first


@contextmanager
def small_disk(folder: Path, pages: int) -> Iterator[None]:
    """A file system of that many pages of 4 kB at a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={4 * pages}k", "tmpfs", str(folder)]
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("may not mount a file system")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.mark.slow
@pytest.mark.parametrize(("place", "pages"), [(".g2u", 4), (".dvc/cache", 24), ("data", 60)])
def test_a_run_that_a_full_disk_stopped_goes_on_once_there_is_room(
    workspace: Workspace, place: str, pages: int
) -> None:
    workspace.init_dvc()
    workspace.use_null(batch=4)
    workspace.raw["families"] = ["direct", "duplicate", "detail"]
    workspace.raw["run"] = {"workers": 1}
    workspace.use_tsv(tsv_rows(6))
    with small_disk(workspace.folder / place, pages):
        workspace.write()
        stopped = workspace.run("g2u.cli.main", "run", check=False)
        assert stopped.returncode == 1
        assert "Traceback" not in stopped.stderr
        said = [line for line in stopped.stderr.splitlines() if "Error: " in line]
        assert said[-1].startswith(
            ("DataError: [Errno 28]", "DataError: DVC", "CacheError: call cache")
        )
        roomy = ["mount", "-o", "remount,size=64m", str(workspace.folder / place)]
        subprocess.run(roomy, check=True)
        workspace.run("g2u.cli.main", "run")
        status = workspace.run("dvc", "status").stdout.strip()
        assert status == "Data and pipelines are up to date."
