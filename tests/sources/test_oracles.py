"""The truth to draw, from columns of a file: read, kept apart from models, compared with drawings.

Tables here are made up; their pictures are noise.
"""

import json
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from g2u.errors import DataError
from g2u.questions.benchmarks import table, tsv
from g2u.questions.prepared import Prepared
from g2u.records import Sample
from g2u.settings import checked
from tests.conftest import Workspace, png, tsv_rows, write_tsv

COLUMNS = {"question": "asked", "pictures": ["image_1", "image_2"], "answer": "gold"}


def row(number: int, **cells: Any) -> dict[str, Any]:
    return {
        "asked": f"Is {number} even?", "gold": "no" if number % 2 else "yes",
        "image_1": png(number), "image_2": None, "drawn": png(100 + number), "other": None, **cells,
    }  # fmt: skip


def read(
    folder: Path, rows: list[dict[str, Any]], oracle: Any = "drawn", **settings: Any
) -> list[Sample]:
    path = folder / "rows.parquet"
    pq.write_table(pa.Table.from_pylist(rows), path)
    raw = {
        "file": str(path), "format": "yes_no", "may_lack_pictures": True,
        "columns": {**COLUMNS, "oracle": oracle}, **settings,
    }  # fmt: skip
    return list(table.read(checked(table.Settings, raw)))


def test_each_picture_has_the_oracle_of_its_place(tmp_path: Path) -> None:
    both = row(1, image_2=png(2), other=png(102))
    (first, second) = read(tmp_path, [row(0), both], ["drawn", "other"])
    assert [each.encoded for each in first.oracles] == [png(100)]
    assert [each.encoded for each in second.oracles] == [png(101), png(102)]
    assert not {each.digest for each in second.oracles} & set(second.question.pictures)


def test_one_oracle_may_belong_to_a_question_of_several_pictures(tmp_path: Path) -> None:
    rows = [row(1, image_2=png(2))]
    (found,) = read(tmp_path, rows, oracle_of="question")
    assert [each.encoded for each in found.oracles] == [png(101)]
    with pytest.raises(
        DataError, match=r"row 1, columns drawn: oracles 1, pictures 2; .*oracle_of"
    ):
        read(tmp_path, rows)


@pytest.mark.parametrize(
    ("cells", "settings", "said"),
    [
        ({"other": png(9)}, {}, "oracles 2, pictures 1; expected one for each"),
        (
            {"other": png(9)},
            {"oracle_of": "question"},
            "oracles 2, pictures 1; expected one, which",
        ),
        ({"image_1": None}, {}, "oracles 1, pictures 0"),
        ({"drawn": b"no picture"}, {}, "column drawn: "),
    ],
)
def test_oracles_that_belong_to_no_picture_are_refused(
    cells: dict[str, Any], settings: dict[str, Any], said: str, tmp_path: Path
) -> None:
    with pytest.raises(DataError, match=said):
        read(tmp_path, [row(1, **cells)], ["drawn", "other"], **settings)


def test_a_row_without_an_oracle_has_none(tmp_path: Path) -> None:
    found = read(tmp_path, [row(0), row(1, drawn=None)])
    assert [len(each.oracles) for each in found] == [1, 0]


def test_two_truths_of_one_picture_are_refused_and_one_truth_is_kept_once(tmp_path: Path) -> None:
    same = Prepared(read(tmp_path, [row(0), row(1, image_1=png(0), drawn=png(100))]))
    assert len(list(same.pictures())) == len(same.oracles) == 1
    with pytest.raises(DataError, match=r"row 2, column gold: an earlier question shows the same"):
        list(Prepared(read(tmp_path, [row(0), row(1, image_1=png(0))])).pictures())


def test_a_tsv_has_oracles_in_a_column(tmp_path: Path) -> None:
    rows = [{**each, "truth": tsv_rows(1, 7)[0]["image"]} for each in tsv_rows(2)]
    path = write_tsv(tmp_path / "mine.tsv", rows)
    settings = checked(tsv.Settings, {"file": str(path), "oracle": "truth"})
    assert [each.oracles[0].encoded for each in tsv.read(settings)] == [png(7), png(7)]
    with pytest.raises(DataError, match="no column 'truths'"):
        list(tsv.read(checked(tsv.Settings, {"file": str(path), "oracle": "truths"})))


@pytest.mark.parametrize("side", [24, 48])
def test_oracle_arm_and_fidelity_work_on_a_benchmark_that_nobody_here_drew(
    side: int, workspace: Workspace
) -> None:
    """With oracles as large as their pictures, and twice as large; the last row has none."""
    rows = [row(n, drawn=png(100 + n, side) if n < 7 else None) for n in range(8)]
    pq.write_table(pa.Table.from_pylist(rows), workspace.folder / "mine.parquet")
    columns = {"question": "asked", "pictures": "image_1", "answer": "gold", "oracle": "drawn"}
    workspace.raw["presets"]["benchmarks"]["mine"] = {
        "source": "table", "file": "mine.parquet", "format": "yes_no", "columns": columns,
    }  # fmt: skip
    workspace.raw |= {
        "benchmarks": ["mine"],
        "families": ["direct", "duplicate", "detail", "oracle"],
    }
    workspace.use_null()
    workspace.write()
    workspace.init_dvc()
    workspace.run("g2u.cli.main", "run")
    data = workspace.folder / "data/mine"
    shown = pl.read_parquet(data / "oracle/tiny/answers.parquet")
    main = shown.filter(pl.col("is_main")).sort("id")
    assert main["status"].to_list() == ["ok"] * 7 + ["not_applicable"]
    assert main["thoughts"].to_list() == [1] * 7 + [0]
    drawn, truth = (
        json.loads((data / family / "tiny/metrics.json").read_text())["fidelity"]
        for family in ("detail", "oracle")
    )
    by = "path_agreement" if side == 24 else "correlation"
    assert truth["thoughts"] == drawn["thoughts"] == 7
    assert (truth[by], truth["psnr"], truth["ssim"]) == (1.0, 99.0, 1.0)
    assert drawn[by] < 0.9
    assert drawn["psnr"] < 30
    scores = pl.read_parquet(data / "detail/tiny/scores.parquet").filter(pl.col("is_main"))
    assert scores["fidelity"].is_not_null().sum() == 7
    report = json.loads((workspace.folder / "data/report/gains.json").read_text())
    assert report["mine"]["tiny"]["oracle"]["psnr"] == 99.0
