"""What training changed: a model's arms against the same arms of the model it was trained from."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import polars as pl

from g2u.arms import of_main
from g2u.scores.statistics import Gain, Resampling, holm, paired_gain
from g2u.tables.schemas import Score

Pair = tuple[Sequence[Score], Sequence[Score]]
"""Scores of a cell: of the trained model, and of its base."""


@dataclass(frozen=True, slots=True)
class Change:
    """One arm of one model, after training and before."""

    benchmark: str
    model: str
    base: str
    arm: str
    """As the report calls it: the family, as it is the main one."""
    before: float
    """Accuracy of the base, 0..1."""
    after: float
    gain: Gain
    """Of the accuracy, question by question."""
    fidelity_before: float | None
    """Path agreement of the thoughts with the oracles, 0..1; None where there are none."""
    fidelity_after: float | None
    fidelity: Gain | None
    holm: float = 1.0
    """Of the accuracy's p, over all arms compared."""
    fidelity_holm: float | None = None


@dataclass(frozen=True, slots=True)
class Painted:
    """Pictures from words, after training and before, from the same noise."""

    before: float
    """Share that shows what the words say, 0..1."""
    after: float
    gain: Gain


def repainted(before: Sequence[bool], after: Sequence[bool], how: Resampling) -> Painted:
    """Whether each painting is right; each has noise of its own, so each is a cluster."""
    one, other = ([float(is_right) for is_right in each] for each in (after, before))
    gain = paired_gain(one, other, [str(n) for n in range(len(one))], how)
    return Painted(_mean(other), _mean(one), gain)


def all_repainted(tables: Mapping[str, pl.DataFrame], how: Resampling) -> dict[str, Painted]:
    """By model; a table has columns `before` and `after`."""
    return {
        name: repainted(table["before"].to_list(), table["after"].to_list(), how)
        for name, table in tables.items()
    }


def changes(cells: Mapping[tuple[str, str, str, str], Pair], how: Resampling) -> list[Change]:
    """Every cell's main arm against that of the base.

    Args:
        cells: benchmark, model, base, family -> scores of both.
        how: the resampling of the report's gains.
    """
    made = []
    for (benchmark, model, base, family), (trained, former) in cells.items():
        pairs = _paired(trained, former, "score")
        if not pairs:
            continue
        after, before, clusters = zip(*pairs, strict=True)
        drawn = _paired(trained, former, "fidelity")
        gain, fidelity = paired_gain(after, before, clusters, how), None
        if drawn:
            better, worse, pictures = zip(*drawn, strict=True)
            fidelity = paired_gain(better, worse, pictures, how)
        made.append(
            Change(
                benchmark,
                model,
                base,
                family,
                _mean(before),
                _mean(after),
                gain,
                _mean(worse) if drawn else None,
                _mean(better) if drawn else None,
                fidelity,
            )
        )
    return _corrected(made)


def table(found: Sequence[Change]) -> pl.DataFrame:
    """A row per arm, for `dvc metrics` and spreadsheets; fractions of 1."""
    return pl.DataFrame(
        [
            {
                "benchmark": c.benchmark,
                "model": c.model,
                "base": c.base,
                "arm": c.arm,
                "before": c.before,
                "after": c.after,
                "gain": c.gain.difference,
                "gain_low": c.gain.low,
                "gain_high": c.gain.high,
                "holm": c.holm,
                "fidelity_before": c.fidelity_before,
                "fidelity_after": c.fidelity_after,
                "fidelity_gain": c.fidelity.difference if c.fidelity else None,
                "fidelity_low": c.fidelity.low if c.fidelity else None,
                "fidelity_high": c.fidelity.high if c.fidelity else None,
                "fidelity_holm": c.fidelity_holm,
            }
            for c in found
        ],
        infer_schema_length=None,
    )


def in_words(found: Sequence[Change], own: Collection[str], alpha: float) -> str:
    """In words: whether training taught drawing, and whether the drawings then taught answering.

    Args:
        found: all changes.
        own: the arms that show the model's own thoughts.
        alpha: level of the corrected tests.
    """
    drawn = [c for c in found if c.arm in own and c.fidelity is not None]
    told = [c for c in found if c.arm in own]
    moved = [c.fidelity.difference for c in drawn if c.fidelity and _holds(c.fidelity_holm, alpha)]
    better = [change for change in moved if change > 0]
    worse = [change for change in moved if change < 0]
    up = [c for c in told if c.gain.difference > 0 and c.holm <= alpha]
    down = [c for c in told if c.gain.difference < 0 and c.holm <= alpha]
    return (
        f"Drawing: of {len(drawn)} own thoughts with an oracle, {len(better)} became more faithful "
        f"and {len(worse)} less. Understanding: of {len(told)} own-thought arms, {len(up)} are "
        f"answered better than before and {len(down)} worse. All after Holm's correction at level "
        f"{alpha}; the others are not told from no change."
    )


def _holds(p: float | None, alpha: float) -> bool:
    return p is not None and p <= alpha


def _paired(
    trained: Sequence[Score], former: Sequence[Score], field: str
) -> list[tuple[float, float, str]]:
    """After, before and cluster of the questions for which both main arms have the field."""
    before = {score.id: getattr(score, field) for score in of_main(former)}
    return [
        (getattr(score, field), before[score.id], score.cluster)
        for score in of_main(trained)
        if getattr(score, field) is not None and before.get(score.id) is not None
    ]


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _corrected(made: Sequence[Change]) -> list[Change]:
    """Holm's correction, of accuracies and of fidelities apart."""
    accuracies = holm([change.gain.p for change in made])
    drawn = [n for n, change in enumerate(made) if change.fidelity is not None]
    fidelities = dict(
        zip(drawn, holm([made[n].fidelity.p for n in drawn]), strict=True)  # type: ignore[union-attr]
    )
    return [
        replace(change, holm=accuracies[n], fidelity_holm=fidelities.get(n))
        for n, change in enumerate(made)
    ]
