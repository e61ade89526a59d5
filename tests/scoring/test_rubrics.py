"""Rubrics: read from lists of criteria, kept with their weights, or refused in one line."""

import json
from pathlib import Path
from typing import Any

import pytest

from g2u.errors import DataError
from g2u.questions.files.rubrics import Criterion, criteria
from tests.scoring.intake import prepared

LENS = {"criterion": "names the lens", "weight": 2}


@pytest.mark.parametrize(
    ("cell", "weights"),
    [
        (["names the lens", "names the lamp"], [1, 1]),
        ([LENS, {"criterion": "names the lamp"}], [2, 1]),
        (json.dumps([LENS, "names the lamp"]), [2, 1]),
    ],
)
def test_criteria_come_from_lists_of_texts_and_objects(
    tmp_path: Path, cell: Any, weights: list[float]
) -> None:
    (found,) = prepared(tmp_path, [{"a": cell}], format="open", scorer="rubric")
    kept = criteria(found.target.answer)
    assert kept == (
        Criterion("names the lens", weights[0]),
        Criterion("names the lamp", weights[1]),
    )


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("names the lens", "no rubric of 1 to 50 criteria"),
        ([], "no rubric"),
        (["x"] * 51, "no rubric"),
        ([{"weight": 1}], "criterion 1: .* has no text"),
        ([LENS, {"criterion": "x", "weight": 0}], "criterion 2: weight 0"),
        ([{"criterion": "x", "weight": "2"}], "criterion 1: weight '2'"),
        ([{"criterion": "x", "weight": -1}], "expected a number above 0"),
    ],
)
def test_a_rubric_that_cannot_be_read_is_one_line_with_its_row(
    tmp_path: Path, cell: Any, said: str
) -> None:
    with pytest.raises(DataError, match=f"row 1, column a.*{said}"):
        prepared(tmp_path, [{"a": cell}], format="open", scorer="rubric")
