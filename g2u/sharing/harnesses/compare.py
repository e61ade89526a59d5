"""Runs made elsewhere, scored and compared by this project's rules and statistics."""

from collections.abc import Mapping, Sequence
from typing import Any

from g2u.records import Question, Target
from g2u.scores.metrics import arm_metrics, gain_metrics, score_answers
from g2u.scores.statistics import Resampling
from g2u.scores.units import Figures
from g2u.sharing.harnesses.predictions import MISSING
from g2u.tables.schemas import Answer


def compared(
    metric: str,
    how: Resampling,
    questions: Sequence[Question],
    gold: Sequence[Target],
    runs: Mapping[str, Sequence[Answer]],
) -> dict[str, Any]:
    """By run: accuracy, what is missing, what could not be read, published figures; of all but the
    first also the paired gain over the first.

    Args:
        metric: of the benchmark's published figures.
        how: for the intervals.
        questions: of the benchmark, with `gold` their targets.
        runs: answers by name; the first run is what the others are compared with.
    """
    figures = Figures(metric, questions, gold, how)
    scored = {name: score_answers(questions, gold, answers) for name, answers in runs.items()}
    first, base = next(iter(scored.items()))
    plain = figures.units(base) or {}
    found: dict[str, Any] = {}
    for name, scores in scored.items():
        told = figures.of_units(figures.units(scores) or {}, plain)
        missing = sum(answer.reason == MISSING for answer in runs[name])
        own = arm_metrics(scores, how.confidence)
        counts = {"missing": missing, "calls_failed": own.pop("failed") - missing}
        found[name] = {**own, **counts, "figures": told}
        if name != first:
            found[name]["gain"] = gain_metrics(scores, base, base, how)
    return found
