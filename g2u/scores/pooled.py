"""A gain of a part of the questions, sharpened by the direct answers of all of them.

Where drawings are made for a part alone, direct answers all questions, which costs no drawing. What
a thought changes depends on whether direct was right, so the part's gain is corrected for how its
direct answers differ from those of all: the regression estimator of survey sampling (Cochran 1977,
Sampling Techniques, 7; Deville and Sarndal 1992, doi 10.1080/01621459.1992.10475217).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr, stdtrit

Numbers = NDArray[np.float64]
SPARE = 2
"""Clusters that have to be drawn for beyond the numbers that are fitted."""
MOST = 0.9
"""Leverage of a cluster at most, so that a residual is not blown up beyond reason."""


@dataclass(frozen=True, slots=True)
class Pooled:
    """A gain over the whole pool of questions, in score units."""

    difference: float
    low: float
    high: float
    p: float
    """Two-sided, by t."""
    error: float
    """Standard error."""
    pool: int
    """Questions of the pool."""


@dataclass(frozen=True, slots=True)
class Told:
    """What is known of a question whose direct answer was scored."""

    cluster: str
    direct: tuple[float, ...]
    """Its score, and what else goes with the gain: the same numbers of each question."""
    change: float | None
    """The gain; None = it was not drawn for."""


def pooled(told: Sequence[Told], confidence: float) -> Pooled | None:
    """The gain over all questions, its error by clusters, drawn for or not.

    The change is fitted to the direct answers by least squares; a cluster counts with its weighted
    residuals, each divided by what the fit leaves of it (1 - leverage), and with its share in the
    mean of the pool.

    Returns:
        None where too few clusters were drawn for, or nothing changed.
    """
    drawn = np.array([each.change is not None for each in told])
    if not drawn.any():
        return None
    change = np.array([each.change or 0.0 for each in told])[drawn]
    known = np.array([each.direct for each in told], dtype=np.float64)
    centred = known - known[drawn].mean(axis=0)
    design = np.column_stack([np.ones(int(drawn.sum())), centred[drawn]])
    inverse = np.linalg.pinv(design.T @ design)
    fitted = inverse @ design.T @ change
    place = np.concatenate([[1.0], centred.mean(axis=0)])  # the pool, seen from the part
    index = {name: n for n, name in enumerate(dict.fromkeys(each.cluster for each in told))}
    cluster = np.array([index[each.cluster] for each in told])
    count, own = len(index), cluster[drawn]
    leverage = np.einsum("ij,jk,ik->i", design, inverse, design)
    taken = np.minimum(np.bincount(own, weights=leverage, minlength=count), MOST)
    residual = (design @ inverse @ place) * (change - design @ fitted)
    far = (centred - centred.mean(axis=0)) @ fitted[1:] / len(told)
    each = np.bincount(own, weights=residual, minlength=count) / (1 - taken)
    each += np.bincount(cluster, weights=far, minlength=count)
    freedom = len(set(own.tolist())) - int(np.linalg.matrix_rank(design))
    error = float(np.sqrt((each**2).sum()))
    if freedom < SPARE or error < 1e-9:
        return None
    mean = float(place @ fitted)
    reach = float(stdtrit(freedom, (1 + confidence) / 2)) * error
    p = 2 * float(stdtr(freedom, -abs(mean) / error))
    return Pooled(mean, max(-1.0, mean - reach), min(1.0, mean + reach), p, error, len(told))
