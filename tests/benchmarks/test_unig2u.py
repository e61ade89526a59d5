"""UniG2U's sub-tasks: schema fixtures made here, after lmms-eval 0.7.3, lmms_eval/tasks/unig2u; two
layouts are also read from real samples (bench/samples.py).
"""

import base64
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from g2u import plugins
from g2u.errors import DataError, ParamsError
from g2u.questions.benchmarks import unig2u
from g2u.records import Sample
from g2u.settings import checked
from tests.conftest import png

P, Q, R = png(1), png(2), png(3)
MAZE = {"initial_image": {"bytes": P, "path": None}}
LETTERED = {"image": P, "evaluation_prompt": "Which? A. x B. y C. z D. w", "answer": "C"}
MMSI = {"id": 7, "images": [P, Q], "question": "Which? A: x, B: y", "answer": "B"}
PUZZLE = {"id": "3", "image": {"bytes": P, "path": None}, "question": "Next?", "category": "c",
          "options": ["1", "2", "3", "4"], "answer": "D"}  # fmt: skip
ROWS: dict[str, tuple[dict[str, Any], str, int]] = {
    "chartqa100": ({"image": P, "question": "How much?", "answer": "14.5",
                    "type": "human"}, "14.5", 1),
    "geometry3k": ({"images": [P], "problem": "<image>Find x.", "answer": "5"}, "5", 1),
    "auxsolidmath": ({"original_image": P, "question": "Find x.", "answer": "\\frac{1}{2}",
                      "auxiliary_line_description": "Draw AB."}, "\\frac{1}{2}", 1),
    "babyvision_fine_grained": ({"taskId": 1, "type": "Fine-grained Discrimination", "image": P,
        "question": "Odd one?", "ansType": "choice", "options": ["a", "b"], "choiceAns": 1,
        "blankAns": None}, "B", 1),
    "babyvision_tracking": ({"taskId": 2, "type": "Visual Tracking", "image": P,
        "question": "Where?", "ansType": "blank",
        "options": [], "choiceAns": None, "blankAns": "7"}, "7", 1),
    **{f"illusion_{kind}_{part}": (
        {"image_name": f"{shape}-1-Medieval_Village-Easy-1.5-90.png", "image": P},
        shape if part == "shape" else "Medieval_Village", 1)
       for kind, shape in (("icon", "Animal"), ("logo", "Mercedes Benz"), ("in", "Paper_clip"))
       for part in ("shape", "scene")},
    **{f"mmsi_{name}": (MMSI, "B", 2)
       for name in ("attribute_appr", "attribute_meas", "motion_cam", "motion_obj", "msr")},
    **{f"phyx_{name}": ({"index": 4, "image": base64.b64encode(P).decode(),
                         "question": "How far?", "answer": "3 m", "category": "c"}, "3 m", 1)
       for name in ("mechanics", "optics")},
    **{f"realunify_{name}": (LETTERED, "C", 1)
       for name in ("mental_tracking", "mental_reconstruction", "attentional_focusing")},
    "uni_mmmu_jigsaw": ({"ref_image": P, "cand0_image": Q, "cand1_image": R, "label": "1"},
                        '{"choice": 1}', 3),
    "uni_mmmu_maze": ({**MAZE, "steps": '["up", "left"]'}, '["up", "left"]', 1),
    "uni_mmmu_sliding": ({**MAZE, "steps_words": '["up", "left"]'}, '["down", "right"]', 1),
    **{f"visualpuzzles_{name}": (PUZZLE, "D", 1)
       for name in ("algorithmic", "analogical", "deductive", "inductive", "spatial")},
    "vsp_collision": ({"test_id": 5, "icon_image": P, "example_image": Q, "test_image": R,
        "car_dir": "left", "car_speed": "1.0", "person_dir": "up", "person_speed": "0.5",
        "gt_car": 2.0, "gt_person": 4.0}, "Car: 2.0 Person: 4.0", 3),
    "vsp_google_map": ({"test_id": 5, "example_image": P, "test_image": Q,
        "gt_north_south": -1, "gt_east_west": 4}, "north -1 east 4", 2),
}  # fmt: skip


def read(folder: Path, name: str, row: dict[str, Any]) -> list[Sample]:
    path = folder / f"{name}.parquet"
    pq.write_table(pa.Table.from_pylist([row]), path)
    return list(unig2u.read(unig2u.Settings(file=str(path), task=name)))


def test_every_sub_task_has_a_fixture() -> None:
    assert set(ROWS) == set(unig2u.TASKS)


@pytest.mark.parametrize("name", sorted(ROWS))
def test_a_sub_task_shows_all_pictures_and_scores_gold_one(name: str, tmp_path: Path) -> None:
    row, answer, pictures = ROWS[name]
    (sample,) = read(tmp_path, name, row)
    assert (sample.target.answer, len(sample.pictures)) == (answer, pictures)
    assert sample.target.scorer in unig2u.SCORERS
    scorer = plugins.scorer(sample.target.scorer)
    prediction = scorer.parse(answer, sample.question)
    assert prediction is not None
    assert scorer.score(prediction, answer) == 1.0
    assert sample.question.drawing
    assert "{question}" not in sample.question.drawing
    if not sample.question.choices:
        assert answer not in sample.question.text.split()
    assert "AB" not in sample.question.text


def test_the_solution_is_in_no_prompt(tmp_path: Path) -> None:
    for name, column in (("uni_mmmu_maze", "steps"), ("uni_mmmu_sliding", "steps_words")):
        many = {**MAZE, column: json.dumps(["up"] * 9)}
        few = {**MAZE, column: json.dumps(["left"])}
        one, other = read(tmp_path, name, many)[0], read(tmp_path, name, few)[0]
        assert one.question == other.question


def test_rows_of_the_other_kind_in_one_file_are_left_out(tmp_path: Path) -> None:
    assert read(tmp_path, "babyvision_tracking", ROWS["babyvision_fine_grained"][0]) == []


def test_options_that_are_only_in_the_picture_are_lettered(tmp_path: Path) -> None:
    (sample,) = read(tmp_path, "visualpuzzles_spatial", {**PUZZLE, "options": None})
    assert sample.question.option_letters() == ("A", "B", "C", "D")


@pytest.mark.parametrize(
    ("name", "change", "said"),
    [
        ("uni_mmmu_jigsaw", {"cand1_image": None}, "column cand1_image: no picture"),
        ("mmsi_msr", {"images": []}, "column images: an empty list"),
        ("phyx_optics", {"image": "no picture"}, "column image: not base64"),
        (
            "illusion_icon_shape",
            {"image_name": "animal.png"},
            "not a row of task illusion_icon_shape",
        ),
        ("uni_mmmu_maze", {"steps": "[1"}, "not a row of task uni_mmmu_maze"),
        ("chartqa100", {"answer": ""}, "no question or no answer"),
    ],
)
def test_a_faulty_row_is_one_line(
    name: str, change: dict[str, Any], said: str, tmp_path: Path
) -> None:
    with pytest.raises(DataError, match=said) as error:
        read(tmp_path, name, {**ROWS[name][0], **change})
    assert f"{name}.parquet: row 1" in str(error.value)


def test_a_file_of_another_sub_task_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no column 'problem' for task geometry3k; found image"):
        read(tmp_path, "geometry3k", LETTERED)
    with pytest.raises(ParamsError, match="did you mean 'uni_mmmu_maze'"):
        list(unig2u.read(checked(unig2u.Settings, {"file": "x.parquet", "task": "uni_mmu_maze"})))
