"""What the gallery shows of gold answers: options, texts, criteria, places over the picture."""

import json
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page

from g2u.gallery.gold import Gold, gold_of, said_at
from g2u.gallery.writing import GalleryArm, GalleryCell, GalleryItem, GalleryPart, write_gallery
from g2u.pictures.decoding import picture_of, picture_of_pixels
from g2u.questions.files.regions import Edges, mask_of, region_of
from g2u.records import Question, Target
from tests.conftest import png

PICTURE = picture_of(png(1, 40))
OPEN = Question("q", "Where?", (), (), "open", (PICTURE.digest,))
CHOICE = Question("q", "Which?", ("a", "b", "c"), (), "choice", (PICTURE.digest,))


def ring() -> str:
    """A mask: light where a ring is, dark in its middle."""
    pixels = np.zeros((40, 40, 3), np.uint8)
    pixels[10:30, 10:30] = 255
    pixels[16:24, 16:24] = 0
    return mask_of(picture_of_pixels(pixels), PICTURE, "relative", "here")


EDGES: Edges = "left_top_right_bottom"
PLACES = {
    "box": (
        region_of([10, 10, 30, 30], PICTURE, "pixels", "relative", EDGES, "here"),
        (0.5, 0.5),
    ),
    "polygon": (
        region_of([[4, 4], [36, 4], [20, 36]], PICTURE, "pixels", "relative", None, "here"),
        (0.5, 0.3),
    ),
    "mask": (ring(), (0.3, 0.5)),
}  # fmt: skip
OUTSIDE = {"box": (0.1, 0.5), "polygon": (0.1, 0.9), "mask": (0.5, 0.5)}


def part(gold: Gold, at: str = "", question: Question = OPEN) -> GalleryPart:
    arm = GalleryArm("direct", (), "so", "unparsed", 0.0, None, at=at)
    item = GalleryItem(
        "q", question.text, "", question.lettered_choices(), gold, "", question.pictures,
        {"direct": GalleryCell(arm)},
    )  # fmt: skip
    return GalleryPart("places", "m", ("direct",), [item], {PICTURE.digest: PICTURE})


def opened(page: Page, folder: Path, made: GalleryPart) -> Page:
    write_gallery(folder, [made])
    page.goto(f"{(folder / 'gallery.html').as_uri()}#part=places-m&item=q")
    page.wait_for_selector(".cell img")
    return page


@pytest.mark.browser
@pytest.mark.parametrize("kind", PLACES)
def test_a_gold_place_is_filled_over_the_picture(kind: str, page: Page, tmp_path: Path) -> None:
    kept, inside = PLACES[kind]
    opened(page, tmp_path, part(gold_of(Target("q", kept, "point"), OPEN)))
    holds = """([x, y]) => {
        const point = document.querySelector('.cell svg').createSVGPoint();
        [point.x, point.y] = [x * 1000, y * 1000];
        return document.querySelector('.cell .gold').isPointInFill(point);
    }"""
    assert page.evaluate(holds, inside)
    assert not page.evaluate(holds, OUTSIDE[kind])
    laid, image = (page.locator(f".cell {each}").bounding_box() for each in ("svg", "img"))
    assert laid is not None
    assert laid == pytest.approx(image, abs=1.5)


@pytest.mark.browser
def test_a_reply_in_points_is_marked_where_it_points_to(page: Page, tmp_path: Path) -> None:
    target = Target("q", PLACES["box"][0], "point")
    at = said_at(target, "0.25,0.5 0.75,0.5")
    opened(page, tmp_path, part(gold_of(target, OPEN), at))
    box = page.evaluate("(({x, y, width, height}) => [x, y, width, height])"
                        "(document.querySelector('.cell .said').getBBox())")  # fmt: skip
    left, top, width, height = box
    assert (left + width / 2, top + height / 2) == (500, 500)
    assert width == pytest.approx(500 + height)


@pytest.mark.parametrize("said", ["", "yes", "no place", "900,900", "0.5"])
def test_a_reply_that_names_no_place_of_the_picture_marks_none(said: str) -> None:
    assert said_at(Target("q", PLACES["mask"][0], "point"), said) == ""


@pytest.mark.browser
def test_every_right_option_is_marked_and_what_is_not_read_is_called_so(
    page: Page, tmp_path: Path
) -> None:
    gold = gold_of(Target("q", "AC", "multi_choice"), CHOICE)
    opened(page, tmp_path, part(gold, question=CHOICE))
    assert page.locator("li.gold").all_inner_texts() == ["A. a ← answer", "C. c ← answer"]
    assert "so (not read)" in page.inner_text(".cell")


def test_of_options_that_are_accepted_alike_each_is_right_by_itself() -> None:
    either = gold_of(Target("q", "A", "choice", ("A", "C")), CHOICE)
    assert (either.letters, either.text) == ("AC", "A or C")
    assert gold_of(Target("q", "AC", "multi_choice"), CHOICE).text == "AC"


def test_every_accepted_place_is_outlined() -> None:
    box, polygon = (PLACES[kind][0] for kind in ("box", "polygon"))
    found = gold_of(Target("q", box, "point", (box, polygon)), OPEN).place
    alone = [gold_of(Target("q", each, "point"), OPEN).place for each in (box, polygon)]
    assert found == " ".join(alone)


@pytest.mark.browser
def test_accepted_answers_and_criteria_are_listed(page: Page, tmp_path: Path) -> None:
    people = Target("q", "net", "vqa_soft", ("net", "net", "web"))
    opened(page, tmp_path, part(gold_of(people, OPEN)))
    assert "answer: net (2 of 3) or web (1 of 3)" in page.inner_text(".top")
    rubric = json.dumps([{"criterion": "names the lens", "weight": 2}, {"criterion": "is short"}])
    opened(page, tmp_path, part(gold_of(Target("q", rubric, "rubric"), OPEN)))
    page.reload()
    page.wait_for_selector(".cell img")
    told = page.locator(".top li").all_inner_texts()
    assert told == ["names the lens (weight 2)", "is short (weight 1)"]
