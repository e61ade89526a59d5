"""Does it depend on the benchmark which family helps? The claim that families govern transfer.

That each benchmark has a winner above 0 does not show it: one family may be as good everywhere. The
claim is an interaction: differences between families that are not the same on all benchmarks.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from g2u.scores.statistics import Floats, Resampling, numbered


@dataclass(frozen=True, slots=True)
class Interaction:
    """Of families and benchmarks, with one model."""

    families: tuple[str, ...]
    benchmarks: tuple[str, ...]
    spread: float
    """Root mean square of how far a family's lead on a benchmark is from its lead over all, in
    score units.
    """
    p: float
    """By permutation of families within items."""


@dataclass(frozen=True, slots=True)
class Scored:
    """An item that all families answered."""

    cluster: str
    scores: tuple[float, ...]
    """By family, 0..1."""


def interaction(
    families: Sequence[str], benchmarks: Mapping[str, Sequence[Scored]], how: Resampling
) -> Interaction | None:
    """Test whether families differ in the same way on all benchmarks; None below two of either.

    The statistic is the interaction's sum of squares. Under the null hypothesis what is left of an
    item's scores without its own mean and the families' means over all benchmarks is exchangeable;
    it is permuted among the families, for all items of a cluster alike (permutation of residuals
    under the reduced model: Anderson and ter Braak 2003, doi 10.1080/00949650215733). It is exact
    for many items; `python -m bench.inference` prints its size for 40 to 200 a benchmark.
    """
    kept = {name: items for name, items in benchmarks.items() if items}
    if len(families) < 2 or len(kept) < 2:
        return None
    items = [item for each in kept.values() for item in each]
    scores = np.array([item.scores for item in items])
    sizes = np.array([len(each) for each in kept.values()], dtype=np.float64)
    place = np.repeat(np.arange(len(sizes)), sizes.astype(int))
    rest = scores - scores.mean(1, keepdims=True)
    rest = rest - rest.mean(0)
    cluster = numbered([f"{at} {item.cluster}" for at, item in zip(place, items, strict=True)])
    sums = np.zeros((int(cluster.max()) + 1, len(families)))
    np.add.at(sums, cluster, rest)
    member = np.zeros((len(sizes), len(sums)))
    member[place, cluster] = 1.0
    observed, rng = _squares(member @ sums, sizes), np.random.default_rng(how.seed)
    least = sum(
        _squares(member @ rng.permuted(sums, axis=1), sizes) >= observed - 1e-9
        for _ in range(how.resamples)
    )
    cells = len(items) * len(families)
    p = (1 + int(least)) / (1 + how.resamples)
    return Interaction(tuple(families), tuple(kept), float(np.sqrt(observed / cells)), p)


def _squares(sums: Floats, sizes: Floats) -> float:
    """Sum of squares of the interaction over all items; `sums`: by benchmark and family."""
    leads = sums / sizes[:, None] - sums.sum(0) / sizes.sum()
    return float((sizes[:, None] * leads**2).sum())
