"""The bound of gains by fidelity, on planted data, and against statsmodels."""

import numpy as np
import pytest
from numpy.typing import NDArray
from statsmodels.regression.quantile_regression import QuantReg

from g2u.scores.envelope import bound, quantile_line, within_slope
from g2u.scores.statistics import Resampling

HOW = Resampling(0.95, 60, 0)
ITEMS, DRAWS = 400, 5
NAMES = [str(number) for number in np.repeat(np.arange(ITEMS), DRAWS)]


def planted(kind: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    rng = np.random.default_rng(5)
    fidelity = rng.random(ITEMS * DRAWS)
    share = rng.random(ITEMS * DRAWS)
    gain = {
        "bounded": fidelity * share,
        "unrelated": share,
        "shifted": 0.3 * fidelity + 0.1 * share,
    }[kind]
    return fidelity, gain


@pytest.mark.parametrize(
    ("kind", "expected"), [("bounded", "yes"), ("unrelated", "no"), ("shifted", "yes")]
)
def test_a_bound_is_found_where_there_is_one(kind: str, expected: str) -> None:
    fidelity, gain = planted(kind)
    found = bound(fidelity.tolist(), gain.tolist(), NAMES, HOW, 0.1)
    assert found.does_bound == expected
    assert found.envelope.low <= found.envelope.mean <= found.envelope.high
    assert (found.points, found.items) == (ITEMS * DRAWS, ITEMS)
    slope = {"bounded": 0.5, "unrelated": 0.0, "shifted": 0.3}[kind]
    assert found.within.low - 0.05 < slope < found.within.high + 0.05


def test_little_data_leaves_it_undecided() -> None:
    rng = np.random.default_rng(1)
    fidelity, gain = rng.random(12), rng.choice([-1.0, 0.0, 1.0], 12)
    names = [str(number // 3) for number in range(12)]
    assert bound(fidelity.tolist(), gain.tolist(), names, HOW, 0.1).does_bound == "undecided"


def test_the_quantile_line_is_that_of_statsmodels() -> None:
    fidelity, gain = planted("bounded")
    design = np.column_stack([np.ones_like(fidelity), fidelity])
    theirs = QuantReg(gain, design).fit(q=0.9).params
    assert quantile_line(fidelity, gain, np.ones_like(gain)) == pytest.approx(theirs, abs=0.01)


def test_within_items_the_items_own_level_does_not_count() -> None:
    item = np.repeat(np.arange(3), 4).astype(np.int64)
    fidelity = np.tile([0.0, 1.0, 2.0, 3.0], 3) + 10 * item
    gain = 0.5 * np.tile([0.0, 1.0, 2.0, 3.0], 3) - 7 * item
    assert within_slope(np.float64(fidelity), gain, item, np.ones(12)) == pytest.approx(0.5)


def test_one_item_is_refused() -> None:
    with pytest.raises(ValueError, match="2 points of 1 items"):
        bound([0.1, 0.2], [0.0, 1.0], ["a", "a"], HOW, 0.1)
