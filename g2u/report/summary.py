"""One row per arm over all cells: accuracy, gains, corrections, costs, and the headline."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from g2u.scoring.statistics import benjamini_hochberg, holm
from g2u.scoring.verdict import Estimate, Word, verdict

SCHEMA = {
    "benchmark": pl.String,
    "model": pl.String,
    "family": pl.String,
    "arm": pl.String,
    "role": pl.String,
    "accuracy": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "items": pl.Int64,
    "failed": pl.Int64,
    "unparsed": pl.Int64,
    "abstained": pl.Int64,
    "undecided": pl.Int64,
    "not_applicable": pl.Int64,
    "chance": pl.Float64,
    "majority": pl.Float64,
    "seconds": pl.Float64,
    "gain": pl.Float64,
    "gain_low": pl.Float64,
    "gain_high": pl.Float64,
    "p": pl.Float64,
    "mcnemar": pl.Float64,
    "gained": pl.Int64,
    "lost": pl.Int64,
    "detectable": pl.Float64,
    "with_fallback": pl.Float64,
    "content": pl.Float64,
    "content_low": pl.Float64,
    "content_high": pl.Float64,
    "content_p": pl.Float64,
    "specific": pl.Float64,
    "specific_low": pl.Float64,
    "specific_high": pl.Float64,
    "specific_p": pl.Float64,
    "votes": pl.Float64,
    "votes_low": pl.Float64,
    "votes_high": pl.Float64,
    "votes_p": pl.Float64,
    "votes_of": pl.Int64,
    "holm": pl.Float64,
    "bh": pl.Float64,
    "content_holm": pl.Float64,
    "over_baseline": pl.Float64,
    "over_baseline_low": pl.Float64,
    "over_baseline_high": pl.Float64,
    "over_baseline_p": pl.Float64,
    "over_baseline_holm": pl.Float64,
    "gain_low_90": pl.Float64,
    "gain_high_90": pl.Float64,
    "psnr": pl.Float64,
    "ssim": pl.Float64,
    "ink_f1": pl.Float64,
    "path_agreement": pl.Float64,
    "verdict": pl.String,
}
"""`gain` is over direct, `content` over duplicate, `specific` over shuffled thoughts, `votes`
over a vote of `votes_of` sampled direct answers, the fewest that cost as much as the arm;
`over_baseline` over the direct answers of the model's baseline (a direct-only training); scores
0..1; seconds are model seconds per item; fidelity is against the oracle, PSNR in dB; `verdict` is
a word of g2u/scoring/verdict.py.
"""
BASES = {
    "gain": "direct",
    "content": "the original shown twice",
    "over_baseline": "the model trained to answer directly only",
}
"""What each column of gains is over, in words."""
VOTE = "direct_vote_"
EMPTY = ("blank", "noise")
"""Families whose pictures hold nothing of the item."""
FIDELITY = ("psnr", "ssim", "ink_f1", "path_agreement")


@dataclass(frozen=True, slots=True)
class CellResult:
    """What the report reads of one cell."""

    benchmark: str
    model: str
    family: str
    metrics: dict[str, Any]
    """The cell's metrics file."""
    is_own: bool
    """Whether a model drew the thoughts."""
    seconds: dict[str, float]
    """Model seconds per item of each arm: drawing and answering."""


def arm_name(family: str, arm: str, main: str) -> str:
    """How an arm is called: its family, `blind`, or the family and how it differs from `main`."""
    if arm == "blind":
        return arm
    return family if arm == main else f"{family}, {arm.removeprefix(main + '_')}"


def role(family: str, arm: str, main: str, *, is_own: bool) -> str:
    """baseline, own thought, control or oracle."""
    if arm != main:
        return "control"
    if main == "none":
        return "baseline"
    return "own thought" if is_own else "oracle" if family == "oracle" else "control"


def summary(cells: Sequence[CellResult], alpha: float = 0.05) -> pl.DataFrame:
    """The table; Holm and Benjamini-Hochberg run over all own-thought gains of the whole grid.

    Args:
        cells: all cells of the report.
        alpha: level of the verdicts' tests.
    """
    plain = {(c.benchmark, c.model): c.seconds["none"] for c in cells if "none" in c.seconds}
    rows = [row for cell in cells for row in _rows(cell, plain)]
    corrected("p", rows, {"holm": holm, "bh": benjamini_hochberg})
    corrected("content_p", rows, {"content_holm": holm})
    corrected("over_baseline_p", rows, {"over_baseline_holm": holm})
    for row in rows:
        if row["role"] == "own thought" and row["gain"] is not None:
            row["verdict"] = verdict_of(row, rows, alpha)
    return pl.DataFrame(rows, schema=SCHEMA)


def corrected(column: str, rows: list[dict[str, Any]], methods: dict[str, Any]) -> None:
    """Add adjusted p values of `column` to the own-thought rows that have one."""
    tested = [row for row in rows if row["role"] == "own thought" and row[column] is not None]
    for name, adjust in methods.items():
        for row, value in zip(tested, adjust([row[column] for row in tested]), strict=True):
            row[name] = value


def verdict_of(row: dict[str, Any], rows: Sequence[dict[str, Any]], alpha: float) -> Word:
    """The verdict on a row of own thoughts, from it and its benchmark's and model's controls."""

    def estimate(of: dict[str, Any], name: str, p: str) -> Estimate | None:
        return None if of[name] is None else Estimate(of[name], of[p])

    gain = estimate(row, "gain", "holm")
    assert gain is not None
    empty = [
        estimate(other, "gain", "p")
        for other in rows
        if (other["benchmark"], other["model"]) == (row["benchmark"], row["model"])
        and (other["family"] in EMPTY or other["arm"] == f"{row['family']}, shuffled")
    ]
    others = [each for each in empty if each is not None]
    names = ("content", "specific", "votes")
    content, specific, votes = (estimate(row, name, f"{name}_p") for name in names)
    return verdict(gain, content, specific, others, votes, alpha)


def fair_vote(gains: Mapping[str, Any], ratio: float) -> tuple[int, dict[str, Any]] | None:
    """The gain over the smallest vote of direct that costs at least `ratio` direct answers.

    Over the largest vote that was taken if all are cheaper; None if there was none.
    """
    sizes = sorted(int(name.rsplit("_", 1)[1]) for name in gains if name.startswith(VOTE))
    if not sizes:
        return None
    size = next((size for size in sizes if size >= ratio), sizes[-1])
    return size, gains[f"{VOTE}{size}"]


def _rows(cell: CellResult, plain: Mapping[tuple[str, str], float]) -> list[dict[str, Any]]:
    found = []
    main = next(iter(cell.metrics["arms"]))
    for key, arm in cell.metrics["arms"].items():
        name = arm_name(cell.family, key, main)
        row: dict[str, Any] = dict.fromkeys(SCHEMA)
        row |= {
            "benchmark": cell.benchmark,
            "model": cell.model,
            "family": cell.family,
            "arm": name,
            "role": role(cell.family, key, main, is_own=cell.is_own),
            "chance": cell.metrics["chance"],
            "majority": cell.metrics["majority"],
            "seconds": cell.seconds[key],
            **{k: v for k, v in arm.items() if k in SCHEMA},
        }
        if key == main:
            row |= {n: v for n, v in cell.metrics.get("fidelity", {}).items() if n in FIDELITY}
        gains = cell.metrics["gains"].get(key, {})
        over_direct, over_duplicate = gains.get("direct", {}), gains.get("duplicate", {})
        if over_direct.get("items"):
            row |= {
                "gain": over_direct["difference"],
                "gain_low": over_direct["low"],
                "gain_high": over_direct["high"],
                "gain_low_90": over_direct["low90"],
                "gain_high_90": over_direct["high90"],
                **{
                    k: over_direct[k]
                    for k in ("p", "mcnemar", "gained", "lost", "detectable", "with_fallback")
                },
            }
        if over_duplicate.get("items") and name != "duplicate":
            row |= {
                "content": over_duplicate["difference"],
                "content_low": over_duplicate["low"],
                "content_high": over_duplicate["high"],
                "content_p": over_duplicate["p"],
            }
        over_shuffled = gains.get("shuffled", {})
        if over_shuffled.get("items"):
            row |= {
                "specific": over_shuffled["difference"],
                **{f"specific_{k}": over_shuffled[k] for k in ("low", "high", "p")},
            }
        direct_seconds = plain.get((cell.benchmark, cell.model), 0.0)
        vote = fair_vote(gains, cell.seconds[key] / direct_seconds if direct_seconds else 1.0)
        if vote is not None and vote[1].get("items"):
            row |= {
                "votes": vote[1]["difference"],
                **{f"votes_{k}": vote[1][k] for k in ("low", "high", "p")},
                "votes_of": vote[0],
            }
        over_baseline = gains.get("baseline", {})
        if over_baseline.get("items"):
            row |= {
                "over_baseline": over_baseline["difference"],
                **{f"over_baseline_{k}": over_baseline[k] for k in ("low", "high", "p")},
            }
        found.append(row)
    return found


def at_chance(rows: pl.DataFrame) -> bool:
    """Whether direct is not above chance and the commonest answer: gains are not discussed then."""
    direct = rows.row(by_predicate=pl.col("arm") == "direct", named=True)
    floor = max(direct["chance"], direct["majority"])
    return direct["low"] is None or bool(direct["low"] <= floor)


def own_thoughts(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows of own thoughts that were compared with direct, the most accurate first."""
    own = rows.filter((pl.col("role") == "own thought") & pl.col("gain").is_not_null())
    return own.sort("accuracy", descending=True, maintain_order=True)


def hardest(own: Mapping[str, Any]) -> str:
    """Which of BASES an own thought gains least over: the most accurate of its baselines."""
    return min((key for key in BASES if own.get(key) is not None), key=lambda key: float(own[key]))


def headline(rows: pl.DataFrame, alpha: float, margin: float) -> str:
    """A model on a benchmark: the best own thought over its best baseline, and what hurts.

    Args:
        rows: rows of `summary` of one model and benchmark.
        alpha: family-wise error.
        margin: 0..1; a 90 % interval inside -margin..margin is called equivalent.
    """
    own = own_thoughts(rows)
    if own.is_empty():
        return "No own thoughts were scored here."
    if at_chance(rows):
        return "Direct answering is not above chance here, so gains are not discussed."
    best = own.row(0, named=True)
    key = hardest(best)
    base, p = BASES[key], best["holm" if key == "gain" else f"{key}_holm"]
    gain, low, high = (100 * best[name] for name in (key, f"{key}_low", f"{key}_high"))
    said = (
        "no effect that this sample could show" if p > alpha else "a gain" if gain > 0 else "a loss"
    )
    if max(-best["gain_low_90"], best["gain_high_90"]) < margin:
        said += f"; equivalent to direct within {100 * margin:.0f} points"
    hurting = own.filter((pl.col("gain") < 0) & (pl.col("holm") <= alpha))
    hurts = "; ".join(
        f"{row['arm']} {100 * row['gain']:+.1f} [{100 * row['gain_low']:+.1f}, "
        f"{100 * row['gain_high']:+.1f}]"
        for row in hurting.sort("gain").iter_rows(named=True)
    )
    return (
        f"Best own thought: {best['arm']}, {gain:+.1f} points [{low:+.1f}, {high:+.1f}] over "
        f"{base} (Holm p = {p:.3g}): {said}. Verdict: {best['verdict']}. "
        f"Best of {len(own)} families, picked after the fact."
        + (f" Own thoughts that hurt, against direct: {hurts}." if hurts else "")
    )
