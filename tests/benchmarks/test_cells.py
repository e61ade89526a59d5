"""Cells of tables and TSV files as people write them: read rightly, or one line."""

import base64
import contextlib
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from g2u.errors import DataError
from g2u.params.reading import load
from g2u.params.sections import BenchmarkPreset
from g2u.questions.benchmarks import table, tsv, unig2u
from g2u.records import Sample
from g2u.scores.samples import samples
from tests.conftest import ROOT, png, tsv_rows, write_tsv

COLUMNS = {"question": "asked", "pictures": "shown", "choices": "options", "answer": "gold"}


def picture(seed: int = 1) -> str:
    return base64.b64encode(png(seed)).decode()


def row(**cells: Any) -> dict[str, Any]:
    return {
        "asked": "Where is the key?", "shown": picture(), "options": ["shelf", "drawer"],
        "gold": "A", **cells,
    }  # fmt: skip


def read(tmp_path: Path, cells: dict[str, Any], **settings: Any) -> Sample:
    path = tmp_path / "rows.json"
    path.write_text(json.dumps([cells]))
    columns = {**COLUMNS, **settings.pop("columns", {})}
    given = {"format": "choice", "file": str(path), "columns": columns, **settings}
    (found,) = table.read(table.Settings(**given))
    return found


def prepared(preset: dict[str, Any]) -> list[Sample]:
    """What prepare keeps of a preset."""
    config = load(ROOT / "params.yaml")
    presets = config.presets.model_copy(update={"benchmarks": {"own": BenchmarkPreset(**preset)}})
    return list(samples(config.model_copy(update={"presets": presets}), "own"))


def right(sample: Sample) -> str:
    """The text of the right option."""
    letters = sample.question.option_letters()
    options = dict(zip(letters, sample.question.choices, strict=True))
    return options[sample.target.answer]


def test_a_hole_among_columns_of_options_moves_no_letter(tmp_path: Path) -> None:
    columns = {"choices": ["a", "b", "c", "d"]}
    cells = row(a="shelf", b="", c="drawer", d=None, gold="C")
    found = read(tmp_path, cells, columns=columns)
    assert (right(found), found.question.option_letters()) == ("drawer", ("A", "C"))
    assert (
        right(read(tmp_path, {**cells, "gold": 2}, columns=columns, answer_is="index")) == "drawer"
    )
    with pytest.raises(DataError, match=r"'B' is no letter and no text of 2 options \(A, C\)"):
        read(tmp_path, {**cells, "gold": "B"}, columns=columns)


@pytest.mark.parametrize(
    ("options", "gold"),
    [
        (["shelf", None, "drawer"], "C"),
        ({"A": "shelf", "B": "drawer"}, "B"),
        ({"A": "shelf", "B": "drawer"}, "drawer"),
        ("['shelf', 'drawer']", "(b)"),
        (["A. shelf", "B. drawer"], "B. drawer"),
        (["shelf", "drawer"], "b."),
        ([5, "drawer"], "drawer"),
    ],
)
def test_the_right_option_is_the_one_that_the_file_means(
    options: Any, gold: str, tmp_path: Path
) -> None:
    assert right(read(tmp_path, row(options=options, gold=gold))) == "drawer"


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ({"options": "['shelf' 'drawer']"}, "column options: .* spells no list"),
        ({"options": "3"}, "column options: '3' spells no list"),
        ({"options": 3}, "column options: '3' is no list"),
        ({"options": [["shelf"], ["drawer"]]}, "column options: option A: .* of type list"),
        ({"options": [f"o{n}" for n in range(27)]}, "27 options; expected at most 26"),
        ({"options": None}, "'A' is no letter and no text of 0 options"),
        ({"options": ["shelf", "<image 2>"]}, "in option B '<image 2>' stands for picture 2"),
        ({"gold": None}, "column gold: empty"),
        ({"gold": float("nan")}, "column gold: empty"),
        ({"gold": ["A", "B"]}, "a list, .* expected one answer, or scorer: list"),
        ({"gold": {"letter": "A"}}, "an object, .* expected one answer, or scorer: json_object"),
        ({"asked": ["Where?", "And now?"]}, "column asked: .* of type list; expected one text"),
        ({"asked": {"text": "Where?"}}, "column asked: .* of type dict; expected one text"),
        ({"asked": "['Where?', 'And now?']"}, "column asked: .* spells a list or an object"),
        ({"asked": "Is <image 2> darker?"}, "in the question '<image 2>' stands for picture 2"),
        ({"asked": None}, "column asked: empty question"),
        ({"shown": "clip.mp4"}, "column shown: 'clip.mp4' is a clip; make frames"),
        ({"shown": {"bytes": 10**12}}, "column shown: no picture in it"),
        ({"shown": {"path": "a\0.png"}}, "column shown: is a path"),
        ({"shown": None}, "column shown: no picture in it"),
    ],
)  # fmt: skip
def test_a_cell_that_says_something_else_is_one_line(
    cells: dict[str, Any], said: str, tmp_path: Path
) -> None:
    with pytest.raises(DataError, match=said) as error:
        read(tmp_path, row(**cells))
    assert "row 1" in str(error.value)
    assert "\n" not in str(error.value)


def test_a_path_with_a_null_byte_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read below image_root"):
        read(tmp_path, row(shown={"path": "a\0.png"}), image_root=str(tmp_path))


def test_a_template_prints_no_list_and_no_null(tmp_path: Path) -> None:
    columns = {"question": "{about}\n{asked}"}
    found = read(tmp_path, row(about=None), columns=columns)
    assert found.question.text.strip() == "Where is the key?"
    for cell in ([1, 2], {"a": 1}):
        with pytest.raises(DataError, match=r"column about: .* expected one text"):
            read(tmp_path, row(about=cell), columns=columns)
    for odd in ("{asked", "{asked.upper}", "{0}", "{}", "{asked:d}"):
        with pytest.raises(DataError, match="question"):
            read(tmp_path, row(), columns={"question": odd})
    with pytest.raises(DataError, match="column unit: empty; expected a part of"):
        read(tmp_path, row(gold=3, unit=None), columns={"answer": "{gold} {unit}"}, format="short")


def test_of_numbered_picture_columns_the_filled_ones_are_shown(tmp_path: Path) -> None:
    numbered = {"pictures": ["image_1", "image_2", "image_3"]}
    cells = row(image_1=picture(1), image_2=None, image_3=picture(3))
    assert len(read(tmp_path, cells, columns=numbered).question.pictures) == 2
    with pytest.raises(DataError, match="'<image 3>' stands for picture 3"):
        read(tmp_path, {**cells, "asked": "<image 1><image 3> Which?"}, columns=numbered)
    with pytest.raises(DataError, match="no picture in image_1, image_2, image_3"):
        read(tmp_path, {**cells, "image_1": None, "image_3": ""}, columns=numbered)
    named = {"pictures": ["before", "after"]}
    with pytest.raises(DataError, match="column after: no picture in it"):
        read(tmp_path, row(before=picture(1), after=None), columns=named)


@pytest.mark.parametrize(
    ("scorer", "gold", "kept"),
    [
        ("short", ["elm"], "elm"), ("short", ["elm", "elm"], "elm"), ("short", [7], "7"),
        ("short", ["elm", "elm tree"], "elm"), ("short", "['elm', 'elm tree']", "elm"),
        ("vqa_soft", [{"answer": "elm"}, {"answer": "oak"}, {"answer": "oak"}], "oak"),
        ("list", ["red", "blue"], '["red", "blue"]'), ("route", ["up", "left"], '["up", "left"]'),
        ("json_object", {"choice": 1}, '{"choice": 1}'), ("number", 2.0, "2.0"),
        ("displacement", "North: 2; West: 1", "north 2 east -1"),
        ("yes_no", True, "True"), ("yes_no", "是", "yes"),
    ],
)  # fmt: skip
def test_gold_of_other_forms_is_read_where_it_has_one_meaning(
    scorer: str, gold: Any, kept: str, tmp_path: Path
) -> None:
    path = tmp_path / "rows.json"
    path.write_text(json.dumps([row(gold=gold)]))
    columns = {"question": "asked", "pictures": "shown", "answer": "gold"}
    preset = {"source": "table", "file": str(path), "format": "open", "scorer": scorer}
    assert prepared({**preset, "columns": columns})[0].target.answer == kept


@pytest.mark.parametrize(
    ("scorer", "gold"),
    [
        ("short", ["elm", "unknown"]), ("short", "['elm', ['oak']]"), ("yes_no", 1),
        ("yes_no", "maybe"), ("number", "4 to 6"), ("displacement", "left 2"),
        ("boxed", ["1", "2"]), ("short", [["elm"]]), ("short", [{"text": "elm"}]),
        ("label", "hill"), ("route", "jump"), ("json_object", "1"), ("times", "two"),
    ],
)  # fmt: skip
def test_gold_that_no_reply_reaches_stops_prepare_with_its_row(
    scorer: str, gold: Any, tmp_path: Path
) -> None:
    path = tmp_path / "rows.json"
    path.write_text(json.dumps([row(gold=gold)]))
    columns = {"question": "asked", "pictures": "shown", "answer": "gold"}
    preset = {"source": "table", "file": str(path), "format": "open", "scorer": scorer}
    with pytest.raises(DataError, match=r"rows\.json: row 1, column gold: ") as error:
        prepared({**preset, "columns": columns})
    assert "\n" not in str(error.value)


def ones(count: int) -> list[dict[str, str]]:
    return [{**r, "answer": str(int(r["answer"] == "yes"))} for r in tsv_rows(count)]


def test_yes_and_no_in_other_words_are_refused_or_mapped_by_the_preset(tmp_path: Path) -> None:
    rows = ones(5)
    rows[0]["answer"] = "yes"
    path = str(write_tsv(tmp_path / "b.tsv", rows))
    preset = {"source": "tsv", "file": path, "format": "yes_no"}
    with pytest.raises(DataError, match=r"row 3 \(index 1\), column answer: gold '0'") as error:
        prepared(preset)
    assert str(error.value).endswith('answers: {"1": "yes", "0": "no"} (4 of 5 rows)')
    found = prepared({**preset, "answers": {"1": "yes", "0": "no"}})
    assert [s.target.answer for s in found] == ["yes", "no", "yes", "no", "yes"]
    told = prepared({"source": "tsv", "file": path, "answers": {"1": "yes", "0": "no"}})
    assert {s.question.format for s in told} == {"yes_no"}


@pytest.mark.parametrize(
    ("metric", "cells", "said"),
    [
        ("circular", {"index": "3-0"}, "index '3-0' is no number"),
        ("hallusion", {"index": "3"}, "expected six parts"),
        ("mme", {"category": "count"}, "1 questions about the picture"),
        ("mathvista", {}, "labels: \\[task, skills\\]"),
        ("pope", {"answer": "left"}, "expected yes or no"),
    ],
)
def test_what_a_metric_misses_stops_prepare(
    metric: str, cells: dict[str, str], said: str, tmp_path: Path
) -> None:
    path = write_tsv(tmp_path / "b.tsv", [{**tsv_rows(1)[0], **cells}])
    with pytest.raises(DataError, match=f"own: metric {metric}: .*{said}"):
        prepared({"source": "tsv", "file": str(path), "metric": metric})


def test_a_chart_answer_in_the_form_of_a_list_is_no_route(tmp_path: Path) -> None:
    cells = [{"image": png(1), "question": "Which?", "answer": a, "type": "human"}
             for a in ("[Left, Right]", "[5, 6]")]  # fmt: skip
    pq.write_table(pa.Table.from_pylist(cells), tmp_path / "c.parquet")
    preset = {"source": "unig2u", "task": "chartqa100", "metric": "unig2u"}
    found = prepared({**preset, "file": str(tmp_path / "c.parquet")})
    assert [s.target.answer for s in found] == ["[Left, Right]", "[5, 6]"]


def test_options_of_a_tsv_in_other_columns_are_not_left_out_unseen(tmp_path: Path) -> None:
    for cells in ({"a": "left", "b": "right"}, {"options": "['l', 'r']"}, {"choices": "l; r"}):
        path = write_tsv(tmp_path / "b.tsv", [{**tsv_rows(1)[0], **cells}])
        with pytest.raises(DataError, match=r"source: table"):
            list(tsv.read(tsv.Settings(file=str(path))))
    path = write_tsv(tmp_path / "b.tsv", [{**tsv_rows(1)[0], "choices": "[]"}])
    assert len(list(tsv.read(tsv.Settings(file=str(path))))) == 1


@pytest.mark.parametrize(
    "options", ["['a' 'b' 'c' 'd']", "4", ["a", ["b"]], [b"a", b"b"], {"x": "a"}, ["a"] * 30]
)
def test_options_of_a_visual_puzzle_are_read_or_refused(options: Any, tmp_path: Path) -> None:
    cells = {"id": "1", "image": png(1), "question": "Which?", "answer": "A", "options": options}
    path = tmp_path / "rows.json"
    path.write_text(json.dumps([cells | {"image": picture()}], default=str))
    settings = unig2u.Settings(file=str(path), task="visualpuzzles_spatial")
    if options == [b"a", b"b"]:  # as JSON has it: texts
        assert next(iter(unig2u.read(settings))).question.choices == ("b'a'", "b'b'")
        return
    with pytest.raises(DataError, match="row 1"):
        list(unig2u.read(settings))


def test_a_float_of_mathvista_is_compared_as_precisely_as_its_row_says(tmp_path: Path) -> None:
    cells = {**tsv_rows(1)[0], "answer": "1.2", "question_type": "free_form",
             "answer_type": "float", "precision": "1.0"}  # fmt: skip
    (found,) = prepared({"source": "tsv", "file": str(write_tsv(tmp_path / "b.tsv", [cells]))})
    assert (found.target.answer, found.target.scorer) == ("1.2 +- 0.05", "number")
    cells["precision"] = "-" * 9999
    with pytest.raises(DataError, match=r"column precision: .* decimal places"):
        list(tsv.read(tsv.Settings(file=str(write_tsv(tmp_path / "b.tsv", [cells])))))


HOSTILE = ["[" * 99_999, "(" * 99_999, "-" * 99_999, "{" * 999, "9" * 99_999, "[1]*99"]


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_of_a_cell_raises_anything_but_one_line(text: str, tmp_path: Path) -> None:
    base = {**tsv_rows(1)[0], "question_type": "multi_choice", "choices": text}
    path = str(write_tsv(tmp_path / "b.tsv", [base]))
    with pytest.raises(DataError):
        list(tsv.read(tsv.Settings(file=path)))
    for name in ("options", "asked", "gold", "shown"):
        with contextlib.suppress(DataError):
            read(tmp_path, row(**{name: text}))
