"""Runs made elsewhere, scored and compared by this project's rules and statistics."""

from collections.abc import Mapping, Sequence
from typing import Any

from g2u.params.params import Params
from g2u.records import Question, Target
from g2u.scores.metrics import arm_metrics, gain_metrics, score_answers
from g2u.scores.statistics import Resampling
from g2u.scores.units import Figures
from g2u.tables.schemas import Answer


def compared(
    config: Params,
    benchmark: str,
    questions: Sequence[Question],
    gold: Sequence[Target],
    runs: Mapping[str, Sequence[Answer]],
) -> dict[str, Any]:
    """By run: accuracy, what could not be read, published figures; of all but the first also the
    paired gain over the first.

    Args:
        config: section score says how; the benchmark's preset names its metric.
        benchmark: a preset.
        questions: of the benchmark, with `gold` their targets.
        runs: answers by name; the first run is what the others are compared with.
    """
    how = Resampling.of(config.score)
    figures = Figures(config.presets.benchmarks[benchmark].metric, questions, gold, how)
    scored = {name: score_answers(questions, gold, answers) for name, answers in runs.items()}
    first, base = next(iter(scored.items()))
    plain = figures.units(base) or {}
    found: dict[str, Any] = {}
    for name, scores in scored.items():
        told = figures.of_units(figures.units(scores) or {}, plain)
        found[name] = {**arm_metrics(scores, how.confidence), "figures": told}
        if name != first:
            found[name]["gain"] = gain_metrics(scores, base, base, how)
    return found


def is_comparison(found: Any) -> bool:
    """Whether a JSON value is what `compared` returns."""
    return bool(found) and all({"accuracy", "figures"} & run.keys() for run in found.values())


def table(found: Mapping[str, Any]) -> str:
    """The comparison as text."""
    first = next(iter(found))
    lines = []
    for name, run in found.items():
        if "accuracy" not in run:
            lines.append(f"{name}: nothing scored, {run['failed']} failed")
            continue
        lines.append(
            f"{name}: {100 * run['accuracy']:.1f} % [{100 * run['low']:.1f}, "
            f"{100 * run['high']:.1f}] of {run['items']} answers; {run['failed']} failed, "
            f"{run['unparsed']} not read, {run['abstained']} declined, {run['undecided']} undecided"
        )
        gain = run.get("gain", {})
        if "difference" in gain:
            lines.append(
                f"  over {first}: {100 * gain['difference']:+.1f} [{100 * gain['low']:+.1f}, "
                f"{100 * gain['high']:+.1f}], p {gain['p']:.4f}, {gain['gained']} gained, "
                f"{gain['lost']} lost"
            )
        for figure, value in run["figures"].items():
            if "value" in value:
                interval = f" [{value['low']:.2f}, {value['high']:.2f}]" if "low" in value else ""
                lines.append(f"  {figure}: {value['value']:.2f}{interval}")
    return "\n".join(lines)
