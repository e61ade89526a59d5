"""Statistics against a second implementation or a hand count."""

import itertools

import numpy as np
import pytest
from scipy.stats import binom, norm
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

from bench.inference import coverage_of_few, falsely_equivalent, found_of_planted
from g2u.questions.clusters import linked
from g2u.scores.statistics import (
    Gain,
    Resampling,
    benjamini_hochberg,
    equivalence_bounds,
    holm,
    is_equivalent,
    mcnemar_mid_p,
    mean_interval,
    paired_gain,
    precision_weights,
    sign_flip_p,
    smallest_found,
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


def of_all_signs(sums: list[float]) -> float:
    """The share of all assignments of signs with a total as far from 0."""
    totals = [abs(np.dot(signs, sums)) for signs in itertools.product((-1, 1), repeat=len(sums))]
    return float(np.mean([total >= abs(sum(sums)) - 1e-9 for total in totals]))


@pytest.mark.parametrize("parts", [1, 2, 3, 10, 60])
def test_the_sign_flip_p_of_sums_on_a_lattice_is_that_of_all_signs(parts: int) -> None:
    rng = np.random.default_rng(parts)
    for count in range(1, 11):
        sums = rng.integers(-4, 6, count) / parts
        assert sign_flip_p(np.append(sums, 0.0)) == pytest.approx(of_all_signs([*sums]), abs=1e-9)


def test_the_sign_flip_p_of_graded_sums_is_never_below_that_of_all_signs() -> None:
    rng = np.random.default_rng(7)
    ratios = []
    for count in [2, 5, 8, 11] * 10:
        sums = rng.normal(0.4, 1, count)
        ratios.append(sign_flip_p(sums) / of_all_signs([*sums]))
    assert min(ratios) >= 1
    assert np.mean(ratios) < 1.01


def test_the_sign_flip_p_is_exact_far_into_the_tail_and_normal_for_many() -> None:
    sums = np.array([1.0] * 60 + [-1.0] * 17)
    assert sign_flip_p(sums) == pytest.approx(2 * binom.cdf(17, 77, 0.5), rel=1e-4)
    assert sign_flip_p(np.ones(30)) == pytest.approx(2.0**-29, abs=1e-11)
    graded = np.random.default_rng(0).normal(size=50_000)
    graded += 2.5 / np.sqrt(50_000) - graded.mean()
    error = np.sqrt((graded**2).sum())
    assert sign_flip_p(graded) == pytest.approx(2 * norm.sf(graded.sum() / error), rel=0.2)


def plain_weights(clusters: list[list[float]]) -> list[float]:
    """1 / (1 + (n - 1) rho), pair by pair."""
    products = [one * two for each in clusters for one, two in itertools.combinations(each, 2)]
    squares = [value**2 for each in clusters for value in each]
    rho = min(1.0, max(0.0, float(np.mean(products) / np.mean(squares))))
    return [1 / (1 + (len(each) - 1) * rho) for each in clusters]


def drawn_clusters(rng: np.random.Generator, count: int) -> list[list[float]]:
    return [
        [float(value) for value in rng.choice([-1.0, 0.0, 0.0, 1.0, 1.0], rng.integers(2, 8))]
        for _ in range(count)
    ]


def gain_of(clusters: list[list[float]]) -> Gain:
    change = [value for each in clusters for value in each]
    names = [str(place) for place, each in enumerate(clusters) for _ in each]
    return paired_gain(change, [0.0] * len(change), names, HOW)


def test_precision_weights_are_those_of_a_plain_count_and_no_flip_changes_them() -> None:
    rng = np.random.default_rng(3)
    for _ in range(20):
        clusters = drawn_clusters(rng, 12)
        arrays = [np.array(each) for each in clusters]
        sums, squares, sizes = (
            np.array([f(each) for each in arrays])
            for f in (np.sum, lambda each: (each**2).sum(), len)
        )
        found, flips = precision_weights(sums, squares, sizes), rng.choice([-1, 1], 12)
        plain = np.array(plain_weights(clusters))
        assert found / found.max() == pytest.approx(plain / plain.max(), abs=0.04)
        assert (precision_weights(sums * flips, squares, sizes) == found).all()
        assert (found == np.rint(found)).all()


def test_the_weighted_test_is_exact() -> None:
    """Of all signs of a sample, at most a share alpha has p at most alpha, for any alpha."""
    rng = np.random.default_rng(4)
    for _ in range(6):
        clusters = drawn_clusters(rng, 8)
        found = [
            gain_of(
                [[sign * v for v in each] for sign, each in zip(signs, clusters, strict=True)]
            ).p
            for signs in itertools.product((-1, 1), repeat=8)
        ]
        for alpha in (0.02, 0.05, 0.1, 0.3, 0.6):
            assert np.mean([p <= alpha for p in found]) <= alpha


def test_a_gain_of_few_large_pictures_against_all_others_is_not_told() -> None:
    """The weighted total may lie on the other side of 0 than the gain: then p is 1."""
    clusters = [[1.0] * 8] * 3 + [[-1.0]] * 20
    assert sum(map(sum, clusters)) > 0
    assert gain_of(clusters).p == 1.0


def test_every_one_of_hundreds_of_planted_gains_survives_holm() -> None:
    """No floor of drawn flips: with 4,000 of them, nothing beyond 200 cells can be significant."""
    for cells in (201, 500):
        assert found_of_planted(cells) == cells


def test_the_interval_of_independent_items_is_near_the_binomial_one() -> None:
    values = [1.0] * 130 + [0.0] * 70
    interval = mean_interval(values, [str(i) for i in range(200)], 0.95)
    low, high = proportion_confint(130, 200, method="wilson")
    assert (interval.low, interval.high) == pytest.approx((low, high), abs=1e-3)


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


@pytest.mark.parametrize("pictures", [5, 10, 20])
def test_intervals_of_few_pictures_hold_the_truth(pictures: int) -> None:
    """95 % intervals, in at least 93 % of 300 samples (percentiles of a bootstrap: 79 at 5)."""
    for up, down in ((0.6, 0.02), (0.3, 0.05)):
        assert coverage_of_few(300, pictures, up, down) >= 0.93


def test_pictures_that_all_moved_one_way_hold_more_in_reserve() -> None:
    assert coverage_of_few(400, 100, 0.06, 0.0) >= 0.93


def test_without_a_flip_the_interval_is_the_exact_bound() -> None:
    same = paired_gain([1, 0, 1], [1, 0, 1], list("abc"), HOW)
    assert (same.difference, same.p, same.mcnemar) == (0, 1, 1)
    assert (same.low, same.high) == pytest.approx((0.025 ** (1 / 3) - 1, 1 - 0.025 ** (1 / 3)))
    for pictures, expected in ((98, False), (99, True)):
        none = paired_gain([1] * pictures, [1] * pictures, [*map(str, range(pictures))], HOW)
        assert none.high90 == pytest.approx(1 - 0.05 ** (1 / pictures))
        assert is_equivalent(none.low90, none.high90, 0.03) == expected
    shared = equivalence_bounds(np.zeros(99), np.array([1.0] * 98 + [20.0]))
    assert not is_equivalent(*shared, 0.03), "one picture holds a sixth of the questions"


@pytest.mark.parametrize("pictures", [20, 60, 99, 120])
def test_a_gain_at_the_margin_is_called_equivalent_in_at_most_5_percent(pictures: int) -> None:
    for down in (0.0, 0.003, 0.03, 0.2):
        assert falsely_equivalent(pictures, down) <= 0.05
    assert falsely_equivalent(400, 0.005, gain=0.0) > 0.9, "what is equivalent can be shown"


def test_the_interval_holds_0_where_the_exact_test_does_not_tell_the_gain_from_it() -> None:
    names = [str(n) for n in range(120)]
    for gained, is_told in ((4, False), (5, False), (6, True), (12, True)):
        gain = paired_gain([1] * gained + [0] * (120 - gained), [0] * 120, names, HOW)
        assert (gain.p <= 0.05) == is_told
        assert (gain.low > 0) == is_told
        assert gain.high > gain.difference


def test_what_is_detectable_grows_with_the_correction_and_without_flips_is_not_0() -> None:
    gain = paired_gain([1] * 60, [1] * 60, [str(n) for n in range(60)], HOW)
    assert gain.detectable == pytest.approx(2.8**2 / 60, rel=0.01)
    assert smallest_found(0.05, 0.001, 0.05) == pytest.approx(0.05 * 2.8, rel=0.01)
    assert smallest_found(0.05, 0.001, 0.05 / 27) == pytest.approx(0.05 * 3.95, rel=0.01)


def test_what_shares_a_picture_with_what_shares_one_hangs_together() -> None:
    one, two, three, four = linked([("a", "b"), ("c",), ("b", "d"), ("d", "e")])
    assert one == three == four != two
    assert linked([("c",), ("d", "b"), ("b", "a"), ("e", "d")])[:2] == [two, one], "by content"
    chain = linked([(str(n), str(n + 1)) for n in range(5000)])
    assert len(set(chain)) == 1


def test_arms_of_other_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="2, 1 items"):
        paired_gain([1, 0], [1], ["a"], HOW)


def informative(seed: int, pictures: int = 100) -> Gain:
    """Pictures of up to four questions gain, larger ones lose as much: of all questions, nothing is
    gained.
    """
    rng = np.random.default_rng([1, seed])
    sizes = rng.integers(1, 9, pictures)
    index = np.repeat(np.arange(pictures), sizes)
    chance = rng.random(pictures)[index]
    is_small = (sizes <= 4)[index]
    arm = (is_small & (chance < 0.25)).astype(float)
    base = (~is_small & (chance < 0.25 * 10 / 26)).astype(float)
    return paired_gain(arm.tolist(), base.tolist(), [str(n) for n in index], HOW)


def test_what_small_pictures_gain_is_no_gain_of_all_questions() -> None:
    """By precision weights alone 30 % of these were a gain."""
    gains = [informative(seed) for seed in range(300)]
    assert np.mean([gain.p <= 0.05 for gain in gains]) <= 0.1
    assert np.mean([gain.low <= 0 <= gain.high for gain in gains]) >= 0.9


def test_where_none_moved_those_that_do_may_be_the_largest() -> None:
    """A tenth of the pictures holds half of the questions, and 6 % of it may be lost unseen."""
    sizes = [1] * 225 + [8] * 25
    clusters = [str(n) for n, size in enumerate(sizes) for _ in range(size)]
    gain = paired_gain([0.0] * len(clusters), [0.0] * len(clusters), clusters, HOW)
    assert gain.high90 == pytest.approx(1 - 0.05 ** (8 / 425))
    assert not is_equivalent(gain.low90, gain.high90, 0.03)


def test_the_order_of_rows_decides_no_interval() -> None:
    """Thirds that add up to 0 do so but for rounding, on either side."""
    one, base = [0.0, 0.0, 0.0, 1 / 3, 1.0, 0.0], [0.0, 2 / 3, 1 / 3, 0.0, 0.0, 1 / 3]
    found = {
        (round(gain.low, 9), round(gain.high, 9))
        for order in itertools.permutations(range(6))
        for gain in [
            paired_gain([one[n] for n in order], [base[n] for n in order], list("abcdef"), HOW)
        ]
    }
    assert len(found) == 1


def test_pictures_that_are_alike_by_luck_keep_an_interval() -> None:
    found = mean_interval([1, 1, 0, 0] * 2, list("aaaabbbb"), 0.95)
    assert found.low < 0.1 < 0.9 < found.high
    more = mean_interval([1, 0] * 40, [str(n // 2) for n in range(80)], 0.95)
    assert 0.3 < more.low < 0.4 < 0.6 < more.high < 0.7
