"""g2u.pipeline.make on a pipeline of five small stages: what runs, what is recorded, what is
said.
"""

import hashlib
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import ROOT

MODULE = """
import sys
from pathlib import Path


READS = {
    "recipes": ["source"],
    "prepare": ["data/recipes/one"],
    "generate": ["data/first"],
    "understand": ["data/first"],
    "report": ["data/left", "data/right/part"],
}
WRITES = {"recipes": "recipes/one", "prepare": "first", "generate": "left",
          "understand": "right/part", "report": "end"}


def main():
    name = Path(__file__).stem
    hook = Path(f"before-{name}")
    if hook.exists():
        exec(hook.read_text())
    reads, writes = READS[name], WRITES[name]
    place = Path("data", writes)
    place.parent.mkdir(parents=True, exist_ok=True)
    text = "".join(Path(path).read_text() for path in reads)
    fresh = place.with_name("fresh")
    fresh.write_text(text + name[0])
    fresh.replace(place)
    if name == "prepare":
        Path("data/metrics.json").write_text("1")
    print(f"{name} said so", file=sys.stderr)


if __name__ == "__main__":
    main()
"""
PIPELINE = """
stages:
  recipes:
    cmd: python -m stages.recipes
    deps: [source]
    outs: [data/recipes: {persist: true}]
  prepare:
    cmd: python -m stages.prepare --benchmark mine
    deps: [data/recipes]
    outs: [data/first]
    metrics: [data/metrics.json: {cache: false}]
  cells:
    foreach: [m]
    do:
      cmd: python -m stages.generate --benchmark mine --model ${item} --family f
      deps: [data/first]
      outs: [data/left]
  understand:
    cmd: python -m stages.understand --benchmark mine --model m --family f
    deps: [data/first]
    outs: [data/right: {persist: true}]
  report:
    cmd: python -m stages.report
    deps: [data/left, data/right]
    outs: [data/end]
"""
DRIVER = f"""
from pathlib import Path

if __name__ == "__main__":
    from g2u.params import reading as params
    from g2u.pipeline.make import make
    from g2u.pipeline.sources import Inputs
    from g2u.terminal.telling import Telling
    from g2u.errors import run_main

    plain = params.load(Path({str(ROOT)!r}, "params.yaml"))
    two = plain.run.model_copy(update={{"workers": 2}})
    config = plain.model_copy(update={{"benchmarks": [], "run": two}})
    run_main(lambda: [make(Inputs.of(config), Telling(print, print))].clear())
"""
NAMES = ("recipes", "prepare", "generate", "understand", "report")
ALL = {"recipes", "prepare", "cells@m", "understand", "report"}
DONE = "Data and pipelines are up to date."


@pytest.fixture
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The pipeline, not yet run; outputs become hard links to DVC's cache."""
    folder = tmp_path / "a workspace"
    (folder / "stages").mkdir(parents=True)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("DVC_SITE_CACHE_DIR", str(tmp_path / "site"))
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=os.pathsep)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    subprocess.run(["git", "init", "-q"], check=True)
    Path(".dvc").mkdir()
    Path(".dvc/config").write_text("[core]\n    analytics = false\n[cache]\n    type = hardlink\n")
    for name in NAMES:
        Path(f"stages/{name}.py").write_text(MODULE)
    Path("stages/__init__.py").write_text((ROOT / "stages/__init__.py").read_text())
    Path("dvc.yaml").write_text(PIPELINE)
    Path("driver.py").write_text(DRIVER)
    Path("source").write_text("s")
    return folder


def made(*, fails: bool = False) -> tuple[set[str], "subprocess.CompletedProcess[str]"]:
    """Stages that ran, and all that was said."""
    done = subprocess.run([sys.executable, "driver.py"], capture_output=True, text=True)
    assert (done.returncode == 1) == fails, done.stdout + done.stderr
    lines = [line for line in done.stdout.splitlines() if line.startswith("Running stage")]
    return {line.split("'")[1] for line in lines}, done


def dvc(*arguments: str) -> str:
    done = subprocess.run([sys.executable, "-m", "dvc", *arguments], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def recorded() -> dict[str, Any]:
    """The stages of dvc.lock."""
    found: dict[str, Any] = yaml.safe_load(Path("dvc.lock").read_text())["stages"]
    return found


def is_sound() -> bool:
    """Whether every object of DVC's cache is what its name says."""
    return all(
        hashlib.md5(path.read_bytes()).hexdigest() == path.parent.name + path.name.split(".")[0]
        for path in Path(".dvc/cache/files/md5").glob("*/*")
    )


@pytest.mark.usefixtures("toy")
def test_it_leaves_what_a_bare_repro_leaves_and_then_neither_has_anything_to_do() -> None:
    ran, done = made()
    assert ran == ALL
    assert "understand said so" in done.stdout
    assert Path("data/end").read_text() == "srpgsrpur"
    lock, ignored = Path("dvc.lock").read_bytes(), Path("data/.gitignore").read_bytes()
    assert dvc("status").strip() == DONE
    assert "Running stage" not in dvc("repro")
    ran, done = made()
    assert (ran, done.stdout) == (set(), "")
    for path in (Path("dvc.lock"), *Path("data").glob("*")):
        subprocess.run(["rm", "-r", str(path)], check=True)
    assert dvc("repro", "--no-run-cache").count("Running stage") == len(ALL)
    assert Path("dvc.lock").read_bytes() == lock
    assert sorted(Path("data/.gitignore").read_bytes().split()) == sorted(ignored.split())


@pytest.mark.usefixtures("toy")
def test_it_makes_what_follows_from_a_change_and_writes_through_no_link() -> None:
    made()
    Path("source").write_text("t")
    assert made()[0] == ALL
    assert Path("data/end").read_text() == "trpgtrpur"
    Path("stages/understand.py").write_text(MODULE.replace("name[0]", "'v'"))
    Path("data/right/part").unlink()
    assert made()[0] == {"understand", "report"}
    Path("data/left").unlink()
    assert made()[0] == {"cells@m"}, "what is made as it was lets the rest be"
    assert is_sound()


CHANGES = {
    "source": ("recipes", set()),
    "own/edits/mine.py": ("generate", {"recipes", "prepare"}),
    "params.yaml": ("understand", {"recipes", "prepare"}),
    "data/first": ("generate", {"recipes", "prepare"}),
}
"""What changes while a stage runs -> the stage, and the stages that may be recorded."""


@pytest.mark.usefixtures("toy")
@pytest.mark.parametrize("changed", CHANGES)
def test_what_changed_meanwhile_keeps_what_depends_on_it_from_being_recorded(changed: str) -> None:
    stage, before = CHANGES[changed]
    hook = Path(f"before-{stage}")
    Path("own/edits").mkdir(parents=True)
    Path("own/edits/mine.py").write_text("")
    hook.write_text(
        f"p = Path({changed!r})\n"
        "t = p.read_text() if p.exists() else ''\n"
        "p.unlink(missing_ok=True)\n"
        "p.write_text(t + '#')\n"
    )
    _, done = made(fails=True)
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"DataError: {changed} changed while ")
    kept = recorded() if Path("dvc.lock").exists() else {}
    assert kept.keys() <= {*before, "understand" if changed == "data/first" else ""}
    hook.unlink()
    made()
    assert dvc("status").strip() == DONE
    assert is_sound()


@pytest.mark.usefixtures("toy")
def test_a_stage_that_fails_is_one_line_and_what_does_not_depend_on_it_is_recorded() -> None:
    Path("before-generate").write_text(
        "from g2u.errors import ModelError; raise ModelError('no such picture')"
    )
    _, done = made(fails=True)
    assert done.stderr == "ModelError: no such picture\n"
    assert recorded().keys() == ALL - {"cells@m", "report"}
    Path("before-generate").write_text("1 / 0")
    ran, done = made(fails=True)
    assert ran == {"cells@m"}
    assert "ZeroDivisionError" in done.stdout
    assert done.stderr.startswith("DataError: stage cells@m stopped with exit code 1")
    Path("before-generate").unlink()
    assert made()[0] == {"cells@m", "report"}


@pytest.mark.usefixtures("toy")
def test_a_process_that_is_killed_at_a_stage_is_one_line_and_the_next_run_goes_on() -> None:
    Path("before-report").write_text("import os; os.kill(os.getpid(), 9)")
    _, done = made(fails=True)
    assert done.stderr.startswith("ModelError: a process that made stages was killed")
    assert recorded().keys() == ALL - {"report"}
    Path("before-report").write_text(
        "import multiprocessing, os; os.kill(multiprocessing.parent_process().pid, 9)"
    )
    killed = subprocess.run([sys.executable, "driver.py"], capture_output=True)
    assert killed.returncode == -9
    Path("before-report").unlink()
    assert made()[0] == {"report"}
    assert dvc("status").strip() == DONE


@pytest.mark.usefixtures("toy")
def test_stages_of_others_are_run_by_dvc_in_their_place() -> None:
    more = {
        "theirs": {
            "cmd": "tr a-z A-Z < data/left > theirs",
            "deps": ["data/left"],
            "outs": ["theirs"],
        },
        "kept": {"cmd": "false", "deps": ["source"], "outs": ["kept"], "frozen": True},
    }
    told = yaml.safe_load(PIPELINE)
    told["stages"]["report"]["deps"] += ["theirs", "kept"]
    told["stages"]["recipes"]["deps"] += ["added"]
    told["stages"] |= more
    Path("dvc.yaml").write_text(yaml.safe_dump(told, sort_keys=False))
    Path("kept").write_text("k")
    Path("added").write_text("a")
    dvc("add", "added")
    assert made()[0] >= {*ALL, "theirs"}
    assert Path("theirs").read_text() == "SRPG"
    assert dvc("status").strip().splitlines()[-1] == DONE
    assert made()[0] == set()
    Path("added").chmod(0o644)
    Path("added").unlink()
    Path("added").write_text("b")
    assert "recipes" in made()[0]
    assert dvc("status").strip().splitlines()[-1] == DONE


@pytest.mark.usefixtures("toy")
def test_another_dvc_at_work_is_one_line() -> None:
    Path(".dvc/tmp").mkdir()
    holds = (
        "import sys, zc.lockfile\n"
        "held = zc.lockfile.LockFile('.dvc/tmp/lock')\n"
        "print(flush=True)\n"
        "sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", holds], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        other.stdout.readline()
        _, done = made(fails=True)
        other.communicate()
    (line,) = done.stderr.splitlines()
    assert line.startswith("DataError: DVC stopped: Unable to acquire lock.")
