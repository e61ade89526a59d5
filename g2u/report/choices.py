"""What a model that decides for itself chose to imagine, and how that compares."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from g2u.digests import sha256
from g2u.scores.statistics import Gain, Interval, Resampling, mean_interval, paired_gain

NOTHING = "none"
FOLDS = 10
"""Parts of the pictures; what is best for one is picked on the others."""
Scores = Mapping[str, float | None]
"""Question id -> score."""


@dataclass(frozen=True, slots=True)
class Decision:
    """Of one model on one benchmark, over questions that every compared family has scored."""

    shares: dict[str, float]
    """Share of questions for which each family, or none, was chosen."""
    accuracy: Interval
    """With the thoughts that were chosen."""
    best: str
    """The fixed choice with the best accuracy; none = direct."""
    best_accuracy: Interval
    """Of the fixed choice that is best on other pictures, cross-fitted."""
    over_best: Gain
    """The model's choices over that."""
    per_item: Interval | None
    """Accuracy of the choice for each question that was worth most in what else is known of it: its
    other draws, its pictures' other questions; None where nothing else is.
    """
    over_fixed: Gain | None
    """That over the best fixed choice: what there was to decide."""
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
        picked = ""
        if made.per_item is not None and made.over_fixed is not None:
            picked = (
                " Picked for each question by its other draws and its pictures' other questions "
                f"it would be {_percent(made.per_item)}, {_points(made.over_fixed)} over that."
            )
        return (
            f"Asked what to imagine, the model chose ({self.family}): {chosen}, and answers "
            f"{_percent(made.accuracy)} rightly, {_points(made.over_best)} over the best fixed "
            f"choice as other pictures tell it ({_percent(made.best_accuracy)}); over all it is "
            f"{made.best}, chosen for {100 * made.agreement:.0f} %.{picked}{again}"
        )


def _percent(found: Interval) -> str:
    return f"{100 * found.mean:.1f} % [{100 * found.low:.1f}, {100 * found.high:.1f}]"


def _points(gain: Gain) -> str:
    return f"{100 * gain.difference:+.1f} [{100 * gain.low:+.1f}, {100 * gain.high:+.1f}]"


def decisions_table(found: Sequence[Decided]) -> pl.DataFrame:
    """A row per decision; `chosen` and `same` hold a share behind each name."""
    return pl.DataFrame(
        [
            {
                "benchmark": each.benchmark,
                "model": each.model,
                "family": each.family,
                "questions": each.made.questions,
                **_columns("accuracy", each.made.accuracy),
                "best": each.made.best,
                **_columns("best_accuracy", each.made.best_accuracy),
                **_columns("per_item", each.made.per_item),
                "agreement": each.made.agreement,
                "chosen": _listed(each.made.shares),
                "same": _listed(each.same),
            }
            for each in found
        ]
    )


def _columns(name: str, found: Interval | None) -> dict[str, float | None]:
    ends = (None, None, None) if found is None else (found.mean, found.low, found.high)
    return dict(zip((name, f"{name}_low", f"{name}_high"), ends, strict=True))


def _listed(shares: Mapping[str, float]) -> str:
    return "; ".join(f"{name} {share:.3f}" for name, share in shares.items())


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a benchmark's questions."""

    direct: Scores
    """Without a thought, the choice "none"."""
    fixed: Mapping[str, Scores]
    """Of each family that could have been chosen."""
    clusters: Mapping[str, str]
    """Question id -> cluster."""
    further: Mapping[str, Sequence[Scores]] = field(default_factory=dict)
    """By family, the scores of further draws."""

    @property
    def choices(self) -> dict[str, Scores]:
        """By name of the choice."""
        return {NOTHING: self.direct, **self.fixed}


def decision(
    choices: Mapping[str, str], own: Scores, known: Known, how: Resampling
) -> Decision | None:
    """Compare choices with every fixed family and with direct; None where nothing can be compared.

    What is best is never picked by the answers that it is measured by: that a guess among many is
    right is no choice. The fixed one is picked on other pictures (FOLDS parts), the one of a
    question by what else is known of it (cross-fitting; Chernozhukov et al. 2018, doi
    10.1111/ectj.12097).

    Args:
        choices: question id -> family or "none".
        own: scores with the thoughts that were chosen.
        known: what else is.
        how: confidence of the intervals.
    """
    compared = known.choices
    kept = [q for q in choices if all(s.get(q) is not None for s in (own, *compared.values()))]
    if not kept:
        return None
    values = {name: {q: float(s[q] or 0.0) for q in kept} for name, s in compared.items()}
    means = {name: sum(scores.values()) / len(kept) for name, scores in values.items()}
    best = max(means, key=lambda name: means[name])
    counts = Counter(choices[question] for question in kept)
    elsewhere, clusters = _elsewhere(values, known.clusters), [known.clusters[q] for q in kept]
    fixed = [values[max(names, key=lambda n: names[n])][q] for q, names in elsewhere.items()]
    chosen = [float(own[q] or 0.0) for q in kept]
    picked = _picked(values, elsewhere, known)
    level = how.confidence
    return Decision(
        {name: count / len(kept) for name, count in counts.most_common()},
        mean_interval(chosen, clusters, level),
        best,
        mean_interval(fixed, clusters, level),
        paired_gain(chosen, fixed, clusters, how),
        mean_interval(picked, clusters, level) if picked else None,
        paired_gain(picked, fixed, clusters, how) if picked else None,
        counts[best] / len(kept),
        len(kept),
    )


def _elsewhere(
    values: Mapping[str, Mapping[str, float]], clusters: Mapping[str, str]
) -> dict[str, dict[str, float]]:
    """Of each question, the mean of each choice over the other parts, which share no picture with
    its own; over all questions where there is one part.
    """
    kept = list(next(iter(values.values())))
    ordered = sorted({clusters[q] for q in kept}, key=lambda name: sha256(["part", name]))
    part = {name: place % FOLDS for place, name in enumerate(ordered)}
    means: dict[int, dict[str, float]] = {}
    for number in set(part.values()):
        others = [q for q in kept if part[clusters[q]] != number] or kept
        means[number] = {n: sum(v[q] for q in others) / len(others) for n, v in values.items()}
    return {q: means[part[clusters[q]]] for q in kept}


def _picked(
    values: Mapping[str, Mapping[str, float]],
    elsewhere: Mapping[str, Mapping[str, float]],
    known: Known,
) -> list[float]:
    """Per question the score of the choice that is worth most in its other draws, its cluster's
    other questions and, counted as one of these, its mean elsewhere; [] where these are all.
    """
    together: dict[str, list[str]] = {}
    for q in elsewhere:
        together.setdefault(known.clusters[q], []).append(q)
    picked, seen = [], 0
    for q, means in elsewhere.items():
        beside = [other for other in together[known.clusters[q]] if other != q]
        worth = {}
        for name, mean in means.items():
            drawn = [s[q] for s in known.further.get(name, ())]
            found = [v for v in drawn if v is not None] + [values[name][o] for o in beside]
            worth[name] = (mean + sum(found)) / (1 + len(found))
            seen += len(found)
        picked.append(values[max(worth, key=lambda name: worth[name])][q])
    return picked if seen else []


def stability(one: Mapping[str, str], other: Mapping[str, str]) -> float:
    """Share of common questions with the same choice, e.g. under another wording or seed.

    Raises:
        ValueError: no question in common.
    """
    common = one.keys() & other.keys()
    if not common:
        raise ValueError("no question in common")
    return sum(one[question] == other[question] for question in common) / len(common)
