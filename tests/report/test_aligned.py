"""Tables of alignments: by hand, and those of the document as the committed results have them."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from scipy.stats import t

from flows.align import DOCUMENT, course, tables_of_alignment
from flows.figures import with_tables
from g2u.params.reading import load
from g2u.report.aligned import (
    Course,
    changes_table,
    chosen_table,
    looks_table,
    paintings_table,
    rewards_table,
    trainings_table,
)
from g2u.report.changes import repainted
from g2u.scores.statistics import Resampling
from tests.conftest import ROOT

LOOKS = pl.DataFrame(
    {
        "turn": [0, 50, 100],
        "reward": [0.5, 0.6, 0.7],
        "fidelity": [0.8, 0.7, 0.6],
        "fidelity a detail": [0.9, 0.8, 0.7],
        "fidelity b context": [0.7, 0.6, 0.5],
        "fidelity painting": [0.1, 0.2, 0.25],
        "refined a detail": pl.Series([None, None, None], dtype=pl.Float64),
    }
)

PARTS = ("mean", "low", "high")


def test_a_course_tells_first_and_last_look_and_whose_weights_are_kept() -> None:
    found = course(LOOKS, {"turns": 300, "fall": 0.15})
    assert found.turns == 300
    assert found.kept == 50  # at 100 fidelity is 0.2 below the first and the reward above
    row = looks_table({"mine": found}).splitlines()[2]
    assert row == (
        "| mine | 100, stopped | 50 | 0.500 -> 0.700 | 0.800 -> 0.600 | 10.0 -> 25.0 | - | - |"
    )
    whole = looks_table({"mine": Course(LOOKS, 100, 100)}).splitlines()[2]
    assert whole.startswith("| mine | 100 | 100 |")


def test_changes_are_shown_in_points_beside_what_the_base_reaches() -> None:
    shared = {"benchmark": "braid", "base": "old", "before": 0.5, "after": 0.6, "holm": 1.0}
    gains = {"gain": 0.1, "gain_low": 0.05, "gain_high": 0.15}
    drawn = {"fidelity_before": 0.8, "fidelity_gain": -0.02, "fidelity_low": -0.03,
             "fidelity_high": 0.0}  # fmt: skip
    none = dict.fromkeys(drawn)
    found = pl.DataFrame(
        [
            {**shared, **gains, **none, "model": "new", "arm": "direct"},
            {**shared, **gains, **drawn, "model": "new", "arm": "context"},
            {**shared, **gains, **drawn, "model": "new", "arm": "structure"},
            {**shared, **gains, **drawn, "model": "new_1", "arm": "context"},
        ]
    )
    rows = changes_table(found, {"braid": "context"}).splitlines()[2:]
    assert rows == [
        "| braid | direct | 50.0 | +10.0 [+5.0, +15.0] | - | - | - | - |",
        "| braid | context | 50.0 | +10.0 [+5.0, +15.0] | +10.0 [+5.0, +15.0] | 80.0 "
        "| -2.0 [-3.0, +0.0] | -2.0 [-3.0, +0.0] |",
    ]


def test_what_trainings_change_is_shown_with_each_of_them_a_draw() -> None:
    shared = {"benchmark": "braid", "arm": "context"}
    found = pl.DataFrame(
        {**shared, "model": f"new_{seed}", "gain": gain, "gain_low": gain - 0.05,
         "gain_high": gain + 0.05, "fidelity_gain": 0.01, "fidelity_low": 0.0,
         "fidelity_high": 0.02}
        for seed, gain in enumerate((0.1, 0.12, 0.2))
    )  # fmt: skip
    how = Resampling(confidence=0.95, resamples=400, seed=0)
    same = repainted([False] * 30 + [True] * 10, [False] * 20 + [True] * 20, how)
    rows = trainings_table({"new": found}, {"braid": "context"}, {"new": [same] * 3})
    reach = 100 * (t.ppf(0.975, 2) ** 2 * np.var([0.1, 0.12, 0.2], ddof=1) / 3 + 0.05**2) ** 0.5
    low, high = 100 * same.gain.low, 100 * same.gain.high
    assert rows.splitlines()[2:] == [
        f"| new | 3 | paintings | from words | +25.0 [{low:+.1f}, {high:+.1f}] | - |",
        f"| new | 3 | braid | context | +14.0 [{14 - reach:+.1f}, {14 + reach:+.1f}] "
        "| +1.0 [+0.0, +2.0] |",
    ]


def test_paintings_are_shown_in_percent() -> None:
    before, after = [False] * 30 + [True] * 10, [False] * 20 + [True] * 20
    found = repainted(before, after, Resampling(confidence=0.95, resamples=400, seed=0))
    row = paintings_table({"mine": found}).splitlines()[2]
    assert row.startswith("| mine | 40 | 25.0 | 50.0 | +25.0 [")


def test_rewards_are_shown_for_the_edit_that_helps_and_beside_what_choosing_by_them_gives() -> None:
    names = ("right_within", "right", "faithful_within", "faithful")
    told = pl.DataFrame(
        [
            {"benchmark": "braid", "family": family, "reward": "verdict"}
            | {f"{n}_{part}": v for n in names for part, v in zip(PARTS, values, strict=True)}
            for family, values in (("context", (0.6, 0.5, 0.7)), ("detail", (0.1, 0.0, 0.2)))
        ]
    ).with_columns(pl.lit(None).alias("right_within_mean"))
    rows = rewards_table(told, {"braid": "context"}).splitlines()[2:]
    shown = "0.60 [0.50, 0.70]"
    assert rows == [f"| braid | context | verdict | - | {shown} | {shown} | {shown} |"]
    arms = ["", "random", "likelihood", "contrast", "verdict", "oracle"]
    gains = pl.DataFrame(
        {
            "benchmark": "braid",
            "arm": f"context, select_{arm}_4" if arm else "context",
            "accuracy": place / 10,
        }
        for place, arm in enumerate(arms)
    )
    row = chosen_table(gains, {"braid": "context"}, 4).splitlines()[2]
    assert row == "| braid | context | 0.0 | 10.0 | 20.0 | 30.0 | 40.0 | 50.0 |"


def test_the_document_holds_the_tables_of_the_results_that_are_committed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(ROOT)
    found = tables_of_alignment(load())
    text = Path(DOCUMENT).read_text(encoding="utf-8")
    assert with_tables(text, found) == text
    assert all(table in text for table in found.values())
