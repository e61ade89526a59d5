"""g2u run: fill on all workers, make in warm processes, the same bytes as a bare dvc repro."""

import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from g2u.calls.opened import call_store
from g2u.cli.cache import examine, prune, used_keys
from g2u.conformance.kept import names
from g2u.errors import CacheError
from g2u.params.reading import load
from g2u.pipeline.fill import in_parts
from g2u.pipeline.plan import plan
from g2u.pipeline.run import run
from g2u.pipeline.workers import LostWorkerError, Workers, nothing_spent
from g2u.records import Question
from tests.campaigns.crashes import forget
from tests.campaigns.ways import digests, recorded
from tests.conftest import Workspace, again, begun, tsv_rows

FILES = 5 + 4 * 7
"""Parquet files of `small`: of the benchmark, and of each of its cells."""


def smaller(workspace: Workspace) -> Workspace:
    """Five questions and four families, on two workers."""
    workspace.init_dvc()
    workspace.use_null(batch=16)
    workspace.raw["families"] = ["direct", "duplicate", "structure", "self"]
    workspace.raw["run"] = {"workers": 2}
    workspace.use_tsv(tsv_rows(5))
    workspace.write()
    return workspace


@pytest.fixture
def small(workspace: Workspace) -> Workspace:
    """Such a workspace."""
    return smaller(workspace)


@pytest.fixture(scope="module")
def ran_once(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """One that was run."""
    with pytest.MonkeyPatch.context() as patch:
        found = smaller(begun(tmp_path_factory.mktemp("ran"), patch))
        found.run("g2u.cli.main", "run")
    return found


@pytest.fixture
def ran(ran_once: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A copy of it."""
    return again(ran_once, tmp_path, monkeypatch)


@pytest.mark.slow
def test_a_bare_repro_packs_what_fill_asked_and_a_run_gives_its_bytes(small: Workspace) -> None:
    filled = small.run("g2u.cli.main", "fill").stderr.splitlines()
    assert len(filled) == 8
    assert any("generate mine tiny structure: 5 calls made" in line for line in filled)
    assert all(line.endswith("0 failed") for line in filled)
    assert all(tally.made == 0 for p in plan(load()) for tally in p.calls.values())
    packed = small.run("dvc", "repro").stderr.splitlines()
    packed = [line for line in packed if line.startswith(("generate", "understand"))]
    assert len(packed) == 8
    assert all(" 0 calls made" in line for line in packed)
    first, locks = digests(), recorded()
    assert len(first) == FILES
    forget(Path())
    ran = small.run("g2u.cli.main", "run", "--verbose")
    assert "fill generate mine tiny structure: 5 calls made" in ran.stderr
    assert "understand mine tiny self: 5 items" in ran.stderr
    assert digests() == first
    assert recorded() == locks
    again = small.run("g2u.cli.main", "run", "--verbose")
    assert again.stderr == ""
    assert again.stdout.startswith("nothing to do: 16 stages are up to date\n")
    assert small.run("dvc", "status").stdout.strip().endswith("are up to date.")


@pytest.mark.slow
def test_workers_start_only_if_something_changed(
    ran: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*given: object) -> None:
        raise AssertionError("fill was called")

    monkeypatch.setattr("g2u.pipeline.fill.fill", refuse)
    run()
    ran.raw["presets"]["families"]["structure"]["prompt"] = "Draw it."
    ran.write()
    with pytest.raises(AssertionError, match="fill was called"):
        run()


@pytest.mark.slow
def test_a_budget_ends_a_run_and_a_greater_one_goes_on(small: Workspace) -> None:
    small.use_null(batch=2)
    small.raw["run"] = {"workers": 1, "budget": {"calls": 8}}
    small.write()
    stopped = small.run("g2u.cli.main", "run", check=False)
    assert stopped.returncode == 1
    assert (
        stopped.stderr.count("BudgetError: the budget of params.yaml is spent: calls 8 of 8") == 1
    )
    assert "Traceback" not in stopped.stderr
    made = {file.key for file in call_store().listing()}
    assert len(made - names(load())) == 8, "what a check asks is none of the budget's"
    small.raw["run"] = {"workers": 1}
    small.write()
    small.run("g2u.cli.main", "run")
    assert len(digests()) == FILES


def test_parts_keep_questions_about_one_picture_together_and_lose_none() -> None:
    questions = [
        Question(str(n), "?", choices=(), format="yes_no", pictures=(f"p{n // 3}",), category="")
        for n in range(40)
    ]
    for parts in (1, 2, 7, 60):
        cut = in_parts(questions, parts)
        assert len(cut) == parts
        assert [q.id for part in cut for q in part] == [q.id for q in questions]
        seen = [{q.pictures for q in part} for part in cut]
        assert sum(len(pictures) for pictures in seen) == 14


def kill_once(mark: str) -> str:
    """In a worker: die at the first call, answer at the second."""
    if not Path(mark).exists():
        Path(mark).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return "done"


@pytest.mark.slow
def test_a_worker_that_was_killed_is_replaced(small: Workspace) -> None:
    with Workers(load(), nothing_spent()) as workers:
        mark = str(small.folder / "mark")
        with pytest.raises(LostWorkerError):
            workers.perform(0, kill_once, mark)
        assert workers.perform(0, kill_once, mark) == "done"


PARENT = """
import os, time
from g2u.pipeline.workers import LostWorkerError, Workers, nothing_spent
from g2u.params.reading import load
if __name__ == "__main__":
    workers = Workers(load(), nothing_spent())
    print(workers.perform(0, os.getpid), flush=True)
    os.kill(os.getpid(), 9)
"""


@pytest.mark.slow
def test_workers_die_with_their_parent(small: Workspace) -> None:
    Path("parent.py").write_text(PARENT)
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(small.folder), os.environ.get("PYTHONPATH", "")]),
    }
    with subprocess.Popen(
        [sys.executable, "parent.py"], stdout=subprocess.PIPE, text=True, env=environment
    ) as parent:
        assert parent.stdout is not None
        worker = int(parent.stdout.readline())
        descriptor = os.pidfd_open(worker)
        parent.wait()
    with os.fdopen(descriptor) as ended:
        assert select.select([ended], [], [], 60)[0], "the worker outlived its parent"


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="asks the Linux kernel for it")
@pytest.mark.parametrize("shell", ["/bin/sh", "/bin/bash"])
def test_a_stage_dies_with_the_dvc_that_started_it(small: Workspace, shell: str) -> None:
    if not Path(shell).exists():
        pytest.skip(f"{shell} is not installed")
    Path("stages/idle.py").write_text(
        "import os, signal\nprint(os.getpid(), flush=True)\nsignal.pause()\n"
    )
    Path("dvc.yaml").write_text("stages: {idle: {cmd: python -m stages.idle}}\n")
    small.init_dvc()
    command = [sys.executable, "-m", "dvc", "repro", "idle"]
    environment = {**os.environ, "SHELL": shell}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as dvc:
        assert dvc.stdout is not None
        stage = next(int(line) for line in dvc.stdout if line.strip().isdigit())
        descriptor = os.pidfd_open(stage)
        dvc.kill()
    with os.fdopen(descriptor) as ended:
        assert select.select([ended], [], [], 60)[0], "the stage outlived DVC"


@pytest.mark.slow
def test_the_cache_is_measured_verified_and_pruned(ran: Workspace) -> None:
    store = call_store()
    stats = examine(store)
    count = len(list(store.listing()))
    assert sum(stats.entries.values()) == count
    assert set(stats.entries) == {"edit", "answer"}, "what the null model can do is shipped"
    ran.raw["families"] = ["direct", "duplicate", "structure"]
    ran.write()
    kept = used_keys(plan(load()))
    held = kept | names(load())
    before = {file.key for file in store.listing()}
    said = ran.run("g2u.cli.main", "cache", "prune", "--unused")
    assert f"{len(before - held)} replies forgotten" in said.stdout
    assert {file.key for file in store.listing()} == before & held
    victim = next(k for k, e in sorted(store.get_many(kept).items()) if e.kind == "edit")
    store.close()
    body = store.get_many([victim])[victim].body
    (path,) = (p for p in Path(store.place).rglob("*.zip") if body in p.read_bytes())
    path.write_bytes(path.read_bytes().replace(body, body[:-1] + bytes([body[-1] ^ 1])))
    verified = ran.run("g2u.cli.main", "cache", "verify", check=False)
    assert verified.returncode == 1
    assert victim in verified.stdout
    assert "0 damaged" in ran.run("g2u.cli.main", "cache", "stats").stdout
    ran.raw["presets"]["families"]["structure"]["prompt"] = "Draw it."
    with pytest.raises(CacheError, match="not complete"):
        used_keys(plan(ran.write()))
    size = sum(file.size for file in store.listing())
    gone, freed = prune(store, size=size / 2)
    assert gone
    assert freed > size / 3
    assert sum(file.size for file in store.listing()) <= size / 2
    left = list(store.listing())
    cleared = ran.run("g2u.cli.main", "cache", "prune").stdout
    assert "0 leftovers of damage and kills forgotten" in cleared, "verify forgot it"
    assert "replies are kept; they go by --unused" in cleared
    assert list(store.listing()) == left
