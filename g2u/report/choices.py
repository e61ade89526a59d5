"""What a model that decides for itself chose to imagine, and how that compares."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

NOTHING = "none"
Scores = Mapping[str, float | None]
"""Question id -> score."""


@dataclass(frozen=True, slots=True)
class Decision:
    """Of one model on one benchmark, over questions that every compared family has scored."""

    shares: dict[str, float]
    """Share of questions for which each family, or none, was chosen."""
    accuracy: float
    """With the thoughts that were chosen."""
    best: str
    """The fixed choice with the best accuracy; none = direct."""
    best_accuracy: float
    per_item: float
    """Accuracy of whoever knew for each question which choice answers it rightly."""
    agreement: float
    """Share of questions for which the model chose `best`."""
    questions: int


@dataclass(frozen=True, slots=True)
class Decided:
    """What a family that lets the model decide came to on one benchmark."""

    benchmark: str
    model: str
    family: str
    made: Decision
    same: Mapping[str, float]
    """By other deciding family or model, the share of questions with the same choice."""

    @property
    def line(self) -> str:
        """In words."""
        made = self.made
        chosen = ", ".join(f"{what} {100 * share:.0f} %" for what, share in made.shares.items())
        again = "".join(
            f" The same choice as {other}: {100 * share:.0f} %."
            for other, share in self.same.items()
        )
        return (
            f"Asked what to imagine, the model chose ({self.family}): {chosen}, and answers "
            f"{100 * made.accuracy:.1f} % rightly. The best fixed choice is {made.best} "
            f"({100 * made.best_accuracy:.1f} %), chosen for {100 * made.agreement:.0f} %; "
            "whoever knew the best choice for each question would reach "
            f"{100 * made.per_item:.1f} %.{again}"
        )


def decisions_table(found: Sequence[Decided]) -> pl.DataFrame:
    """A row per decision; `chosen` and `same` hold a share behind each name."""
    return pl.DataFrame(
        [
            {
                "benchmark": each.benchmark,
                "model": each.model,
                "family": each.family,
                "questions": each.made.questions,
                "accuracy": each.made.accuracy,
                "best": each.made.best,
                "best_accuracy": each.made.best_accuracy,
                "per_item": each.made.per_item,
                "agreement": each.made.agreement,
                "chosen": _listed(each.made.shares),
                "same": _listed(each.same),
            }
            for each in found
        ]
    )


def _listed(shares: Mapping[str, float]) -> str:
    return "; ".join(f"{name} {share:.3f}" for name, share in shares.items())


def decision(
    choices: Mapping[str, str], own: Scores, fixed: Mapping[str, Scores], direct: Scores
) -> Decision | None:
    """Compare choices with every fixed family and with direct; None where nothing can be compared.

    Args:
        choices: question id -> family or "none".
        own: scores with the thoughts that were chosen.
        fixed: scores of each family that could have been chosen.
        direct: scores without a thought, the choice "none".
    """
    compared = {NOTHING: direct, **fixed}
    known = (own, *compared.values())
    kept = [q for q in choices if all(s.get(q) is not None for s in known)]
    if not kept:
        return None
    values = {name: [float(s[q] or 0.0) for q in kept] for name, s in compared.items()}
    means = {name: sum(scores) / len(kept) for name, scores in values.items()}
    best = max(means, key=lambda name: means[name])
    counts = Counter(choices[question] for question in kept)
    return Decision(
        {name: count / len(kept) for name, count in counts.most_common()},
        sum(float(own[q] or 0.0) for q in kept) / len(kept),
        best,
        means[best],
        sum(map(max, zip(*values.values(), strict=True))) / len(kept),
        counts[best] / len(kept),
        len(kept),
    )


def stability(one: Mapping[str, str], other: Mapping[str, str]) -> float:
    """Share of common questions with the same choice, e.g. under another wording or seed.

    Raises:
        ValueError: no question in common.
    """
    common = one.keys() & other.keys()
    if not common:
        raise ValueError("no question in common")
    return sum(one[question] == other[question] for question in common) / len(common)
