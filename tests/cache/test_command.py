"""g2u cache: older forms are taken over, damage and leftovers go, in one line each."""

import os
import sys
from pathlib import Path

import pytest

from g2u.calls.folder import FolderStore
from tests.cache.test_store import KEY, OTHER, entry, files, lay, spoil
from tests.campaigns.datasets import commanded


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FolderStore:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", [])
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delenv("G2U_CACHE", raising=False)
    return FolderStore(Path(".g2u") / "calls")


def test_the_line_that_refuses_the_first_form_names_the_command_that_takes_it_over(
    here: FolderStore,
) -> None:
    lay(here.root, "", KEY, OTHER)
    (here.root / "cd" / OTHER).write_bytes(b"spoilt")
    refused = commanded("cache", "stats")
    assert (refused["code"], refused["said"].count("\n")) == (1, 1)
    assert refused["said"].endswith("nothing is paid again: g2u migrate\n")
    done = commanded("migrate")
    assert (done["code"], done["said"]) == (
        0,
        f"{here.place}: 1 replies taken over, 1 damaged (forgotten, made again when asked for)\n",
    )
    assert commanded("migrate")["said"] == f"{here.place}: 0 replies taken over\n"
    assert here.get(KEY, "edit") == entry()


def test_verifying_forgets_damage_and_pruning_what_killed_writers_left(here: FolderStore) -> None:
    here.put(KEY, entry())
    here.put(OTHER, entry(b"spoilt"))
    here.close()
    (path,) = files(here.root)
    spoil(path, b"spoilt")
    verified = commanded("cache", "verify")
    assert verified["code"] == 1
    assert f"damaged: {OTHER}; forgotten, it is made again" in verified["said"]
    assert "0 damaged" in commanded("cache", "stats")["said"]
    (path,) = files(here.root)
    raw = path.read_bytes()
    (cut := path.parent / f"{'0' * 32}.zip").write_bytes(raw[: len(raw) // 2])
    verified = commanded("cache", "verify")
    assert verified["code"] == 1
    assert f"{cut.name} is cut: 0 whole replies are read, " in verified["said"]
    os.utime(cut, (0, 0))
    said = commanded("cache", "prune")
    assert said["code"] == 0
    assert "1 leftovers of damage and kills forgotten" in said["said"]
    assert "replies are kept; they go by --unused, --older-than DAYS or --max-gb" in said["said"]
    assert len(files(here.root)) == 1
    assert [stored.key for stored in FolderStore(here.root).listing()] == [KEY]
