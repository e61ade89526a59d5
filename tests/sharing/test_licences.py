"""What a licence forbids is not shared, and what it does not forbid is."""

import pytest

from g2u.errors import DataError
from g2u.params import reading as params
from g2u.sharing.card import size_category
from g2u.sharing.licences import FORBIDS, require_sharable
from g2u.tables.places import Cell
from tests.conftest import ROOT


@pytest.mark.parametrize(
    "licence",
    [
        "CC-BY-ND-4.0", "cc-by-nc-nd-4.0", "CC BY-ND 3.0", "ND", "No derivatives",
        "All rights reserved", "proprietary", "no redistribution", "Not for distribution",
        "Not for redistribution, research only", "NoDerivs",
    ],
)  # fmt: skip
def test_licences_that_forbid_sharing_are_known(licence: str) -> None:
    assert FORBIDS.search(licence.upper())


@pytest.mark.parametrize(
    "licence",
    ["MIT", "Apache-2.0 AND OFL-1.1", "CC-BY-NC-SA-4.0", "BSD-3-Clause", "and so on", "CC-BY-4.0",
     "Unsplash and others", "", "CC0-1.0", "Distribution allowed"],
)  # fmt: skip
def test_licences_that_do_not_forbid_it_are_left_alone(licence: str) -> None:
    assert not FORBIDS.search(licence.upper())


def test_a_cell_whose_benchmark_may_not_be_shared_is_refused_with_the_preset_named() -> None:
    config = params.load(ROOT / "params.yaml")
    require_sharable(config, [Cell("ladder", "tiny", "detail")])
    with pytest.raises(DataError, match=r"presets\.benchmarks\.real_world_qa: licence 'CC-BY-ND"):
        require_sharable(config, [Cell("real_world_qa", "tiny", "detail")])


@pytest.mark.parametrize(
    ("rows", "category"),
    [
        (0, "n<1K"), (999, "n<1K"), (1000, "1K<n<10K"), (9_999, "1K<n<10K"),
        (10_000, "10K<n<100K"), (262_144, "100K<n<1M"), (1_000_000, "1M<n<10M"),
    ],
)  # fmt: skip
def test_size_categories_are_the_hubs(rows: int, category: str) -> None:
    assert size_category(rows) == category
