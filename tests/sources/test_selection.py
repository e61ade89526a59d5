"""Filters, slices and stratified samples of a benchmark."""

from collections import Counter
from collections.abc import Iterator

import pytest

from g2u.errors import DataError
from g2u.questions.files.selection import drawn, matching, shares
from g2u.records import Question, Sample, Target
from g2u.scores.samples import samples
from tests.conftest import Workspace, tsv_rows


def items(count: int) -> Iterator[Sample]:
    for number in range(count):
        question = Question(
            str(number), "?", category="ab"[number % 4 == 0], labels=(("split", "dev"),)
        )
        yield Sample(question, Target(str(number), "x", "short"), ())


def names(found: Iterator[Sample]) -> list[str]:
    return [sample.question.id for sample in found]


def test_filters_keep_items_whose_groups_have_the_values() -> None:
    assert names(matching(items(8), {"category": ["b"], "split": ["dev"]})) == ["0", "4"]
    assert names(matching(items(8), {"split": ["test"]})) == []


def test_a_sample_keeps_the_shares_of_its_groups_and_the_order() -> None:
    found = list(drawn(lambda: items(200), 40, "category", 0))
    assert Counter(s.question.category for s in found) == {"a": 30, "b": 10}
    assert names(iter(found)) == sorted(names(iter(found)), key=int)


def test_a_sample_is_told_by_its_seed_and_moves_little_when_the_source_grows() -> None:
    first = set(names(drawn(lambda: items(200), 40, "", 0)))
    assert first == set(names(drawn(lambda: items(200), 40, "", 0)))
    assert first != set(names(drawn(lambda: items(200), 40, "", 1)))
    assert len(first & set(names(drawn(lambda: items(204), 40, "", 0)))) >= 36


def test_shares_are_dealt_by_largest_remainders() -> None:
    assert shares({"a": 5, "b": 3, "c": 2}, 5) == {"a": 3, "b": 1, "c": 1}
    assert shares({"a": 1, "b": 1}, 5) == {"a": 1, "b": 1}
    assert sum(shares({"a": 333, "b": 333, "c": 334}, 100).values()) == 100


def test_a_group_that_nobody_has_is_one_line() -> None:
    with pytest.raises(DataError, match="no item has a group 'subject'"):
        list(drawn(lambda: items(5), 2, "subject", 0))


def test_params_select_items_before_they_are_asked(workspace: Workspace) -> None:
    rows = [{**row, "split": "dev" if n % 2 else "test"} for n, row in enumerate(tsv_rows(20))]
    workspace.use_tsv(rows, where={"split": "dev"}, slice=[1, 9], sample={"items": 4})
    found = [sample.question.id for sample in samples(workspace.write(), "mine")]
    assert len(found) == 4
    assert set(found) <= {str(n) for n in range(3, 19, 2)}


def test_a_missing_file_says_where_it_is_to_be_had(workspace: Workspace) -> None:
    preset = {"source": "tsv", "file": "MMStar.tsv", "obtain": "the project's page", "licence": "X"}
    workspace.raw["presets"]["benchmarks"]["mine"] = preset
    workspace.raw["benchmarks"] = ["mine"]
    workspace.write()
    workspace.init_dvc()
    done = workspace.run("g2u.cli.main", "run", check=False)
    assert done.returncode == 1
    assert done.stderr.strip().splitlines()[-1] == (
        "DataError: MMStar.tsv: no such file; params.yaml: presets.benchmarks.mine.file names it; "
        "get it from the project's page (licence: X)"
    )
