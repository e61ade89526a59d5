"""The gallery in a real browser, from the file system: one item, filters, keys, links, 20,000
questions.
"""

import base64
import dataclasses
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from g2u.gallery.gold import Gold
from g2u.gallery.writing import (
    GalleryArm,
    GalleryCell,
    GalleryItem,
    GalleryPart,
    thumbnail,
    write_gallery,
)
from g2u.pictures.decoding import picture_of, picture_of_pixels
from g2u.records import Picture, Question
from stages.gallery import chosen
from tests.conftest import objections, png

pytestmark = pytest.mark.browser
FAMILIES = ("direct", "duplicate", "detail")
ORIGINALS = [picture_of(png(number)) for number in range(40)]
THOUGHTS = [picture_of(png(100 + number)) for number in range(40)]
SHOWN = {picture.digest: picture for picture in (*ORIGINALS, *THOUGHTS)}


def item(number: int) -> GalleryItem:
    """Of four questions, one goes wrong to right, one right to wrong, one fails."""
    kind = number % 4
    original, thought = ORIGINALS[number % 40].digest, THOUGHTS[number % 40].digest
    strange = THOUGHTS[(number + 1) % 40].digest
    base = 0.0 if kind == 0 else 1.0
    own = {0: 1.0, 1: 0.0, 2: None, 3: 1.0}[kind]
    status = "failed" if kind == 2 else "ok"
    main = GalleryArm(
        "detail", (thought,), "B", status, own, 0.1 + (number % 10) / 10, -float(number % 7),
        words=("I see.",),
    )  # fmt: skip
    shuffled = GalleryArm("shuffled", (strange,), "C of another", "ok", 0.0, None)
    cells = {
        "direct": GalleryCell(GalleryArm("direct", (), "A", "ok", base, None)),
        "duplicate": GalleryCell(GalleryArm("duplicate", (original,), "A", "ok", base, None)),
        "detail": GalleryCell(main, (shuffled,), ("Draw </script> sharply.",)),
    }
    text, options = f"Question </script> {number}?", ("A. x", "B. <b>")
    return GalleryItem(
        f"q{number}", text, "a hint", options, Gold("B"), f"c{number % 3}", (original,), cells
    )


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A part of 20,000 questions, and two models on one of 8."""
    folder = tmp_path_factory.mktemp("report") / "a report"
    many = GalleryPart("many", "m", FAMILIES, [item(number) for number in range(20_000)], SHOWN)
    few = [item(number) for number in range(8)]
    parts = [many, *(GalleryPart("few", model, FAMILIES, few, SHOWN) for model in "mn")]
    write_gallery(folder, parts)
    return folder / "gallery.html"


@pytest.fixture
def page(page: Page, gallery: Path) -> Page:
    """The gallery, opened."""
    page.goto(gallery.as_uri())
    page.wait_for_selector(".cell img")
    return page


def count(page: Page) -> str:
    return page.inner_text("#count")


def head(page: Page) -> str:
    """The question that is shown."""
    return page.inner_text("article h2")


def loaded(page: Page, kind: str) -> int:
    """Files of a kind that the page has asked for."""
    found = page.evaluate("[...document.scripts].map(script => script.src)")
    return sum(f"/{kind}-" in name for name in found)


def test_one_item_shows_question_options_pictures_thoughts_replies_and_interventions(
    page: Page, gallery: Path
) -> None:
    page.goto(f"{gallery.as_uri()}#part=few-m&arm=detail&item=q4")
    page.wait_for_function("document.querySelectorAll('.cell img').length === 4")
    assert head(page) == "Question </script> 4?"
    assert page.locator("article ol li").all_inner_texts() == ["A. x", "B. <b> ← answer"]
    assert "a hint" in page.inner_text("article")
    cells = page.locator(".cell").all_inner_texts()
    assert [cell.split("\n")[0] for cell in cells] == ["direct", "duplicate", "detail · gained"]
    assert "✗ A" in cells[0]
    for part in (
        "✓ B",
        "fidelity 0.5",
        "reward -4",
        "drawn by: Draw </script>",
        "I see.",
        "shuffled",
    ):
        assert part in cells[2], part
    assert "✗ C of another" in cells[2]
    sources = page.locator(".cell.chosen img").evaluate_all("each => each.map(one => one.src)")
    assert sources == [thumbnail(THOUGHTS[4]), thumbnail(THOUGHTS[5])]
    bottom = page.evaluate("document.querySelector('.cells').getBoundingClientRect().bottom")
    assert bottom <= page.evaluate("innerHeight"), "on one screen"


def test_20000_questions_load_the_files_of_what_is_shown_and_no_more(page: Page) -> None:
    assert count(page) == "20000 of 20000 questions"
    assert (loaded(page, "pictures"), loaded(page, "items")) == (1, 1)
    page.evaluate("document.getElementById('list').scrollTop = 1e9")
    page.wait_for_selector("text=Question </script> 19999?")
    page.wait_for_function("document.querySelectorAll('#entry-19999 img').length === 2")
    assert page.locator(".entry").count() < 25
    assert loaded(page, "pictures") <= 3
    assert loaded(page, "items") == 1


def test_filters_tell_what_the_thought_changed(page: Page) -> None:
    for outcome, number in (("up", 5000), ("down", 5000), ("failed", 5000), ("low", 8000)):
        button = page.locator(f"[data-outcome={outcome}]")
        assert str(number) in button.inner_text()
        button.click()
        assert count(page) == f"{number} of 20000 questions", outcome
        expect(button).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("a")
    page.select_option("#category", "c1")
    assert count(page) == "6667 of 20000 questions"
    page.fill("#search", "question </script> 1999")
    assert count(page) == "5 of 20000 questions"


def test_a_family_without_changes_offers_none(page: Page) -> None:
    page.select_option("#arm", "duplicate")
    expect(page.locator("[data-outcome=up]")).to_be_hidden()
    page.keyboard.press("g")
    assert count(page) == "0 of 20000 questions"


def test_orders_put_what_is_wanted_first(page: Page) -> None:
    page.select_option("#part", "few-m")
    page.select_option("#sort", "fidelity")
    assert "q0" in page.locator(".entry").first.inner_text()
    page.select_option("#sort", "reward")
    assert "q6" in page.locator(".entry").first.inner_text()
    page.select_option("#sort", "change")
    assert "q3" not in page.locator("#entry-0").inner_text()


def test_keys_reach_questions_filters_families_and_models(page: Page, gallery: Path) -> None:
    page.goto(f"{gallery.as_uri()}#part=few-m&arm=detail")
    page.wait_for_selector(".cell img")
    for key, shown in (("j", 1), ("j", 2), ("k", 1), ("ArrowRight", 2), ("ArrowLeft", 1)):
        page.keyboard.press(key)
        assert head(page).endswith(f" {shown}?"), key
    page.keyboard.press("g")
    assert count(page) == "2 of 8 questions"
    assert head(page).endswith(" 0?"), "what the filter leaves out makes way"
    page.keyboard.press("l")
    assert head(page).endswith(" 1?")
    page.keyboard.press("u")
    assert head(page).endswith(" 2?")
    page.keyboard.press("a")
    page.keyboard.press("f")
    assert page.input_value("#arm") == "direct"
    page.keyboard.press("F")
    assert page.input_value("#arm") == "detail"
    page.keyboard.press("m")
    page.wait_for_function("location.hash.includes('part=few-n')")
    assert head(page).endswith(" 2?"), "the same question of another model"
    page.keyboard.press("d")
    expect(page.locator(".cell img.over").first).to_be_visible()
    page.keyboard.press("/")
    expect(page.locator("#search")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#list")).to_be_focused()
    page.keyboard.press("ArrowDown")
    assert head(page).endswith(" 3?")
    page.keyboard.press("Enter")
    expect(page.locator("article")).to_be_focused()


def test_a_question_mark_shows_every_key(page: Page) -> None:
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()
    told = page.locator("#keys kbd").all_inner_texts()
    bound = set(page.evaluate("Object.keys(ACTIONS)"))
    names = {"→": "ArrowRight", "←": "ArrowLeft", "Esc": "Escape"}
    said = {names.get(key, key) for each in told for key in each.replace(",", " ").split()}
    assert bound <= said
    page.keyboard.press("Escape")
    expect(page.locator("#keys")).to_be_hidden()


def test_a_press_outlives_a_redraw_of_the_pressed_row(page: Page) -> None:
    box = page.locator("#entry-1").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 40, box["y"] + 30)
    page.mouse.down()
    page.evaluate("draw()")
    page.mouse.up()
    assert head(page).endswith(" 1?")


def test_every_thought_of_a_question_is_shown(page: Page, tmp_path: Path) -> None:
    one = item(0)
    several = tuple(picture.digest for picture in THOUGHTS[:3])
    cell = one.cells["detail"]
    drawn = dataclasses.replace(cell, main=dataclasses.replace(cell.main, thoughts=several))
    many = dataclasses.replace(one, cells={**one.cells, "detail": drawn})
    write_gallery(tmp_path, [GalleryPart("b", "m", FAMILIES, [many], SHOWN)])
    page.goto((tmp_path / "gallery.html").as_uri())
    expect(page.locator("article img[alt^='thought of detail']")).to_have_count(3)


def test_a_link_opens_its_question_whatever_order_filters_and_rows_are(
    page: Page, tmp_path: Path
) -> None:
    def opened(numbers: list[int], link: str) -> str:
        items = [item(number) for number in numbers]
        write_gallery(tmp_path, [GalleryPart("b", "m", FAMILIES, items, SHOWN)])
        page.goto(f"{(tmp_path / 'gallery.html').as_uri()}{link}")
        page.reload()
        page.wait_for_selector("article h2, article p")
        return page.inner_text("article")

    link = "#part=b-m&item=q4"
    opened(list(range(8)), link)
    assert (page.get_attribute("article nav a", "href") or "").endswith(link)
    for numbers in (list(range(8)), list(range(300, 0, -1)), [4, 1]):
        assert "Question </script> 4?" in opened(numbers, link)
    said = opened(list(range(8)), f"{link}&outcome=down&sort=fidelity")
    assert "outside of the filters" in said
    assert "Question </script> 4?" in said
    assert "q4 is not among the 2 questions of b-m" in opened([1, 2], link)


def test_what_was_said_with_a_thought_is_told_of_it_and_of_no_other(
    page: Page, tmp_path: Path
) -> None:
    digests = tuple(picture.digest for picture in THOUGHTS[:2])
    one = item(0)
    main = dataclasses.replace(
        one.cells["detail"].main, thoughts=digests, words=("I mark <b>it</b>.", "")
    )
    cells = {**one.cells, "detail": dataclasses.replace(one.cells["detail"], main=main)}
    few = dataclasses.replace(one, cells=cells)
    write_gallery(tmp_path, [GalleryPart("b", "m", FAMILIES, [few], SHOWN)])
    page.goto((tmp_path / "gallery.html").as_uri())
    page.wait_for_selector("article img[alt='thought of detail 2']")
    told = page.locator("article .told")
    assert told.all_inner_texts() == ["said with thought 1: I mark <b>it</b>."]


def test_what_is_done_is_in_the_address(page: Page, gallery: Path) -> None:
    page.goto(f"{gallery.as_uri()}#part=few-m&arm=detail")
    page.wait_for_selector(".cell img")
    page.keyboard.press("g")
    page.locator(".entry").nth(1).click()
    assert page.evaluate("location.hash") == "#part=few-m&arm=detail&outcome=up&item=q4"
    page.reload()
    page.wait_for_selector(".cell img")
    assert head(page).endswith(" 4?")
    assert count(page) == "2 of 8 questions"


def test_a_question_stays_in_the_gallery_where_rows_are_added_and_moved() -> None:
    questions = [Question(f"q{number}", "?") for number in range(400)]
    kept = {question.id for question in chosen(questions, 100)}
    assert len(kept) == 100
    assert {question.id for question in chosen(questions[::-1], 100)} == kept
    more = {question.id for question in chosen([Question("new", "?"), *questions], 100)}
    assert len(kept - more) <= 1


def test_text_of_questions_is_no_markup(page: Page) -> None:
    assert page.locator(".entry b b, .entry script, article script").count() == 0
    assert "Question </script> 0?" in page.locator(".entry").first.inner_text()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_to_object_to(page: Page, theme: str) -> None:
    """Labels, roles, names, contrast: the rules of axe-core, and of the keys that are shown."""
    page.evaluate(f"document.documentElement.dataset.theme = '{theme}'")
    assert objections(page) == []
    page.keyboard.press("?")
    assert objections(page) == []
    assert page.get_attribute("#count", "aria-live") == "polite"


def test_a_phone_shows_the_list_then_one_question(browser: Browser, gallery: Path) -> None:
    phone = browser.new_page(viewport={"width": 390, "height": 800})
    phone.goto(gallery.as_uri())
    phone.wait_for_selector(".entry img")
    expect(phone.locator("article")).to_be_hidden()
    assert objections(phone) == []
    phone.locator(".entry").nth(2).click()
    phone.wait_for_selector(".cell img")
    expect(phone.locator("aside")).to_be_hidden()
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    assert objections(phone) == []
    phone.get_by_role("button", name="all questions").click()
    expect(phone.locator(".entry").first).to_be_visible()
    phone.close()


def decoded(uri: str) -> tuple[str, bytes]:
    """Kind and bytes of a thumbnail."""
    kind, _, text = uri.partition(";base64,")
    return kind.removeprefix("data:image/"), base64.b64decode(text)


def test_thumbnails_of_small_pictures_are_the_pictures() -> None:
    noise = picture_of_pixels(np.random.default_rng(0).integers(0, 255, (90, 60, 3), np.uint8))
    assert len(noise.encoded) > 4096
    for picture, kind in ((ORIGINALS[0], "png"), (noise, "webp")):
        found, encoded = decoded(thumbnail(picture))
        assert found == kind
        assert picture_of(encoded).digest == picture.digest


def filed(image: Image.Image, **settings: Any) -> Picture:
    """A picture in a file as someone else may have written it."""
    buffer = io.BytesIO()
    image.save(buffer, "PNG", **settings)
    return picture_of(buffer.getvalue())


def test_a_file_that_a_browser_might_show_otherwise_is_no_thumbnail() -> None:
    plain = Image.new("RGB", (20, 20), (200, 30, 30))
    assert decoded(thumbnail(filed(plain)))[0] == "png"
    see_through = Image.new("RGBA", (20, 20), (200, 30, 30, 90))
    turned = Image.Exif()
    turned[0x0112] = 6
    for other in (
        filed(see_through),
        filed(plain.convert("P")),
        filed(plain, transparency=(200, 30, 30)),
        filed(plain.resize((400, 20)), exif=turned),
        filed(plain.resize((20, 30)), exif=turned),
    ):
        kind, encoded = decoded(thumbnail(other))
        assert kind == "webp"
        shown = picture_of(encoded)
        assert (shown.width < shown.height) == (other.width < other.height)


def test_thumbnails_are_no_larger_than_their_place() -> None:
    wide = filed(Image.new("RGB", (500, 100), (9, 9, 9)))
    assert len(wide.encoded) < 4096
    shown = picture_of(decoded(thumbnail(wide))[1])
    assert (shown.width, shown.height) == (224, 45)
