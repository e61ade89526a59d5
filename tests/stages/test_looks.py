"""run.design: drawing in slices, looked at after each, until a cell is decided."""

import base64
import json
import shutil
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import yaml

from g2u.arms import Arm, of_main
from g2u.calls.folder import FolderStore
from g2u.params.sections import Design
from g2u.pipeline.plan import forecast, plan
from g2u.pipeline.sync import dvc_files
from g2u.records import Question
from g2u.scores.looks import followed, in_words, planned
from g2u.scores.sequential import Plan
from g2u.tables import schemas as tables
from g2u.tables.places import Cell
from g2u.tables.schemas import Score
from g2u.thoughts.looks import Decided, cells, looks_of, read_decision, span, write_decision
from g2u.thoughts.part import in_slices, undrawn
from tests.campaigns import crashes, ways
from tests.conftest import ROOT, Workspace, begun
from tests.planted_model import picture

ITEMS = 64
QUARTERS = (0.25, 0.5, 0.75, 1.0)
KINDS = {"reads": "gain", "ignores": "futility", "misled": "harm"}
DESIGN = {"looks": [0.25, 0.5, 1.0], "worth": 0.3}
QUESTIONS = [Question(str(n), f"{n}?", pictures=(f"p{n // 2}",)) for n in range(40)]


def planted(
    workspace: Workspace,
    kinds: Collection[str] = KINDS,
    *,
    turned: int = 0,
    workers: int = 1,
    batch: int = 8,
) -> None:
    """Models that gain by drawing, are harmed by it, or look at no drawing; `turned`: by how much
    the gold answers are moved on.
    """
    rng = np.random.default_rng(5)
    secrets = rng.integers(0, 4, (ITEMS, 2)).tolist()
    workspace.use_tsv(
        {
            "index": str(number),
            "image": base64.b64encode(picture(number, *secret).encoded).decode(),
            "question": "Which colour?",
            **dict(zip("ABCD", ("red", "green", "blue", "yellow"), strict=True)),
            "answer": "ABCD"[secret[0] - turned],
        }
        for number, secret in enumerate(secrets)
    )
    home = workspace.folder / "g2u/models/planted"
    home.mkdir()
    shutil.copy(ROOT / "tests/planted_model.py", home / "__init__.py")
    raw = workspace.raw
    raw["presets"]["models"] = {
        kind: {"adapter": "planted", "batch": batch, "settings": {"kind": kind}} for kind in kinds
    }
    raw["models"], raw["families"] = [*kinds], ["direct", "duplicate", "detail"]
    raw["understand"] |= {"controlled": ["detail"]}
    raw["run"] = {"workers": workers, "design": DESIGN}
    (workspace.folder / "params.yaml").write_text(yaml.safe_dump(raw))
    workspace.init_dvc()
    workspace.run("g2u.cli.main", "sync")  # there, as the adapter is found in that folder alone


@pytest.fixture(scope="module")
def looked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """A study of them that was run."""
    with pytest.MonkeyPatch.context() as patch:
        workspace = begun(tmp_path_factory.mktemp("looked"), patch)
        planted(workspace)
        workspace.run("g2u.cli.main", "run")
        yield workspace


def decisions(folder: Path) -> dict[str, str]:
    """By place in a workspace."""
    return {
        path.relative_to(folder).as_posix(): path.read_text()
        for path in sorted(folder.glob("data/*/*/*/looks/*/decision.json"))
    }


@pytest.mark.slow
def test_decided_cells_draw_no_more_and_say_when_they_stopped(looked: Workspace) -> None:
    assert len(decisions(looked.folder)) == 2 * len(KINDS)
    for kind, wanted in KINDS.items():
        cell = Cell("mine", kind, "detail")
        found = json.loads(cell.metrics.read_text())["looks"]
        assert (found["decision"], found["pool"]) == (wanted, ITEMS)
        assert found["drawn"] < 1
        drawn = round(found["drawn"] * ITEMS)
        states = Counter(thought.status for thought in tables.read_thoughts(cell.thoughts))
        assert states == {"ok": drawn, "undrawn": ITEMS - drawn}
        page = Path(f"data/report/pages/mine-{kind}.html").read_text()
        assert in_words(found["decision"], found["drawn"]) in page
    told = pl.read_csv("data/report/gains.csv")
    assert set(told.filter(pl.col("decided").is_not_null())["model"]) == {*KINDS}


@pytest.mark.slow
def test_what_is_decided_is_claimed_and_the_estimate_allows_for_stopping(
    looked: Workspace,
) -> None:
    gains = json.loads(Path("data/report/gains.json").read_text())["mine"]
    for kind, wanted in KINDS.items():
        row = gains[kind]["detail"]
        assert (row["holm"] <= 0.05) == (wanted != "futility"), kind
        scores = {
            name: of_main(tables.read_scores(Cell("mine", kind, name).scores))
            for name in ("detail", "direct")
        }
        plain = {score.id: score.score for score in scores["direct"]}
        raw = [s.score - plain[s.id] for s in scores["detail"] if s.score is not None]
        assert row["gain_low"] < row["gain"] < row["gain_high"]
        if wanted != "futility":
            assert 0 < row["gain"] / np.mean(raw) < 1  # what stopped early had run a little high


@pytest.mark.slow
def test_every_arm_shows_drawings_of_what_was_drawn_for(looked: Workspace) -> None:
    for kind in KINDS:
        answers = tables.read_answers(Cell("mine", kind, "detail").answers)
        drawn = {a.id for a in of_main(answers) if a.status == "ok"}
        by_arm = Counter((a.arm.pairing, a.status, a.id in drawn) for a in answers)
        assert {key[1:] for key in by_arm} == {("ok", True), ("undrawn", False)}
        assert {pairing for pairing, *_ in by_arm} == {"own", "shuffled"}


@pytest.mark.slow
def test_a_run_and_a_bare_repro_leave_the_same_bytes_and_nothing_to_do(
    workspace: Workspace,
) -> None:
    planted(workspace, ["reads"])
    workspace.run("g2u.cli.main", "run")
    before = decisions(workspace.folder)
    assert len(before) == 2
    outcome = ways.campaign(workspace)
    assert (outcome.unclean, outcome.differences) == ([], [])
    assert decisions(workspace.folder) == before


@pytest.mark.slow
def test_gold_decides_which_rows_are_drawn_and_no_drawn_byte(
    looked: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = begun(tmp_path, monkeypatch)
    planted(other, turned=1)
    other.run("g2u.cli.main", "run")
    assert decisions(other.folder) != decisions(looked.folder)
    both = 0
    for kind in KINDS:
        place = Cell("mine", kind, "detail")
        there, here = (
            {t.question: t for t in tables.read_thoughts(each.folder / place.thoughts)}
            for each in (looked, other)
        )
        common = [q for q in there if {there[q].status, here[q].status} == {"ok"}]
        both += len(common)
        assert [there[q] for q in common] == [here[q] for q in common]
        said, now = (
            {a.id: a for a in of_main(tables.read_answers(each.folder / place.answers))}
            for each in (looked, other)
        )
        assert [said[q] for q in common] == [now[q] for q in common]
    assert both >= ITEMS // 4 * len(KINDS)


@pytest.mark.slow
def test_workers_batches_and_kills_change_no_decision(
    looked: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = begun(tmp_path, monkeypatch)
    planted(other, workers=2, batch=3)
    for line in (3, 12, 24):
        crashes.run_until(other.folder, line, 0.05)
    other.run("g2u.cli.main", "run")
    assert decisions(other.folder) == decisions(looked.folder)
    first, second = (
        {k: v for k, v in crashes.state(each.folder).items() if k.startswith("data/mine")}
        for each in (looked, other)
    )
    assert {k for k in first if "questions" not in k and first[k] != second.get(k)} == set()


@pytest.mark.slow
def test_a_budget_holds_over_all_looks_together(
    looked: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = pl.concat(map(pl.read_parquet, looked.folder.glob("data/mine/**/calls/*.parquet")))
    wanted = set(calls.filter(pl.col("kind") != "check")["call"])
    other, budget = begun(tmp_path, monkeypatch), len(wanted) - 10
    planted(other)
    params = other.folder / "params.yaml"
    plain = params.read_text()
    params.write_text(
        yaml.safe_dump(other.raw | {"run": {**other.raw["run"], "budget": {"calls": budget}}})
    )
    stopped = other.run("g2u.cli.main", "run", check=False)
    assert stopped.returncode == 1
    assert f"the budget of params.yaml is spent: calls {budget} of {budget}" in stopped.stderr
    there = {file.key for file in FolderStore(other.folder / ".g2u/calls").listing()}
    assert len(wanted & there) == budget
    params.write_text(plain)
    other.run("g2u.cli.main", "run")
    assert decisions(other.folder) == decisions(looked.folder)


def test_slices_are_cut_by_pixels_and_each_follows_the_one_before() -> None:
    places = in_slices(QUESTIONS, QUARTERS)
    assert Counter(places.values()) == {0: 10, 1: 10, 2: 10, 3: 10}
    assert all(places[str(n)] == places[str(n + 1)] for n in range(0, 40, 2))
    assert Counter(in_slices(QUESTIONS, (1e-300, 1.0)).values()) == {0: 2, 1: 38}, "a set at least"


def looked_params(workspace: Workspace) -> None:
    workspace.use_null()
    workspace.raw["benchmarks"] = ["ladder"]
    workspace.raw["families"] = ["direct", "duplicate", "detail"]
    workspace.raw["run"] = {"design": DESIGN}


def test_a_slice_is_drawn_until_a_look_decides_and_then_nothing(workspace: Workspace) -> None:
    looked_params(workspace)
    config = workspace.write()
    cell = Cell("ladder", "tiny", "detail")
    assert [c.look for c in cells(config, "ladder") if c.family == "detail"] == [1, 2, 0]
    assert looks_of(config, cell.of_family("direct")) == []

    def drawn(look: int) -> int:
        return len(QUESTIONS) - len(undrawn(QUESTIONS, span(config, cell.at(look))))

    assert [drawn(look) for look in (1, 2, 0)] == [10, 10, 40]
    write_decision(cell.at(1).decision, Decided("open", 0.25))
    assert [drawn(look) for look in (1, 2, 0)] == [10, 10, 40]
    write_decision(cell.at(2).decision, Decided("gain", 0.5))
    assert [drawn(look) for look in (1, 2, 0)] == [10, 10, 20]
    for look in (1, 2):
        write_decision(cell.at(look).decision, Decided("gain", 0.25))
    assert [drawn(look) for look in (1, 2, 0)] == [10, 0, 10]


def test_what_draws_and_answers_learns_a_word_and_a_share_of_gold(workspace: Workspace) -> None:
    looked_params(workspace)
    texts = dvc_files(workspace.write())
    for path, text in texts.items():
        for name, stage in yaml.safe_load(text)["stages"].items():
            deps = " ".join(stage.get("do", stage).get("deps") or [])
            if name in ("generate", "understand"):
                assert "targets" not in deps, path
                assert "scores" not in deps, path
            if name == "understand":
                assert "decision" not in deps, path
    assert texts.keys() >= {Cell("ladder", "tiny", "detail", n).dvc_file for n in range(3)}
    place = Path("decision.json")
    write_decision(place, Decided("harm", 0.75))
    assert json.loads(place.read_text()) == {"decision": "harm", "drawn": 0.75}
    assert read_decision(place) == Decided("harm", 0.75)


def test_off_nothing_of_it_is_there(workspace: Workspace) -> None:
    looked_params(workspace)
    on = dvc_files(workspace.write())
    del workspace.raw["run"]
    off = dvc_files(workspace.write())
    assert [path for path in on if path not in off] == [
        Cell("ladder", "tiny", "detail", n).dvc_file for n in (1, 2)
    ]
    assert not [path for path, text in off.items() if "look" in text and path.name != "dvc.yaml"]
    assert not [p for p, text in off.items() if "decision" in text or "--look" in text]
    assert not list(workspace.folder.glob("cells/*/*/looks/*/*"))  # g2u sync took them away


@pytest.mark.parametrize(
    ("design", "beside", "told"),
    [
        ({"looks": [0.5, 0.25, 1.0]}, {}, "run.design.looks: [0.5, 0.25, 1.0]; expected rising"),
        ({"looks": [0.25, 0.5]}, {}, "run.design.looks: [0.25, 0.5]; expected rising"),
        ({"worth": 2.0}, {}, "run.design.worth"),
        ({}, {"generate": {"part": 0.5}}, "run.design: beside it, expected generate.part: 1"),
        ({}, {"judge": {"model": "tiny"}}, "run.design: beside it, expected judge.model: null"),
        ({}, {"run": {"ray": "local"}}, "run.design: beside it, expected run.ray: null"),
    ],
)
def test_a_design_that_does_not_fit_is_one_line(
    workspace: Workspace, design: dict[str, object], beside: dict[str, dict[str, object]], told: str
) -> None:
    looked_params(workspace)
    for section, settings in beside.items():
        workspace.raw[section] = {**workspace.raw.get(section, {}), **settings}
    workspace.raw["run"] = {**workspace.raw["run"], "design": design}
    (workspace.folder / "params.yaml").write_text(yaml.safe_dump(workspace.raw))
    said = workspace.run("g2u.cli.main", "plan", check=False)
    assert said.returncode == 1
    (line,) = said.stderr.strip().splitlines()
    assert told in line


def test_error_is_spread_over_the_cells_that_looks_may_end(workspace: Workspace) -> None:
    looked_params(workspace)
    workspace.raw["families"] += ["context", "structure"]
    config = workspace.write()
    found = planned(config, Cell("ladder", "tiny", "detail"))
    assert found == Plan((0.25, 0.5, 1.0), 0.05 / 3, 0.3, Design().missed)
    assert planned(config, Cell("ladder", "tiny", "duplicate")) is None


def test_a_plan_says_what_is_paid_at_most_and_at_least(workspace: Workspace) -> None:
    looked_params(workspace)
    workspace.raw["presets"]["benchmarks"]["ladder"]["items"] = 40
    config = workspace.write()
    found = forecast(plan(config), config)
    assert found.least is not None
    assert (found.totals["edit"].to_make, found.least["edit"].to_make) == (20, 5)
    assert found.least["answer"].to_make < found.totals["answer"].to_make
    del workspace.raw["run"]
    config = workspace.write()
    assert forecast(plan(config), config).least is None


def scored(values: Sequence[float | None]) -> list[Score]:
    """Of QUESTIONS' ids, a score each; None = undrawn."""
    arm = Arm("concat", is_main=True)
    return [
        Score(q.id, arm, "undrawn" if v is None else "ok", "", v, q.pictures[0])
        for q, v in zip(QUESTIONS, values, strict=True)
    ]


def test_a_look_at_a_part_is_the_look_that_the_whole_remembers() -> None:
    places, rng = in_slices(QUESTIONS, QUARTERS), np.random.default_rng(1)
    own = rng.integers(0, 2, 40).astype(float).tolist()
    direct = scored(rng.integers(0, 2, 40).astype(float).tolist())
    plan_ = Plan(QUARTERS, 0.05, 0.9, 0.5)
    whole = followed(plan_, QUESTIONS, scored(own), direct)
    assert whole is not None
    for look in range(1, 5):
        so_far = [v if places[q.id] < look else None for q, v in zip(QUESTIONS, own, strict=True)]
        found = followed(plan_, QUESTIONS, scored(so_far), direct)
        assert found is not None
        assert found.course.looks == whole.course.looks[:look]


def test_a_slice_of_which_nothing_was_scored_is_no_look() -> None:
    places = in_slices(QUESTIONS, QUARTERS)
    own = [None if places[q.id] == 0 else 1.0 for q in QUESTIONS]
    failed = [
        replace(score, status="failed") if score.score is None else score for score in scored(own)
    ]
    found = followed(Plan(QUARTERS, 0.05, 0.1), QUESTIONS, failed, scored([0.0] * 40))
    assert found is not None
    assert found.plan.shares == (0.5, 0.75, 1.0)
    assert found.decided == Decided("gain", 0.75)  # the second that saw anything


def test_what_was_drawn_for_whole_was_looked_at_whole() -> None:
    """Few sets of pictures leave the last slices empty: the look before has the error that is
    left, and gives nothing up.
    """
    one = [replace(question, pictures=("p",)) for question in QUESTIONS]
    found = followed(Plan(QUARTERS, 0.05, 0.1), one, scored([1.0] * 40), scored([1.0] * 40))
    assert found is not None
    assert found.plan.shares == (1.0,)
    assert found.decided == Decided("open", 1.0)
    few = [replace(question, pictures=(f"p{n // 20}",)) for n, question in enumerate(QUESTIONS)]
    places = in_slices(few, QUARTERS)
    half = [None if places[q.id] else 0.0 for q in few]
    found = followed(Plan(QUARTERS, 0.05, 0.1), few, scored(half), scored([1.0] * 40))
    assert found is not None
    assert found.plan.shares == (0.25, 1.0)


def test_looks_are_told_in_words() -> None:
    assert in_words("gain", 0.5) == "stopped at half of the questions: gain"
    assert in_words("futility", 0.4) == "stopped at 40 % of the questions: futility"
    assert in_words("harm", 1.0) == "decided by all questions: harm"
    assert in_words("open", 1.0) == "all questions drawn for: open"
