"""g2u cache: an older form is taken over, leftovers go, in one line each."""

import sys
from pathlib import Path

import pytest

from g2u.cache.folder import FRESH, FolderStore
from tests.cache.test_store import KEY, entry, lay_older
from tests.campaigns.datasets import commanded


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FolderStore:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", [])
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delenv("G2U_CACHE", raising=False)
    return FolderStore(Path(".g2u") / "calls")


def test_the_line_that_refuses_an_older_form_names_the_command_that_takes_it_over(
    here: FolderStore,
) -> None:
    keys = [KEY, "cd" * 32]
    lay_older(here.root, *keys)
    (here.root / "cd" / keys[1]).write_bytes(b"spoilt")
    refused = commanded("cache", "stats")
    assert (refused["code"], refused["said"].count("\n")) == (1, 1)
    assert refused["said"].endswith("nothing is paid again: g2u cache migrate\n")
    done = commanded("cache", "migrate")
    assert (done["code"], done["said"]) == (
        0,
        f"{here.place}: 1 replies taken over, 1 damaged (made again when asked for)\n",
    )
    assert commanded("cache", "migrate")["said"] == f"{here.place}: 0 replies taken over\n"
    assert here.get(KEY, "edit") == entry()


def test_pruning_forgets_leftovers_and_keeps_replies(here: FolderStore) -> None:
    here.put(KEY, entry())
    (here.path(KEY).parent / f"{FRESH}of a killed writer").write_bytes(b"half")
    here.path("cd" * 32).parent.mkdir()
    here.path("cd" * 32).write_bytes(b"spoilt")
    assert here.get("cd" * 32) is None
    said = commanded("cache", "prune")
    assert said["code"] == 0
    assert "2 leftovers of damage and kills forgotten" in said["said"]
    assert "replies are kept; they go by --unused, --older-than DAYS or --max-gb" in said["said"]
    assert here.leftovers() == []
    assert [stored.key for stored in here.listing()] == [KEY]
