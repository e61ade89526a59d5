"""The gallery in a real browser, from the file system: filters, keys, links, 20,000 questions."""

import base64
import dataclasses
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from g2u.gallery.writing import GalleryArm, GalleryItem, GalleryPart, thumbnail, write_gallery
from g2u.pictures.decoding import picture_of, picture_of_pixels
from g2u.records import Picture
from tests.conftest import objections, png

pytestmark = pytest.mark.browser
ARMS = ("direct", "duplicate", "detail")
ORIGINALS = [picture_of(png(number)) for number in range(40)]
THOUGHTS = [picture_of(png(100 + number)) for number in range(40)]
SHOWN = {picture.digest: picture for picture in (*ORIGINALS, *THOUGHTS)}


def item(number: int) -> GalleryItem:
    """Of four questions, one goes wrong to right, one right to wrong, one fails."""
    kind = number % 4
    original, thought = ORIGINALS[number % 40].digest, THOUGHTS[number % 40].digest
    base = 0.0 if kind == 0 else 1.0
    own = {0: 1.0, 1: 0.0, 2: None, 3: 1.0}[kind]
    status = "failed" if kind == 2 else "ok"
    arms = {
        "direct": GalleryArm((), "A", "ok", base, None),
        "duplicate": GalleryArm((original,), "A", "ok", base, None),
        "detail": GalleryArm(
            (thought,), "B", status, own, 0.1 + (number % 10) / 10, -float(number % 7)
        ),
    }
    text = f"Question </script> {number}?"
    return GalleryItem(
        f"q{number}", text, ("A. x", "B. <b>"), "B", f"c{number % 3}", (original,), arms
    )


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A part of 20,000 questions and one of 8."""
    folder = tmp_path_factory.mktemp("report") / "a report"
    many = GalleryPart("many", "m", ARMS, [item(number) for number in range(20_000)], SHOWN)
    few = GalleryPart("few", "m", ARMS, [item(number) for number in range(8)], SHOWN)
    write_gallery(folder, [many, few])
    return folder / "gallery.html"


@pytest.fixture
def page(page: Page, gallery: Path) -> Page:
    """The gallery, opened."""
    page.goto(gallery.as_uri())
    page.wait_for_selector(".item")
    return page


def count(page: Page) -> str:
    return page.inner_text("#count")


def test_20000_questions_show_a_screenful_and_scroll_to_the_end(page: Page) -> None:
    assert count(page) == "20000 of 20000 questions"
    assert page.locator(".item").count() < 12
    page.evaluate("document.getElementById('list').scrollTop = 1e9")
    page.wait_for_selector("text=Question </script> 19999?")
    page.wait_for_function("document.querySelectorAll('#item-19999 img').length === 3")
    assert page.locator(".item").count() < 12
    loaded = page.evaluate("[...document.scripts].filter(s => s.src.includes('pictures-')).length")
    assert loaded <= 3


def test_filters_tell_what_the_thought_changed(page: Page) -> None:
    for outcome, number in (("up", 5000), ("down", 5000), ("failed", 5000), ("low", 8000)):
        page.select_option("#outcome", outcome)
        assert count(page) == f"{number} of 20000 questions", outcome
    page.select_option("#outcome", "")
    page.select_option("#category", "c1")
    assert count(page) == "6667 of 20000 questions"
    page.fill("#search", "question </script> 1999")
    assert count(page) == "5 of 20000 questions"


def test_arms_without_changes_have_none(page: Page) -> None:
    page.select_option("#arm", "duplicate")
    page.select_option("#outcome", "up")
    assert count(page) == "0 of 20000 questions"


def test_orders_put_what_is_wanted_first(page: Page) -> None:
    page.select_option("#part", "few-m")
    page.select_option("#sort", "fidelity")
    assert "q0" in page.locator(".item").first.inner_text()
    page.select_option("#sort", "reward")
    assert "q6" in page.locator(".item").first.inner_text()
    assert "reward -6" in page.locator(".item").first.inner_text()
    page.select_option("#sort", "gain")
    assert page.locator(".item").nth(0).locator(".right, .wrong").count() > 0
    assert "q3" not in page.locator("#item-0").inner_text()


def test_keys_move_open_and_close(page: Page) -> None:
    page.focus("#list")
    for key in ("j", "j", "k", "j"):
        page.keyboard.press(key)
    expect(page.locator("#item-1")).to_have_attribute("aria-selected", "true")
    expect(page.locator(".item[aria-selected=true]")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(page.locator("dialog[open]")).to_have_count(1)
    before = page.text_content("dialog .ask") or ""
    page.keyboard.press("ArrowDown")
    expect(page.locator("dialog .ask")).not_to_have_text(before)
    page.keyboard.press("d")
    expect(page.locator("dialog img.over").first).to_be_visible()
    page.keyboard.press("Escape")  # the browser closes a dialog after the key's event
    expect(page.locator("dialog[open]")).to_have_count(0)
    page.wait_for_function("document.activeElement.id === 'list'")
    page.keyboard.press("/")
    expect(page.locator("#search")).to_be_focused()


def test_a_press_outlives_a_redraw_of_the_pressed_row(page: Page) -> None:
    box = page.locator("#item-1").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 40, box["y"] + 40)
    page.mouse.down()
    page.evaluate("draw()")
    page.mouse.up()
    page.wait_for_selector("dialog[open]")
    assert "q1" in page.inner_text("dialog .ask")


def test_every_thought_of_a_question_is_shown(page: Page, tmp_path: Path) -> None:
    one = item(0)
    drawn = dataclasses.replace(
        one.arms["detail"], thoughts=tuple(picture.digest for picture in THOUGHTS[:3])
    )
    several = dataclasses.replace(one, arms={**one.arms, "detail": drawn})
    write_gallery(tmp_path, [GalleryPart("b", "m", ARMS, [several], SHOWN)])
    page.goto((tmp_path / "gallery.html").as_uri())
    expect(page.locator("#item-0 img[alt$='of detail']")).to_have_count(3)
    expect(page.locator("#item-0")).to_contain_text("detail, 3")


def test_what_was_said_with_a_thought_is_told_of_it_and_of_no_other(
    page: Page, tmp_path: Path
) -> None:
    one, two = (picture.digest for picture in THOUGHTS[:2])
    said = ("I mark <b>it</b>.", "")
    arm = GalleryArm((one, two), "B", "ok", 1.0, None, words=said)
    few = GalleryItem("q", "Why?", (), "B", "", (ORIGINALS[0].digest,), {"native": arm})
    write_gallery(tmp_path, [GalleryPart("few", "m", ("native",), [few], SHOWN)])
    page.goto((tmp_path / "gallery.html").as_uri())
    page.wait_for_selector("img[alt='thought 2 of native']")
    told = page.locator("img[alt^='thought 1 of native']")
    assert told.first.get_attribute("alt") == f"thought 1 of native, with it was said: {said[0]}"
    assert page.locator(".frame[title='I mark <b>it</b>.']").count() == 1


def test_a_link_opens_its_question_with_its_filters(page: Page, gallery: Path) -> None:
    page.goto(f"{gallery.as_uri()}#part=few-m&arm=detail&outcome=up&item=q4")
    page.reload()
    page.wait_for_selector("dialog[open]")
    assert "q4" in page.inner_text("dialog .ask")
    assert count(page) == "2 of 8 questions"
    page.keyboard.press("Escape")
    page.wait_for_function("!location.hash.includes('item=')")  # the close event comes later
    page.locator(".item").nth(1).click()
    page.wait_for_function("location.hash.endsWith('outcome=up&item=q4')")


def test_text_of_questions_is_no_markup(page: Page) -> None:
    assert page.locator(".item b b, .item script").count() == 0
    assert "Question </script> 0?" in page.locator(".item").first.inner_text()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_to_object_to(page: Page, theme: str) -> None:
    """Labels, roles, names, contrast: the rules of axe-core, in the list and in a question."""
    page.evaluate(f"document.documentElement.dataset.theme = '{theme}'")
    page.wait_for_selector(".item img")
    assert objections(page) == []
    page.locator(".item").first.click()
    page.wait_for_selector("dialog[open]")
    assert objections(page) == []
    assert page.get_attribute("#count", "aria-live") == "polite"


def test_a_phone_shows_the_same(browser: Browser, gallery: Path) -> None:
    phone = browser.new_page(viewport={"width": 390, "height": 800})
    phone.goto(gallery.as_uri())
    phone.wait_for_selector(".item img")
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
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
