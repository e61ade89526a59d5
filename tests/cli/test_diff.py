"""g2u diff: a study beside another folder, and beside a revision of its own."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import Workspace, tsv_rows

ROWS = 12


def git(folder: Path, *arguments: str) -> None:
    told = ("-c", "user.name=a", "-c", "user.email=a@b.c", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *told, *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A study that was run, committed, copied beside itself, and run with other drawings and a
    question that is asked otherwise.
    """
    made = Workspace(tmp_path_factory.mktemp("diff") / "now")
    made.init_dvc()
    made.use_null()
    made.use_tsv(tsv_rows(ROWS))
    made.raw["families"] = ["direct", "duplicate", "detail"]
    made.write()
    made.run("g2u.cli.main", "run")
    git(made.folder, "add", "-A")
    git(made.folder, "commit", "-q", "-m", "a run")
    shutil.copytree(made.folder, made.folder.parent / "before", symlinks=True)
    made.use_tsv([{**tsv_rows(1)[0], "question": "Is it odd?"}, *tsv_rows(ROWS - 1, 1)])
    made.raw["generate"]["seed"] = 1
    made.write()
    made.run("g2u.cli.main", "run")
    return made


def test_a_folder_is_compared_question_by_question_with_links(workspace: Workspace) -> None:
    said = workspace.run("g2u.cli.main", "diff", "../before").stdout.splitlines()
    assert said[0] == "before: ../before; now: this study"
    assert "arms that both runs have differ" in said[1]
    assert said[2].split()[-2:] == ["lost", "won"]
    assert said[-1] == "page: .g2u/diff.html"
    text = (workspace.folder / ".g2u" / "diff.html").read_text()
    assert f"of {ROWS - 1} questions" in text, "the one that is asked otherwise does not count"
    assert 'href="../data/report/gallery.html#part=mine-tiny&amp;arm=detail&amp;item=' in text
    assert 'href="../../before/data/report/gallery.html"' in text


def test_a_revision_is_compared_by_the_numbers_that_git_holds(workspace: Workspace) -> None:
    said = workspace.run("g2u.cli.main", "diff", "HEAD").stdout
    assert said.startswith("before: HEAD (")
    assert " lost " not in said
    assert "Answers that flipped are not known: Git holds a revision's numbers" in said


def test_a_folder_without_its_answers_is_compared_by_its_numbers(
    workspace: Workspace, tmp_path: Path
) -> None:
    other = tmp_path / "clone"
    shutil.copytree(workspace.folder.parent / "before", other, symlinks=True)
    shutil.rmtree(other / "data" / "mine" / "detail")
    said = workspace.run("g2u.cli.main", "diff", str(other)).stdout
    assert "Answers that flipped are not known: " in said
    assert "accuracy" in said


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ("no-such-thing", "no-such-thing: neither a folder nor a Git revision of this study"),
        ("--", "the following arguments are required: OTHER"),
        ("data", "data: no params.yaml; expected a study"),
    ],
)
def test_what_is_no_run_is_one_line(workspace: Workspace, other: str, said: str) -> None:
    done = workspace.run("g2u.cli.main", "diff", other, check=False)
    assert done.returncode in (1, 2)
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_commit_without_a_report_is_one_line(workspace: Workspace) -> None:
    git(workspace.folder, "stash", "-u")
    git(workspace.folder, "rm", "-q", "--cached", "data/report/gains.json")
    git(workspace.folder, "commit", "-q", "-m", "without")
    git(workspace.folder, "tag", "without")
    git(workspace.folder, "reset", "-q", "--hard", "HEAD~1")
    git(workspace.folder, "stash", "pop")
    done = workspace.run("g2u.cli.main", "diff", "without", check=False)
    assert done.returncode == 1
    assert "without: no data/report/gains.json in this commit" in done.stderr
