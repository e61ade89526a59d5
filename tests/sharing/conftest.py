"""A dataset of thoughts, as the command writes it."""

from pathlib import Path

import pytest

from tests.conftest import Workspace, tsv_rows

CELL = "mine-tiny-detail"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dataset of two cells, written by the command; its workspace lies beside it."""
    folder = tmp_path_factory.mktemp("shared") / "a workspace"
    folder.mkdir()
    made = Workspace(folder)
    made.use_null(settings={"size": 48})
    made.use_tsv([*tsv_rows(12), {**tsv_rows(1)[0], "index": "again"}], licence="MIT")
    made.raw["families"] = ["direct", "duplicate", "detail", "structure"]
    made.write()
    made.run("stages.prepare", "--benchmark", "mine")
    for family in made.raw["families"]:
        cell = ("--benchmark", "mine", "--model", "tiny", "--family", family)
        made.run("stages.generate", *cell)
    made.run("g2u.cli.main", "export", "../thoughts")
    return folder.parent / "thoughts"
