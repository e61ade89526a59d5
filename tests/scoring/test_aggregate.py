"""Aggregates against published numbers and a second implementation."""

import numpy as np
import pytest
from scipy.stats import permutation_test, spearmanr

from g2u.scores.aggregate import (
    Mean,
    explicit_gain,
    implicit_gain,
    item_weighted,
    rank_correlation,
)

BAGEL = {
    "real-world": (38.0, 32.75, 200),
    "geometry": (29.0, 30.0, 200),
    "physics": (37.5, 40.5, 200),
    "puzzles": (23.77, 31.58, 537),
    "chart": (92.0, 91.0, 100),
    "spatial": (28.4, 29.0, 500),
    "perception": (39.96, 37.29, 1263),
}
"""UniG2U's leaderboard, arXiv 2603.03241: direct, generate-then-answer, items per regime."""


def test_the_published_overall_of_bagel_follows_from_its_regimes() -> None:
    direct = {name: Mean(d, n) for name, (d, _, n) in BAGEL.items()}
    generated = {name: Mean(g, n) for name, (_, g, n) in BAGEL.items()}
    assert sum(part.items for part in direct.values()) == 3000
    assert item_weighted(list(direct.values())) == pytest.approx(35.84, abs=0.005)
    assert item_weighted(list(generated.values())) == pytest.approx(36.10, abs=0.005)
    assert explicit_gain(generated, direct) == pytest.approx(0.26, abs=0.01)


def test_gains_are_over_shared_sub_tasks_of_equal_size() -> None:
    one = {"a": Mean(0.5, 10), "b": Mean(1.0, 30), "only here": Mean(0.0, 99)}
    other = {"a": Mean(0.25, 10), "b": Mean(0.75, 30)}
    assert implicit_gain(one, other) == pytest.approx(0.25)
    with pytest.raises(ValueError, match="b: 30 and 31 items"):
        implicit_gain(one, {**other, "b": Mean(0.75, 31)})
    with pytest.raises(ValueError, match="no items"):
        implicit_gain(one, {"c": Mean(1.0, 4)})


def test_the_permutation_p_agrees_with_scipys() -> None:
    rng = np.random.default_rng(0)
    one = rng.normal(size=9)
    other = one + rng.normal(size=9)
    found = rank_correlation(one.tolist(), other.tolist(), 20_000, 1)
    assert found is not None
    assert found.rho == pytest.approx(spearmanr(one, other).statistic)
    theirs = permutation_test(
        (one,), lambda x: spearmanr(x, other).statistic, permutation_type="pairings",
        n_resamples=4000, rng=np.random.default_rng(2),
    )  # fmt: skip
    assert found.p == pytest.approx(theirs.pvalue, abs=0.02)


@pytest.mark.parametrize("one", [[1.0, 2.0], [1.0, 1.0, 1.0]])
def test_too_little_to_correlate_gives_nothing(one: list[float]) -> None:
    assert rank_correlation(one, [3.0, 1.0, 2.0][: len(one)], 100, 0) is None
