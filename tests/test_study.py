"""g2u.open: a study as frames, as the README has it."""

import re
from pathlib import Path

import pytest

import g2u
from g2u.errors import DataError, ParamsError
from tests.conftest import ROOT, Workspace, tsv_rows

ROWS = 4


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study of the null model on a file, run."""
    workspace = Workspace(tmp_path_factory.mktemp("study"))
    workspace.init_dvc()
    workspace.use_null()
    workspace.use_tsv(tsv_rows(ROWS))
    workspace.raw["families"] = ["direct", "duplicate", "detail"]
    workspace.write()
    workspace.run("g2u.cli.main", "run")
    return workspace.folder


def test_a_study_is_frames_with_the_columns_of_its_tables(folder: Path) -> None:
    study = g2u.open(folder)
    assert repr(study).endswith("3 cells, 1 benchmarks")
    assert study.questions("mine").height == ROWS
    thoughts = study.thoughts(family="detail")
    assert thoughts["status"].to_list() == ["ok"] * ROWS
    assert set(thoughts["source"]) == {p[0] for p in study.questions("mine")["pictures"]}
    drawn = {t.picture.digest for t in study.drawn("mine", "tiny", "detail") if t.picture}
    assert set(thoughts["thought"]) == drawn
    assert study.answers().height == study.scores().height
    assert set(study.scores()["family"]) == {"direct", "duplicate", "detail"}
    gains = study.gains()
    assert {"benchmark", "arm", "gain", "gain_low", "verdict"} <= set(gains.columns)
    assert "duplicate" in gains["arm"]
    pictures = study.pictures("mine")
    assert next(iter(pictures.values())).mode == "RGB"


def test_the_example_of_the_readme_runs(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    (block,) = (each for each in blocks if "g2u.open" in each)
    mine = {"STUDY": folder.as_posix(), "structure": "detail", "ladder": "mine"}
    exec(re.sub("|".join(mine), lambda found: mine[found[0]], block), {})
    assert "duplicate" in capsys.readouterr().out


def test_a_question_is_shown_with_its_thoughts_and_replies(folder: Path) -> None:
    study = g2u.open(folder)
    item = study.questions("mine")["id"][0]
    shown = study.show("mine", item)
    assert {family: len(drawn) for family, drawn in shown.thoughts.items()} == {
        "direct": 0,
        "duplicate": 1,
        "detail": 1,
    }
    page = shown._repr_html_()
    assert page.count("<img") == 3
    assert page.count("<tr>") == 1 + shown.answers.height


def test_what_is_not_there_is_a_line_with_the_next_command(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no params\.yaml; expected a study: g2u init"):
        g2u.open(tmp_path)
    study = g2u.open(folder)
    with pytest.raises(DataError, match="no question"):
        study.show("mine", "none")
    with pytest.raises(ParamsError, match="did you mean 'detail'"):
        study.thoughts(family="detial")
    (folder / "data/mine/detail/tiny/answers.parquet").rename(tmp_path / "kept")
    with pytest.raises(DataError, match=r"answers\.parquet is not made yet; g2u run, or dvc pull"):
        study.answers(family="detail")
