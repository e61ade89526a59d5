"""VLMEvalKit TSV files: every form is read, every fault is one line with file, row and column."""

import base64
from pathlib import Path
from typing import Any

import pytest

from g2u.benchmarks import tsv
from g2u.errors import DataError
from g2u.records import Sample
from tests.conftest import SHARED, png, tsv_rows, write_tsv

Rows = list[dict[str, str]]


def read(tmp_path: Path, rows: Rows, **settings: Any) -> list[Sample]:
    return list(tsv.read({"file": str(write_tsv(tmp_path / "b.tsv", rows)), **settings}))


def b64(seed: int) -> str:
    return base64.b64encode(png(seed)).decode()


def choice_row(**changes: str) -> dict[str, str]:
    row = {"index": "1", "image": b64(1), "question": "Which?", "hint": "Look left."}
    return {
        **row,
        "A": "None",
        "B": "N/A",
        "C": "nan",
        "D": "",
        "E": "1.0",
        "answer": "E",
    } | changes


def test_option_texts_that_look_missing_are_kept_and_gaps_keep_their_letters(
    tmp_path: Path,
) -> None:
    sample = read(tmp_path, [choice_row()])[0]
    assert sample.question.choices == ("None", "N/A", "nan", "1.0")
    assert sample.question.option_letters() == ("A", "B", "C", "E")
    assert sample.question.hint == "Look left."
    assert (sample.target.answer, sample.target.scorer) == ("E", "choice")


def test_a_reference_names_the_row_that_holds_the_picture(tmp_path: Path) -> None:
    rows = tsv_rows(3)
    rows[0]["image"] = "2"
    samples = read(tmp_path, rows)
    assert samples[0].question.pictures == samples[2].question.pictures


def test_list_cells_give_every_picture_in_order(tmp_path: Path) -> None:
    rows = tsv_rows(2)
    rows[0]["image"] = str([b64(7), b64(8), b64(7)])
    pictures = read(tmp_path, rows)[0].question.pictures
    assert len(pictures) == 3
    assert pictures[0] == pictures[2] != pictures[1]


def test_text_only_files_have_no_pictures(tmp_path: Path) -> None:
    rows = [{k: v for k, v in row.items() if k != "image"} for row in tsv_rows(2)]
    assert read(tmp_path, rows)[0].question.pictures == ()


def test_paths_are_read_below_the_declared_root_only(tmp_path: Path) -> None:
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / "a.png").write_bytes(png(1))
    (tmp_path / "outside.png").write_bytes(png(2))
    row = {"index": "1", "image_path": "a.png", "question": "Q?", "answer": "yes"}
    assert read(tmp_path, [row], image_root=str(tmp_path / "root"))[0].pictures
    for path in ("../outside.png", str(tmp_path / "outside.png")):
        with pytest.raises(DataError, match="leaves image_root"):
            read(tmp_path, [{**row, "image_path": path}], image_root=str(tmp_path / "root"))
    with pytest.raises(DataError, match="image_root"):
        read(tmp_path, [row])


def test_yes_no_is_told_from_all_answers_together(tmp_path: Path) -> None:
    rows = tsv_rows(3)
    assert {s.question.format for s in read(tmp_path, rows)} == {"yes_no"}
    rows[1]["answer"] = "maybe"
    assert {s.question.format for s in read(tmp_path, rows)} == {"short"}


def test_a_list_cell_is_never_evaluated(tmp_path: Path) -> None:
    rows = tsv_rows(1)
    rows[0]["image"] = f"[__import__('pathlib').Path('{tmp_path}/hacked').touch()]"
    with pytest.raises(DataError, match="base64"):
        read(tmp_path, rows)
    assert not (tmp_path / "hacked").exists()


def truncated() -> str:
    return base64.b64encode(png(1)[:-30]).decode()


FAULTS: list[tuple[dict[str, str], str, str]] = [
    ({"image": b64(1)[:-3] + "!!!"}, "image", "not base64"),
    ({"image": truncated()}, "image", "not a whole picture"),
    (
        {"image": base64.b64encode(b"no picture at all, only text " * 4).decode()},
        "image",
        "picture",
    ),
    ({"image": "77"}, "image", "refers to row '77'"),
    ({"image": ""}, "image", "empty"),
    ({"answer": "D"}, "answer", "'D' has no option"),
    ({"answer": ""}, "answer", "empty"),
    ({"question": " "}, "question", "empty"),
]


@pytest.mark.parametrize(("change", "column", "said"), FAULTS)
def test_a_fault_names_file_row_and_column(
    tmp_path: Path, change: dict[str, str], column: str, said: str
) -> None:
    with pytest.raises(DataError) as error:
        read(tmp_path, [choice_row(index="0"), choice_row(index="x9", **change)])
    text = str(error.value)
    assert said in text
    assert f"column {column}" in text
    assert "b.tsv: row 3 (index x9)" in text
    assert "\n" not in text


def test_a_duplicate_index_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"row 4 .*column index: '0' occurs twice"):
        read(tmp_path, [*tsv_rows(2), tsv_rows(1)[0]])


def test_missing_columns_rows_and_files_are_named(tmp_path: Path) -> None:
    rows = [{k: v for k, v in row.items() if k != "answer"} for row in tsv_rows(1)]
    with pytest.raises(DataError, match="no column 'answer'"):
        read(tmp_path, rows)
    empty = tmp_path / "empty.tsv"
    empty.write_text("index\tquestion\tanswer\n")
    with pytest.raises(DataError, match="no rows"):
        list(tsv.read({"file": str(empty)}))
    with pytest.raises(DataError, match="no such file"):
        list(tsv.read({"file": str(tmp_path / "absent.tsv")}))


def test_an_oversized_picture_is_refused_before_it_is_decoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("g2u.pictures.MAX_PIXELS", 100)
    with pytest.raises(DataError, match="24x24 pixels; expected at most 100"):
        read(tmp_path, tsv_rows(1))
    monkeypatch.setattr("g2u.pictures.MAX_BYTES", 50)
    with pytest.raises(DataError, match="bytes"):
        read(tmp_path, tsv_rows(1))


@pytest.mark.skipif(not SHARED.is_dir(), reason="real samples are not beside this checkout")
@pytest.mark.parametrize("path", sorted(SHARED.glob("tsv/*.tsv")), ids=lambda path: path.stem)
def test_real_samples_are_read_with_every_picture(path: Path) -> None:
    samples = list(tsv.read({"file": str(path)}))
    assert samples
    assert all(sample.pictures for sample in samples)
    if "multiimage" in path.name:
        assert {len(sample.pictures) for sample in samples} == {3}
