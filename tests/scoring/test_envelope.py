"""The bound of gains by fidelity, on planted answerers, and against statsmodels."""

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.stats import t

from g2u.scores.envelope import Bound, Point, bound

DRAWS = 5


def planted(kind: str, items: int, seed: int = 5) -> list[Point]:
    """Thoughts for items that direct gets wrong; two items share a picture."""
    rng = np.random.default_rng([seed, items])
    points = []
    for item in range(items):
        for fidelity in rng.random(DRAWS):
            chance = {
                "bounds": fidelity,
                "has no say": 0.6,
                "is not needed": 1.0 if fidelity < 0.5 else 0.9,
                "is a threshold": float(fidelity > 0.6),
            }[kind]
            right = float(rng.random() < chance)
            points.append(Point(float(fidelity), right, str(item), str(item // 2)))
    return points


def found(kind: str, items: int) -> Bound:
    return bound(planted(kind, items), 0.95, 0.1)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("bounds", "yes"), ("is a threshold", "yes"), ("has no say", "no"), ("is not needed", "no")],
)
def test_a_bound_is_found_where_there_is_one(kind: str, expected: str) -> None:
    told = found(kind, 400)
    assert told.does_bound == expected
    assert told.slope.low <= told.slope.mean <= told.slope.high
    assert (told.points, told.items) == (400 * DRAWS, 400)


def test_a_true_bound_is_found_where_direct_is_right_in_nine_of_ten() -> None:
    """40 of 400 items are wrong; the 90 % quantile over all items called this "no" every time."""
    words = [bound(planted("bounds", 40, seed), 0.95, 0.1).does_bound for seed in range(15)]
    assert words == ["yes"] * 15


def test_little_data_leaves_it_undecided() -> None:
    assert found("has no say", 3).does_bound == "undecided"
    alike = [Point(n / 10, 1.0, str(n), str(n)) for n in range(10)]
    assert bound(alike, 0.95, 0.1).does_bound == "no"
    assert bound(alike[:7], 0.95, 0.1).does_bound == "undecided", "right by luck, perhaps"


def test_slopes_and_their_errors_are_those_of_statsmodels() -> None:
    points = planted("bounds", 60)
    x, y = np.array([p.fidelity for p in points]), np.array([p.score for p in points])
    told = bound(points, 0.95, 0.1)
    assert told.below.mean == pytest.approx(y[x < np.median(x)].mean())
    fixed = np.array([[p.item == str(n) for n in range(60)] for p in points], dtype=float)
    how = {"groups": [int(p.cluster) for p in points], "use_correction": False}
    for mine, design, place in (
        (told.slope, sm.add_constant(x), 1),
        (told.within, np.column_stack([x, fixed]), 0),
    ):
        theirs = sm.OLS(y, design).fit(cov_type="cluster", cov_kwds=how)
        assert mine.mean == pytest.approx(theirs.params[place])
        reach = t.ppf(0.975, 29) * theirs.bse[place] * np.sqrt(30 / 29)
        assert (mine.low, mine.high) == pytest.approx((mine.mean - reach, mine.mean + reach))


def test_one_item_is_refused() -> None:
    with pytest.raises(ValueError, match="2 points of 1 items"):
        bound([Point(0.1, 0.0, "a", "p"), Point(0.2, 1.0, "a", "p")], 0.95, 0.1)
