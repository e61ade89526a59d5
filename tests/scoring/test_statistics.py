"""Statistics against a second implementation or a hand count."""

import itertools

import numpy as np
import pytest
from scipy.stats import binom, norm, t
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

from g2u.scoring.statistics import (
    Resampling,
    benjamini_hochberg,
    expanded_tail,
    holm,
    mcnemar_mid_p,
    mean_interval,
    paired_gain,
    sign_flip_p,
)

HOW = Resampling(0.95, 2000, 0)


def test_holm_and_benjamini_hochberg_agree_with_statsmodels() -> None:
    rng = np.random.default_rng(0)
    for count in (1, 2, 7, 36):
        p = rng.random(count) ** 3
        assert holm(p.tolist()) == pytest.approx(multipletests(p, method="holm")[1])
        assert benjamini_hochberg(p.tolist()) == pytest.approx(multipletests(p, method="fdr_bh")[1])


@pytest.mark.parametrize(("gained", "lost"), [(0, 0), (5, 5), (9, 2), (2, 9), (1, 0), (30, 12)])
def test_mcnemar_mid_p_agrees_with_the_binomial_sum(gained: int, lost: int) -> None:
    n, k = gained + lost, min(gained, lost)
    expected = 1.0 if gained == lost else 2 * binom.cdf(k, n, 0.5) - binom.pmf(k, n, 0.5)
    assert mcnemar_mid_p(gained, lost) == pytest.approx(min(1.0, expected))


def test_the_exact_sign_flip_counts_every_assignment_of_signs() -> None:
    sums = np.array([2.0, -1.0, 3.0, 1.0, 0.0])
    totals = [abs(np.dot(s, [2, 1, 3, 1])) for s in itertools.product((-1, 1), repeat=4)]
    expected = np.mean([total >= 5 for total in totals])
    assert sign_flip_p(sums, np.random.default_rng(0), 10) == expected


def test_the_drawn_sign_flip_approaches_the_exact_one() -> None:
    sums = np.array([1.0] * 13 + [-1.0] * 4)
    exact = 2 * binom.cdf(4, 17, 0.5)
    assert sign_flip_p(sums, np.random.default_rng(0), 20000) == pytest.approx(exact, abs=0.01)


def test_the_interval_of_independent_items_is_near_the_binomial_one() -> None:
    values = [1.0] * 130 + [0.0] * 70
    interval = mean_interval(values, [str(i) for i in range(200)], 0.95)
    low, high = proportion_confint(130, 200, method="normal")
    assert (interval.low, interval.high) == (
        pytest.approx(low, abs=2e-3),
        pytest.approx(high, abs=2e-3),
    )


def test_items_that_share_a_picture_count_less_than_independent_ones() -> None:
    values = [1.0] * 100 + [0.0] * 100
    alone = mean_interval(values, [str(i) for i in range(200)], 0.95)
    shared = mean_interval(values, [str(i // 10) for i in range(200)], 0.95)
    assert shared.high - shared.low > 2.5 * (alone.high - alone.low)


def test_all_right_keeps_an_interval() -> None:
    interval = mean_interval([1.0] * 50, [str(i) for i in range(50)], 0.95)
    low, _ = proportion_confint(50, 50, method="beta")
    assert (interval.low, interval.high) == (pytest.approx(low), 1.0)


def test_a_gain_counts_flips_and_pairs_items() -> None:
    arm, base = [1, 1, 1, 0, 1, 1], [0, 1, 0, 1, 1, 0]
    gain = paired_gain(arm, base, list("abcdef"), HOW)
    assert (gain.gained, gain.lost, gain.items, gain.clusters) == (3, 1, 6, 6)
    assert gain.difference == pytest.approx(2 / 6)
    assert gain.low <= gain.difference <= gain.high


def test_the_bootstrap_interval_covers_a_known_difference() -> None:
    """95 % intervals of 300 clustered samples hold the truth in 91 to 98 % of them."""
    rng = np.random.default_rng(5)
    held = 0
    for number in range(300):
        skill = np.repeat(rng.normal(0, 0.15, 60), 3)
        arm = (rng.random(180) < np.clip(0.6 + skill, 0, 1)).astype(float)
        base = (rng.random(180) < np.clip(0.5 + skill, 0, 1)).astype(float)
        clusters = [str(i // 3) for i in range(180)]
        gain = paired_gain(arm, base, clusters, Resampling(0.95, 400, number))
        held += gain.low <= 0.1 <= gain.high
    assert 0.91 <= held / 300 <= 0.98


def test_few_or_uneven_clusters_widen_the_interval_towards_that_of_t() -> None:
    rng = np.random.default_rng(1)
    many, few = (rng.normal(size=count) for count in (20000, 12))
    assert expanded_tail(many, np.ones(20000), 0.95) == pytest.approx(0.025, abs=2e-4)
    reach = -norm.ppf(expanded_tail(few, np.ones(12), 0.95))
    assert reach >= t.ppf(0.975, 11) * np.sqrt(12 / 11) - 1e-9
    one_moved = np.array([1.0] + [0.0] * 199)
    assert expanded_tail(one_moved, np.ones(200), 0.95) < 1e-4, "one flip says little about spread"
    assert expanded_tail(np.zeros(9), np.ones(9), 0.9) == pytest.approx(0.05)


def test_equal_arms_have_no_gain_and_p_one() -> None:
    gain = paired_gain([1, 0, 1], [1, 0, 1], list("abc"), HOW)
    assert (gain.difference, gain.p, gain.mcnemar, gain.low, gain.high) == (0, 1, 1, 0, 0)


def test_arms_of_other_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="2, 1 items"):
        paired_gain([1, 0], [1], ["a"], HOW)
