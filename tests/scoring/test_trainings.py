"""Gains over several trainings, each a draw as a question is."""

import math

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from scipy.stats import t, ttest_1samp
from statsmodels.formula.api import ols
from statsmodels.stats.anova import anova_lm

from g2u.scores.statistics import Interval
from g2u.scores.trainings import Trainings, over_trainings, reach_of


def found(gains: NDArray[np.float64]) -> Trainings:
    """Of gains [trainings, questions]."""
    reach = t.ppf(0.975, gains.shape[1] - 1) * gains.std(1, ddof=1) / math.sqrt(gains.shape[1])
    each = zip(gains.mean(1).tolist(), reach.tolist(), strict=True)
    made = over_trainings([Interval(mean, mean - r, mean + r) for mean, r in each], 0.95)
    assert made is not None
    return made


def drawn(
    rng: np.random.Generator, trainings: int, questions: int, spread: tuple[float, float, float]
) -> NDArray[np.float64]:
    """Gains of mean 0.2: what the training adds, the question, and both together."""
    training, question, both = spread
    return (
        0.2
        + rng.normal(0, training, (trainings, 1))
        + rng.normal(0, question, (1, questions))
        + rng.normal(0, both, (trainings, questions))
    )


def test_its_two_parts_are_those_of_a_crossed_analysis_of_variance() -> None:
    """Mean squares by statsmodels: trainings / (S n) is the variance that the trainings show, and
    (questions + (S - 1) rest) / (S n) the sampling variance of one training's gain.
    """
    gains = drawn(np.random.default_rng(0), 4, 30, (0.1, 0.3, 0.2))
    place = np.indices(gains.shape).reshape(2, -1)
    table = pd.DataFrame({"gain": gains.ravel(), "training": place[0], "question": place[1]})
    fitted = anova_lm(ols("gain ~ C(training) + C(question)", table).fit())
    trainings, questions, rest = fitted["sum_sq"] / fitted["df"]
    by_trainings = t.ppf(0.975, 3) ** 2 * trainings / gains.size
    by_questions = t.ppf(0.975, 29) ** 2 * (questions + 3 * rest) / gains.size
    reach = math.sqrt(by_trainings + by_questions)
    ours = found(gains)
    assert ours.mean == pytest.approx(gains.mean(), abs=1e-12)
    assert (ours.low, ours.high) == pytest.approx((gains.mean() - reach, gains.mean() + reach))


def test_of_questions_without_end_it_is_the_t_interval_over_the_trainings() -> None:
    gains = [33.0, 36.2, 14.4]
    ours = over_trainings([Interval(gain, gain, gain) for gain in gains], 0.95)
    assert ours is not None
    assert (ours.low, ours.high) == pytest.approx(ttest_1samp(gains, 0).confidence_interval(0.95))
    assert (round(ours.low, 1), round(ours.high, 1)) == (-1.4, 57.1)


def test_each_end_has_the_reserve_of_its_own_side() -> None:
    alike = over_trainings([Interval(0.2, 0.1, 0.5)] * 3, 0.95)
    assert alike is not None
    assert (alike.mean, alike.low, alike.high) == pytest.approx((0.2, 0.1, 0.5))


@pytest.mark.parametrize("trainings", [3, 4])
@pytest.mark.parametrize(
    "spread", [(0.1, 0.3, 0.3), (0.03, 0.3, 0.0), (0.0, 0.6, 0.0), (0.0, 0.0, 0.6), (0.3, 0.1, 0.1)]
)
def test_it_holds_the_truth_whatever_varies(
    trainings: int, spread: tuple[float, float, float]
) -> None:
    rng = np.random.default_rng(1)
    made = [found(drawn(rng, trainings, 100, spread)) for _ in range(1000)]
    assert np.mean([each.low <= 0.2 <= each.high for each in made]) >= 0.935


def test_three_trainings_have_to_agree_better_than_four() -> None:
    assert [round(reach_of(count, 0.95), 2) for count in (3, 4, 5)] == [2.48, 1.59, 1.24]


def test_one_training_has_no_spread() -> None:
    assert over_trainings([Interval(0.3, 0.2, 0.4)], 0.95) is None
