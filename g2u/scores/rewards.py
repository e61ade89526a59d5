"""What a reward tells without gold: right answers from wrong ones, faithful thoughts from others.

A reward that selects among draws has to order the draws of one question. Over all draws it may do
no more than tell easy questions from hard ones, so both are measured. Intervals are percentiles of
the bootstrap over clusters of items that share their pictures.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from g2u.scores.statistics import (
    Floats,
    Interval,
    Resampling,
    numbered,
    percentile_interval,
    resampled_weights,
)

Indices = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Draw:
    """One draw of a question's thought."""

    question: str
    cluster: str
    reward: float
    score: float
    """0..1; right from 0.5."""
    fidelity: float | None
    """0..1, against the oracle."""


@dataclass(frozen=True, slots=True)
class Telling:
    """What one reward tells; None where nothing differs."""

    right: Interval | None
    """AUC: P that a right answer's reward is the greater, against a wrong answer's; ties half."""
    right_within: Interval | None
    """The same over pairs of draws of one question."""
    faithful: Interval | None
    """Spearman's rank correlation of reward and fidelity, -1..1."""
    faithful_within: Interval | None
    """The same among the draws of a question, the mean over questions."""
    draws: int
    questions: int


def telling(draws: Sequence[Draw], how: Resampling) -> Telling:
    """Measure one reward over draws of any questions."""
    compared = [draw for draw in draws if draw.fidelity is not None]
    rewards = [draw.reward for draw in compared]
    fidelity = [draw.fidelity or 0.0 for draw in compared]
    return Telling(
        auc([d.reward for d in draws], [d.score for d in draws], [d.cluster for d in draws], how),
        _auc_within(draws, how),
        rank_correlation(rewards, fidelity, [draw.cluster for draw in compared], how),
        _correlation_within(compared, how),
        len(draws),
        len({draw.question for draw in draws}),
    )


def auc(
    rewards: Sequence[float],
    outcomes: Sequence[float],
    clusters: Sequence[str],
    how: Resampling,
) -> Interval | None:
    """P that a right answer (outcome at least 0.5) has a greater reward than a wrong one.

    Ties count half; None where all outcomes are alike.
    """
    right = np.asarray(outcomes) >= 0.5
    if right.all() or not right.any():
        return None
    ranks = np.unique(np.asarray(rewards, dtype=np.float64), return_inverse=True)[1]
    found = [_auc(ranks, right, weights) for weights in _weights(clusters, how)]
    return percentile_interval(found, how)


def rank_correlation(
    one: Sequence[float], other: Sequence[float], clusters: Sequence[str], how: Resampling
) -> Interval | None:
    """Spearman's; a resample weighs the ranks that all draws have. None where a row is constant."""
    if len(set(one)) < 2 or len(set(other)) < 2:
        return None
    ranks, others = _ranks(one), _ranks(other)
    found = [_correlation(ranks, others, weights) for weights in _weights(clusters, how)]
    return percentile_interval(found, how)


def _auc_within(draws: Sequence[Draw], how: Resampling) -> Interval | None:
    """Pairs of a right and a wrong draw of one question; every pair weighs alike."""
    ordered, pairs, clusters = [], [], []
    for each in _by_question(draws):
        good = np.array([draw.reward for draw in each if draw.score >= 0.5])
        bad = np.array([draw.reward for draw in each if draw.score < 0.5])
        gaps = good[:, None] - bad[None]
        ordered.append(float((gaps > 0).sum() + (gaps == 0).sum() / 2))
        pairs.append(float(gaps.size))
        clusters.append(each[0].cluster)
    return _ratio(ordered, pairs, clusters, how)


def _correlation_within(draws: Sequence[Draw], how: Resampling) -> Interval | None:
    found, clusters = [], []
    for each in _by_question(draws):
        rewards, fidelity = [d.reward for d in each], [d.fidelity or 0.0 for d in each]
        if len(set(rewards)) > 1 and len(set(fidelity)) > 1:
            found.append(_correlation(_ranks(rewards), _ranks(fidelity), np.ones(len(each))))
            clusters.append(each[0].cluster)
    return _ratio(found, [1.0] * len(found), clusters, how)


def _by_question(draws: Sequence[Draw]) -> list[list[Draw]]:
    found: dict[str, list[Draw]] = {}
    for draw in draws:
        found.setdefault(draw.question, []).append(draw)
    return list(found.values())


def _ratio(
    parts: Sequence[float], wholes: Sequence[float], clusters: Sequence[str], how: Resampling
) -> Interval | None:
    """The sum of `parts` over that of `wholes`; None where there is nothing."""
    if not sum(wholes):
        return None
    above, below = np.asarray(parts), np.asarray(wholes)
    found = [
        float(weights @ above / whole) if (whole := weights @ below) > 0 else math.nan
        for weights in _weights(clusters, how)
    ]
    return percentile_interval(found, how)


def _weights(clusters: Sequence[str], how: Resampling) -> Iterator[Floats]:
    """What each item weighs: 1, then by resample how often its cluster is drawn."""
    index = numbered(clusters)
    yield np.ones(len(index))
    count, rng = int(index.max()) + 1, np.random.default_rng(how.seed)
    for drawn in resampled_weights(count, rng, how.resamples):
        yield drawn[index].astype(np.float64)


def _ranks(values: Sequence[float]) -> Floats:
    """From 1; equal values share the mean of their ranks."""
    _, places, counts = np.unique(np.asarray(values), return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2)[places]


def _correlation(one: Floats, other: Floats, weights: Floats) -> float:
    """Pearson's, weighted; nan where these weights leave a row constant."""
    total = weights.sum()
    one = one - (weights * one).sum() / total
    other = other - (weights * other).sum() / total
    spread = np.sqrt((weights * one**2).sum() * (weights * other**2).sum())
    return float((weights * one * other).sum() / spread) if spread > 0 else math.nan


def _auc(ranks: Indices, right: NDArray[np.bool_], weights: Floats) -> float:
    """Weighted; nan where these weights leave no right or no wrong answer."""
    size = int(ranks.max()) + 1
    good = np.bincount(ranks[right], weights[right], size)
    bad = np.bincount(ranks[~right], weights[~right], size)
    below = np.cumsum(bad) - bad
    pairs = good.sum() * bad.sum()
    return float((good * (below + bad / 2)).sum() / pairs) if pairs > 0 else math.nan
