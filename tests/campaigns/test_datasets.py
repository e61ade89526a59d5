"""Import is a trust boundary: datasets that somebody spoilt are refused and change nothing."""

import contextlib
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from g2u.calls.folder import FolderStore
from g2u.errors import DataError
from g2u.params import reading as params
from g2u.sharing.imports import take_in
from tests.campaigns import datasets

needs_linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc of its child")


@needs_linux
def test_every_malicious_dataset_is_refused_in_one_line_and_changes_nothing(
    tmp_path: Path,
) -> None:
    outcome = datasets.campaign(tmp_path, list(datasets.ATTACKS), at_once=len(datasets.ATTACKS))
    assert outcome.faults == []
    assert outcome.refused == outcome.datasets == len(datasets.ATTACKS) >= 80
    assert outcome.room < datasets.ROOM


@pytest.mark.parametrize(
    "target",
    ["workspace/g2u/planted.py", "workspace/g2u/own.py", "workspace/.git/hooks/pre-commit"],
)
def test_a_dataset_puts_no_code_where_it_would_run(target: str, tmp_path: Path) -> None:
    """A row whose name is the path of a file: the drawing was written there."""
    whole = datasets.sound(tmp_path)
    planted = tmp_path / target
    planted.parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / "workspace/g2u/own.py").write_text("mine = True\n")
    datasets.repacked(whole, lambda rows: rows[0].update(thought=str(planted)))
    before = datasets.snapshot(tmp_path / "workspace")
    store = FolderStore(tmp_path / "calls")
    with datasets.inside(tmp_path / "workspace"):
        config = params.load()
    with contextlib.suppress(DataError):
        take_in(whole, store, config)
    assert datasets.snapshot(tmp_path / "workspace") == before


def test_random_bytes_in_a_shard_are_refused_or_change_nothing_that_is_taken_in(
    tmp_path: Path,
) -> None:
    refused, same = datasets.fuzzed(tmp_path, 60, seed=0)
    assert refused + same == 60
    assert refused > same


@needs_linux
def test_the_greatest_picture_that_may_be_shared_is_taken_in_under_the_limit(
    tmp_path: Path,
) -> None:
    found = datasets.greatest(tmp_path)
    assert (found["code"], found["said"].count("4 drawings taken in")) == (0, 2)
    assert found["room"] < datasets.ROOM


def test_the_sound_dataset_that_attacks_start_from_is_taken_in(tmp_path: Path) -> None:
    whole = datasets.sound(tmp_path)
    store = FolderStore(tmp_path / "calls")
    with datasets.inside(tmp_path / "workspace"):
        taken = take_in(whole, store, params.load())
    assert [(each.put, each.known) for each in taken] == [(4, 0), (4, 0)]
    names = [name for shard in (datasets.SHARD, datasets.OTHER)
             for name in pq.read_table(whole / shard)["thought"].to_pylist()]  # fmt: skip
    theirs = FolderStore(tmp_path / "calls of others").get_many(names, "edit")
    assert {key: entry.body for key, entry in store.get_many(names, "edit").items()} == {
        key: entry.body for key, entry in theirs.items()
    }
