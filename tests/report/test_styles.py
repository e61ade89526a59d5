"""Styles of prompts are compared on the questions that both have scored, each model by itself."""

import pytest

from g2u.arms import Arm
from g2u.report.questions import does_style_matter
from g2u.report.styles import style_gains
from g2u.scores.statistics import Resampling
from g2u.tables.schemas import Score

OWN = Arm("concat", is_main=True)
HOW = Resampling(0.95, 2000, 0)


def scores(*values: float | None) -> list[Score]:
    return [
        Score(f"q{n}", OWN, "ok", "A", value, cluster=f"p{n}") for n, value in enumerate(values)
    ]


def test_a_style_is_the_mean_over_its_families_question_by_question() -> None:
    (found,) = style_gains(
        {
            ("m", "plain", "b"): [scores(0, 0, 1, None), scores(1, 0, 1, 1)],
            ("m", "terse", "b"): [scores(1, 0, 1, 1), scores(1, 1, 0, 1)],
        },
        HOW,
    )
    assert (found.model, found.style, found.reference) == ("m", "terse", "plain")
    assert found.gain.items == 3, "the fourth question has one family's score less under plain"
    assert found.gain.difference == pytest.approx((0.5 + 0.5 - 0.5) / 3)


def test_models_are_kept_apart_and_corrected_together() -> None:
    worse, better = scores(*[0.0] * 30), scores(*[1.0] * 30)
    found = style_gains(
        {
            ("m", "plain", "b"): [worse],
            ("m", "terse", "b"): [better],
            ("n", "plain", "b"): [better],
            ("n", "terse", "b"): [better],
        },
        HOW,
    )
    assert [(each.model, each.gain.difference) for each in found] == [("m", 1.0), ("n", 0.0)]
    assert [each.holm for each in found] == pytest.approx([2 * 2.0**-29, 1.0], abs=1e-9)
    said = does_style_matter(found, 0.05)
    assert said.answer == "1 of 2 comparisons with the first style differ after Holm's correction."
    assert said.lines[0].startswith("m: terse against plain +100.0 [+95.0, +100.0] over 30 ")
    assert "style" in does_style_matter([], 0.05).unasked


def test_the_same_picture_on_two_benchmarks_is_two_clusters() -> None:
    half = {"plain": scores(0, 1), "terse": scores(1, 1)}
    styled = {("m", style, b): [found] for style, found in half.items() for b in ("b", "c")}
    (found,) = style_gains(styled, HOW)
    assert (found.gain.items, found.gain.clusters) == (4, 4)
