"""Pages of a large study, with long names and every section, fit any screen in both themes."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from playwright.sync_api import Browser, Page

from g2u.arms import DIRECT, Arm, Rule
from g2u.params.sections import Report
from g2u.pictures.decoding import picture_of
from g2u.records import Question
from g2u.report.changes import changes, repainted
from g2u.report.diff import Told, compared, flips, page
from g2u.report.examples import Example, Reply, ShownArm
from g2u.report.letters import Letters
from g2u.report.overview import Asked
from g2u.report.page import CHANGES, PAGES, BenchmarkPart, Site, write_site
from g2u.report.published import Published
from g2u.report.questions import Finding, unasked
from g2u.report.summary import SCHEMA
from g2u.report.turns import Turn
from g2u.scores.statistics import Resampling
from g2u.scores.verdict import RULES
from g2u.tables.schemas import ARMS, Score
from tests.conftest import objections, png

WIDTHS = (390, 768, 1061, 1100, 1400)
OWN = Arm("concat", is_main=True)
FAMILIES = ("detail", "context", "structure", "a_family_of_a_rather_long_name")
BENCHMARKS = tuple(f"a_benchmark_of_a_long_name_{number}" for number in range(12))
HIDDEN = """() => [...document.querySelectorAll("main *")].filter(each =>
    each.scrollWidth > each.clientWidth + 1 && each.clientWidth &&
    ["auto", "scroll", "hidden"].includes(getComputedStyle(each).overflowX) &&
    each.closest("thead") === null && each.closest("#learning") === null
).map(each => each.outerHTML.slice(0, 80))"""
"""Elements whose content is cut off, or hidden in a scroll."""
pytestmark = [pytest.mark.browser, pytest.mark.slow]


def number(name: str, kind: Any, place: int) -> Any:
    """Some value of a column of the table."""
    if kind == pl.Int64:
        return 40 + place
    if name.endswith(("holm", "p", "bh")):
        return (0.0001, 0.02, 0.4, 1.0)[place % 4]
    return {"_low": -0.1, "_high": 0.3}.get(name[name.rfind("_") :], 0.1) + 0.01 * place


def rows_of(benchmark: str, model: str) -> list[dict[str, Any]]:
    """Rows of a benchmark and model with everything that a row can hold."""
    arms = [
        ("direct", DIRECT, "baseline"),
        ("duplicate", OWN, "control"),
        ("oracle", OWN, "oracle"),
    ]
    for family in FAMILIES:
        arms += [(family, OWN, "own thought"), (family, OWN.shuffled(), "control")]
        arms.append((family, OWN.ruled(Rule("select", by="contrast", of=4)), "control"))
    rows = []
    for place, (family, arm, role) in enumerate(arms):
        row = {
            name: number(name, kind, place)
            for name, kind in SCHEMA.items()
            if kind in (pl.Int64, pl.Float64)
        }
        is_own = role == "own thought"
        row |= {
            "benchmark": benchmark,
            "model": model,
            "family": family,
            **ARMS.row(arm),
            "arm": arm.called(family, OWN) if role == "control" else family,
            "role": role,
            "edits_of": "filter_of_a_long_name",
            "verdict": list(RULES)[place % len(RULES)] if is_own else None,
            "holm": row["holm"] if is_own else None,
            "correlation": None,
        }
        if role == "baseline":
            row |= {name: None for name in row if name.startswith(("gain", "content", "specific"))}
        rows.append(row)
    return rows


def part_of(rows: pl.DataFrame, benchmark: str, model: str) -> BenchmarkPart:
    picture, wide = picture_of(png(1, 64)), picture_of(png(2, 300))
    replies = tuple(
        Reply(name, "a reply that goes on for a while", True, 0.5)
        for name in ("structure", "structure, replace")
    )
    text = "Which of the many things in this picture is the one that was meant by who asked this?"
    shown = (ShownArm((), replies), *(ShownArm((each, each), replies) for each in (picture, wide)))
    choices = ("A. one of them", "B. another_option_without_any_blank_in_it")
    asked = Example("an_id_of_a_long_name_0", text, choices, "A. one of them", (picture,), shown)
    turned = [
        Turn(
            benchmark, model, "structure", Question("an_id_of_a_long_name", text),
            (picture,), (each,), "a reply that goes on", "another", helped,
        )
        for each, helped in ((picture, True), (wide, False))
    ]  # fmt: skip
    arms = ("direct", "duplicate", *FAMILIES, "oracle")
    figures = {"value": 51.2, "low": 40.1, "high": 60.3}
    figures |= {"gain": 1.2, "gain_low": -3.4, "gain_high": 5.6}
    published = Published(arms, (("acc+, a_category_of_a_long_name", (figures,) * len(arms)),) * 3)
    letters = tuple(Letters(None, dict.fromkeys("ABCDEFGH", 0.125), 120) for _ in range(4))
    return BenchmarkPart(
        benchmark, model, rows, {"Where structure turns a wrong answer right": (asked,) * 2},
        {"structure": "Draw the structure of this picture."}, ("A line on choices.",), published,
        letters, helping=(turned[0],) * 3, hurting=(turned[1],),
    )  # fmt: skip


def laid_side_by_side(how: Resampling) -> str:
    """Two runs that differ in everything."""
    words = [word for word in RULES if word != "harm"]
    before, now = {}, {}
    for number, benchmark in enumerate(BENCHMARKS):
        place = (benchmark, "a_model_of_a_long_name", FAMILIES[number % len(FAMILIES)])
        before[place] = Told(0.4, 0.1, -0.1, 0.2, words[number % len(words)])
        now[place] = Told(0.5, 0.2, -0.1, 0.3, words[(number + 1) % len(words)])
    was = {f"a_question_of_a_long_name_{n}": (float(n % 2), f"p{n}") for n in range(300)}
    flipped = flips(was, {name: (1.0, cluster) for name, (_, cluster) in was.items()}, how)
    assert flipped is not None
    now[BENCHMARKS[0], "a_model_of_a_long_name", "new"] = Told(0.5, None, None, None, "")
    told = compared("../another_study", before, now, dict.fromkeys(before, flipped), ["A note."])
    return page(told, ["gallery.html", ""], 0.05)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pages of twelve benchmarks with two models, and one on what training changed."""
    models = ("tiny", "a_model_of_a_long_name")
    places = [(name, models[1]) for name in BENCHMARKS]
    made = {place: rows_of(*place) for place in places}
    rows = pl.DataFrame([row for each in made.values() for row in each], schema=SCHEMA)
    parts = [part_of(pl.DataFrame(made[place], schema=SCHEMA), *place) for place in places]
    answers = [
        Finding("Which family transfers where?", "None is best everywhere.", place="transfer"),
        Finding("Does it help?", "Of 4, 2 are gains.", (f"{BENCHMARKS[0]}, {'x' * 90}",)),
        Finding("What does it cost?", "Little.", ("a line",), place="costs"),
        Finding("Did the answers come to their end?", "No.", ("a line",), place="failures"),
        unasked("Can it decide?", "whether the model can decide what to imagine (a family)"),
    ]
    pages = Site(Report(), 0.95)
    asked = [Asked(model, (f"one {'ab' * 32}",), (f"another {'cd' * 32}",)) for model in models]
    scores = [Score(f"q{n}", DIRECT, "ok", "", float(n % 2), f"p{n}", 0.5) for n in range(20)]
    cells = {(name, models[1], models[0], "structure"): (scores, scores) for name in BENCHMARKS}
    how = Resampling(confidence=0.95, seed=0, resamples=200)
    curve = pl.DataFrame({"turn": [0, 25], "reward": [0.1, 0.2], "fidelity": [0.5, 0.55]})
    painted = {models[1]: repainted([True, False] * 9, [True] * 18, how)}
    learning = pages.changes(changes(cells, how), {"structure"}, {models[1]: curve}, painted)
    folder = tmp_path_factory.mktemp("site")
    overview = pages.overview(parts, rows, answers, asked, (1440, 720))
    write_site(folder, pages, parts[:1], overview, {CHANGES: learning})
    (folder / "diff.html").write_text(laid_side_by_side(how))
    return folder


def paths(folder: Path) -> Iterator[Path]:
    yield folder / "index.html"
    yield folder / PAGES / f"{BENCHMARKS[0]}-a_model_of_a_long_name.html"
    yield folder / PAGES / CHANGES
    yield folder / "diff.html"


def opened(site: Path, page: Page) -> Iterator[Path]:
    """Each page in turn, with all that it can unfold."""
    for path in paths(site):
        page.goto(path.as_uri())
        page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
        yield path


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_overflows_or_scrolls(site: Path, browser: Browser, width: int) -> None:
    page = browser.new_page(viewport={"width": width, "height": 900})
    for path in opened(site, page):
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path.name
        assert page.evaluate(HIDDEN) == []
    page.close()


@pytest.mark.parametrize(("width", "theme"), [(WIDTHS[0], "light"), (WIDTHS[-1], "dark")])
def test_axe_objects_to_nothing(site: Path, browser: Browser, width: int, theme: Any) -> None:
    page = browser.new_page(color_scheme=theme, viewport={"width": width, "height": 900})
    for path in opened(site, page):
        assert objections(page) == [], path.name
    page.close()


def test_the_first_screen_has_the_answer_before_thoughts_verdicts_and_rules(
    site: Path, browser: Browser
) -> None:
    page = browser.new_page(viewport={"width": 1400, "height": 900})
    page.goto((site / "index.html").as_uri())
    tops = [
        page.locator(selector).first.bounding_box()
        for selector in ("h1", ".headline", ".turns", "#verdicts", "#transfer", "#gains",
                         "#questions", "#costs", "#failures", "#small-print", "#rules")
    ]  # fmt: skip
    places = [box["y"] for box in tops if box is not None]
    assert len(places) == len(tops)
    assert places == sorted(places)
    assert places[3] < 900, "verdicts begin on the first screen"
    assert page.locator(".turn").count() == 4
    assert not page.locator("#rules").evaluate("each => each.open")
    page.get_by_role("link", name="the rules").click()
    assert page.locator("#rules").evaluate("each => each.open")
    page.close()


def test_sections_without_content_do_not_appear(tmp_path: Path, browser: Browser) -> None:
    direct = [row for row in rows_of("b", "m") if row["family"] == "direct"]
    alone = [{**direct[0], "failed": 0, **dict.fromkeys(("unparsed", "abstained"), 0)}]
    alone[0] |= dict.fromkeys(("undecided", "truncated", "filtered"), 0)
    rows = pl.DataFrame(alone, schema=SCHEMA)
    pages = Site(Report(), 0.95)
    parts = [BenchmarkPart("b", "m", rows, {}, {}, (), None)]
    write_site(tmp_path, pages, parts, pages.overview(parts, rows, []), {})
    page = browser.new_page()
    page.goto((tmp_path / "index.html").as_uri())
    heads = page.locator("h2").all_inner_texts()
    page.close()
    assert heads == ["Verdicts", "Small print"]
    assert not (tmp_path / PAGES / "plotly.min.js").exists(), "nothing to draw"


def test_pages_hold_two_megabytes_at_most_beside_what_draws_curves(site: Path) -> None:
    sizes = {path.name: path.stat().st_size for path in site.rglob("*.html")}
    assert max(sizes.values()) <= 2e6, sizes
