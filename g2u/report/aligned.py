"""Tables of the embedded model's alignments as Markdown: how they went, and what they changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from g2u.arms import By, Rule
from g2u.report.changes import Painted
from g2u.report.markdown import markdown_table
from g2u.report.seeds import MAIN
from g2u.scores.statistics import Interval
from g2u.scores.trainings import over_trainings

PAINTING = "fidelity painting"
"""Column of a curve: the share of paintings from words that are right; other fidelities are edits'.
"""
UNDRAWN = ("direct", "duplicate")
"""Arms without own thoughts, which tell what training did to the reader."""


@dataclass(frozen=True, slots=True)
class Course:
    """How a training went."""

    curve: pl.DataFrame
    """A row per look of the watch (g2u_tiny/alignment/watch.py)."""
    turns: int
    """Of its recipe; fewer were taken where the watch stopped it."""
    kept: int
    """Turn of the last look that the watch had no objection to, whose weights are kept."""


def looks_table(courses: Mapping[str, Course]) -> str:
    """A row per training: what the watch saw before the first turn -> after the last."""
    heads = ("training", "turns", "weights of turn", "reward", "fidelity of edits")
    rows = [[*heads, "paintings right, %", "edits after a round", "stops, %"]]
    for name, course in courses.items():
        curve = course.curve
        edits = [c for c in _columns(curve, "fidelity ") if c != PAINTING]
        done = curve["turn"].max()
        assert isinstance(done, int)
        rows.append(
            [
                name,
                f"{done}" if done == course.turns else f"{done}, stopped",
                f"{course.kept}",
                _course(curve, ["reward"], "{:.3f}"),
                _course(curve, edits, "{:.3f}"),
                _course(curve, [c for c in curve.columns if c == PAINTING], "{:.1f}", 100),
                _course(curve, _columns(curve, "refined "), "{:.3f}"),
                _course(curve, _columns(curve, "stopped "), "{:.0f}", 100),
            ]
        )
    return markdown_table(rows)


def paintings_table(painted: Mapping[str, Painted]) -> str:
    """A row per model: pictures from words that are right, percent, before and after training."""
    rows = [["model", "paintings", "right before, %", "after, %", "change", "p"]]
    for name, found in painted.items():
        before, after = (f"{100 * share:.1f}" for share in (found.before, found.after))
        gain = found.gain
        change = _change(gain.difference, gain.low, gain.high)
        rows.append(
            [
                name,
                f"{gain.items}",
                before,
                after,
                change,
                "<0.0001" if gain.p < 1e-4 else f"{gain.p:.4f}",
            ]
        )
    return markdown_table(rows)


def changes_table(found: pl.DataFrame, helps: Mapping[str, str]) -> str:
    """A row per benchmark and arm: what each model changed of what its base reaches, in points.

    Args:
        found: the report's table of changes (g2u/report/changes.py).
        helps: benchmark -> the family that helps by construction. Of the own thoughts those of
            this edit are shown: by itself, for the question, and after rounds.
    """
    models = list(dict.fromkeys(found["model"]))
    heads = ["benchmark", "arm", "accuracy before, %", *(f"{m}: change" for m in models)]
    heads += ["fidelity before, %", *(f"{m}: change" for m in models)]
    rows = [heads]
    for benchmark, family in helps.items():
        for arm in (*UNDRAWN, family, "focus", f"reflected_{family}"):
            each = found.filter(pl.col("benchmark") == benchmark, pl.col("arm") == arm)
            if each.is_empty():
                continue
            of = {row["model"]: row for row in each.iter_rows(named=True)}
            first = next(iter(of.values()))
            cells = [benchmark, arm, f"{100 * first['before']:.1f}"]
            cells += [_of(of.get(m), "gain") for m in models]
            drawn = arm not in UNDRAWN and first["fidelity_before"] is not None
            cells.append(f"{100 * first['fidelity_before']:.1f}" if drawn else "-")
            cells += [_of(of.get(m), "fidelity") if drawn else "-" for m in models]
            rows.append(cells)
    return markdown_table(rows)


def trainings_table(
    found: Mapping[str, pl.DataFrame],
    helps: Mapping[str, str],
    painted: Mapping[str, Sequence[Painted]],
) -> str:
    """A row per system, benchmark and own thought, and one for its paintings: what its trainings
    change, in points, with each of them a draw (g2u/scores/trainings.py).

    Args:
        found: system -> its rows of the report's table of changes, of trainings that differ by seed
            alone.
        helps: benchmark -> the family that helps by construction.
        painted: system -> its trainings' pictures from words.
    """
    rows = [["system", "trainings", "benchmark", "arm", "accuracy: change", "fidelity: change"]]
    for system, changes in found.items():
        count = changes["model"].n_unique()
        gains = [each.gain for each in painted[system]]
        told = _drawn([(gain.difference, gain.low, gain.high) for gain in gains])
        rows.append([system, f"{count}", "paintings", "from words", told, "-"])
        for benchmark, family in helps.items():
            for arm in (family, "focus", f"reflected_{family}"):
                each = changes.filter(pl.col("benchmark") == benchmark, pl.col("arm") == arm)
                if each.height == count:
                    kinds = (("gain", "gain"), ("fidelity_gain", "fidelity"))
                    parts = [(m, f"{kind}_low", f"{kind}_high") for m, kind in kinds]
                    changed = [_drawn(each.select(part).rows()) for part in parts]
                    rows.append([system, f"{count}", benchmark, arm, *changed])
    return markdown_table(rows)


def _drawn(changes: Sequence[tuple[float, float, float]]) -> str:
    """Over trainings, of each its change with its interval."""
    found = over_trainings([Interval(*change) for change in changes], 0.95)
    return "-" if found is None else _change(found.mean, found.low, found.high)


SELECTED: tuple[By, ...] = ("random", "likelihood", "contrast", "verdict", "oracle")
"""By what the best of several drawings is chosen."""


def rewards_table(told: pl.DataFrame, helps: Mapping[str, str]) -> str:
    """A row per benchmark and reward: what it tells of the drawings that help by construction.

    Args:
        told: the report's table of rewards (g2u/report/rewards.py).
        helps: benchmark -> the family that helps by construction.
    """
    measures = ("right_within", "right", "faithful_within", "faithful")
    heads = ["benchmark", "edit", "reward", "right among draws, AUC", "right over all, AUC"]
    rows = [[*heads, "fidelity among draws, rank correlation", "fidelity over all"]]
    for row in told.iter_rows(named=True):
        if row["family"] == helps[row["benchmark"]]:
            shown = [_interval(row, name) for name in measures]
            rows.append([row["benchmark"], row["family"], row["reward"], *shown])
    return markdown_table(rows)


def chosen_table(gains: pl.DataFrame, helps: Mapping[str, str], draws: int) -> str:
    """A row per benchmark: accuracy, percent, with the best of `draws` drawings by each reward.

    Args:
        gains: gains.csv of the study, of one model.
        helps: benchmark -> the family that helps by construction.
        draws: drawings of each picture.
    """
    accuracy = {(row["benchmark"], row["arm"]): row["accuracy"] for row in gains.to_dicts()}
    rows = [["benchmark", "edit", "one drawing", *(f"best of {draws} by {n}" for n in SELECTED)]]
    for benchmark, family in helps.items():
        best = (MAIN.ruled(Rule("select", by=name, of=draws)) for name in SELECTED)
        arms = [family, *(arm.called(family, MAIN) for arm in best)]
        rows.append([benchmark, family, *(f"{100 * accuracy[benchmark, a]:.1f}" for a in arms)])
    return markdown_table(rows)


def _interval(row: Mapping[str, Any], name: str) -> str:
    if row[f"{name}_mean"] is None:
        return "-"
    return "{:.2f} [{:.2f}, {:.2f}]".format(*(row[f"{name}_{p}"] for p in ("mean", "low", "high")))


def _of(row: Mapping[str, Any] | None, kind: str) -> str:
    if row is None:
        return "-"
    middle = row["gain"] if kind == "gain" else row["fidelity_gain"]
    return _change(middle, row[f"{kind}_low"], row[f"{kind}_high"])


def _change(middle: float, low: float, high: float) -> str:
    return f"{100 * middle:+.1f} [{100 * low:+.1f}, {100 * high:+.1f}]"


def _columns(curve: pl.DataFrame, start: str) -> list[str]:
    """Those that this training has; a table of several trainings has nulls in the others'."""
    return [c for c in curve.columns if c.startswith(start) and not curve[c].is_null().all()]


def _course(curve: pl.DataFrame, columns: Sequence[str], shown: str, scale: float = 1.0) -> str:
    """The mean of the columns at the first look -> at the last."""
    known = [c for c in columns if not curve[c].is_null().all()]
    if not known:
        return "-"
    means = curve.select(pl.mean_horizontal(known)).to_series()
    return " -> ".join(shown.format(scale * means[place]) for place in (0, -1))
