"""What rewards without gold tell of drawings, in words."""

from collections.abc import Mapping
from typing import Any

import polars as pl

from g2u.report.questions import Finding, unasked

QUESTION = "Does the model know which of its drawings is good?"
TOLD = (
    ("right_within", "right above wrong draws of one question, AUC", 0.5),
    ("right", "of all questions, AUC", 0.5),
    ("faithful_within", "rank correlation with fidelity within a question", 0.0),
    ("faithful", "over all", 0.0),
)
"""What is measured of a reward (g2u/scores/rewards.py), in words, and its value at chance."""


def does_it_know(cells: Mapping[tuple[str, str, str], Mapping[str, Any]]) -> Finding:
    """By benchmark, model and family: the measured rewards of the cell, by name."""
    lines = []
    counts = {name: [0, 0, 0] for name, _, _ in TOLD}
    for (benchmark, model, family), rewards in cells.items():
        for reward, found in rewards.items():
            parts = []
            for name, words, chance in TOLD:
                if found[name] is None:
                    continue
                interval = found[name]
                counts[name][0] += 1
                counts[name][1] += interval["low"] > chance
                counts[name][2] += interval["high"] < chance
                numbers = "{mean:.2f} [{low:.2f}, {high:.2f}]".format(**interval)
                parts.append(f"{words} {numbers}")
            if parts:
                told = "; ".join(parts)
                lines.append(f"{benchmark}, {model}, {family}, {reward}: {told}")
    if not lines:
        what = "whether the model knows which of its drawings is good (understand.rewards, draws)"
        return unasked(QUESTION, what)
    return Finding(
        QUESTION,
        f"Among the draws of one question {_told(counts['right_within'], 'right answers')}, "
        f"{_told(counts['faithful_within'], 'fidelity')}; over all questions "
        f"{_told(counts['right'], 'right answers')}.",
        tuple(lines),
    )


def rewards_table(cells: Mapping[tuple[str, str, str], Mapping[str, Any]]) -> pl.DataFrame:
    """A row per cell and reward; of every measure mean, low and high, null where it has none."""
    return pl.DataFrame(
        [
            {
                "benchmark": benchmark,
                "model": model,
                "family": family,
                "reward": reward,
                **{
                    f"{name}_{part}": found[name] and found[name][part]
                    for name, _, _ in TOLD
                    for part in ("mean", "low", "high")
                },
            }
            for (benchmark, model, family), rewards in cells.items()
            for reward, found in rewards.items()
        ]
    )


def _told(counts: list[int], what: str) -> str:
    total, up, down = counts
    return f"{up} of {total} rewards rise with {what} and {down} fall"
