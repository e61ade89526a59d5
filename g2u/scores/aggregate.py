"""Over sub-tasks and models: item-weighted means, explicit and implicit gains, rank correlation.

Definitions of UniG2U (arXiv 2603.03241): the overall score is the mean over items, whatever
sub-task they belong to; the explicit gain is generate-then-answer minus direct of the same model,
the implicit one a unified model's direct minus its base model's direct.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata, spearmanr


@dataclass(frozen=True, slots=True)
class Mean:
    """Of a sub-task."""

    score: float
    items: int


def item_weighted(parts: Sequence[Mean]) -> float:
    """The mean over all items.

    Raises:
        ValueError: no items.
    """
    items = sum(part.items for part in parts)
    if not items:
        raise ValueError("no items to average")
    return sum(part.score * part.items for part in parts) / items


def explicit_gain(generated: Mapping[str, Mean], direct: Mapping[str, Mean]) -> float:
    """Item-weighted generate-then-answer minus direct, over the sub-tasks that both have.

    Raises:
        ValueError: a sub-task of both has different numbers of items, or none is shared.
    """
    return _difference(generated, direct)


def implicit_gain(unified: Mapping[str, Mean], base: Mapping[str, Mean]) -> float:
    """Item-weighted direct score of a unified model minus its base model's.

    Raises:
        ValueError: see `explicit_gain`.
    """
    return _difference(unified, base)


def _difference(one: Mapping[str, Mean], other: Mapping[str, Mean]) -> float:
    shared = sorted(one.keys() & other.keys())
    for name in shared:
        if one[name].items != other[name].items:
            raise ValueError(f"{name}: {one[name].items} and {other[name].items} items")
    return item_weighted([one[n] for n in shared]) - item_weighted([other[n] for n in shared])


@dataclass(frozen=True, slots=True)
class Correlation:
    """Of two rows of numbers."""

    rho: float
    """Spearman's, -1..1."""
    p: float
    """Two-sided, by permutation."""
    pairs: int


def rank_correlation(
    one: Sequence[float], other: Sequence[float], permutations: int, seed: int
) -> Correlation | None:
    """Spearman with a permutation p; None below 3 pairs or where a row is constant."""
    if len(one) < 3 or len(set(one)) == 1 or len(set(other)) == 1:
        return None
    rho = float(spearmanr(one, other).statistic)
    rng = np.random.default_rng(seed)
    ranks = [rankdata(values) - (len(one) + 1) / 2 for values in (one, other)]
    shuffled = rng.permuted(np.tile(ranks[0], (permutations, 1)), axis=1)
    found = np.abs(shuffled @ ranks[1])
    at_least = int((found >= abs(float(ranks[0] @ ranks[1])) - 1e-9).sum())
    return Correlation(rho, (1 + at_least) / (1 + permutations), len(one))
