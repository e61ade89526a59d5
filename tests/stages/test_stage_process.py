"""`python -m stages.<name>` runs in g2u's Python, whichever `python` the PATH leads to."""

import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from g2u.pipeline import guard
from tests.conftest import ROOT

STAGE = "import sys\nprint('ran in', sys.prefix, *sys.argv[1:])\n"


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace with one stage, and a Python without packages."""
    (tmp_path / "stages").mkdir()
    (tmp_path / "stages/__init__.py").write_text((ROOT / "stages/__init__.py").read_text())
    (tmp_path / "stages/idle.py").write_text(STAGE)
    venv.create(tmp_path / "bare", symlinks=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path / "bare/bin/python"


def ran(python: Path | str) -> "subprocess.CompletedProcess[str]":
    """The stage, run as dvc.yaml says."""
    command = [str(python), "-m", "stages.idle", "--family", "a b"]
    return subprocess.run(command, capture_output=True, text=True)


def test_a_python_without_packages_gives_its_place_to_the_environments(bare: Path) -> None:
    Path(".venv").symlink_to(sys.prefix)
    done = ran(bare)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split(maxsplit=3)[2:] == [str(Path(".venv").absolute()), "--family a b\n"]


def test_without_an_environment_it_is_one_line(bare: Path) -> None:
    done = ran(bare)
    assert done.returncode == 1
    assert done.stderr == (
        f"{bare} has not the packages of g2u; activate its environment "
        "(. .venv/bin/activate), then run again\n"
    )
    Path(".venv").symlink_to(bare.parent.parent)
    assert ran(bare).returncode == 1, "an environment that lacks them too is not asked for ever"
    assert ran(sys.executable).returncode == 0


def test_dvc_runs_stages_with_the_python_of_g2u(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", os.pathsep.join(["/usr/bin", "/bin"]))
    monkeypatch.setenv("DVC_SITE_CACHE_DIR", str(tmp_path / "site"))
    Path(".dvc").mkdir()
    Path(".dvc/config").write_text("[core]\n    no_scm = true\n    analytics = false\n")
    said = "import sys; print(sys.prefix)"
    Path("dvc.yaml").write_text(f'stages: {{say: {{cmd: python -c "{said}"}}}}\n')
    lines: list[str] = []
    guard.run_dvc(["repro"], tell=lines.append)
    assert sys.prefix in lines
