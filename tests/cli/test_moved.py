"""Code that moved keeps its calls, once replies of before came out equal."""

import pytest

from tests.conftest import Workspace, tsv_rows

NULL = "g2u/models/null/__init__.py"


def to_make(workspace: Workspace) -> int:
    """Calls that g2u plan announces."""
    lines = workspace.run("g2u.cli.main", "plan").stdout.splitlines()
    return sum(int(line.split()[4]) for line in lines if line.startswith("all 3 cells"))


def edit(workspace: Workspace, old: str, new: str) -> None:
    path = workspace.folder / NULL
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


@pytest.mark.slow
def test_moved_code_is_asked_again_and_recorded_only_where_all_replies_are_equal(
    workspace: Workspace,
) -> None:
    workspace.init_dvc()
    workspace.use_null(batch=4)
    workspace.raw["families"] = ["direct", "duplicate", "detail"]
    workspace.raw["run"] = {"workers": 1}
    workspace.use_tsv(tsv_rows(3))
    workspace.write()
    unchanged = workspace.run("g2u.cli.main", "check", "tiny", "--moved", check=False)
    assert unchanged.stderr == "ModelError: tiny: the code of null is what it was; nothing moved\n"
    workspace.run("g2u.cli.main", "fill")
    assert to_make(workspace) == 0
    edit(workspace, "_drawn", "_hashed")
    assert to_make(workspace) == 15
    said = workspace.run("g2u.cli.main", "check", "tiny", "--moved").stdout
    assert said.startswith("tiny: 11 replies of earlier code came out equal; recorded for null")
    assert to_make(workspace) == 0
    recorded = (workspace.folder / "g2u/models/moves.json").read_text()
    edit(workspace, "% 64 + 1", "% 64 + 2")
    refused = workspace.run("g2u.cli.main", "check", "tiny", "--moved", check=False)
    assert refused.returncode == 1
    assert "another reply than that of earlier code; nothing is recorded" in refused.stderr
    assert (workspace.folder / "g2u/models/moves.json").read_text() == recorded
    assert to_make(workspace) == 15
