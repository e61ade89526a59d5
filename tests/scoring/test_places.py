"""Points and boxes against gold boxes, polygons and masks, in the frame that is declared."""

import base64
import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from g2u import plugins
from g2u.errors import DataError, ParamsError
from g2u.pictures.decoding import encode_png, picture_of
from g2u.questions.files.regions import mask_of, region_of
from g2u.records import Question, Target
from g2u.scores.gold import meet
from g2u.scores.items import Item
from g2u.scores.marking import worth
from g2u.scores.official import grounding, pairs
from g2u.scores.places import box_in, points_in
from g2u.scores.regions import overlap, region
from tests.scoring.intake import prepared

PICTURE = picture_of(encode_png(np.zeros((100, 200, 3), np.uint8)), "p")


def gold(
    cell: Any, frame: Any = "pixels", replies: Any = None, edges: Any = "left_top_right_bottom"
) -> str:
    return region_of(cell, PICTURE, frame, replies or frame, edges, "row 1, column a")


def masked(*boxes: tuple[int, int, int, int], size: tuple[int, int] = (200, 100)) -> str:
    light = np.zeros((size[1], size[0], 3), np.uint8)
    for left, top, right, bottom in boxes:
        light[top:bottom, left:right] = 255
    return mask_of(picture_of(encode_png(light), "m"), PICTURE, "relative", "row 1, column a")


def value(scorer: str, response: str, answer: str) -> float | None:
    reader = plugins.scorer(scorer)
    prediction = reader.parse(response, Question("1", "?"))
    return None if prediction is None else worth(reader, prediction, (answer,))


@pytest.mark.parametrize("frame", ["pixels", "relative", "percent", "thousand"])
def test_a_box_is_right_in_the_declared_frame_whatever_frame_the_file_has(frame: str) -> None:
    kept = gold([20, 10, 120, 60], "pixels", frame)
    said = {
        "pixels": "[20, 10, 120, 60]", "relative": "[0.1, 0.1, 0.6, 0.6]",
        "percent": "[10, 10, 60, 60]", "thousand": "[100, 100, 600, 600]",
    }  # fmt: skip
    assert value("box", said[frame], kept) == 1.0
    assert value("box", "[10%, 10%, 60%, 60%]", kept) == 1.0


@pytest.mark.parametrize(
    ("replies", "response"),
    [
        ("relative", "[100, 100, 600, 600]"), ("pixels", "[0.1, 0.1, 0.6, 0.6]"),
        ("thousand", "[0.1, 0.1, 0.6, 0.6]"), ("percent", "[100, 100, 600, 600]"),
        ("pixels", "[100, 100, 600, 600]"),
    ],
)  # fmt: skip
def test_a_reply_in_another_frame_is_undecided_and_never_taken_for_the_declared_one(
    replies: str, response: str
) -> None:
    assert value("box", response, gold([20, 10, 120, 60], "pixels", replies)) is None


def test_half_of_the_union_is_enough_and_less_is_not() -> None:
    kept = gold([0, 0, 100, 100])
    assert value("box", "[0, 0, 50, 100]", kept) == 1.0
    assert value("box", "[0, 0, 49, 100]", kept) == 0.0
    assert value("box", "[150, 0, 200, 100]", kept) == 0.0


def test_overlap_is_that_of_counted_pixels() -> None:
    rng = random.Random(0)
    for _ in range(200):
        boxes = []
        for _ in range(2):
            xs, ys = sorted(rng.sample(range(21), 2)), sorted(rng.sample(range(21), 2))
            boxes.append((xs[0], ys[0], xs[1], ys[1]))
        grids = [np.zeros((20, 20), bool) for _ in boxes]
        for grid, (left, top, right, bottom) in zip(grids, boxes, strict=True):
            grid[top:bottom, left:right] = True
        expected = (grids[0] & grids[1]).sum() / (grids[0] | grids[1]).sum()
        assert overlap(boxes[0], boxes[1]) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("response", "expected"),
    [
        ("(0.2, 0.5)", 1.0), ("[(0.2, 0.5), (0.9, 0.9)]", 0.5), ("(0.9, 0.9)", 0.0),
        ("(0.0999, 0.5)", 0.0), ("(0.1, 0.1)", 1.0), ("(0.3, 0.5)", 0.0), ("(20%, 50%)", 1.0),
        ("(1.0, 1.0)", 0.0), ("(20, 50)", None), ("here", None),
    ],
)  # fmt: skip
def test_points_count_by_the_share_of_them_on_the_mask(
    response: str, expected: float | None
) -> None:
    assert value("point", response, masked((20, 10, 60, 90))) == expected


def test_a_mask_is_kept_pixel_by_pixel() -> None:
    rng = np.random.default_rng(3)
    light = rng.integers(0, 2, (100, 200)).astype(bool)
    file = encode_png(np.repeat(light[:, :, None] * np.uint8(255), 3, axis=2))
    place = region(mask_of(picture_of(file, "m"), PICTURE, "relative", "w"))
    for _ in range(2000):
        x, y = rng.integers(0, 200), rng.integers(0, 100)
        assert place.holds(((x + 0.5) / 200, (y + 0.5) / 100)) == light[y, x]
    assert place.holds(place.example())


@pytest.mark.parametrize(
    "polygon", [[[0, 0], [100, 0], [0, 100]], [[10, 10], [190, 10], [190, 90], [100, 20], [10, 90]]]
)
def test_points_on_and_in_a_polygon_are_inside(polygon: list[list[int]]) -> None:
    place = region(gold(polygon))
    assert all(place.holds((x / 200, y / 100)) for x, y in polygon)
    assert place.holds(place.example())
    assert not place.holds((0.99, 0.99))


@pytest.mark.parametrize(
    ("scorer", "kept"),
    [
        ("box", gold([20, 10, 120, 60])), ("box", gold([0.5, 0.2, 1, 0.9], "relative", "thousand")),
        ("box", gold([3, 3, 4, 4], "pixels", "relative")), ("point", masked((199, 99, 200, 100))),
        ("point", gold([[0, 0], [3, 0], [0, 3]])), ("point", gold([20, 10, 120, 60])),
        ("point", masked((0, 0, 1, 1), (50, 50, 52, 99))),
    ],
)  # fmt: skip
def test_gold_places_are_reached_by_the_reply_that_gives_them(scorer: str, kept: str) -> None:
    assert meet(Question("1", "?"), Target("1", kept, scorer)).flaw == ""


@pytest.mark.parametrize(
    ("cell", "frame", "said"),
    [
        ([20, 10, 320, 60], "pixels", "no box (left, top, right, bottom) within 200 x 100"),
        ([120, 10, 20, 60], "pixels", "no box"),
        ([20, 10, 120, 60], "relative", "within 1 x 1"),
        ("[1, 2, 3]", "pixels", "neither a box nor a polygon"),
        ("the car", "pixels", "neither a box nor a polygon"),
        ([[0, 0], [10, 0], [10, 900]], "pixels", "leaves the picture"),
        ([True, 0, 10, 10], "pixels", "neither"),
    ],
)
def test_a_place_that_does_not_lie_in_its_picture_is_one_line(
    cell: object, frame: str, said: str
) -> None:
    with pytest.raises(DataError) as raised:
        gold(cell, frame)
    assert said in str(raised.value)
    assert "row 1, column a" in str(raised.value)


def test_masks_of_another_size_and_empty_ones_are_refused() -> None:
    with pytest.raises(DataError, match="100 x 100 pixels for a picture of 200 x 100"):
        masked((0, 0, 5, 5), size=(100, 100))
    with pytest.raises(DataError, match="without a light pixel"):
        masked()


def test_places_are_prepared_from_lists_texts_and_pictures(tmp_path: Path) -> None:
    light = np.zeros((24, 24, 3), np.uint8)
    light[6:12, 6:12] = 255
    mask = base64.b64encode(encode_png(light)).decode()
    said = {
        "format": "open", "frame": "pixels", "replies": "thousand",
        "box_is": "left_top_right_bottom",
    }  # fmt: skip
    rows = [{"a": [6, 6, 12, 12]}, {"a": "[6, 6, 12, 12]"}]
    found = prepared(tmp_path, rows, scorer="box", **said)
    assert {json.loads(sample.target.answer)["box"][0] for sample in found} == {0.25}
    (one,) = prepared(tmp_path, [{"a": mask}], scorer="point", **said)
    assert region(one.target.answer).mask == (24, 24)
    assert value("point", "(300, 300)", one.target.answer) == 1.0
    assert value("point", "(900, 300)", one.target.answer) == 0.0


@pytest.mark.parametrize(
    "preset", [{"scorer": "box", "format": "open"}, {"scorer": "short", "frame": "pixels"}]
)
def test_a_frame_is_declared_with_places_and_with_nothing_else(
    tmp_path: Path, preset: dict[str, str]
) -> None:
    with pytest.raises((DataError, ParamsError), match="need frame: pixels"):
        prepared(tmp_path, [{"a": [1, 1, 2, 2]}], **preset)


@pytest.mark.parametrize(
    ("edges", "numbers"),
    [
        ("left_top_right_bottom", [20, 10, 120, 60]), ("left_top_width_height", [20, 10, 100, 50]),
        ("top_left_bottom_right", [10, 20, 60, 120]), ("center_width_height", [70, 35, 100, 50]),
    ],
)  # fmt: skip
def test_a_box_is_what_the_preset_says_that_its_numbers_are(edges: str, numbers: list[int]) -> None:
    assert region(gold(numbers, edges=edges)).box == (0.1, 0.1, 0.6, 0.6)


@pytest.mark.parametrize("scorer", ["box", "point"])
def test_boxes_of_which_nothing_says_what_their_numbers_are_are_refused(
    scorer: str, tmp_path: Path
) -> None:
    said = {"format": "open", "frame": "pixels", "scorer": scorer}
    with pytest.raises((DataError, ParamsError), match=r"box_is.*left_top_width_height"):
        prepared(tmp_path, [{"a": [1, 1, 20, 20]}], **said)


@pytest.mark.parametrize("response", ["[" * 3000, "(1, 2), " * 3000, "x=1 y=" * 3000, "[1,2,3"])
def test_hostile_numbers_end_and_are_no_answer(response: str) -> None:
    assert points_in(response) is None
    assert box_in(response) is None


def item(name: str, prediction: str, score: float | None, answer: str, pair: str = "") -> Item:
    labels = (("pair", pair),) if pair else ()
    return Item(
        Question(name, "?", labels=labels), prediction, Target(name, answer, "box"), score, name
    )


def test_grounding_gives_accuracy_and_the_mean_overlap() -> None:
    kept = gold([0, 0, 100, 100])
    items = [item("1", "0,0,50,100", 1.0, kept), item("2", "0,0,25,100", 0.0, kept)]
    items += [item("3", "", 0.0, kept), item("4", "", None, kept)]
    units = grounding.units(items)
    assert [unit.value for unit in units["mean IoU"]] == [0.5, 0.25, 0.0, None]
    assert [unit.value for unit in units["accuracy"]] == [1.0, 0.0, 0.0, None]
    with pytest.raises(DataError, match="expected scorer: box"):
        grounding.check([], [Target("1", "x", "short")])


@pytest.mark.parametrize(("first", "named"), [(0, False), (1, False), (1, True)])
def test_a_pair_counts_only_where_both_are_right(first: int, named: bool) -> None:
    right = [1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 1.0, None]
    items = [
        item(str(first + n), "x", score, "x", f"p{n // 2}" if named else "")
        for n, score in enumerate(right)
    ]
    pairs.check([each.question for each in items], [])
    assert [unit.value for unit in pairs.units(items)["pairs"]] == [1.0, 0.0, 0.0, None]


def test_a_pair_that_was_parted_is_refused_before_any_call() -> None:
    asked = [Question(str(n), "?") for n in (1, 2, 3)]
    with pytest.raises(DataError, match="pair '1' has 1 questions; expected 2"):
        pairs.check(asked, [])
    with pytest.raises(DataError, match="expected labels: \\[pair\\]"):
        pairs.check([Question("x", "?")], [])
