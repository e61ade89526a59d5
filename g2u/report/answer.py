"""The answer of a report in two sentences."""

from collections.abc import Sequence
from typing import Any

import polars as pl

from g2u.report.summary import own_thoughts
from g2u.scores.verdict import UNDISCUSSED, UNSHOWN

NAMED = 4
"""Benchmarks that a sentence names at most."""
EXPLAINED = "thought-mediated"
Best = dict[str, Any]
"""The row of the most accurate own thought of a benchmark and model."""


def in_two_sentences(rows: pl.DataFrame) -> str:
    """Where the models' own thoughts help, and what is shown elsewhere, by the best own thought of
    each benchmark and model; losses are those of any own thought.

    Args:
        rows: the table of `summary`.
    """
    own = own_thoughts(rows)
    if own.is_empty():
        return "No model's own drawing was compared with answering without one."
    groups = own.partition_by("benchmark", "model", maintain_order=True)
    order = rows.select("benchmark", "model").unique(maintain_order=True).rows()
    best = sorted(
        (group.row(0, named=True) for group in groups),
        key=lambda row: order.index((row["benchmark"], row["model"])),
    )
    is_one = len({row["benchmark"] for row in best}) == len(best)
    believed = [row for row in best if row["verdict"] != "unchecked"]
    if not believed:
        return (
            f"Nothing follows from these answers, neither an effect nor that there is none: on "
            f"{_names(best, is_one)} what they hang on is not proven of the model."
        )
    hurt = own.filter(pl.col("verdict") == "harm").sort("gain").rows(named=True)
    return f"{_where_it_helps(believed, is_one)} {_elsewhere(best, hurt, is_one)}"


def _where_it_helps(best: Sequence[Best], is_one: bool) -> str:
    helped = [row for row in best if row["verdict"] == EXPLAINED]
    what = "benchmarks" if is_one else "pairs of benchmark and model"
    if helped:
        some = f"On {len(helped)} of {len(best)} {what}, yes"
        start = "Yes" if len(helped) == len(best) else some
        return (
            f"{start}: with its own drawing beside the picture the model answers more questions "
            f"rightly ({_gains(helped, is_one)} points), and no control does as much."
        )
    if any(row["gain"] > 0 and row["verdict"] in _unexplained(best) for row in best):
        return (
            "More questions are answered rightly with the model's own drawing on some "
            f"{what}, but that the drawing does it is shown on none of {len(best)}."
        )
    return f"Not shown: on none of {len(best)} {what} is the model's own drawing shown to help."


def _unexplained(best: Sequence[Best]) -> set[str]:
    """Verdicts on gains that are shown, and not shown to be the drawing's."""
    words = {str(row["verdict"]) for row in best}
    return words - {EXPLAINED, "harm", *UNDISCUSSED, *UNSHOWN}


def _elsewhere(best: Sequence[Best], hurt: Sequence[Best], is_one: bool) -> str:
    parts = []
    for word in sorted(_unexplained(best)):
        rows = [row for row in best if row["verdict"] == word]
        parts.append(f"on {_names(rows, is_one)} there is a gain with the verdict “{word}”")
    for word, said in (
        ("not shown (corrected)", "the gain does not hold after the correction"),
        ("no effect shown", "no effect is shown"),
        ("at chance", "answers are at chance"),
        ("unchecked", "nothing follows, as the model is unchecked"),
    ):
        rows = [row for row in best if row["verdict"] == word]
        if rows:
            parts.append(f"on {_names(rows, is_one)} {said}")
    if hurt:
        drawn = ", ".join(
            f"{row['family']} on {_name(row, is_one)} ({_points(row)})" for row in hurt[:NAMED]
        )
        more = f" and {len(hurt) - NAMED} more" if len(hurt) > NAMED else ""
        parts.append(f"some drawings hurt: {drawn}{more}")
    else:
        parts.append("no drawing is shown to hurt")
    told = "; ".join(parts)
    return f"{told[0].upper()}{told[1:]}."


def _gains(rows: Sequence[Best], is_one: bool) -> str:
    told = [f"{_name(row, is_one)} {_points(row)}" for row in rows[:NAMED]]
    return ", ".join(told) + (f" and {len(rows) - NAMED} more" if len(rows) > NAMED else "")


def _names(rows: Sequence[Best], is_one: bool) -> str:
    names = [_name(row, is_one) for row in rows[:NAMED]]
    if len(rows) > NAMED:
        names.append(f"{len(rows) - NAMED} more")
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _name(row: Best, is_one: bool) -> str:
    return str(row["benchmark"]) if is_one else f"{row['benchmark']} ({row['model']})"


def _points(row: Best) -> str:
    return f"{100 * row['gain']:+.1f}"
