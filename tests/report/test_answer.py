"""The report's first screen: the answer in two sentences, and thoughts that changed an answer."""

from typing import Any

import polars as pl
import pytest

from g2u.arms import DIRECT, Arm
from g2u.records import Picture, Question, Thought
from g2u.report.answer import in_two_sentences
from g2u.report.examples import Held
from g2u.report.figures import shade, tone
from g2u.report.overview import Asked, costs, failures, maps, short
from g2u.report.page import BenchmarkPart, highlights
from g2u.report.summary import SCHEMA
from g2u.report.turns import Turn, misleading, turns
from g2u.tables.schemas import ARMS, Answer, Score

OWN = Arm("concat", is_main=True)


def row(benchmark: str, family: str, gain: float, verdict: str | None, **more: Any) -> Any:
    is_direct = family == "direct"
    told = {
        "benchmark": benchmark,
        "model": "m",
        "family": family,
        "arm": family,
        "role": "baseline" if is_direct else "own thought",
        "accuracy": 0.5 + gain,
        "gain": None if is_direct else gain,
        "gain_low": gain - 0.1,
        "gain_high": gain + 0.1,
        "verdict": verdict,
        "items": 100,
        "pictures": 50,
        "lost": 0,
        "failed": 0,
        "seconds": 0.01 if is_direct else 0.03,
    }
    return {
        **dict.fromkeys(SCHEMA),
        **ARMS.row(DIRECT if is_direct else OWN),
        **told,
        **more,
    }


def table(*rows: Any) -> pl.DataFrame:
    direct = [row(name, "direct", 0.0, None) for name in {each["benchmark"]: 0 for each in rows}]
    return pl.DataFrame([*direct, *rows], schema=SCHEMA)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (
            [row("a", "detail", 0.3, "thought-mediated")],
            "Yes: with its own drawing beside the picture the model answers more questions rightly "
            "(a +30.0 points), and no control does as much. No drawing is shown to hurt.",
        ),
        (
            [
                row("a", "detail", 0.3, "thought-mediated"),
                row("b", "detail", 0.1, "not shown (corrected)"),
                row("c", "detail", 0.0, "no effect shown"),
                row("d", "detail", 0.0, "at chance"),
            ],
            "On 1 of 4 benchmarks, yes: with its own drawing beside the picture the model answers "
            "more questions rightly (a +30.0 points), and no control does as much. On b the gain "
            "does not hold after the correction; on c no effect is shown; on d answers are at "
            "chance; no drawing is shown to hurt.",
        ),
        (
            [row("a", "detail", 0.3, "any picture"), row("b", "detail", -0.2, "harm")],
            "More questions are answered rightly with the model's own drawing on some benchmarks, "
            "but that the drawing does it is shown on none of 2. On a there is a gain with the "
            "verdict “any picture”; some drawings hurt: detail on b (-20.0).",
        ),
        (
            [row("a", "detail", 0.0, "no effect shown")],
            "Not shown: on none of 1 benchmarks is the model's own drawing shown to help. On a no "
            "effect is shown; no drawing is shown to hurt.",
        ),
        ([], "No model's own drawing was compared with answering without one."),
    ],
)
def test_the_answer_says_where_thoughts_help_and_what_is_shown_elsewhere(
    rows: list[Any], said: str
) -> None:
    assert in_two_sentences(table(*rows)) == said


def test_the_answer_goes_by_the_best_own_thought_and_names_a_loss_of_any() -> None:
    said = in_two_sentences(
        table(
            row("a", "detail", -0.2, "harm"),
            row("a", "structure", 0.3, "thought-mediated"),
        )
    )
    assert said.startswith("Yes: ")
    assert said.endswith("Some drawings hurt: detail on a (-20.0).")


def test_many_benchmarks_are_counted_and_several_models_named() -> None:
    many = [row(f"b{n}", "detail", 0.1, "thought-mediated") for n in range(6)]
    assert "b3 +10.0 and 2 more points" in in_two_sentences(table(*many))
    two = [
        row("a", "detail", 0.1, "thought-mediated"),
        row("a", "detail", 0.0, "no effect shown", model="n"),
    ]
    assert "On 1 of 2 pairs of benchmark and model, yes" in in_two_sentences(table(*two))
    assert "on a (n) no effect is shown" in in_two_sentences(table(*two)).replace("On", "on")


def picture(name: str) -> Picture:
    return Picture(name, b"", 64, 64)


def held(arm: Arm, scores: list[float], drawn: bool = True) -> Held:
    names = [f"q{n}" for n in range(len(scores))]
    thoughts = [
        Thought(name, 0, "ok", call="a call", picture=picture(f"thought {name}")) for name in names
    ]
    answers = [
        Answer(name, arm, "", "ok", response=f"{score}")
        for name, score in zip(names, scores, strict=True)
    ]
    marked = [
        Score(name, arm, "ok", "", score, name) for name, score in zip(names, scores, strict=True)
    ]
    return thoughts if drawn else [], answers, marked


def test_a_turn_shows_the_thought_of_its_family_and_both_answers() -> None:
    questions = [Question(f"q{n}", "?", pictures=(f"p{n}",)) for n in range(3)]
    pictures = {f"p{n}": picture(f"p{n}") for n in range(3)}
    arms = {
        "direct": held(DIRECT, [0.0, 1.0, 0.0], drawn=False),
        "structure": held(OWN, [1.0, 0.0, 0.0]),
    }
    place = ("b", "m", "structure")
    (right,) = turns(place, questions, pictures, arms, helped=True)
    (wrong,) = turns(place, questions, pictures, arms, helped=False)
    assert (right.question.id, right.before, right.after) == ("q0", "0.0", "1.0")
    assert [each.digest for each in (*right.pictures, *right.thoughts)] == ["p0", "thought q0"]
    assert (wrong.question.id, wrong.before, wrong.after) == ("q1", "1.0", "0.0")
    assert right.sizes["p0"] == (128, 128)


def part(benchmark: str, *rows: Any) -> BenchmarkPart:
    def turn(number: int, helped: bool) -> Turn:
        asked = Question(f"{benchmark}{number}", "?")
        return Turn(benchmark, "m", "detail", asked, (), (), "", "", helped)

    helping = tuple(turn(number, True) for number in range(3))
    return BenchmarkPart(
        benchmark, "m", table(*rows), {}, {}, (), None, helping=helping, hurting=(turn(9, False),)
    )


def test_the_first_screen_shows_the_greatest_gains_and_the_worst_loss() -> None:
    parts = [
        part("a", row("a", "detail", 0.1, "no effect shown", lost=40)),
        part("b", row("b", "detail", 0.3, "thought-mediated", lost=2)),
        part("c", row("c", "detail", -0.3, "harm", lost=30)),
    ]
    shown = [turn.question.id for turn in highlights(parts)]
    assert shown == ["b0", "a0", "c0", "c9"]
    assert [turn.question.id for turn in highlights(parts[:1])] == ["a0", "a1", "a2", "a9"]
    assert highlights([]) == []


def test_the_misleading_family_is_one_whose_loss_is_shown_or_else_the_one_that_turns_most() -> None:
    many = row("a", "context", 0.0, "no effect shown", lost=9)
    few = row("a", "detail", -0.1, "harm", lost=5)
    assert misleading(table(many, few)) == "detail"
    assert misleading(table(many)) == "context"
    assert misleading(table(row("a", "structure", 0.1, "thought-mediated"))) is None


def test_identities_are_cut_to_adapter_and_digest_and_told_by_role() -> None:
    digest = "64542f7373705a340e293aefd8e1e1fcb50701e4476ddca6080730d3bc5b7d8c"
    assert short(f"tiny 2 {digest}") == "tiny 64542f73"
    assert short("a server with a name that goes on and on") == "a server with a name that goes…"
    assert Asked("m", ("one",), ("one",)).roles == [("", "one")]
    assert Asked("m", ("one",), ("two",)).roles == [("draws", "one"), ("answers", "two")]


def test_a_map_needs_two_benchmarks_and_is_broken_after_ten() -> None:
    assert maps(table(row("a", "detail", 0.1, "no effect shown"))) == []
    rows = [row(f"b{n}", "detail", 0.1, "no effect shown") for n in range(12)]
    first, second = maps(table(*rows, row("b0", "oracle", 0.2, None, role="oracle")))
    assert (len(first.benchmarks), second.benchmarks) == (10, ("b10", "b11"))
    assert [(family, role) for family, role, _ in first.lines] == [
        ("detail", "own thought"),
        ("oracle", "oracle"),
    ]
    assert [cell is None for cell in first.lines[1][2]] == [False] + [True] * 9


def test_costs_are_those_of_the_best_own_thought_beside_direct() -> None:
    (found,) = costs(table(row("a", "detail", 0.1, ""), row("a", "context", 0.2, "")))
    assert (found.arm, found.gain, found.times) == ("context", 0.2, pytest.approx(3.0))


def test_failures_are_counted_where_there_are_some_and_otherwise_left_out() -> None:
    assert failures(table(row("a", "detail", 0.1, ""))) is None
    found = failures(
        table(row("a", "detail", 0.1, "", failed=2, truncated=5), row("b", "detail", 0.1, ""))
    )
    assert found is not None
    assert found.kinds == ("failed", "cut off")
    assert found.lines == (("a", "m", 202, (2, 5)),)


@pytest.mark.parametrize(
    ("more", "shown"),
    [
        ({"holm": 0.04}, "up"),
        ({"holm": 0.06, "p": 0.001}, "open"),
        ({"holm": 0.04, "verdict": "at chance"}, "open"),
        ({"holm": 0.04, "gain": -0.2}, "down"),
        ({"role": "control", "control_holm": 0.04}, "up"),
        ({"role": "control", "p": 0.001}, "open"),
        ({"role": "oracle", "p": 0.04}, "up"),
    ],
)
def test_a_colour_stands_for_what_holds_after_the_correction(
    more: dict[str, Any], shown: str
) -> None:
    told = row("a", "detail", 0.3, None) | more
    assert tone(told, 0.05) == shown
    assert (shade(told, 0.05) >= 16) == (shown != "open"), "pale where nothing is shown"
