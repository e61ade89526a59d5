"""The wheel, installed in an empty environment, makes a study in an empty folder; the repository is
not looked at, and what is installed is not written to.
"""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from g2u.files import from_yaml
from tests.conftest import ROOT, tsv_rows, write_tsv

pytestmark = pytest.mark.slow

SOURCES = ("g2u", "g2u_tiny", "stages", "flows", "pyproject.toml", "README.md", "LICENSE")
DEPENDENCIES = sysconfig.get_paths()["purelib"]
WATCHED = """
import os

def watch(event, arguments, _own={own!r}, _repository={repository!r}, _others={others!r}):
    if event not in ("open", "os.listdir", "os.scandir") or not arguments[0]:
        return
    if isinstance(arguments[0], int):
        return
    path = os.path.abspath(os.fsdecode(arguments[0]))
    flags = arguments[2] if event == "open" else 0
    writes = bool(flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))
    is_foreign = path.startswith(_repository) and not path.startswith(_others)
    if is_foreign or (writes and path.startswith(_own)):
        with open({noted!r}, "a") as file:
            file.write(f"{{event}} {{path}}\\n")

import sys
sys.addaudithook(watch)
"""
"""Notes what is read of the repository and written into the environment, in every process of it."""


class Installed:
    """An environment with the wheel of the repository and its dependencies, and nothing else."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.wheel = folder, _wheel(folder)
        self.environment = folder / "environment"
        venv.create(self.environment, symlinks=True)
        self.python = self.environment / "bin" / "python"
        self.packages = Path(sysconfig.get_path("purelib", vars={"base": str(self.environment)}))
        self.noted = folder / "noted"
        pip = [sys.executable, "-m", "pip", "--python", str(self.python)]
        install = [*pip, "install", "--quiet", "--no-deps", "--no-index", str(self.wheel)]
        subprocess.run(install, check=True, cwd=folder, env=self._variables())
        (self.packages / "dependencies.pth").write_text(f"import watching\n{DEPENDENCIES}\n")
        own, repository = str(self.packages), f"{ROOT}/"
        (self.packages / "watching.py").write_text(
            WATCHED.format(
                own=own, repository=repository, others=DEPENDENCIES, noted=str(self.noted)
            )
        )

    def _variables(self) -> dict[str, str]:
        """An environment without what tests and their caller set for the repository."""
        kept = {n: v for n, v in os.environ.items() if not n.startswith(("PYTHON", "G2U_", "DVC_"))}
        return kept | {
            "PATH": f"{self.environment / 'bin'}:/usr/local/bin:/usr/bin:/bin",
            "PYTHONDONTWRITEBYTECODE": "1",
            "DVC_SITE_CACHE_DIR": str(self.folder / "site"),
            "DVC_NO_ANALYTICS": "1",
        }

    def run(self, place: Path, *command: str, check: bool = True) -> str:
        """What a command of the environment says, in a folder."""
        done = subprocess.run(
            command, cwd=place, env=self._variables(), capture_output=True, text=True
        )
        assert not check or done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
        return done.stdout + done.stderr


def _wheel(folder: Path) -> Path:
    """The wheel, built of a copy of the sources: building writes beside them."""
    sources = folder / "sources"
    for name in SOURCES:
        place = ROOT / name
        (sources / name).parent.mkdir(parents=True, exist_ok=True)
        if place.is_dir():
            shutil.copytree(place, sources / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(place, sources / name)
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-index"]
    build += ["--no-build-isolation", "--wheel-dir", str(folder / "wheels"), str(sources)]
    subprocess.run(build, check=True, cwd=folder)
    (found,) = (folder / "wheels").glob("g2u-*.whl")
    shutil.rmtree(sources)
    return found


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    return Installed(tmp_path_factory.mktemp("installed"))


@pytest.fixture(scope="module")
def study(installed: Installed) -> Iterator[Path]:
    """A study of six questions, after a run from one of its folders."""
    place = installed.folder / "meine Fälle"
    assert "next: " in installed.run(installed.folder, "g2u", "init", place.name)
    write_tsv(place / "mine.tsv", tsv_rows(6))
    told = from_yaml((place / "params.yaml").read_text())
    told |= {"models": ["nil"], "families": ["direct", "duplicate", "detail"]}
    told["presets"]["models"]["nil"] = {"adapter": "null", "batch": 4}
    told["presets"]["benchmarks"]["mine"]["licence"] = "MIT"
    told["understand"]["controlled"] = ["detail"]
    told["run"] = {"workers": 1}
    (place / "params.yaml").write_text(yaml.safe_dump(told, sort_keys=False))
    (place / "notes").mkdir()
    said = installed.run(place / "notes", "g2u", "run")
    assert "g2u: in .., the root of the study" in said
    assert ", 0 failed" in said
    yield place
    assert not installed.noted.exists(), installed.noted.read_text()


def test_what_is_read_of_the_repository_or_written_into_the_environment_is_noted(
    installed: Installed,
) -> None:
    """So that the absence of notes says something."""
    read, written = ROOT / "README.md", installed.packages / "written.txt"
    code = "import sys; open(sys.argv[1]); open(sys.argv[2], 'w')"
    installed.run(installed.folder, str(installed.python), "-c", code, str(read), str(written))
    assert installed.noted.read_text().split() == ["open", str(read), "open", str(written)]
    installed.noted.unlink()


def test_the_wheel_holds_what_commands_and_stages_need(installed: Installed) -> None:
    names = set(zipfile.ZipFile(installed.wheel).namelist())
    needed = {
        path.relative_to(ROOT).as_posix()
        for name in ("g2u", "g2u_tiny", "stages", "flows")
        for path in (ROOT / name).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert needed <= names
    beside = {name for name in names - needed if ".dist-info/" not in name}
    assert beside == set()
    assert any(name.endswith("licenses/g2u/questions/signs/faces/OFL.txt") for name in names)


def test_a_study_of_six_questions_ends_in_a_report_and_is_then_up_to_date(
    installed: Installed, study: Path
) -> None:
    assert "<title>g2u report: " in (study / "data/report/index.html").read_text()[:400]
    python = str(installed.python)
    assert "up to date" in installed.run(study, python, "-m", "dvc", "status")
    again = installed.run(study, python, "-m", "dvc", "repro")
    assert "Running stage" not in again
    assert "nothing to do: " in installed.run(study, "g2u", "run")
    doctor = installed.run(study, "g2u", "doctor", check=False)
    missing = [line for line in doctor.splitlines() if line.startswith("MISSING")]
    assert len(missing) == 1, "this environment has DVC, and no command of it"
    assert "dvc on PATH" in missing[0]


def test_other_code_is_told_and_makes_anew_what_it_decides(
    installed: Installed, study: Path
) -> None:
    idle = installed.packages / "g2u/thoughts/edits/rounds.py"
    idle.write_text(idle.read_text() + "\nOTHER = 1\n")
    assert "nothing to do: " in installed.run(study, "g2u", "run")
    used = installed.packages / "g2u/thoughts/edits/prompt.py"
    used.write_text(used.read_text() + "\nOTHER = 1\n")
    told = installed.run(study, "g2u", "doctor", check=False)
    assert "cells/dvc.yaml: results are of other code (" in told
    said = installed.run(study, "g2u", "run", "--verbose")
    assert "2 of them new or changed: g2u/thoughts/edits/prompt.py changed" in said
    assert "nil: 0 calls made, " in said
    made = re.findall(r"^Running stage '(.*)'", said, re.MULTILINE)
    assert made == ["cells/dvc.yaml:recipes", "cells/mine/detail/dvc.yaml:generate@nil", "report"]
    assert "other code" not in installed.run(study, "g2u", "doctor", check=False)


def test_own_code_of_a_study_is_dvc_s_to_see(installed: Installed, study: Path) -> None:
    own = study / "own/edits/brighter.py"
    own.parent.mkdir(parents=True)
    own.write_text((installed.packages / "g2u/thoughts/edits/blank.py").read_text())
    told = from_yaml((study / "params.yaml").read_text())
    told["families"].append("brighter")
    told["presets"]["families"] = {"brighter": {"edit": "brighter"}}
    (study / "params.yaml").write_text(yaml.safe_dump(told, sort_keys=False))
    assert ", 0 failed" in installed.run(study, "g2u", "run")
    own.write_text(own.read_text() + "\nOTHER = 1\n")
    status = installed.run(study, str(installed.python), "-m", "dvc", "status")
    assert "own/edits/brighter.py" in status
    assert "other code" not in installed.run(study, "g2u", "doctor", check=False)


def test_the_demonstration_and_the_shelf_come_with_the_package(
    installed: Installed, study: Path
) -> None:
    demo = installed.folder / "demo"
    installed.run(installed.folder, "g2u", "init", "--demo", demo.name)
    plan = installed.run(demo, "g2u", "plan")
    assert "all 24 cells" in plan
    refused = installed.run(study, "g2u", "init", "inner", check=False)
    assert "inner: lies in the study" in refused
    told = from_yaml((study / "params.yaml").read_text())
    told["families"] = ["direct", "duplicate", "detail", "roundtrip"]
    told["presets"].pop("families", None)
    (demo / "params.yaml").write_text(yaml.safe_dump(told))
    write_tsv(demo / "mine.tsv", tsv_rows(1))
    assert "all 4 cells" in installed.run(demo, "g2u", "plan")


def test_a_dataset_alone_is_enough_to_score_answers_to_it(
    installed: Installed, study: Path
) -> None:
    place = installed.folder / "nowhere"
    place.mkdir()
    installed.run(study, "g2u", "export", "../nowhere/thoughts", "mine/nil/detail")
    rows = [f"{row['index']}\t{row['answer']}" for row in tsv_rows(6)]
    (place / "mine.tsv").write_text("\n".join(["index\tprediction", *rows]))
    said = installed.run(place, "g2u", "score", "thoughts", "mine.tsv")
    assert "mine.tsv" in said
    assert " 100.0 [" in said
    assert sorted(path.name for path in place.iterdir()) == ["mine.tsv", "thoughts"]


def test_a_command_without_a_study_says_how_to_make_one(installed: Installed) -> None:
    said = installed.run(installed.folder, "g2u", "run", check=False)
    assert said.count("\n") == 1
    assert said.endswith("g2u init FOLDER makes one\n")
