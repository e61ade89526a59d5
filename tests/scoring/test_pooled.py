"""The gain over all questions where a part is drawn for."""

import numpy as np
import pytest

from g2u.scores.pooled import Pooled, Told, pooled


def told(rng: np.random.Generator, count: int, part: float, *, alike: int = 1) -> list[Told]:
    """Questions of which direct gets half right; a thought mends 60 % of the others and spoils 10 %
    of those: +25 points. `alike` questions share a picture and its luck.
    """
    luck = np.repeat(rng.random((count // alike, 2)), alike, axis=0)
    direct = (luck[:, 0] < 0.5).astype(float)
    change = np.where(direct > 0, -1.0 * (luck[:, 1] < 0.1), 1.0 * (luck[:, 1] < 0.6))
    return [
        Told(str(n // alike), (direct[n],), change[n] if n < part * count else None)
        for n in range(count)
    ]


def known(found: Pooled | None) -> Pooled:
    """Raises where there is none."""
    assert found is not None
    return found


def mean(rows: list[Told]) -> float:
    """Of those that were drawn for."""
    return float(np.mean([each.change for each in rows if each.change is not None]))


def test_with_one_yes_or_no_it_is_the_mean_weighted_by_strata() -> None:
    rows = told(np.random.default_rng(0), 200, 0.3)
    found = known(pooled(rows, 0.95))
    weighted = 0.0
    for right in (0.0, 1.0):
        stratum = [each for each in rows if each.direct == (right,)]
        weighted += len(stratum) / len(rows) * mean(stratum)
    assert found.difference == pytest.approx(weighted, abs=1e-12)
    assert found.pool == 200


def test_where_all_are_drawn_for_it_is_the_plain_gain() -> None:
    rows = told(np.random.default_rng(1), 200, 1.0)
    found = known(pooled(rows, 0.95))
    change = [each.change or 0.0 for each in rows]
    assert found.difference == pytest.approx(np.mean(change), abs=1e-12)
    assert found.error == pytest.approx(np.std(change) / np.sqrt(200), rel=0.03)


@pytest.mark.parametrize("alike", [1, 3])
def test_its_error_is_that_of_repeated_samples_and_below_the_parts_own(alike: int) -> None:
    drawn = [
        told(rng, 480, 0.25, alike=alike)
        for rng in map(np.random.default_rng, np.random.SeedSequence(2).spawn(600))
    ]
    found = [known(pooled(rows, 0.95)) for rows in drawn]
    spread = np.std([each.difference for each in found])
    assert np.mean([each.difference for each in found]) == pytest.approx(0.25, abs=0.01)
    assert np.mean([each.error for each in found]) == pytest.approx(spread, rel=0.1)
    assert np.mean([each.low <= 0.25 <= each.high for each in found]) > 0.925
    assert spread < 0.85 * np.std([mean(rows) for rows in drawn])


def test_too_few_pictures_or_no_change_tell_nothing() -> None:
    some = told(np.random.default_rng(3), 100, 0.03)
    assert pooled(some, 0.95) is None
    assert pooled([Told(each.cluster, each.direct, 0.0) for each in some], 0.95) is None
    assert pooled([Told(each.cluster, each.direct, None) for each in some], 0.95) is None


def test_direct_answers_that_are_all_the_same_do_no_harm() -> None:
    rows = [Told(str(n), (1.0,), -1.0 * (n % 4 == 0) if n < 60 else None) for n in range(200)]
    found = known(pooled(rows, 0.95))
    assert found.difference == pytest.approx(-0.25, abs=1e-12)
    assert found.low < -0.25 < found.high < 0
