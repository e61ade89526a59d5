"""What judges decided, how far they agree, and whether a verdict hangs on who judges."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from g2u.report.questions import Finding, own_rows, place, points

DECIDED = {"answers": "answers", "grades": "grades", "rubric": "rubrics"}
"""What stands in for rules, and what it is called."""
Metrics = Mapping[str, Mapping[str, Any]]
"""Family -> the cell's metrics file."""


@dataclass(frozen=True, slots=True)
class Swap:
    """A gain of own thoughts under one judge of the panel alone."""

    judge: str
    together: Mapping[str, Any]
    """Row of `summary` under the whole panel."""
    alone: Mapping[str, Any]
    """The same under this judge."""

    @property
    def is_same(self) -> bool:
        """Whether the verdict is."""
        return bool(self.together["verdict"] == self.alone["verdict"])

    @property
    def line(self) -> str:
        """In words."""
        said = f"with judge {self.judge} alone the gain is {points(self.alone, 'gain')}"
        if self.is_same:
            return f"{said}, the verdict is the same ({self.alone['verdict']})"
        return (
            f"{said}, the verdict differs: {self.alone['verdict']}, under the panel "
            f"{self.together['verdict']}"
        )


def swaps(rows: pl.DataFrame, alone: Mapping[str, pl.DataFrame]) -> list[Swap]:
    """Every gain of own thoughts under each judge alone; `alone`: the table of `summary` by
    judge.
    """
    under = {judge: {place(row): row for row in own_rows(table)} for judge, table in alone.items()}
    return [
        Swap(judge, row, there[place(row)])
        for row in own_rows(rows)
        for judge, there in under.items()
        if place(row) in there
    ]


def swaps_table(found: Sequence[Swap]) -> pl.DataFrame:
    """One row per gain and judge; scores 0..1."""
    names = ("gain", "gain_low", "gain_high", "holm", "verdict")
    return pl.DataFrame(
        [
            {
                **{name: each.together[name] for name in ("benchmark", "model", "arm")},
                "judge": each.judge,
                **{name: each.alone[name] for name in names},
                "panel_gain": each.together["gain"],
                "panel_verdict": each.together["verdict"],
            }
            for each in found
        ]
    )


def does_it_hang_on_the_judge(found: Sequence[Swap], judges: Sequence[str]) -> Finding | None:
    """Verdicts that one judge of the panel alone would change; None where no panel judged."""
    if not found:
        return None
    moved = [each for each in found if not each.is_same]
    gains = {place(each.together) for each in found}
    differ = {place(each.together) for each in moved}
    answer = (
        f"Under one judge alone ({', '.join(judges)}) the verdict on {len(differ)} of "
        f"{len(gains)} own thoughts differs from the panel's."
    )
    lines = [f"{place(each.together)}: {each.line}" for each in [*moved, *_but(moved, found)]]
    return Finding("Does it hang on who judges?", answer, tuple(lines))


def _but(left: Sequence[Swap], found: Sequence[Swap]) -> list[Swap]:
    return [each for each in found if each not in left]


def judge_lines(metrics: Metrics) -> tuple[str, ...]:
    """What was decided in each cell, how far judges agree with the rules, and a panel with
    itself.
    """
    lines = []
    for family, found in metrics.items():
        judged, panel = found["judged"], found.get("panel", {})
        parts = [
            f"{int(judged[name]['items'])} {what} decided, {int(judged[name]['unread'])} "
            f"{'left undecided' if panel else 'of its replies unread'}"
            for name, what in DECIDED.items()
            if name in judged
        ]
        agreed = judged.get("agreement", {})
        if "mean" in agreed:
            parts.append(
                f"agrees with the rules on {100 * agreed['mean']:.1f} % of "
                f"{int(agreed['items'])} answers that they had scored"
            )
        parts += _agreements(panel)
        if parts:
            who = f"Panel of {len(panel['judges'])}" if panel else "Judge"
            lines.append(f"{who}, {family}: {'; '.join(parts)}.")
    return tuple(lines)


def _agreements(panel: Mapping[str, Any]) -> list[str]:
    """Krippendorff's alpha of each thing judged, and what each judge says on average."""
    said = []
    for name, found in panel.get("agreement", {}).items():
        if "between" in found:
            said.append(f"{name}: judges agree to {_alpha(found['between'], found['level'])}")
        within = [
            f"{judge} {_alpha(own, found['level'])}"
            for judge, own in found.get("within", {}).items()
        ]
        if within:
            said.append(f"{name}: the votes of one judge agree to {', '.join(within)}")
    means = [
        f"{judge} {100 * own['mean']:.1f} % of {int(own['decided'])}"
        for judge, own in panel.get("judges", {}).items()
        if "mean" in own
    ]
    return said + ([f"worth on average, by judge: {', '.join(means)}"] if len(means) > 1 else [])


def _alpha(found: Mapping[str, Any], level: str) -> str:
    equal = f"{100 * found['same']:.0f} % of pairs equal, {found['units']} judged"
    if found["alpha"] is None:
        return f"no alpha, since all say the same ({found['units']} judged)"
    ends = "" if found["low"] is None else f" [{found['low']:.2f}, {found['high']:.2f}]"
    return f"alpha ({level}) {found['alpha']:.2f}{ends} ({equal})"


def own_judge(model: str, judges: Sequence[str]) -> tuple[str, ...]:
    """A line where the model that answers is among those that judge.

    Args:
        model: that answers.
        judges: presets that are the same model as it.
    """
    if not judges:
        return ()
    return (
        f"{model} judges its own answers here ({', '.join(judges)}): models favour what they said "
        "themselves (arXiv 2404.13076), equally in all arms only where arms are worded alike.",
    )
