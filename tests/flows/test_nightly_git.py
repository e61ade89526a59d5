"""What a night does in Git: it takes up all or nothing, commits its own, leaves the index alone."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from flows import git, nightly
from flows.copying import LISTING, copied
from flows.nightly import record, rest_of_the_night, section
from g2u.errors import DataError, ParamsError
from g2u.params.reading import load
from g2u.pipeline import ownership
from g2u.pipeline.starting import start
from g2u.pipeline.sync import sync
from g2u.tables.places import Cell
from tests.conftest import Workspace, tsv_rows, write_tsv

git_ = git.git


def lines(*arguments: str) -> list[str]:
    return git_(*arguments).splitlines()


def index() -> str:
    """Everything that is staged, and how it differs from the work tree."""
    return git_("ls-files", "--stage") + git_("status", "--porcelain")


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A branch that follows another, with files of every state somebody may leave."""
    folder, origin = tmp_path / "here", tmp_path / "origin.git"
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", "/dev/null")
    folder.mkdir()
    monkeypatch.chdir(folder)
    git_("init", "--quiet")
    git_("config", "user.name", "a")
    git_("config", "user.email", "a@b")
    names = ("made", "gone", "partly", "deleted", "renamed", "modified", "known")
    for name in names:
        Path(name).write_text(f"{name}\n" * 5)
    Path(".gitignore").write_text("ignored*\n")
    git_("add", "--all")
    git_("commit", "--quiet", "--message", "begin")
    git_("clone", "--quiet", "--bare", ".", str(origin))
    git_("remote", "add", "origin", str(origin))
    git_("push", "--quiet", "--set-upstream", "origin", "HEAD")
    for name, text in {"staged": "s", "partly": "first", "meant": "m"}.items():
        Path(name).write_text(text)
    git_("add", "staged", "partly")
    Path("partly").write_text("second")
    git_("add", "--intent-to-add", "meant")
    git_("rm", "--quiet", "deleted")
    git_("mv", "renamed", "moved")
    Path("modified").write_text("changed")
    Path("untracked").write_text("u")
    Path("ignored").write_text("i")
    return folder


def changed(commit: str = "HEAD") -> list[str]:
    return lines("show", "--name-only", "--format=", commit)


def test_a_commit_holds_its_paths_alone_and_what_is_staged_stays(repository: Path) -> None:
    before = index()
    Path("made").write_text("anew")
    Path("new").write_text("n")
    Path("ignored.lock").write_text("n")
    Path("gone").unlink()
    asked = ["made", "new", "ignored.lock", "gone", "known", "never there"]
    assert git.commit(asked, "night")
    assert changed() == ["gone", "ignored.lock", "made", "new"]
    assert git_("show", "HEAD:made") == "anew"
    after = index()
    own = {"made", "new", "ignored.lock", "gone"}
    rest = [
        [line for line in text.splitlines() if line.split()[-1] not in own]
        for text in (before, after)
    ]
    assert rest[0] == rest[1]
    assert "?? untracked" in after
    assert not git.commit(asked, "again"), "nothing is left to commit"
    git_("rm", "--quiet", "--cached", "made")
    Path("made").write_text("later")
    assert git.commit(["made"], "though somebody untracked it")


def refuse_hook() -> None:
    hook = Path(".git/hooks/pre-commit")
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho 'no commits at night' >&2\nexit 1\n")
    hook.chmod(0o755)


def no_name() -> None:
    git_("config", "--unset", "user.name")
    git_("config", "--unset", "user.email")
    git_("config", "user.useConfigOnly", "true")


def merging() -> None:
    Path(".git/MERGE_HEAD").write_text(git_("rev-parse", "HEAD"))


def rebasing() -> None:
    Path(".git/rebase-merge").mkdir()


@pytest.mark.parametrize(
    ("trouble", "said"),
    [
        (refuse_hook, "no commits at night"),
        (no_name, "git commit"),
        (merging, "merge under way"),
        (rebasing, "rebase under way"),
    ],
)
def test_a_commit_that_git_refuses_is_one_line_and_changes_nothing(
    trouble: Callable[[], None], said: str, repository: Path
) -> None:
    Path("made").write_text("anew")
    Path("new").write_text("n")
    trouble()
    before, head = index(), git_("rev-parse", "HEAD")
    with pytest.raises(DataError, match=said) as caught:
        git.commit(["made", "new"], "night")
    assert "\n" not in str(caught.value)
    assert (index(), git_("rev-parse", "HEAD")) == (before, head)


def test_the_first_commit_of_a_repository_holds_its_paths_alone(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fresh = tmp_path / "fresh"
    fresh.mkdir()
    monkeypatch.chdir(fresh)
    git_("init", "--quiet")
    git_("config", "user.name", "a")
    git_("config", "user.email", "a@b")
    for name in ("made", "staged"):
        Path(name).write_text(name)
    git_("add", "staged")
    assert git.commit(["made"], "night")
    assert changed() == ["made"]
    assert "A  staged" in index()


def push_elsewhere(tmp_path: Path, **files: str) -> None:
    """Somebody else commits these files and pushes."""
    place = str(tmp_path / "colleague")
    git_("clone", "--quiet", str(tmp_path / "origin.git"), place)
    for name, text in files.items():
        (Path(place) / name).write_text(text)
    told = ("-C", place, "-c", "user.name=b", "-c", "user.email=b@c")
    git_(*told, "add", "--all", "--force")
    git_(*told, "commit", "--quiet", "--message", "elsewhere")
    git_(*told, "push", "--quiet")


@pytest.mark.parametrize("has_own", [False, True])
def test_what_was_pushed_elsewhere_is_taken_up_under_own_commits_and_changes_stay(
    has_own: bool, repository: Path, tmp_path: Path
) -> None:
    if has_own:
        Path("made").write_text("anew")
        git.commit(["made"], "own")
    push_elsewhere(tmp_path, known="changed elsewhere", other="new")
    before = index()
    git.fetch()
    git.take_up()
    assert Path("known").read_text() == "changed elsewhere"
    assert Path("other").exists()
    assert lines("log", "--format=%s") == [*["own"] * has_own, "elsewhere", "begin"]
    kept = [line for line in before.splitlines() if line.split()[-1] != "known"]
    assert set(kept) <= set(index().splitlines())
    assert lines("stash", "list") == []
    assert lines("worktree", "list") == [lines("worktree", "list")[0]]
    git.take_up()
    assert lines("log", "--format=%s")[0] == ("own" if has_own else "elsewhere")


@pytest.mark.parametrize(
    "name", ["modified", "partly", "deleted", "renamed", "staged", "meant", "untracked", "ignored"]
)
def test_a_pull_that_meets_something_uncommitted_changes_nothing(
    name: str, repository: Path, tmp_path: Path
) -> None:
    if name in ("staged", "ignored"):  # and own commits would go with it
        Path("made").write_text("anew")
        git.commit(["made"], "own")
    push_elsewhere(tmp_path, **{name: "changed elsewhere", "known": "too"})
    refuse_to_take_up(f"{name} comes with what was fetched")


def test_a_pull_whose_commits_conflict_changes_nothing(repository: Path, tmp_path: Path) -> None:
    Path("made").write_text("anew")
    git.commit(["made"], "own")
    push_elsewhere(tmp_path, made="changed elsewhere", known="too")
    refuse_to_take_up("made was committed here and there")


def test_a_pull_that_would_put_a_folder_in_place_of_a_file_changes_nothing(
    repository: Path, tmp_path: Path
) -> None:
    place = tmp_path / "colleague"
    git_("clone", "--quiet", str(tmp_path / "origin.git"), str(place))
    (place / "untracked").mkdir()
    (place / "untracked" / "below").write_text("n")
    told = ("-C", str(place), "-c", "user.name=b", "-c", "user.email=b@c")
    git_(*told, "add", "--all")
    git_(*told, "commit", "--quiet", "--message", "elsewhere")
    git_(*told, "push", "--quiet")
    refuse_to_take_up("untracked/below comes with what was fetched")


def refuse_to_take_up(said: str) -> None:
    git.fetch()
    before, head = index(), git_("rev-parse", "HEAD")
    files = {path: path.lstat().st_mtime_ns for path in Path().iterdir() if path.name != ".git"}
    with pytest.raises(DataError, match=said) as caught:
        git.take_up()
    assert "\n" not in str(caught.value)
    assert (index(), git_("rev-parse", "HEAD")) == (before, head)
    now = {path: path.lstat().st_mtime_ns for path in Path().iterdir() if path.name != ".git"}
    assert now == files
    assert lines("stash", "list") == []
    assert len(lines("worktree", "list")) == 1


def test_a_branch_that_follows_none_is_one_line(repository: Path) -> None:
    git_("branch", "--unset-upstream")
    with pytest.raises(DataError, match="no upstream configured"):
        git.fetch()


@pytest.fixture
def night(workspace: Workspace) -> Workspace:
    """A workspace, committed, as if a night had just run in it."""
    workspace.init_dvc()
    workspace.raw["families"] = ["direct", "duplicate"]
    workspace.write()
    for key, value in {"user.name": "a", "user.email": "a@b"}.items():
        git_("config", key, value)
    git_("add", "--all")
    git_("commit", "--quiet", "--message", "begin")
    made = {
        Path("dvc.lock"): "{}",
        Path("cells/dvc.lock"): "{}",
        Path("cells/ladder/direct/dvc.lock"): "{}",
        Cell("ladder", "tiny", "direct").metrics: '{"arms": {}, "gains": {}}',
        Path("data/report/gains.csv"): "cell,benchmark,model,arm,accuracy\n",
        Path("data/report/gains.json"): "{}",
    }
    for path, text in made.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return workspace


def test_a_night_commits_what_a_clone_needs_and_nothing_beside(night: Workspace) -> None:
    night.raw["score"]["resamples"] = 300
    night.raw["benchmarks"] = ["ladder"]
    night.write()
    for name in ("notes.md", "data/raw.csv", "data/ladder/direct/tiny/notes.json"):
        Path(name).write_text("mine")
    Path("cells/raw").mkdir()
    Path("cells/raw/dvc.yaml").write_text("stages: {}\n")
    git_("add", "notes.md", "data/raw.csv")
    said = record.fn()
    assert said == "committed what changed, with params.yaml as this night used it"
    found = {line.split("\t")[1]: line[0] for line in lines("show", "--name-status", "--format=")}
    assert {name for name, kind in found.items() if kind == "A"} == {
        "dvc.lock", "cells/dvc.lock", "cells/ladder/direct/dvc.lock",
        "data/ladder/direct/tiny/metrics.json", "data/report/gains.csv", "data/report/gains.json",
    }  # fmt: skip
    assert {name for name, kind in found.items() if kind == "D"} == {
        "data/easy_vqa/.dvcignore", "cells/easy_vqa/dvc.yaml",
        "cells/easy_vqa/direct/dvc.yaml", "cells/easy_vqa/duplicate/dvc.yaml",
    }  # fmt: skip
    assert {"params.yaml", "dvc.yaml"} < {name for name, kind in found.items() if kind == "M"}
    assert lines("diff", "--cached", "--name-only") == ["data/raw.csv", "notes.md"]
    assert record.fn() == ""


@pytest.mark.parametrize("change", ["changed code", "new code", "changed data"])
def test_a_night_made_with_what_is_not_committed_is_not_committed_either(
    change: str, night: Workspace
) -> None:
    place = Path("g2u/thoughts/edits/direct.py")
    if change == "changed code":
        place.write_text(place.read_text() + "\n# more\n")
    elif change == "new code":
        place = Path("g2u/answers/feedback/own.py")
        place.write_text(Path("g2u/answers/feedback/only.py").read_text())
    else:
        place = Path("mine.tsv")
        night.raw["presets"]["benchmarks"]["mine"] = {"source": "tsv", "file": str(place)}
        night.raw["benchmarks"] = ["mine"]
        place.write_text("one")
        git_("add", str(place))
        git_("commit", "--quiet", "--message", "data")
        place.write_text("two")
    night.write()
    head = git_("rev-parse", "HEAD")
    with pytest.raises(DataError, match=f"nightly: {place}: read in this night"):
        record.fn()
    assert git_("rev-parse", "HEAD") == head
    assert Path("data/report/gains.json").exists()


def test_a_night_of_a_study_whose_code_lies_elsewhere_reads_its_files_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    start(tmp_path / "study")
    monkeypatch.chdir(tmp_path / "study")
    write_tsv(Path("mine.tsv"), tsv_rows(2))
    assert "deps" not in yaml.safe_load(Path("cells/dvc.yaml").read_text())["stages"]["recipes"]
    assert nightly._read(ownership.Workspace(Path())) == {"mine.tsv"}


@pytest.mark.parametrize(
    ("key", "value"),
    [("cron", "at three"), ("cron", "61 3 * * *"), ("cron", ""), ("timezone", "Nowhere")],
)
def test_a_schedule_that_is_none_is_one_line_before_anything_is_served(
    key: str, value: str, workspace: Workspace
) -> None:
    workspace.raw["nightly"] = {"cron": "0 3 * * *", key: value}
    Path("params.yaml").write_text(yaml.safe_dump(workspace.raw))
    with pytest.raises(ParamsError, match=re.escape(f"nightly.{key}: {value!r}; expected")):
        section()
    workspace.raw["nightly"] = {"cron": "0 3 * * *", "timezone": "Europe/Berlin"}
    Path("params.yaml").write_text(yaml.safe_dump(workspace.raw))
    assert section().timezone == "Europe/Berlin"


def test_a_report_goes_over_its_own_copy_and_over_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, place = tmp_path / "report", tmp_path / "site"
    (source / "pages").mkdir(parents=True)
    names = [Path("index.html"), Path("pages/a.html")]
    for name in names:
        (source / name).write_text("one")
    (place / "pages").mkdir(parents=True)
    (place / "pages" / "notes.txt").write_text("mine")
    for text in ("one", "two"):
        (source / "index.html").write_text(text)
        copied(source, names, str(place), "params.yaml", again=True)
        assert (place / "index.html").read_text() == text
    names.append(Path("own.html"))
    (source / "own.html").write_text("three")
    (source / "index.html").write_text("three")
    (place / "own.html").symlink_to(place / "pages" / "notes.txt")
    with pytest.raises(DataError, match=r"own\.html was not copied there by g2u"):
        copied(source, names, str(place), "params.yaml", again=True)
    assert (place / "pages" / "notes.txt").read_text() == "mine"
    assert (place / "index.html").read_text() == "two", "nothing was copied"
    (place / LISTING).unlink()
    with pytest.raises(DataError, match=r"index\.html was not copied there by g2u"):
        copied(source, names, str(place), "params.yaml", again=True)


def test_a_dataset_is_never_copied_over_another(tmp_path: Path) -> None:
    source, place = tmp_path / "dataset", tmp_path / "shared"
    source.mkdir()
    for name in ("README.md", "manifest.json"):
        (source / name).write_text(name)
    names = [Path("README.md"), Path("manifest.json")]
    copied(source, names, str(place), "flows.share")
    (place / "manifest.json").unlink()
    copied(source, names, str(place), "flows.share")
    (place / "README.md").write_text("mine")
    with pytest.raises(DataError, match=r"README\.md was not copied there"):
        copied(source, names, str(place), "flows.share")
    assert (place / "README.md").read_text() == "mine"


@pytest.mark.slow
def test_a_clone_of_a_night_has_all_of_it(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace.init_dvc()
    workspace.raw["families"] = ["direct", "duplicate"]
    workspace.raw["presets"]["models"]["tiny"] = {"adapter": "null"}
    workspace.raw["run"] = {"workers": 1}
    workspace.use_tsv(tsv_rows(2))
    workspace.write()
    for key, value in {"user.name": "a", "user.email": "a@b"}.items():
        git_("config", key, value)
    workspace.run("dvc", "remote", "add", "store", str(tmp_path / "store"))
    git_("add", "--all")
    git_("commit", "--quiet", "--message", "begin")
    workspace.raw["nightly"] = {"commit": True, "remote": "store"}
    workspace.raw["score"]["resamples"] = 300
    workspace.write()
    rest_of_the_night()
    assert git_("status", "--porcelain") == "", "one commit holds all of it"
    clone = tmp_path / "clone"
    git_("clone", "--quiet", ".", str(clone))
    monkeypatch.chdir(clone)
    workspace.folder = clone
    workspace.run("dvc", "pull", "--remote", "store")
    assert "up to date" in workspace.run("dvc", "status").stdout
    assert sync(load()) == []
