"""The gallery in a real browser, from the file system: filters, keys, links, 20,000 questions."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from g2u.pictures import picture_of
from g2u.report.gallery import GalleryArm, GalleryItem, GalleryPart, thumbnail, write_gallery
from tests.conftest import png

pytestmark = pytest.mark.browser
ARMS = ("direct", "duplicate", "detail")
ORIGINALS = [picture_of(png(number)) for number in range(40)]
THOUGHTS = [picture_of(png(100 + number)) for number in range(40)]


def item(number: int) -> GalleryItem:
    """Of four questions, one goes wrong to right, one right to wrong, one fails."""
    kind = number % 4
    original, thought = ORIGINALS[number % 40], THOUGHTS[number % 40]
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
    many = GalleryPart("many", "m", ARMS, [item(number) for number in range(20_000)])
    few = GalleryPart("few", "m", ARMS, [item(number) for number in range(8)])
    write_gallery(folder, [many, few])
    return folder / "gallery.html"


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    """Debian's Chromium under Playwright."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        if os.environ.get("G2U_REQUIRE_BROWSER"):
            pytest.fail("chromium is required here and not installed")
        pytest.skip("no chromium on the PATH (Debian: apt install chromium)")
    with sync_playwright() as play:
        started = play.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture
def page(browser: object, gallery: Path) -> Iterator[Page]:
    """A page on which any error, and any request beyond the file system, fails the test."""
    opened: Page = browser.new_page(viewport={"width": 1200, "height": 800})  # type: ignore[attr-defined]
    faults: list[str] = []
    opened.on("pageerror", lambda error: faults.append(str(error)))
    opened.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
    opened.on(
        "request",
        lambda r: faults.append(r.url) if r.url.split(":")[0] not in ("file", "data") else None,
    )
    opened.goto(gallery.as_uri())
    opened.wait_for_function("document.querySelectorAll('.item').length > 0")
    yield opened
    assert faults == []
    opened.close()


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


def test_controls_have_labels_and_pictures_descriptions(page: Page) -> None:
    page.wait_for_selector(".item img")
    unnamed = page.evaluate(
        "[...document.querySelectorAll('select, input')].filter(e => !e.labels.length).length"
        " + [...document.images].filter(e => !e.alt).length"
    )
    assert unnamed == 0
    assert page.get_attribute("html", "lang") == "en"
    assert page.get_attribute("#count", "aria-live") == "polite"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_stands_out_in_both_themes(page: Page, theme: str) -> None:
    page.evaluate(f"document.documentElement.dataset.theme = '{theme}'")
    ratios = page.evaluate(
        """() => {
          const light = rgb => { const [r, g, b] = rgb.match(/[\\d.]+/g).map(Number).map(v => {
            v /= 255; return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; });
            return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
          const back = light(getComputedStyle(document.body).backgroundColor);
          return ['.ask b', '.soft', '.right', '.wrong'].map(name => {
            const text = light(getComputedStyle(document.querySelector(name)).color);
            return (Math.max(back, text) + 0.05) / (Math.min(back, text) + 0.05); });
        }"""
    )
    assert min(ratios) >= 4.5, ratios


def test_a_phone_shows_the_same(browser: object, gallery: Path) -> None:
    phone: Page = browser.new_page(viewport={"width": 390, "height": 800})  # type: ignore[attr-defined]
    phone.goto(gallery.as_uri())
    phone.wait_for_selector(".item img")
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    phone.close()


def test_thumbnails_of_small_pictures_are_the_pictures() -> None:
    import base64

    uri = thumbnail(ORIGINALS[0])
    again = picture_of(base64.b64decode(uri.partition(",")[2]))
    assert again.digest == ORIGINALS[0].digest
