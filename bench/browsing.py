"""Report and gallery in a browser (Chromium): first paint, load, filter, search and step.

The gallery has 20,000 questions of 224 pixels with four families and their controls; the report is
that of 1,000 items, made by one command. Files are opened from the disk.

Run: python -m bench.browsing [QUESTIONS] [ITEMS]
"""

import shutil
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from bench.command import FAMILIES
from bench.common import machine, rows, timed, use_counted, workspace
from g2u.gallery.gold import Gold
from g2u.gallery.writing import GalleryArm, GalleryCell, GalleryItem, GalleryPart, write_gallery
from g2u.pictures.decoding import picture_of_pixels

SHOWN = ("direct", "detail", "context", "structure", "oracle")
SIDE, DISTINCT, ROUNDS = 224, 400, 5
PAINT = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime"
READY = "document.querySelector('.cell img')?.naturalWidth > 0"
ACTIONS = {
    "filter to gained": "filter('outcome', 'up')",
    "filter by category": "filter('category', 'c1')",
    "search": "filter('search', 'number 1999')",
    "order by fidelity": "choice('sort', 'fidelity')",
    "another family": "choice('arm', 'context')",
    "next question": "select(selected + 1)",
}


def photographs() -> list[Any]:
    """Pictures as smooth as photographs."""
    fields = np.random.default_rng(0).integers(0, 255, (DISTINCT, 9, 9, 3), dtype=np.uint8)
    grown = (
        Image.fromarray(each).resize((SIDE, SIDE), Image.Resampling.BICUBIC) for each in fields
    )
    return [picture_of_pixels(np.asarray(each)) for each in grown]


def part_of(count: int) -> GalleryPart:
    """Questions, a quarter of whose answers change."""
    pictures = photographs()
    names = [picture.digest for picture in pictures]

    def item(number: int) -> GalleryItem:
        cells = {}
        for place, family in enumerate(SHOWN):
            own = names[(number * 5 + place) % DISTINCT]
            other = names[(number * 7 + place) % DISTINCT]
            value = float((number + place) % 4 > 0)
            main = GalleryArm(family, (own,) if place else (), "yes", "ok", value, 0.5)
            shuffled = GalleryArm("shuffled", (other,), "no", "ok", 0.0, None)
            cells[family] = GalleryCell(main, (shuffled,) if place else (), ("Draw it.",))
        text = f"Is number {number} even?"
        own = (names[number % DISTINCT],)
        return GalleryItem(
            f"{number}", text, "", (), Gold(answers=("yes",)), f"c{number % 5}", own, cells
        )

    shown = {picture.digest: picture for picture in pictures}
    return GalleryPart("many", "model", SHOWN, [item(number) for number in range(count)], shown)


def opened(browser: Browser, path: Path, ready: str) -> tuple[Page, float, float]:
    """A page, and milliseconds until it painted first and until it was ready."""
    page = browser.new_page(viewport={"width": 1400, "height": 900})
    page.goto(path.as_uri())
    page.wait_for_function(ready)
    now = page.evaluate("performance.now()")
    page.wait_for_function(f"{PAINT} > 0")
    return page, page.evaluate(PAINT), now


def told(name: str, values: list[float]) -> None:
    """One line: median and spread."""
    spread = f"{min(values):.0f}..{max(values):.0f}"
    print(f"{name}: {statistics.median(values):.0f} ms ({spread})")


def gallery(browser: Browser, folder: Path, count: int) -> None:
    """Print what a gallery takes."""
    write_gallery(folder, [part_of(count)])
    size = sum(path.stat().st_size for path in folder.rglob("*")) / 1e6
    listed = (folder / "gallery/many-model/items.js").stat().st_size / 1e6
    print(f"gallery of {count} questions: {size:.0f} MB, its list {listed:.1f} MB")
    paints, loads = [], []
    for _ in range(ROUNDS):
        page, paint, ready = opened(browser, folder / "gallery.html", READY)
        paints.append(paint)
        loads.append(ready)
    told("first paint", paints)
    told("loaded: list, question and its pictures", loads)
    for name, action in ACTIONS.items():
        again = "choice('sort', ''); choice('arm', 'detail'); "
        again += "state.search = state.category = ''; filter('outcome', '')"
        told(name, [spent(page, again, action) for _ in range(ROUNDS)])


def spent(page: Page, before: str, action: str) -> float:
    """Milliseconds of an action, its layout included."""
    return float(
        page.evaluate(
            f"() => {{ {before}; const begun = performance.now(); {action}; "
            "document.body.getBoundingClientRect(); return performance.now() - begun; }"
        )
    )


def report(browser: Browser, items: int) -> None:
    """Print how soon the pages of a run are painted."""
    print(f"report of {items} items")
    with workspace() as made:
        made.use_tsv(rows(items, SIDE))
        use_counted(made, FAMILIES)
        timed(made.folder, "-m", "g2u.cli.main", "run")
        place = made.folder / "data" / "report"
        for path in sorted(place.rglob("*.html")):
            paints = [opened(browser, path, "true")[1] for _ in range(ROUNDS)]
            told(f"{path.relative_to(place)}, {path.stat().st_size / 1e6:.2f} MB", paints)


def main() -> None:
    """Print both."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    items = int(sys.argv[2]) if len(sys.argv) > 2 else 1000
    print(machine())
    with sync_playwright() as driver, tempfile.TemporaryDirectory() as folder:
        chromium = shutil.which("chromium") or shutil.which("chromium-browser")
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        print(f"Chromium {browser.version}")
        gallery(browser, Path(folder), count)
        report(browser, items)
        browser.close()


if __name__ == "__main__":
    main()
