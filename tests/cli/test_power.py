"""g2u plan --power and --claim, as a user runs them."""

from math import inf, nan
from pathlib import Path

import pytest

from g2u.cli.power import Assumed, Looks, Outlook, claim_of, outlooks, table
from g2u.errors import ParamsError
from g2u.pipeline.plan import plan
from g2u.scores.planning import Design
from g2u.tables.places import Cell
from tests.conftest import Workspace, tsv_rows


def test_a_claim_out_of_range_is_one_line() -> None:
    for values, tests, pictures, what in (
        ((0.0, 1.0, 10.0), 1, None, "0 questions; expected a whole number from 1 to 10,000,000"),
        ((1e9, 1.0, 10.0), 1, None, r"1e\+09 questions; expected a whole"),
        ((nan, 1.0, 10.0), 1, None, "nan questions; expected a whole"),
        ((inf, 1.0, 10.0), 1, None, "inf questions; expected a whole"),
        ((100.0, nan, 10.0), 1, None, "a gain of nan points; expected 0, or 0.001 to 100"),
        ((100.0, 1e-300, 10.0), 1, None, "a gain of 1e-300 points"),
        ((100.0, 1.0, nan), 1, None, "discordance nan"),
        ((100.0, 0.0, 5e-324), 1, None, "discordance 4.94066e-324; expected 0.001 to 100"),
        ((1.5, 1.0, 10.0), 1, None, "1.5 questions; expected a whole"),
        ((100.0, 1.0, 0.0), 1, None, "discordance 0; expected 0.001 to 100"),
        ((100.0, 12.0, 10.0), 1, None, "a gain of 12 points where 10 %"),
        ((100.0, 1.0, 10.0), 0, None, "--tests 0; expected 1"),
        ((100.0, 1.0, 10.0), 1, 200, "--pictures 200; expected 1 to 100"),
    ):
        with pytest.raises(ParamsError, match=what.replace("%", "%")):
            claim_of(values, tests, pictures, 0.25)


def test_the_table_fits_80_columns_whatever_names_and_numbers_are() -> None:
    cells = [
        Cell("visual_puzzles_of_some_length", "a_model_of_a_long_name", "self_reworded"),
        Cell("ladder", "tiny", "detail"),
    ]
    paid, seen = (123456, 23456, 1234567, 123.4, 12345.67, Design(1000, 0.15, 1.5)), (0.99, 1.0)
    found = [
        Outlook(cell, *paid, source, *seen, looks)
        for cell in cells
        for source, looks in (("its own scores", None), ("12 cells of the study", Looks(1.0, 1.0)))
    ]
    lines = table(found, 0.05).splitlines()
    assert max(map(len, lines)) <= 80
    told = [line.split() for line in lines if line.startswith("  detail/tiny")]
    assert [row[1:6] for row in told] == [
        ["1234567", "123", "12345.67", "15.0", f"({n})"] for n in (1, 2)
    ]
    assert "(1) = its own scores, (2) = 12 cells of the study" in " ".join(lines)


def test_fewer_pictures_make_a_claim_harder() -> None:
    alone, shared = (claim_of((1129.0, 4.2, 15.0), 1, n, 0.25) for n in (None, 346))
    assert shared.design.detectable(0.05) > 1.2 * alone.design.detectable(0.05)


@pytest.mark.slow
def test_a_claim_needs_no_study(workspace: Workspace, tmp_path: Path) -> None:
    done = workspace.run("g2u.cli.main", "plan", "--claim", "1500", "1.2", "10")
    assert "could not be seen" in done.stdout
    assert "in 80 % is 2.3" in done.stdout


@pytest.mark.slow
def test_the_plan_says_what_each_own_thought_could_show(workspace: Workspace) -> None:
    workspace.init_dvc()
    workspace.use_null()
    workspace.raw["families"] = ["direct", "duplicate", "detail", "context"]
    workspace.use_tsv(tsv_rows(6))
    config = workspace.write()
    assumed = Assumed(0.15, 0.25)
    found = outlooks(config, plan(config), assumed)
    assert [each.cell.family for each in found] == ["detail", "context"], "controls gain nothing"
    assert {each.source for each in found} == {"assumed"}
    assert all(each.questions == 6 and each.calls > 0 for each in found)
    told = table(found, 0.05)
    assert "corrected over 2 gains" in told
    workspace.run("g2u.cli.main", "run")
    again = outlooks(config, plan(config), assumed)
    assert all(each.calls == 0 for each in again)
    assert again[0].source in ("its own scores", "assumed", "1 cells of mine")


@pytest.mark.slow
def test_of_a_part_the_plan_counts_what_is_drawn_for(workspace: Workspace) -> None:
    workspace.init_dvc()
    workspace.use_null()
    workspace.raw["families"] = ["direct", "duplicate", "detail"]
    workspace.raw["generate"]["part"] = 0.25
    workspace.use_tsv(tsv_rows(16))
    config = workspace.write()
    (found,) = outlooks(config, plan(config), Assumed(0.15, 0.0))
    assert (found.questions, found.pictures, found.calls) == (4, 4, 4 + 4)


@pytest.mark.slow
def test_with_looks_the_plan_says_how_much_is_drawn_and_what_is_found_then(
    workspace: Workspace,
) -> None:
    workspace.init_dvc()
    workspace.use_null()
    workspace.raw["families"] = ["direct", "duplicate", "detail", "context"]
    workspace.use_tsv(tsv_rows(64))
    config = workspace.write()
    (before, _), assumed = outlooks(config, plan(config), Assumed(0.15, 0.0)), Assumed(0.15, 0.0)
    assert before.looks is None
    workspace.raw["run"] = {"design": {"worth": 0.3}}
    config = workspace.write()
    found, _ = outlooks(config, plan(config), assumed)
    assert found.looks is not None
    assert found.looks.without < found.looks.with_gain < 1
    assert found.corrected > found.alone > before.alone, "giving up costs power"
    told = table([found], 0.05)
    assert f"drawn for: {100 * found.looks.without:.0f} % if there is no gain" in told
    assert "hours and money are at most" in " ".join(told.split())
