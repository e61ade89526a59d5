"""The report: its numbers, its words, and that it opens offline in a real browser."""

import json
import re
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from playwright.sync_api import Browser, Page, expect

from g2u.params import Report
from g2u.report.page import BenchmarkPart, Site
from g2u.report.summary import SCHEMA, CellResult, headline, summary
from tests.conftest import Workspace, objections


def gain(difference: float, p: float, spread: float = 0.05) -> dict[str, Any]:
    return {
        "difference": difference,
        "low": difference - spread,
        "high": difference + spread,
        "low90": difference - 0.8 * spread,
        "high90": difference + 0.8 * spread,
        "p": p,
        "mcnemar": p,
        "gained": 9,
        "lost": 1,
        "items": 100,
        "detectable": 0.07,
        "with_fallback": difference,
    }


def cell(family: str, accuracy: float, over_direct: Any, over_duplicate: Any) -> CellResult:
    mode = "none" if family == "direct" else "concat"
    arm = {"accuracy": accuracy, "low": accuracy - 0.05, "high": accuracy + 0.05, "items": 100}
    arm |= {"failed": 0, "unparsed": 0, "not_applicable": 0}
    gains = {"direct": over_direct, "duplicate": over_duplicate} if over_direct else {}
    metrics = {"chance": 0.25, "majority": 0.3, "arms": {mode: arm}, "gains": {mode: gains}}
    return CellResult("b", "m", family, metrics, family in ("detail", "structure"), {mode: 0.01})


def grid(
    direct: float = 0.6, own: float = 0.2, p: float = 0.001, content: float = 0.1
) -> pl.DataFrame:
    return summary(
        [
            cell("direct", direct, None, None),
            cell("duplicate", 0.6, gain(0.0, 1.0), gain(0.0, 1.0)),
            cell("detail", 0.6, gain(0.0, 0.9), gain(0.0, 0.9)),
            cell("structure", 0.6 + own, gain(own, p), gain(content, p)),
        ]
    )


def test_corrections_run_over_own_thoughts_only() -> None:
    rows = grid()
    own = rows.filter(pl.col("holm").is_not_null())
    assert own["arm"].to_list() == ["detail", "structure"]
    assert own["holm"].to_list() == pytest.approx([0.9, 0.002])
    assert rows.columns == list(SCHEMA)


def test_the_headline_takes_the_smaller_of_the_two_gains() -> None:
    assert "+10.0 points [+5.0, +15.0] over the original shown twice" in headline(
        grid(), 0.05, 0.03
    )
    assert "+20.0 points" in headline(grid(content=0.3), 0.05, 0.03)
    assert "a gain" in headline(grid(), 0.05, 0.03)


def controlled(content: float, specific: float, blank: float) -> list[str | None]:
    """The verdict when own is 20 points above direct; differences of 0 have p 0.9."""

    def either(difference: float) -> dict[str, Any]:
        return gain(difference, 0.001 if difference else 0.9)

    own = cell("structure", 0.8, gain(0.2, 0.001), either(content))
    own.metrics["gains"]["concat"]["shuffled"] = either(specific)
    rows = summary(
        [
            cell("direct", 0.6, None, None),
            cell("blank", 0.6 + blank, either(blank), either(0.0)),
            own,
        ]
    )
    return rows["verdict"].to_list()


def test_the_verdict_reads_the_controls_of_its_benchmark() -> None:
    assert controlled(0.2, 0.2, 0.0) == [None, None, "thought-mediated"]
    assert controlled(0.0, 0.2, 0.2)[-1] == "any picture"
    assert controlled(0.0, 0.0, 0.0)[-1] == "extra compute"
    assert controlled(0.2, 0.0, 0.0)[-1] == "any picture"
    assert grid()["verdict"].to_list() == [None, None, "no effect", "controls missing"]
    assert "Verdict: controls missing." in headline(grid(), 0.05, 0.03)


def test_votes_of_direct_are_those_that_cost_as_much() -> None:
    own = cell("structure", 0.8, gain(0.2, 0.001), gain(0.2, 0.001))
    own.metrics["gains"]["concat"] |= {
        "shuffled": gain(0.2, 0.001),
        "direct_vote_2": gain(0.15, 0.001),
        "direct_vote_4": gain(0.01, 0.7),
        "direct_vote_16": gain(0.0, 0.9),
    }
    own.seconds["concat"] = 0.033
    rows = summary([cell("direct", 0.6, None, None), own])
    assert rows["votes_of"].to_list() == [None, 4]
    assert rows["verdict"].to_list() == [None, "extra compute"]
    own.seconds["concat"] = 0.02
    assert summary([cell("direct", 0.6, None, None), own])["verdict"][1] == "thought-mediated"
    own.seconds["concat"] = 1.0
    assert summary([cell("direct", 0.6, None, None), own])["votes_of"][1] == 16


def test_the_headline_says_when_nothing_is_shown_or_harm_is() -> None:
    assert "no effect that this sample could show" in headline(grid(p=0.4), 0.05, 0.03)
    assert "not above chance" in headline(grid(direct=0.31), 0.05, 0.03)
    rows = summary(
        [cell("direct", 0.6, None, None), cell("detail", 0.3, gain(-0.3, 0.001), gain(-0.3, 0.001))]
    )
    assert "a loss" in headline(rows, 0.05, 0.03)


def test_the_headline_names_thoughts_that_hurt_and_equivalence() -> None:
    rows = summary(
        [
            cell("direct", 0.9, None, None),
            cell("detail", 0.7, gain(-0.2, 0.001), gain(-0.2, 0.001)),
            cell("structure", 0.9, gain(0.0, 0.9, 0.02), gain(0.0, 0.9, 0.02)),
        ]
    )
    said = headline(rows, 0.05, 0.03)
    assert "Own thoughts that hurt, against direct: detail -20.0 [-25.0, -15.0]." in said
    assert "equivalent to direct within 3 points" in said
    assert "equivalent" not in headline(rows, 0.05, 0.01)
    assert "hurt" not in headline(grid(), 0.05, 0.03)


def test_own_thoughts_without_a_single_pair_are_not_discussed() -> None:
    """The better family shares no scored question with direct; the other one is the headline."""
    direct, unpaired = cell("direct", 0.6, None, None), cell("detail", 0.9, None, None)
    assert headline(summary([direct, unpaired]), 0.05, 0.03) == "No own thoughts were scored here."
    paired = cell("structure", 0.7, gain(0.1, 0.001), gain(0.1, 0.001))
    assert "structure, +10.0 points" in headline(summary([direct, unpaired, paired]), 0.05, 0.03)


def test_the_overview_does_not_discuss_gains_where_direct_is_at_chance() -> None:
    section = Report(examples=0, alpha=0.05, margin=0.03)
    for direct, said in ((0.6, "controls missing"), (0.31, "direct is at chance")):
        rows = grid(direct)
        part = BenchmarkPart("b", "m", rows, {}, {}, (), None)
        page = Site(section, 0.95).overview([part], rows, [])
        (row,) = re.findall(r'<tr id="b-m">.*?</tr>', page, re.DOTALL)
        assert f"<td>{said}</td>" in row
        assert 'href="pages/b-m.html"' in row


@pytest.fixture
def report(workspace: Workspace) -> Callable[[], Path]:
    """A real report over a small pipeline run."""

    def make() -> Path:
        workspace.init_dvc()
        workspace.use_null()
        workspace.raw["families"] = ["direct", "duplicate", "structure", "oracle"]
        workspace.write()
        workspace.run("g2u.cli.main", "run")
        return workspace.folder / "data" / "report"

    return make


@pytest.mark.slow
@pytest.mark.browser
def test_the_pages_open_offline_draw_their_plots_and_agree_with_dvc(
    report: Callable[[], Path], workspace: Workspace, tmp_path: Path, page: Page, browser: Browser
) -> None:
    folder = report()
    metrics = json.loads((folder / "gains.json").read_text())
    for benchmark in ("ladder", "easy_vqa"):
        text = (folder / "pages" / f"{benchmark}-tiny.html").read_text()
        assert not re.search(r"(src|href)=[\"']?(https?:)?//", text), "nothing is fetched"
        for arm, numbers in metrics[benchmark]["tiny"].items():
            row = re.search(rf">{arm}</td>(.*?)</tr>", text, re.DOTALL)
            assert row is not None, arm
            wanted = (
                f"{100 * numbers['accuracy']:.1f}" if "accuracy" in numbers else "not applicable"
            )
            assert wanted in unescape(row[1])
    shown = json.loads(workspace.run("dvc", "metrics", "show", "--json").stdout)
    files = next(iter(shown.values()))["data"]
    assert files["data/report/gains.json"]["data"] == metrics
    workspace.run("dvc", "plots", "show", "--out", str(tmp_path / "plots"))
    plotted = (tmp_path / "plots" / "index.html").read_text()
    assert "ladder tiny structure" in plotted
    page.goto((folder / "index.html").as_uri())
    expect(page.locator("#transfer-tiny .main-svg").first).to_be_visible()
    structure = metrics["ladder"]["tiny"]["structure"]["gain"]
    expect(page.locator("#transfer-tiny")).to_contain_text(f"{100 * structure:+.1f}")
    expect(page.locator("#forest")).to_contain_text("easy_vqa, structure")
    assert objections(page) == []
    page.get_by_role("link", name="ladder", exact=True).click()
    for plot in ("accuracy", "gains"):
        expect(page.locator(f"#{plot} .main-svg").first).to_be_visible()
    assert page.locator("figure img").count() >= 10
    assert objections(page) == []
    asked = page.locator(".example .ask").first
    question, link = asked.locator("b").first.inner_text(), asked.get_by_role("link")
    link.click()
    expect(page.locator("dialog[open] .ask")).to_contain_text(question)
    dark = browser.new_page(color_scheme="dark", viewport={"width": 390, "height": 800})
    for path in (folder / "index.html", folder / "pages" / "ladder-tiny.html"):
        dark.goto(path.as_uri())
        expect(dark.locator(".main-svg").first).to_be_visible()
        assert objections(dark) == []
        assert dark.evaluate("document.documentElement.scrollWidth") <= 390
    dark.close()
