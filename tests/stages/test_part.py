"""generate.part: drawing for a part of the questions, answering all of them directly."""

import json
import random
from collections import Counter as Count
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from g2u.params.params import Params
from g2u.records import Question
from g2u.tables import schemas as tables
from g2u.tables.places import Cell
from g2u.thoughts.part import UNDRAWN, Span, undrawn
from tests.campaigns.crashes import forget
from tests.campaigns.ways import digests, recorded
from tests.conftest import Workspace, tsv_rows

Counter = Callable[[Params], dict[str, dict[str, int]]]
QUESTIONS = [Question(str(n), f"{n}?", pictures=(f"p{n // 2}",)) for n in range(20)]
ROWS = 16


def test_pixels_alone_say_what_is_drawn_for_and_a_greater_part_holds_the_smaller() -> None:
    half = undrawn(QUESTIONS, Span(0.5))
    assert len(half) == 10
    assert {question.pictures for question in QUESTIONS if question.id in half}.isdisjoint(
        question.pictures for question in QUESTIONS if question.id not in half
    )
    assert undrawn(QUESTIONS, Span(0.75)) < half < undrawn(QUESTIONS, Span(0.25))
    assert undrawn(QUESTIONS, Span(1.0)) == frozenset()
    shuffled = random.Random(0).sample(QUESTIONS, len(QUESTIONS))
    assert undrawn(shuffled, Span(0.5)) == half
    renamed = [replace(q, id=f"other {q.id}", text="another") for q in QUESTIONS]
    assert undrawn(renamed, Span(0.5)) == {f"other {name}" for name in half}


def test_pictures_that_hang_together_are_drawn_for_at_once() -> None:
    chain = [Question(str(n), "?", pictures=(f"p{n}", f"p{n + 1}")) for n in range(6)]
    assert undrawn([*chain, *QUESTIONS], Span(0.1)) >= {q.id for q in chain} or not (
        undrawn([*chain, *QUESTIONS], Span(0.1)) & {q.id for q in chain}
    )


def test_a_part_is_paid_for_alone_and_the_rest_of_it_later(
    workspace: Workspace, count_calls: Counter
) -> None:
    workspace.use_null()
    workspace.use_tsv(tsv_rows(ROWS))
    workspace.raw["families"] = ["direct", "duplicate", "detail"]
    workspace.raw["understand"]["controlled"] = ["detail"]
    workspace.raw["generate"]["part"] = 0.25
    counts = count_calls(workspace.write())
    assert counts["direct"] == {"answer": 2 * ROWS}
    assert counts["duplicate"] == {"answer": ROWS}
    assert counts["detail"] == {"edit": 4, "answer": 2 * 4}
    workspace.raw["generate"]["part"] = 1.0
    later = count_calls(workspace.write())
    assert later["detail"]["edit"] == ROWS - 4
    assert later["direct"] == later["duplicate"] == {}


@pytest.mark.slow
def test_undrawn_questions_are_a_state_of_their_own_from_thoughts_to_report(
    workspace: Workspace,
) -> None:
    workspace.init_dvc()
    workspace.use_null()
    workspace.use_tsv(tsv_rows(ROWS))
    workspace.raw["families"] = ["direct", "duplicate", "detail"]
    workspace.raw["understand"]["controlled"] = ["detail"]
    workspace.raw["generate"]["part"] = 0.5
    workspace.write()
    ran = workspace.run("g2u.cli.main", "run", "--verbose")
    assert "fill generate mine tiny detail: 8 calls made" in ran.stderr
    assert "16 items, 8 thoughts, 8 undrawn, 0 calls made" in ran.stderr
    cell = Cell("mine", "tiny", "detail")
    thoughts = tables.read_thoughts(cell.thoughts)
    assert Count(t.status for t in thoughts) == {"ok": 8, "undrawn": 8}
    assert {t.reason for t in thoughts if t.status == "undrawn"} == {UNDRAWN}
    answers = tables.read_answers(cell.answers)
    states = Count((a.arm.pairing, a.status) for a in answers)
    assert set(states.values()) == {8}  # every drawn one is shown another drawn one
    scores = tables.read_scores(cell.scores)
    assert {s.status for s in scores if s.score is None} == {"undrawn"}
    metrics = json.loads(cell.metrics.read_text())
    arm = metrics["arms"]["concat"]
    assert (arm["items"], arm["undrawn"], arm["failed"], arm["not_applicable"]) == (8, 8, 0, 0)
    over = metrics["gains"]["concat"]["direct"]
    assert (over["items"], over["pool"]) == (8, ROWS)
    assert over["pooled_low"] <= over["pooled"] <= over["pooled_high"]
    direct = json.loads(cell.of_family("direct").metrics.read_text())
    assert direct["arms"]["none"]["items"] == ROWS
    page = Path("data/report/pages/mine-tiny.html").read_text()
    assert "8 of 16" in page
    assert "8 undrawn" in page
    first, locks = digests(), recorded()
    forget(Path())
    workspace.run("dvc", "repro")
    assert digests() == first
    assert recorded() == locks
