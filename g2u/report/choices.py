"""What a model that decides for itself chose to imagine, and how that compares."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

NOTHING = "none"
Scores = Mapping[str, float | None]
"""Question id -> score."""


@dataclass(frozen=True, slots=True)
class Decision:
    """Of one model on one benchmark, over questions that every compared family has scored."""

    shares: dict[str, float]
    """Share of questions for which each family, or none, was chosen."""
    best: str
    """The fixed choice with the best accuracy; none = direct."""
    best_accuracy: float
    per_item: float
    """Accuracy of whoever knew for each question which choice answers it rightly."""
    agreement: float
    """Share of questions for which the model chose `best`."""
    questions: int


def decision(
    choices: Mapping[str, str], fixed: Mapping[str, Scores], direct: Scores
) -> Decision | None:
    """Compare choices with every fixed family and with direct; None where nothing can be compared.

    Args:
        choices: question id -> family or "none".
        fixed: scores of each family that could have been chosen.
        direct: scores without a thought, the choice "none".
    """
    compared = {NOTHING: direct, **fixed}
    kept = [q for q in choices if all(s.get(q) is not None for s in compared.values())]
    if not kept:
        return None
    values = {name: [float(s[q] or 0.0) for q in kept] for name, s in compared.items()}
    means = {name: sum(scores) / len(kept) for name, scores in values.items()}
    best = max(means, key=lambda name: means[name])
    counts = Counter(choices[question] for question in kept)
    return Decision(
        {name: count / len(kept) for name, count in counts.most_common()},
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


def sentence(name: str, made: Decision, others: Sequence[tuple[str, float]]) -> str:
    """The decision in words; `others` are further deciding families and the agreement with them."""
    chosen = ", ".join(f"{what} {100 * share:.0f} %" for what, share in made.shares.items())
    again = "".join(f" The same choice as {other}: {100 * share:.0f} %." for other, share in others)
    return (
        f"Asked what to imagine, the model chose ({name}): {chosen}. The best fixed choice is "
        f"{made.best} ({100 * made.best_accuracy:.1f} %), chosen for {100 * made.agreement:.0f} %; "
        f"whoever knew the best choice for each question would reach {100 * made.per_item:.1f} %."
        f"{again}"
    )
