"""A question of several pictures, in a dataset: whole in each of its rows, in order."""

import base64
from pathlib import Path

import datasets
import pytest

from tests.conftest import Workspace, png, tsv_rows

TEXT = "Is <image 2> like <image 1>?"


@pytest.fixture
def folder(workspace: Workspace) -> Path:
    """A dataset of a placed question of two pictures, and one of one."""
    pair = [base64.b64encode(png(number)).decode() for number in (7, 8)]
    several = {"index": "two", "image": str(pair), "question": TEXT, "answer": "yes"}
    workspace.use_null()
    workspace.use_tsv([*tsv_rows(1), several], licence="MIT")
    workspace.raw["families"] = ["direct", "duplicate", "detail"]
    workspace.write()
    workspace.run("stages.prepare", "--benchmark", "mine")
    cell = ("--benchmark", "mine", "--model", "tiny", "--family", "detail")
    workspace.run("stages.generate", *cell)
    workspace.run("g2u.cli.main", "export", "../thoughts", "mine/tiny/detail")
    return workspace.folder.parent / "thoughts"


def test_rows_hold_every_picture_of_a_question_where_it_has_several(folder: Path) -> None:
    rows = datasets.load_dataset(str(folder), "mine-tiny-detail", split="train")
    rows = rows.cast_column("original", datasets.Image(decode=False))
    uses = [(row, use) for row in rows for use in row["uses"]]
    two = [(row, use) for row, use in uses if use["question"] == "two"]
    assert sorted(use["position"] for _, use in two) == [0, 1]
    for row, use in two:
        assert (use["text"], use["is_placed"]) == (TEXT, True)
        assert [picture.size for picture in use["originals"]] == [(24, 24)] * 2
        assert use["pictures"][use["position"]] == row["source"]
    (one,) = [use for _, use in uses if use["question"] == "0"]
    assert (one["originals"], len(one["pictures"])) == ([], 1)
