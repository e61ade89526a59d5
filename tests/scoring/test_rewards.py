"""What rewards tell: against scipy, and against counts by hand."""

import numpy as np
import pytest
from scipy.stats import mannwhitneyu, spearmanr

from g2u.scores.rewards import Draw, auc, rank_correlation, telling
from g2u.scores.statistics import Resampling

HOW = Resampling(0.95, 500, 0)


def test_auc_is_the_share_of_pairs_that_are_ordered_rightly() -> None:
    rewards, outcomes = [0.9, 0.2, 0.5, 0.5, 0.1], [1, 0, 1, 0, 0]
    clusters = list("abcde")
    found = auc(rewards, outcomes, clusters, HOW)
    pairs = [
        (one > other) + 0.5 * (one == other)
        for one, is_right in zip(rewards, outcomes, strict=True)
        for other, is_other in zip(rewards, outcomes, strict=True)
        if is_right and not is_other
    ]
    assert found is not None
    assert found.mean == pytest.approx(sum(pairs) / len(pairs))
    assert found.low <= found.mean <= found.high
    scipy_u = mannwhitneyu([0.9, 0.5], [0.2, 0.5, 0.1]).statistic / 6
    assert found.mean == pytest.approx(scipy_u)
    assert auc(rewards, [1] * 5, clusters, HOW) is None


def test_rank_correlation_is_spearmans() -> None:
    rng = np.random.default_rng(0)
    one = np.round(rng.normal(size=40), 1).tolist()
    other = np.round(np.array(one) + rng.normal(size=40), 1).tolist()
    found = rank_correlation(one, other, [str(n // 2) for n in range(40)], HOW)
    assert found is not None
    assert found.mean == pytest.approx(spearmanr(one, other).statistic)
    assert found.low < found.mean < found.high
    assert rank_correlation(one, [1.0] * 40, ["a"] * 40, HOW) is None


def test_a_reward_may_know_hard_questions_and_still_no_good_drawing() -> None:
    """Over all draws it tells everything, within a question nothing."""
    rng = np.random.default_rng(1)
    draws = []
    for question in range(200):
        ease = rng.random()
        for _ in range(4):
            score = float(rng.random() < ease)
            fidelity = float(np.clip(ease + rng.normal(0, 0.05), 0, 1))
            reward = float(ease + rng.normal(0, 0.05))
            draws.append(Draw(f"q{question}", f"c{question // 2}", reward, score, fidelity))
    found = telling(draws, HOW)
    assert found.right is not None
    assert found.right_within is not None
    assert found.faithful is not None
    assert found.faithful_within is not None
    assert found.right.low > 0.7
    assert found.faithful.low > 0.9
    assert found.right_within.low < 0.5 < found.right_within.high
    assert found.faithful_within.low < 0 < found.faithful_within.high
    assert (found.draws, found.questions) == (800, 200)


def test_within_a_question_by_hand() -> None:
    """Two questions: pairs 1 of 2 and 1 of 1 ordered; correlations 1 and -1."""
    draws = [
        Draw("a", "a", 0.9, 1, 0.8),
        Draw("a", "a", 0.5, 0, 0.7),
        Draw("a", "a", 0.95, 0, 0.85),
        Draw("b", "b", 0.2, 1, 0.1),
        Draw("b", "b", 0.1, 0, 0.2),
        Draw("c", "c", 0.7, 1, None),
    ]
    found = telling(draws, HOW)
    assert found.right_within is not None
    assert found.faithful_within is not None
    assert found.right_within.mean == pytest.approx(2 / 3)
    assert found.faithful_within.mean == pytest.approx(0)
    alike = telling([Draw("a", "a", 0.5, 1, None)] * 3, HOW)
    assert (alike.right, alike.right_within, alike.faithful) == (None, None, None)
