"""g2u init: a folder becomes a study, or one line says why not and nothing is changed."""

import contextlib
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from g2u.cli import main as command
from g2u.errors import DataError, G2UError
from g2u.params.reading import load
from g2u.pipeline.checks import check
from g2u.pipeline.starting import TEMPLATES, start
from g2u.pipeline.study import enter
from g2u.pipeline.sync import sync
from tests.conftest import ROOT, tsv_rows, write_tsv

NAME = "Müllers Studie"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DVC_SITE_CACHE_DIR", str(tmp_path.parent / "site"))
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    return tmp_path


def everything(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() if path.is_file() else b""
        for path in sorted(folder.rglob("*"))
    }


def test_a_new_study_is_in_step_and_lacks_its_questions_alone(here: Path) -> None:
    said = start(Path(NAME))
    assert said[-1].endswith(f"cd '{NAME}' && g2u run")
    with contextlib.chdir(NAME):
        config = load()
        assert sync(config) == []
        assert Path(".dvc").is_dir()
        assert Path(".git").is_dir()
        with pytest.raises(DataError, match=r"mine\.tsv: no such file"):
            check(config, models_called=())
        write_tsv(Path("mine.tsv"), tsv_rows(2))
        check(config, models_called=())
        with pytest.raises(G2UError, match="OPENAI_BASE_URL is not set"):
            check(config)
        untracked = ["git", "status", "--short", "--untracked-files=all"]
        told = subprocess.run(untracked, capture_output=True, text=True, check=True).stdout
    assert "?? params.yaml" in told
    assert ".dvc/tmp" not in told


def test_the_demonstration_lacks_nothing(here: Path) -> None:
    assert start(Path("demo"), demo=True)[-1] == "next: cd demo && g2u run"
    with contextlib.chdir("demo"):
        check(load())


def test_a_folder_with_files_keeps_them_and_a_repository_around_it_is_used(here: Path) -> None:
    subprocess.run(["git", "init", "--quiet"], check=True)
    theirs = {"mine/mine.tsv": b"theirs", "mine/data/notes.txt": b"theirs", "notes.txt": b"theirs"}
    for name, content in theirs.items():
        (here / name).parent.mkdir(parents=True, exist_ok=True)
        (here / name).write_bytes(content)
    start(Path("mine"))
    assert not Path("mine/.git").exists()
    assert Path("mine/.dvc/config").is_file()
    assert theirs.items() <= everything(here).items()
    with contextlib.chdir("mine"):
        assert sync(load()) == []


def test_the_same_command_goes_on_after_a_fault(here: Path) -> None:
    Path("mine/cells/mine").mkdir(parents=True)
    Path("mine/cells/mine/.dvc.yaml.g2u-new").mkdir()  # where sync writes
    with pytest.raises(DataError):
        start(Path("mine"))
    Path("mine/cells/mine/.dvc.yaml.g2u-new").rmdir()
    start(Path("mine"))
    with contextlib.chdir("mine"):
        assert sync(load()) == []


def written(name: str) -> Callable[[], object]:
    def write() -> None:
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text("theirs\n")

    return write


def inside_another() -> None:
    start(Path())


REFUSED: list[tuple[str, Callable[[], object], str]] = [
    *(
        ("mine", written(f"mine/{name}"), f"mine/{name}: is there")
        for name in ("params.yaml", "dvc.yaml", "dvc.lock", ".gitignore", "cells/a/dvc.yaml")
    ),
    ("mine", written("mine/data"), "mine/data: no folder"),
    ("mine", written("mine"), "is no folder"),
    ("mine/deep", written("mine"), "is no folder"),
    ("mine", written("mine/stages/__init__.py"), "Python would take it for g2u's stages"),
    ("mine", written("mine/flows.py"), "Python would take it for g2u's flows"),
    ("mine", inside_another, "lies in the study"),
    (".", inside_another, "is a study already; next: "),
    ("/proc/mine", written("x"), "expected a folder that can be written"),
]


@pytest.mark.parametrize(("folder", "prepare", "said"), REFUSED, ids=[r[2] for r in REFUSED])
def test_what_cannot_be_a_study_is_refused_in_one_line_and_nothing_is_changed(
    folder: str, prepare: Callable[[], object], said: str, here: Path
) -> None:
    prepare()
    before = everything(here)
    with pytest.raises(DataError, match=said) as error:
        start(Path(folder))
    assert "\n" not in str(error.value)
    assert everything(here) == before


def test_commands_go_to_the_nearest_study_above(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    start(Path("mine"))
    below = Path("mine/data/mine/notes")
    below.mkdir(parents=True)
    Path(below / "params.yaml").write_text("somebody's: own")
    monkeypatch.chdir(below)
    assert enter() == Path("data/mine/notes")
    assert Path.cwd() == here / "mine"
    assert "g2u: in ../../.., the root of the study" in capsys.readouterr().err
    assert enter() == Path()
    assert capsys.readouterr().err == ""


def test_the_call_cache_that_is_looked_at_below_a_study_is_the_study_s(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    start(Path("mine"))
    monkeypatch.delenv("G2U_CACHE", raising=False)
    monkeypatch.chdir("mine/data")
    monkeypatch.setattr("sys.argv", ["g2u", "cache", "stats"])
    command.main()
    assert "the root of the study" in capsys.readouterr().err
    assert not os.path.lexists(here / "mine/data/.g2u")


def test_the_repository_is_a_study_of_the_same_form() -> None:
    def stages(path: Path) -> dict[str, object]:
        found = yaml.safe_load(path.read_text())["stages"]
        own: dict[str, object] = {n: found[n] | {"deps": []} for n in ("report", "gallery")}
        return own

    assert stages(ROOT / "dvc.yaml") == stages(TEMPLATES / "study.dvc.yaml")
    for name, template in ((".dvcignore", "study.dvcignore"), (".dvc/config", "study.dvc.config")):
        assert (ROOT / name).read_text() == (TEMPLATES / template).read_text()
    ignored = (TEMPLATES / "study.gitignore").read_text().splitlines()
    assert set(ignored) <= set((ROOT / ".gitignore").read_text().splitlines())
