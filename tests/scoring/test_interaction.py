"""Families against each other over benchmarks, on planted answerers and against statsmodels."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf

from g2u.scores.interaction import Interaction, Scored, interaction
from g2u.scores.statistics import Resampling

FAMILIES = ("detail", "context", "structure")
HOW = Resampling(0.95, 199, 0)


def answered(chances: list[tuple[float, ...]], items: int, seed: int) -> dict[str, list[Scored]]:
    """Answers of families by benchmark: two items share a picture and a difficulty."""
    rng = np.random.default_rng(seed)
    found = {}
    for number, each in enumerate(chances):
        ease = rng.random(items)[np.arange(items) // 2]
        noise = rng.random((items, len(each))) < 0.3
        drawn = np.where(noise, rng.random((items, len(each))), ease[:, None]) < np.array(each)
        found[f"b{number}"] = [
            Scored(f"p{n // 2}", tuple(map(float, row))) for n, row in enumerate(drawn)
        ]
    return found


def told(chances: list[tuple[float, ...]], items: int, seed: int) -> Interaction:
    found = interaction(FAMILIES, answered(chances, items, seed), HOW)
    assert found is not None
    return found


def test_families_that_help_on_different_benchmarks_interact() -> None:
    crossed = [(0.8, 0.5, 0.5), (0.5, 0.8, 0.5)]
    assert all(told(crossed, 80, seed).p <= 0.05 for seed in range(10))


def test_a_family_that_is_best_everywhere_is_no_interaction() -> None:
    """Each benchmark has a winner far above 0, and the same one."""
    same = [(0.95, 0.4, 0.4)] * 4
    assert np.mean([told(same, 60, seed).p <= 0.05 for seed in range(100)]) <= 0.1


@pytest.mark.filterwarnings("ignore:The design matrix is rank-deficient")
def test_the_spread_is_that_of_the_interaction_of_a_linear_model() -> None:
    data = answered([(0.8, 0.5, 0.5), (0.5, 0.8, 0.4)], 50, 1)
    rows = [
        {"y": score, "family": family, "benchmark": benchmark, "item": f"{benchmark}{n}"}
        for benchmark, items in data.items()
        for n, item in enumerate(items)
        for family, score in zip(FAMILIES, item.scores, strict=True)
    ]
    frame = pd.DataFrame(rows)
    one, other = (
        smf.ols(f"y ~ C(item) + {terms}", frame).fit()
        for terms in ("C(family)", "C(family) * C(benchmark)")
    )
    found = interaction(FAMILIES, data, HOW)
    assert found is not None
    assert found.spread**2 * len(rows) == pytest.approx(one.ssr - other.ssr)


def test_one_family_or_one_benchmark_is_no_question() -> None:
    data = answered([(0.8, 0.5, 0.5), (0.5, 0.8, 0.5)], 10, 0)
    assert interaction(("detail",), data, HOW) is None
    assert interaction(FAMILIES, {"b0": data["b0"], "b1": []}, HOW) is None
