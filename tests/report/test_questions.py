"""The report's answers follow the numbers, whichever way they fall."""

from dataclasses import replace
from typing import Any

import polars as pl

from g2u.arms import DIRECT, Arm, Rule
from g2u.report.questions import (
    beats_equal_compute,
    can_it_decide,
    did_answers_end,
    does_fidelity_bound,
    does_it_change_answers,
    does_it_help,
    findings,
    is_it_the_wording,
    was_it_the_picture,
    what_does_it_cost,
    what_stands_beside,
    what_transfers,
)
from g2u.report.summary import SCHEMA
from g2u.scores.envelope import Bound
from g2u.scores.interaction import Interaction
from g2u.scores.statistics import Interval
from g2u.tables.schemas import ARMS

OWN = Arm("concat", is_main=True)


def row(family: str, gain: float, holm: float = 0.001, benchmark: str = "b", **more: Any) -> Any:
    what = ARMS.row(DIRECT if family == "direct" else OWN)
    numbers = {"gain": gain, "gain_low": gain - 0.05, "gain_high": gain + 0.05, "holm": holm}
    place = {"benchmark": benchmark, "model": "m", "family": family, "arm": family}
    return {**dict.fromkeys(SCHEMA), **what, **place, "role": "own thought", **numbers, **more}


def table(*rows: Any) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=SCHEMA)


def test_help_counts_gains_and_losses_that_survive_the_correction() -> None:
    found = does_it_help(
        table(row("a", 0.2), row("b", -0.1), row("c", 0.3, 0.2), row("d", 0.3)), 0.05
    )
    assert found.answer.startswith(
        "Of 4 comparisons of own thoughts with direct, 2 are gains and 1"
    )
    assert found.lines == (
        "b, m, d: +30.0 [+25.0, +35.0]",
        "b, m, a: +20.0 [+15.0, +25.0]",
        "b, m, b: -10.0 [-15.0, -5.0]",
    )


def test_verdicts_are_counted_and_their_numbers_shown() -> None:
    content = {"content": 0.1, "content_low": 0.05, "content_high": 0.15}
    rows = table(
        row("a", 0.2, verdict="thought-mediated", **content),
        row("b", 0.0, 1.0, verdict="no effect shown"),
    )
    found = was_it_the_picture(rows)
    assert found.answer == ("Verdicts on own thoughts: 1 no effect shown, 1 thought-mediated.")
    assert found.lines == ("b, m, a: thought-mediated; over duplicate +10.0 [+5.0, +15.0]",)


def test_the_lines_of_a_verdict_say_what_filters_and_prompts_came_to() -> None:
    more: dict[str, Any] = {
        "edits": 0.1,
        "edits_low": 0.05,
        "edits_high": 0.15,
        "edits_of": "filter_detail",
    }
    told: dict[str, Any] = {"prompted": 100, "with_answer": 40, "mediated_holm": 0.01}
    found = was_it_the_picture(table(row("a", 0.2, verdict="answer in the prompt", **more, **told)))
    assert found.lines == (
        "b, m, a: answer in the prompt; over filter_detail +10.0 [+5.0, +15.0]; over all of these "
        "Holm p = 0.01; prompts tell the answer in 40 of 100 questions",
    )


def test_arms_whose_answers_were_cut_off_are_named_with_the_setting_that_mends_it() -> None:
    counts: dict[str, Any] = {"items": 120, "filtered": 0, "end_not_told": 0}
    rows = table(
        row("wordy", -0.3, **{**counts, "truncated": 118}),
        row("short", 0.0, **{**counts, "truncated": 0}),
        row("silent", 0.0, **{**counts, "truncated": 0, "end_not_told": 120}),
    )
    found = did_answers_end(rows, 32)
    assert "118 of 360 were cut off at understand.max_tokens 32" in found.answer
    assert found.lines == (
        "b, m, wordy: 118 of 120 cut off, 0 filtered",
        "In 1 arms no answer tells why it ended.",
    )
    assert did_answers_end(rows.filter(pl.col("arm") == "short"), 32).lines == ()
    assert findings(rows, {}, [], [], {}, 0.05, 32)[0] == found, "said first"


def test_a_loss_that_may_be_of_answers_that_no_rule_read_is_named() -> None:
    counts: dict[str, Any] = {"items": 100, "unparsed": 2, "undecided": 0}
    rows = table(
        row("direct", 0.0, **counts) | {"role": "direct"},
        row("wordy", -0.1, **{**counts, "undecided": 12}),
        row("worse", -0.1, **counts),
        row("better", 0.1, **{**counts, "undecided": 12}),
    )
    found = is_it_the_wording(rows)
    assert found.lines == (
        "b, m, wordy: +12.0 points of answers that no rule could read or compare, beside direct; "
        "gain -10.0 [-15.0, -5.0]",
    )


def test_no_effect_with_many_changed_answers_is_not_no_change() -> None:
    flips: dict[str, Any] = {"verdict": "no effect shown", "items": 120}
    rows = table(
        row("a", 0.0, 1.0, gained=14, lost=12, **flips),
        row("b", 0.0, 1.0, gained=3, lost=2, **flips),
    )
    found = does_it_change_answers(rows)
    assert found.lines == ("b, m, a: changes answers: 14 up, 12 down of 120, +0.0 [-5.0, +5.0]",)
    assert does_it_change_answers(rows[1:]).answer.startswith("Nowhere")


def test_a_family_transfers_where_its_gain_is_shown() -> None:
    rows = table(
        row("a", 0.2), row("b", 0.1), row("a", -0.1, benchmark="c"), row("b", 0.3, benchmark="c")
    )
    of = Interaction(("a", "b"), ("b", "c"), 0.12, 0.0002)
    found = what_transfers(rows, {"m": of}, 0.05)
    assert found.answer == (
        "Does it depend on the benchmark which family helps? yes of m (p = 0.0002, 2 families on 2 "
        "benchmarks; a family's lead differs by 12.0 points)."
    )
    assert found.lines == (
        "b, m: a +20.0 [+15.0, +25.0] > b +10.0 [+5.0, +15.0]",
        "c, m: b +30.0 [+25.0, +35.0] > a -10.0 [-15.0, -5.0]",
    )
    alone = what_transfers(rows, {"m": replace(of, p=0.2)}, 0.05)
    assert "not shown of m (p = 0.2" in alone.answer, "each benchmark has a winner all the same"
    assert "cannot be compared" in what_transfers(table(row("a", 0.2)), {}, 0.05).answer


def test_the_bound_can_come_out_either_way() -> None:
    one = Interval(0.1, 0.0, 0.2)
    bounds = {
        name: Bound(one, one, one, word, 9, 3)  # type: ignore[arg-type]
        for name, word in (("x", "yes"), ("y", "no"), ("z", "undecided"))
    }
    found = does_fidelity_bound(bounds)
    assert found.answer.startswith("Yes in 1, no in 1, undecided in 1 of 3, asked of")
    assert found.lines[0].startswith("x: yes; +0.10 [+0.00, +0.20] score per unit of fidelity")
    assert "half is right in 10 % [0, 20]; 9 thoughts of 3 items" in found.lines[0]
    assert "a benchmark with oracles" in does_fidelity_bound({}).unasked


def test_equal_compute_is_told_or_said_to_be_missing() -> None:
    assert "understand.samples" in beats_equal_compute(table(row("a", 0.2))).unasked
    votes = {"votes": 0.1, "votes_low": 0.0, "votes_high": 0.2, "votes_p": 0.04, "votes_of": 4}
    what: dict[str, Any] = ARMS.row(OWN.ruled(Rule("vote", of=4)))
    further = row("a", 0.3, **{**what, "arm": "a, vote_4"}, role="control", seconds=0.2)
    found = beats_equal_compute(table(row("a", 0.2, **votes), further))
    assert "in 1 of 1 comparisons" in found.answer
    assert found.lines == (
        "b, m, a: over 4 votes +10.0 [+0.0, +20.0]",
        "b, m, a, vote_4: +30.0 [+25.0, +35.0] over direct at 0.200 s per item",
    )


def test_the_front_holds_what_nothing_cheaper_beats() -> None:
    def arm(name: str, accuracy: float, seconds: float, role: str = "control") -> Any:
        return row(name, 0.1, accuracy=accuracy, seconds=seconds, role=role)

    rows = table(
        arm("direct", 0.5, 0.01, "baseline"),
        arm("worse", 0.4, 0.02),
        arm("own", 0.8, 0.05, "own thought"),
        arm("slower", 0.8, 0.06),
        arm("oracle", 0.99, 0.01, "oracle"),
        arm("picked by the truth", 0.9, 0.01)
        | ARMS.row(OWN.ruled(Rule("select", by="oracle", of=4))),
    )
    found = what_does_it_cost(rows)
    assert found.lines[0] == "b, m: direct 50.0 at 10.0 ms < own 80.0 at 50.0 ms"
    assert found.lines[1] == "b, m, own: 200 points per model second"
    assert "in 1 of 1" in found.answer


def test_every_question_is_answered_even_if_nothing_ran() -> None:
    found = findings(table(), {}, [], [], {}, 0.05, 32)
    assert len(found) == 9
    assert all(finding.answer or finding.unasked for finding in found)
    assert can_it_decide(["b: chose a"]).lines == ("b: chose a",)


def test_position_and_kinds_of_questions_each_have_a_line_where_they_are_found() -> None:
    rows = table(
        row("a", 0.2, beside="answers A in 80 %", position_holm=0.001, kinds_holm=0.5),
        row("b", 0.0, beside="depends on category: 3 up", position_holm=None, kinds_holm=0.01),
        row("c", 0.0, beside=None, kinds_holm=0.7),
    )
    found = what_stands_beside(rows, 0.05)
    assert found.answer == (
        "Of 3 own thoughts some are shown to move answers by an option's position (1), by kind of "
        "question (1)."
    )
    assert found.lines == (
        "b, m, a: answers A in 80 %",
        "b, m, b: depends on category: 3 up",
    )
    assert what_stands_beside(rows[2:], 0.05).lines == ()
