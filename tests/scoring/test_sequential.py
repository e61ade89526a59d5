"""Looks at a gain: error, bounds, giving up and estimates against enumeration and simulation."""

from itertools import product

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from g2u.scores.sequential import Course, Plan, course, estimate, missed_by, slices
from g2u.scores.statistics import Resampling, paired_gain

FIFTHS = (0.2, 0.4, 0.6, 0.8, 1.0)
THIRDS = (1 / 3, 2 / 3, 1.0)
NEVER = 0.0
"""Chance of giving up."""


def seen(changes: list[list[float]], plan: Plan) -> Course:
    """The course of questions with a picture each, a list per look."""
    flat = [value for each in changes for value in each]
    looks = [place for place, each in enumerate(changes) for _ in each]
    return course(slices(flat, [str(n) for n in range(len(flat))], looks), plan)


def test_bounds_are_those_of_five_normal_looks_that_spend_the_square_of_the_share() -> None:
    changes = [[1.0, -1.0] * 2000] * 5  # their totals are 0, so that no look decides
    found = seen(changes, Plan(FIFTHS, 0.05, 0.1, NEVER))
    bounds = [look.bound / np.sqrt(4000 * (k + 1)) for k, look in enumerate(found.looks)]
    at = np.arange(1.0, 6.0)
    alike = np.sqrt(np.minimum.outer(at, at) / np.maximum.outer(at, at))
    for looks in range(1, 6):
        upper = np.array(bounds[:looks])
        known = multivariate_normal(cov=alike[:looks, :looks], seed=0)
        within = known.cdf(upper, lower_limit=-upper)
        assert 1 - within == pytest.approx(0.05 * (looks / 5) ** 2, rel=0.04)


def test_of_all_signs_at_most_alpha_decide_and_giving_up_adds_none() -> None:
    sizes = np.array([[1.0, 1, 0.5], [0.5, 1, 1], [1, 1, 1]])
    for missed in (NEVER, 0.3):
        plan = Plan(THIRDS, 0.1, 0.4, missed)
        all_signs = product((-1.0, 1.0), repeat=9)
        found = [seen((np.reshape(s, (3, 3)) * sizes).tolist(), plan) for s in all_signs]
        share = np.mean([each.decision in ("gain", "harm") for each in found])
        assert 0.03 < share <= 0.1
        assert np.mean([each.p <= 0.05 for each in found]) <= 0.05


def test_p_is_the_share_of_signs_that_come_as_far() -> None:
    rng = np.random.default_rng(0)
    plan = Plan(THIRDS, 0.2, 0.4, NEVER)
    parts = rng.choice([1.0, -1.0, 0.5, 0.0], size=(3, 4), p=[0.5, 0.2, 0.2, 0.1])
    found = seen(parts.tolist(), plan)
    place, bounds = len(found.looks) - 1, [look.bound for look in found.looks]
    signs = np.array(list(product((-1.0, 1.0), repeat=12))).reshape(-1, 3, 4)
    totals = np.abs((signs * parts).sum(axis=2).cumsum(axis=1))
    before = (totals[:, :place] >= np.array(bounds[:place]) - 1e-9).any(axis=1)
    as_far = before | (totals[:, place] >= abs(found.looks[place].total) - 1e-9)
    assert found.p == pytest.approx(as_far.mean(), abs=1e-9)


def test_giving_up_misses_a_gain_worth_having_as_often_as_planned() -> None:
    rng, plan = np.random.default_rng(1), Plan(FIFTHS, 0.05, 0.1)
    steady = [[0.6] * 72 + [-0.6] * 48] * 5  # between giving up and deciding
    found = seen(steady, plan)
    drift, deviation = 0.1 * 120, 0.6 * np.sqrt(120)
    walk = rng.normal(drift, deviation, (200_000, len(found.looks))).cumsum(axis=1)
    alive, missed = np.ones(len(walk), dtype=bool), 0.0
    for k, look in enumerate(found.looks):
        given_up = alive & (np.abs(walk[:, k]) < look.futile)
        missed += given_up.mean()
        alive &= ~given_up & (np.abs(walk[:, k]) < look.bound)
    expected = missed_by(FIFTHS[len(found.looks) - 1], 0.2)
    assert missed == pytest.approx(expected, abs=0.01)


def test_giving_up_binds_no_error() -> None:
    changes = [[0.6] * 66 + [-0.6] * 54] * 5
    heeded = seen(changes, Plan(FIFTHS, 0.05, 0.1))
    ignored = seen(changes, Plan(FIFTHS, 0.05, 0.1, NEVER))
    assert (heeded.decision, heeded.p) == ("futility", 1.0)
    assert heeded.looks[-1].bound == ignored.looks[len(heeded.looks) - 1].bound
    assert heeded.looks[-1].p == ignored.looks[len(heeded.looks) - 1].p


def test_harm_is_decided_as_gain_is() -> None:
    rises = [[1.0] * 20 + [0.0] * 20] * 5
    falls = [[-value for value in each] for each in rises]
    gain, harm = seen(rises, Plan(FIFTHS, 0.05, 0.1)), seen(falls, Plan(FIFTHS, 0.05, 0.1))
    assert (gain.decision, harm.decision) == ("gain", "harm")
    assert len(gain.looks) == len(harm.looks) < 5
    assert gain.p == harm.p


def test_a_look_is_the_same_whatever_comes_later_and_in_whatever_order_rows_arrive() -> None:
    rng, plan = np.random.default_rng(2), Plan(FIFTHS, 0.05, 0.1)
    change = rng.choice([1.0, 0.0, -1.0], 200, p=[0.2, 0.7, 0.1]).tolist()
    clusters, looks = [str(n // 2) for n in range(200)], [n // 40 for n in range(200)]
    whole = course(slices(change, clusters, looks), plan)
    early = course(slices(change[:80], clusters[:80], looks[:80]), plan)
    assert early.looks == whole.looks[:2]
    order = rng.permutation(200)
    mixed = slices(
        [change[n] for n in order], [clusters[n] for n in order], [looks[n] for n in order]
    )
    other = course(mixed, plan)
    assert (other.decision, other.items) == (whole.decision, whole.items)
    assert other.p == pytest.approx(whole.p, abs=1e-12)


def test_the_estimate_is_the_gain_of_which_means_as_high_are_an_even_chance() -> None:
    rng, plan = np.random.default_rng(3), Plan(FIFTHS, 0.05, 0.1)
    changes = [[0.6] * 70 + [-0.6] * 50] * 5
    flat = [value for each in changes for value in each]
    parts = slices(flat, [str(n) for n in range(600)], [n // 120 for n in range(600)])
    found = course(parts, plan)
    told = estimate(parts, found, plan, 0.9)
    assert len(found.looks) == 3
    bounds = [look.bound for look in found.looks] + [30.0, 31.0]  # as flat as at look 3
    futile = [look.futile for look in found.looks] + [30.0, 0.0]
    spread = 0.6 * np.sqrt(1 - (1 / 6) ** 2) * np.sqrt(120)
    mean = found.looks[-1].total / found.items

    def as_high(gain: float) -> float:
        walk = rng.normal(gain * 120, spread, (200_000, 5)).cumsum(axis=1)
        alive, share = np.ones(len(walk), dtype=bool), 0.0
        for k in range(5):
            far = np.abs(walk[:, k])
            stops = (far >= bounds[k]) | (far < futile[k]) | (k == 4)
            share += (alive & stops & (walk[:, k] / (120 * (k + 1)) >= mean)).mean()
            alive &= ~stops
        return float(share)

    assert as_high(told.mean) == pytest.approx(0.5, abs=0.02)
    assert as_high(told.low) == pytest.approx(0.05, abs=0.015)
    assert as_high(told.high) == pytest.approx(0.95, abs=0.015)
    assert told.mean < mean  # what was stopped for being high was a little too high


def test_with_one_look_the_interval_is_that_of_any_gain() -> None:
    rng = np.random.default_rng(4)
    change = rng.choice([1.0, 0.0, -1.0], 150, p=[0.3, 0.6, 0.1])
    clusters, plan = [str(n) for n in range(150)], Plan((1.0,), 0.05, 0.1)
    parts = slices(change.tolist(), clusters, [0] * 150)
    found = course(parts, plan)
    told = estimate(parts, found, plan, 0.95)
    plain = paired_gain(change.tolist(), [0.0] * 150, clusters, Resampling(0.95, 0, 0))
    assert found.p == pytest.approx(plain.p, abs=1e-9)
    assert told.mean == pytest.approx(plain.difference, abs=1e-6)
    assert (told.low, told.high) == pytest.approx((plain.low, plain.high), abs=0.002)


def test_where_no_answer_changed_a_cell_is_given_up_and_its_interval_is_not_nothing() -> None:
    parts = slices([0.0] * 400, [str(n) for n in range(400)], [n // 80 for n in range(400)])
    plan = Plan(FIFTHS, 0.05, 0.1)
    found = course(parts, plan)
    told = estimate(parts, found, plan, 0.95)
    assert found.decision == "futility"
    assert told.low < -0.01 < 0.01 < told.high


def test_a_cluster_in_two_slices_and_looks_that_do_not_rise_are_refused() -> None:
    with pytest.raises(ValueError, match="cluster"):
        slices([1.0, 1.0], ["a", "a"], [0, 1])
    for shares in ((0.5, 0.4, 1.0), (0.5,), (0.0, 1.0)):
        with pytest.raises(ValueError, match="look"):
            Plan(shares, 0.05, 0.1)


def test_few_pictures_of_many_questions_in_which_nothing_changed_are_not_given_up() -> None:
    plan, clusters = Plan(FIFTHS, 0.05, 0.1), [str(n // 20) for n in range(400)]
    early = slices([0.0] * 160, clusters[:160], [n // 80 for n in range(160)])
    assert course(early, plan).decision == "open"
    alone = slices([0.0] * 160, [str(n) for n in range(160)], [n // 80 for n in range(160)])
    assert course(alone, plan).decision == "futility"


def test_one_picture_tells_nothing_of_others() -> None:
    parts = slices([1.0, 1.0, 0.0], ["a", "a", "a"], [0, 0, 0])
    plan = Plan((1.0,), 0.05, 0.1)
    told = estimate(parts, course(parts, plan), plan, 0.95)
    assert (told.mean, told.low, told.high) == (pytest.approx(2 / 3), -1.0, 1.0)


@pytest.mark.parametrize("count", [2, 8, 24])
def test_where_all_moved_alike_pictures_are_held_in_reserve_as_in_any_gain(count: int) -> None:
    clusters, plan = [str(n) for n in range(count)], Plan((1.0,), 0.05, 0.1)
    parts = slices([-1.0] * count, clusters, [0] * count)
    told = estimate(parts, course(parts, plan), plan, 0.95)
    plain = paired_gain([0.0] * count, [1.0] * count, clusters, Resampling(0.95, 0, 0))
    assert told.mean == told.low == -1.0
    assert told.high > -0.95
    assert told.high == pytest.approx(plain.high) or plain.p > 0.05
