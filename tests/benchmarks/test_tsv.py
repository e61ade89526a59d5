"""VLMEvalKit TSV files: every form is read, every fault is one line with file, row and column."""

import base64
from pathlib import Path
from typing import Any

import pytest

from g2u.errors import DataError, ParamsError
from g2u.questions.benchmarks import tsv
from g2u.records import Sample
from g2u.settings import checked
from tests.conftest import SHARED, png, tsv_rows, write_tsv

Rows = list[dict[str, str]]


def read(tmp_path: Path, rows: Rows, **settings: Any) -> list[Sample]:
    path = write_tsv(tmp_path / "b.tsv", rows)
    return list(tsv.read(checked(tsv.Settings, {"file": str(path), **settings})))


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
    ({"answer": "D"}, "answer", "'D' is no letter and no text of 4 options (A, B, C, E)"),
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
        list(tsv.read(tsv.Settings(file=str(empty))))
    with pytest.raises(DataError, match="no such file"):
        list(tsv.read(tsv.Settings(file=str(tmp_path / "absent.tsv"))))


def test_an_oversized_picture_is_refused_before_it_is_decoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("g2u.pictures.decoding.MAX_PIXELS", 100)
    with pytest.raises(DataError, match="24x24 pixels; expected at most 100"):
        read(tmp_path, tsv_rows(1))
    monkeypatch.setattr("g2u.pictures.decoding.MAX_BYTES", 50)
    with pytest.raises(DataError, match="bytes"):
        read(tmp_path, tsv_rows(1))


@pytest.mark.skipif(not SHARED.is_dir(), reason="real samples are not beside this checkout")
@pytest.mark.parametrize("path", sorted(SHARED.glob("tsv/*.tsv")), ids=lambda path: path.stem)
def test_real_samples_are_read_with_every_picture(path: Path) -> None:
    marks = "text" if "MathVision" in path.name else None  # of parts of one picture
    samples = list(tsv.read(tsv.Settings(file=str(path), marks=marks)))
    assert samples
    assert all(sample.pictures for sample in samples)
    if "multiimage" in path.name:
        assert {len(sample.pictures) for sample in samples} == {3}


def test_gold_may_be_a_small_letter_or_the_text_of_an_option(tmp_path: Path) -> None:
    rows = [choice_row(index="1", answer="e"), choice_row(index="2", answer="N/A")]
    assert [s.target.answer for s in read(tmp_path, rows)] == ["E", "B"]


def test_options_that_are_only_letters_are_read(tmp_path: Path) -> None:
    row = choice_row(A="A", B="B", C="C", E="", answer="C")
    assert read(tmp_path, [row])[0].question.choices == ("A", "B", "C")


def test_html_in_questions_stays_text(tmp_path: Path) -> None:
    row = choice_row(question="<b>Which</b> &lt; 3?<script>alert(1)</script>")
    assert read(tmp_path, [row])[0].question.text == row["question"]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_byte_order_marks_line_ends_and_newlines_in_cells_pass(
    end: str, mark: str, tmp_path: Path
) -> None:
    path = tmp_path / "b.tsv"
    lines = ["index\tquestion\tanswer", '1\t"One\ntwo\t""three"""\tx', "2\tPlain?\ty", ""]
    path.write_bytes((mark + end.join(lines)).encode())
    found = list(tsv.read(tsv.Settings(file=str(path))))
    assert [s.question.text for s in found] == ['One\ntwo\t"three"', "Plain?"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (
            b"index\tquestion\tanswer\n1\tA\x00B\tx\n",
            "not a UTF-8 table: line contains NUL",
        ),
        (b"index\tquestion\tanswer\n1\t\xff\xfe\tx\n", "not a UTF-8 table"),
        (b"index\tquestion\tquestion\tanswer\n", "column 'question' occurs twice"),
        (b'index\tquestion\tanswer\n1\t"open\n', "not a UTF-8 table"),
        (b"", "nothing in it"),
        (b"index\tquestion\tanswer\n1\tQ?\n", "row 2 has 2 cells; expected 3"),
        (b"index\tquestion\tanswer\n\tQ?\tx\n", "row 2 .*column index: empty"),
    ],
)
def test_a_file_that_is_no_table_is_one_line(content: bytes, said: str, tmp_path: Path) -> None:
    path = tmp_path / "b.tsv"
    path.write_bytes(content)
    with pytest.raises(DataError, match=said) as error:
        list(tsv.read(tsv.Settings(file=str(path))))
    assert "b.tsv" in str(error.value)
    assert "\n" not in str(error.value)


def test_mathvista_rows_say_themselves_how_they_are_answered(tmp_path: Path) -> None:
    plain = {"question": "Q?", "choices": "", "answer_option": "", "image": b64(1)}
    rows = [
        {"index": "1", **plain, "question_type": "multi_choice", "answer_type": "text",
         "choices": "['NA', '3']", "answer_option": "B", "answer": "3"},
        {"index": "2", **plain, "question_type": "free_form", "answer_type": "float",
         "answer": "1.5"},
        {"index": "3", **plain, "question_type": "free_form", "answer_type": "list",
         "answer": "[1, 2]"},
    ]  # fmt: skip
    found = read(tmp_path, rows)
    assert [s.target.scorer for s in found] == ["choice", "number", "list"]
    assert found[0].question.choices == ("NA", "3")
    assert {s.question.format for s in found} == {"open"}
    assert all("answer_option" not in dict(s.question.labels) for s in found)
    rows[1]["answer_type"] = "colour"
    with pytest.raises(DataError, match=r"row 3 .*column answer_type: 'colour'; expected integer"):
        read(tmp_path, rows)


def test_groups_are_kept_and_further_columns_on_demand(tmp_path: Path) -> None:
    row = choice_row(category="a", split="dev", level="3", answer_explained="E because")
    row["l2-category"] = "b"
    question = read(tmp_path, [row], labels=["level"])[0].question
    assert dict(question.labels) == {
        "split": "dev", "category": "a", "l2-category": "b", "level": "3",
    }  # fmt: skip
    with pytest.raises(DataError, match="no column 'lvl'"):
        read(tmp_path, [row], labels=["lvl"])


def test_format_and_scorer_of_open_questions_may_be_set(tmp_path: Path) -> None:
    sample = read(tmp_path, tsv_rows(1), format="open", scorer="number")[0]
    assert (sample.question.format, sample.target.scorer) == ("open", "number")
    with pytest.raises(ParamsError, match="did you mean 'number'"):
        read(tmp_path, tsv_rows(1), scorer="numbr")
    with pytest.raises(ParamsError, match="format open needs a scorer"):
        read(tmp_path, tsv_rows(1), format="open")


def test_references_reach_rows_that_are_no_longer_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tsv, "KEPT_BYTES", 1)
    rows = tsv_rows(6)
    for row, other in ((1, "0"), (4, "5"), (5, None), (2, "0"), (3, "5")):
        if other is not None:
            rows[row]["image"] = other
    found = read(tmp_path, rows)
    digests = [s.question.pictures for s in found]
    assert digests[0] == digests[1] == digests[2]
    assert digests[3] == digests[4] == digests[5] != digests[0]
