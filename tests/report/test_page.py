"""The report: its numbers, its words, and that it opens offline in a real browser."""

import base64
import io
import json
import re
from collections.abc import Callable
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from g2u.arms import BLINDED, DIRECT, Arm, Rule
from g2u.params.reading import load
from g2u.params.sections import Report
from g2u.pictures.decoding import picture_of
from g2u.records import Picture, Question, Thought
from g2u.report.examples import TALL, WIDE, Arms, Example, ShownArm, changed_ids, chosen
from g2u.report.figures import tone
from g2u.report.page import BenchmarkPart, Site, data_uri
from g2u.report.questions import findings
from g2u.report.summary import SCHEMA, CellResult, headline, summary
from g2u.tables import schemas as tables
from g2u.tables.places import Cell
from g2u.tables.schemas import Score
from stages.report import over_controls
from tests.conftest import ROOT, Workspace, objections, png

OWN = Arm("concat", is_main=True)


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
        "clusters": 50,
        "error": spread / 2,
        "step": 0.01,
        "detectable": 0.07,
        "with_fallback": difference,
    }


def cell(family: str, accuracy: float, over_direct: Any, over_duplicate: Any) -> CellResult:
    main = DIRECT if family == "direct" else OWN
    mode = main.name
    arm = {"accuracy": accuracy, "low": accuracy - 0.05, "high": accuracy + 0.05, "items": 100}
    arm["clusters"] = 50
    arm |= {"failed": 0, "unparsed": 0, "not_applicable": 0}
    gains = {"direct": over_direct, "duplicate": over_duplicate} if over_direct else {}
    metrics = {"chance": 0.25, "majority": 0.3, "arms": {mode: arm}, "gains": {mode: gains}}
    metrics["prompts"] = {"distinct": 1, "prompted": 100, "with_option": 0, "with_answer": 0}
    is_own = family in ("detail", "structure")
    edit = "prompt" if is_own else family
    return CellResult("b", "m", family, (main,), metrics, is_own, {mode: 0.01}, edit)


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


def either(difference: float) -> dict[str, Any]:
    """Shown if it is not 0."""
    return gain(difference, 0.001 if difference else 0.9)


def controlled(
    content: float,
    specific: float,
    *,
    duplicate: float = 0.0,
    blank: float = 0.0,
    filtered: float | None = None,
    told: int = 0,
) -> str:
    """The verdict when own is 20 points above direct, and so much above each control; the others
    are gains of controls, own is as good as blank and filtered if these gain.
    """
    own = cell("structure", 0.8, gain(0.2, 0.001), either(content))
    own.metrics["gains"]["concat"]["shuffled"] = either(specific)
    own.metrics["prompts"]["with_answer"] = told
    cells = [cell("direct", 0.6, None, None)]
    for family, helps in (("duplicate", duplicate), ("blank", blank), ("filter", filtered or 0.0)):
        cells.append(cell(family, 0.6 + helps, either(helps), either(0.0)))
    own.over["blank"] = {**either(0.2 - blank), "cause": "any picture"}
    if filtered is not None:
        own.over["filter"] = {**either(0.2 - filtered), "cause": "any edit"}
    return str(summary([*cells, own])["verdict"][-1])


def test_the_verdict_reads_the_controls_of_its_benchmark() -> None:
    assert controlled(0.2, 0.2) == "thought-mediated"
    assert controlled(0.0, 0.2, blank=0.2) == "any picture"
    assert controlled(0.0, 0.2, duplicate=0.2) == "extra compute"
    assert controlled(0.0, 0.2, duplicate=0.2, blank=0.2) == "any picture"
    assert grid()["verdict"].to_list() == [None, None, "no effect shown", "controls missing"]
    assert "Verdict: controls missing." in headline(grid(), 0.05, 0.03)


def test_a_cause_that_is_not_shown_itself_is_not_named() -> None:
    assert controlled(0.0, 0.0) == "gain, cause not shown"
    assert controlled(0.2, 0.0) == "gain, cause not shown"
    assert controlled(0.2, 0.0, blank=0.1) == "gain, cause not shown", "own is above blank"


def test_classical_edits_have_a_say() -> None:
    assert controlled(0.2, 0.2, filtered=0.0) == "thought-mediated"
    assert controlled(0.2, 0.2, filtered=0.2) == "any edit"
    own = cell("structure", 0.8, gain(0.2, 0.001), either(0.2))
    own.metrics["gains"]["concat"]["shuffled"] = either(0.2)
    own.over["filter"] = {**gain(0.05, 0.3), "cause": "any edit"}
    weak = cell("filter", 0.62, gain(0.02, 0.3), either(0.0))
    rows = summary([cell("direct", 0.6, None, None), weak, own])
    assert rows["verdict"][-1] == "gain, cause not shown"
    assert (rows["edits"][-1], rows["edits_of"][-1], rows["mediated_p"][-1]) == (
        0.05,
        "filter",
        0.3,
    )


def test_prompts_that_tell_the_answer_veto_the_thought() -> None:
    assert controlled(0.2, 0.2, told=1) == "thought-mediated", "one of 100 is a word by chance"
    assert controlled(0.2, 0.2, told=10) == "answer in the prompt"
    rows = grid().with_columns(
        verdict=pl.lit("answer in the prompt"), with_answer=pl.lit(40), prompted=pl.lit(100)
    )
    assert "answer in the prompt, in 40 of 100 questions" in headline(rows, 0.05, 0.03)


def test_the_claim_and_the_controls_are_corrected_over_the_grid() -> None:
    """Content of p 0.04 makes one cell thought-mediated, and none of two."""
    own = cell("structure", 0.8, gain(0.2, 0.001), gain(0.2, 0.04))
    own.metrics["gains"]["concat"]["shuffled"] = either(0.2)
    other = cell("detail", 0.6, gain(0.0, 0.9), gain(0.0, 0.9))
    other.metrics["gains"]["concat"]["shuffled"] = either(0.0)
    direct = cell("direct", 0.6, None, None)
    assert summary([direct, own])["verdict"][-1] == "thought-mediated"
    rows = summary([direct, other, own])
    assert rows["verdict"][-1] == "gain, cause not shown"
    assert rows["mediated_holm"].to_list() == [None, 1.0, 0.08]
    assert rows["detectable"][-1] > summary([direct, own])["detectable"][-1]


def test_votes_of_direct_are_those_that_cost_as_much() -> None:
    own = cell("structure", 0.8, gain(0.2, 0.001), gain(0.2, 0.001))
    own.metrics["gains"]["concat"] |= {
        "shuffled": gain(0.2, 0.001),
        "direct_vote_2": gain(0.15, 0.001),
        "direct_vote_4": gain(0.01, 0.7),
        "direct_vote_16": gain(0.0, 0.9),
    }
    own.seconds["concat"] = 0.033
    votes = tuple(DIRECT.ruled(Rule("vote", of=size)) for size in (16, 2, 4))
    direct = replace(cell("direct", 0.6, None, None), arms=(DIRECT, *votes))
    for vote in votes:
        direct.metrics["arms"][vote.name] = direct.metrics["arms"]["none"]
        direct.seconds[vote.name] = 0.04
    rows = summary([direct, own])
    assert rows["votes_of"].to_list() == [None] * 4 + [4]
    assert rows["verdict"][-1] == "gain, cause not shown"
    own.seconds["concat"] = 0.02
    assert summary([direct, own])["verdict"][-1] == "thought-mediated"
    own.seconds["concat"] = 1.0
    assert summary([direct, own])["votes_of"][-1] == 16
    own.seconds["concat"] = 0.033
    direct.metrics["gains"]["vote_4"] = {"direct": gain(0.19, 0.001)}
    assert summary([direct, own])["verdict"][-1] == "extra compute"
    cheap = replace(cell("direct", 0.6, None, None), family="baseline", seconds={"none": 0.001})
    assert summary([direct, own, cheap])["votes_of"][-2] == 4, "the baseline's seconds do not count"


def test_the_headline_says_when_nothing_is_shown_or_harm_is() -> None:
    assert "not shown (corrected)" in headline(grid(p=0.4), 0.05, 0.03)
    assert "is told from chance" in headline(chances(0.31, 0.3), 0.05, 0.03)
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


def chances(direct: float, own: float) -> pl.DataFrame:
    """Chance 0.25, commonest answer 0.3, intervals of 0.1."""
    row = cell("structure", own, gain(own - direct, 0.001), gain(own - direct, 0.001))
    row.metrics["gains"]["concat"]["shuffled"] = gain(own - direct, 0.001)
    return summary([cell("direct", direct, None, None), row])


@pytest.mark.parametrize(
    ("direct", "own", "said"),
    [
        (0.6, 0.8, "thought-mediated"),
        (0.33, 0.81, "thought-mediated"),
        (0.33, 0.34, "at chance"),
        (0.31, 0.22, "at chance"),
        (0.31, 0.15, "harm"),
        (0.6, 0.3, "harm"),
    ],
)
def test_gains_are_undiscussed_only_where_own_is_at_chance_too(
    direct: float, own: float, said: str
) -> None:
    """One word in the table, the headline, the overview and the findings."""
    rows = chances(direct, own)
    assert rows["verdict"].to_list() == [None, said]
    part = BenchmarkPart("b", "m", rows, {}, {}, (), None)
    answers = findings(rows, {}, [], [], {}, 0.05, 32)
    page = Site(Report(examples=0, alpha=0.05, margin=0.03), 0.95).overview([part], rows, answers)
    (row,) = re.findall(r'<tr id="b-m">.*?</tr>', page, re.DOTALL)
    assert f">{said}</span>" in row
    assert ">100 on 50</td>" in row
    assert 'href="pages/b-m.html"' in row
    is_told = said != "at chance"
    assert ("not discussed" not in headline(rows, 0.05, 0.03)) == is_told
    assert (f"Verdict: {said}." in headline(rows, 0.05, 0.03)) == is_told
    assert ("or at chance (1)" not in answers[0].answer) == is_told
    assert answers[1].answer == f"Verdicts on own thoughts: 1 {said}."
    assert (tone(rows.row(1, named=True), 0.05) != "open") == is_told


def test_examples_of_change_are_those_that_the_named_family_turned_in_the_arm_shown() -> None:
    def scored(arm: Arm, *values: float | None) -> list[Score]:
        return [Score(f"q{n}", arm, "ok", "", value, "p") for n, value in enumerate(values)]

    direct = scored(DIRECT, 0.0, 1.0, 0.0, 0.6, 1.0) + scored(BLINDED, 1.0, 0.0, 1.0, 0.0, 0.0)
    own = scored(OWN, 1.0, 0.0, 0.0, 0.9, None)
    strange = scored(OWN.shuffled(), 0.0, 0.0, 1.0, 0.0, 0.0)
    drawn = [Thought("q0", 0, "ok", call="a call")]
    worse = scored(OWN, 0.0, 1.0, 0.0, 0.0, 0.0)
    arms: Arms = {
        "direct": ([], [], direct),
        "structure": (drawn, [], own + strange),
        "detail": (drawn, [], worse),
    }
    assert changed_ids(arms, "structure", to=True) == {"q0"}
    assert changed_ids(arms, "structure", to=False) == {"q1"}
    assert changed_ids(arms, "detail", to=False) == {"q3", "q4"}
    asked = [Question(f"q{n}", "?", pictures=(f"p{n}",)) for n in range(5)]
    shown = chosen(asked, arms, 4, "structure", "detail")
    assert {title: [q.id for q in part] for title, part in shown.items()} == {
        "Where structure turns a wrong answer right": ["q0"],
        "Where detail turns a right answer wrong": ["q3"],
        "Spread evenly over the benchmark": ["q1", "q2"],
    }
    assert list(chosen(asked, arms, 4, None, None)) == ["Spread evenly over the benchmark"]


@pytest.mark.parametrize(
    ("source", "thought", "shown"),
    [
        ((100, 18), (400, 72), ((400, 72), (400, 72))),
        ((78, 14), (312, 56), ((312, 56), (312, 56))),
        ((40, 14), (160, 56), ((320, 112), (320, 112))),
        ((48, 48), (48, 48), ((96, 96), (96, 96))),
        ((64, 64), (64, 64), ((128, 128), (128, 128))),
        ((100, 18), (100, 18), ((500, 90), (500, 90))),
        ((1024, 768), (1024, 1024), ((171, 128), (128, 128))),
        ((1, 1), (4, 4), ((128, 128), (128, 128))),
        ((800, 20), (3200, 80), ((560, 14), (560, 14))),
    ],
)
def test_pictures_of_an_example_are_as_large_as_each_other_by_whole_factors(
    source: tuple[int, int], thought: tuple[int, int], shown: tuple[tuple[int, int], ...]
) -> None:
    one, other = (Picture(name, b"", *size) for name, size in (("one", source), ("other", thought)))
    sizes = Example("q", "?", (), "", (one,), (ShownArm((other,), ()),)).sizes
    assert (sizes["one"], sizes["other"]) == shown
    assert all(width <= WIDE and height <= TALL for width, height in shown)


def test_own_thoughts_are_compared_with_every_control_that_was_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = load(ROOT / "params.yaml")
    monkeypatch.chdir(tmp_path)
    right = {
        "direct": 40,
        "duplicate": 41,
        "filter": 70,
        "blank": 40,
        "oracle": 99,
        "structure": 80,
    }
    results = []
    for family, count in right.items():
        arm = DIRECT if family == "direct" else OWN
        scores = [Score(f"q{n}", arm, "ok", "", float(n < count), f"p{n}") for n in range(100)]
        tables.write_scores(Cell("b", "m", family).scores, scores)
        results.append(cell(family, count / 100, None, None))
    over = over_controls(config, results)
    assert [bool(result.over) for result in over] == [False] * 5 + [True]
    found = over[-1].over
    assert {name: gain["cause"] for name, gain in found.items()} == {
        "filter": "any edit",
        "blank": "any picture",
    }
    assert found["filter"]["difference"] == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("edit", "is_own", "expected"),
    [
        ("filter", False, "any edit"),
        ("roundtrip", False, "any edit"),
        ("an edit of someone else's that asks no model", False, "any edit"),
        ("noise", False, "any picture"),
        ("duplicate", False, "extra compute"),
        ("direct", False, None),
        ("oracle", False, None),
        ("prompt", True, None),
    ],
)
def test_what_a_family_stands_for_follows_its_edit(
    edit: str, is_own: bool, expected: str | None
) -> None:
    assert CellResult("b", "m", "named freely", (), {}, is_own, {}, edit).cause == expected


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
def test_the_pages_open_offline_and_agree_with_dvc(
    report: Callable[[], Path], workspace: Workspace, tmp_path: Path, page: Page
) -> None:
    folder = report()
    metrics = json.loads((folder / "gains.json").read_text())
    for benchmark in ("ladder", "easy_vqa"):
        text = (folder / "pages" / f"{benchmark}-tiny.html").read_text()
        assert not re.search(r"(src|href)=[\"']?(https?:)?//", text), "nothing is fetched"
        for arm, numbers in metrics[benchmark]["tiny"].items():
            row = re.search(rf">{arm}</th>(.*?)</tr>", text, re.DOTALL)
            assert row is not None, arm
            wanted = (
                f"{100 * numbers['accuracy']:.1f}" if "accuracy" in numbers else "not applicable"
            )
            assert wanted in unescape(row[1])
    shown = json.loads(workspace.run("dvc", "metrics", "show", "--json").stdout)
    files = next(iter(shown.values()))["data"]
    for benchmark, models in metrics.items():
        told = files[f"data/report/headline/{benchmark}-tiny.json"]["data"]
        arms = models["tiny"]
        assert told["direct"] == round(100 * arms["direct"]["accuracy"], 1)
        assert told["gain"] == round(100 * arms[told["thought"]]["gain"], 1)
    workspace.run("dvc", "plots", "show", "--out", str(tmp_path / "plots"))
    plotted = (tmp_path / "plots" / "index.html").read_text()
    assert "ladder tiny structure" in plotted
    page.goto((folder / "index.html").as_uri())
    structure = metrics["ladder"]["tiny"]["structure"]["gain"]
    shown = page.locator("table.heat").get_by_role("row", name="structure")
    expect(shown).to_contain_text(f"{100 * structure:+.1f}")
    expect(page.locator("h1 + p")).to_contain_text("null")
    assert objections(page) == []
    page.get_by_role("link", name="ladder", exact=True).first.click()
    assert page.locator("svg.whisker").count() >= 7
    assert page.locator("figure img").count() >= 10
    assert objections(page) == []
    asked = page.locator(".example .ask").first
    question, link = asked.locator("b").first.inner_text(), asked.get_by_role("link")
    link.click()
    expect(page.locator("article h2")).to_contain_text(question)


@pytest.mark.parametrize(
    ("side", "place", "inside"), [(400, 100, 200), (200, 100, 200), (60, 100, 60)]
)
def test_a_page_holds_no_more_of_a_picture_than_a_sharp_screen_shows(
    side: int, place: int, inside: int
) -> None:
    uri = data_uri(picture_of(png(1, side)), (place, place))
    kind, _, data = uri.partition(";base64,")
    with Image.open(io.BytesIO(base64.b64decode(data))) as image:
        assert (image.size, f"data:image/{str(image.format).lower()}") == ((inside, inside), kind)
