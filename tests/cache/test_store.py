"""The call cache: whole or absent, checked when read, safe with several writers."""

import errno
import multiprocessing
import os
from pathlib import Path

import pytest

from g2u.cache.folder import DAMAGED, FRESH, FolderStore
from g2u.cache.remote import RemoteStore
from g2u.cache.store import Entry, packed
from g2u.errors import CacheError

KEY = "ab" * 32


def entry(body: bytes = b"a reply") -> Entry:
    return Entry(body, "edit", 0.25, ("cd" * 32, 4, 3, False))


def files(root: Path) -> list[str]:
    return sorted(path.name for path in root.glob("??/*"))


def test_what_was_put_comes_back(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    assert store.get(KEY) is None
    store.put(KEY, entry(b"line one\nline two"))
    assert store.get(KEY) == entry(b"line one\nline two")
    assert files(tmp_path) == [KEY]


@pytest.mark.parametrize("damage", ["flipped", "cut", "emptied", "headless", "another picture"])
def test_a_damaged_file_counts_as_absent_and_is_set_aside(tmp_path: Path, damage: str) -> None:
    store = FolderStore(tmp_path)
    store.put(KEY, entry())
    path = tmp_path / KEY[:2] / KEY
    raw = path.read_bytes()
    spoilt = {
        "flipped": raw[:-1] + bytes([raw[-1] ^ 1]),
        "cut": raw[:-3],
        "emptied": b"",
        "headless": raw.partition(b"\n")[2],
        "another picture": raw.replace(b"cd" * 32, b"ce" * 32),
    }
    path.write_bytes(spoilt[damage])
    assert store.get(KEY) is None
    assert not path.exists()
    store.put(KEY, entry())
    assert store.get(KEY) == entry()


def test_a_writer_that_dies_leaves_nothing_that_reads_as_a_reply(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = FolderStore(tmp_path)

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("g2u.cache.folder.os.replace", die)
    with pytest.raises(KeyboardInterrupt):
        store.put(KEY, entry())
    assert store.get(KEY) is None
    assert files(tmp_path) == []


def _write_many(root: str) -> None:
    store = FolderStore(Path(root))
    for number in range(200):
        store.put(f"{number % 20:064x}", entry(bytes(1000)))


def test_writers_at_once_agree(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_write_many, args=(str(tmp_path),)) for _ in range(3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [writer.exitcode for writer in writers] == [0, 0, 0]
    store = FolderStore(tmp_path)
    assert [store.get(key) for key in files(tmp_path)] == [entry(bytes(1000))] * 20


def test_a_full_or_read_only_folder_is_one_line_that_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = FolderStore(tmp_path)
    store.put(KEY, entry())

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    for place in ("os.replace", "os.open"):
        monkeypatch.setattr(f"g2u.cache.folder.{place}", full)
        with pytest.raises(CacheError, match=r"No space left.*g2u cache prune"):
            store.put("cd" * 32, entry())
        monkeypatch.undo()
    assert files(tmp_path) == [KEY]
    assert store.get(KEY) == entry()


def test_a_damaged_file_that_cannot_be_moved_still_counts_as_absent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = FolderStore(tmp_path)
    store.put(KEY, entry())
    store.path(KEY).write_bytes(b"spoilt")

    def read_only(*_: object) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr("g2u.cache.folder.os.replace", read_only)
    assert store.get(KEY) is None
    assert store.get_many([KEY]) == {}


def test_the_listing_shows_replies_and_nothing_else(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    assert list(store.listing()) == []
    keys = [f"{number:064x}" for number in (3, 1, 2)]
    for key in keys:
        store.put(key, entry())
    store.path(keys[0]).write_bytes(b"spoilt")
    assert store.get(keys[0]) is None
    (tmp_path / keys[1][:2] / f"{FRESH}half").write_bytes(b"")
    listed = list(store.listing())
    assert [file.key for file in listed] == sorted(keys[1:])
    assert all(file.size == len(packed(entry())) for file in listed)
    assert [path.name for path in store.leftovers()] == [f"{FRESH}half", f"{keys[0]}{DAMAGED}"]
    store.remove(keys[1])
    store.remove(keys[1])
    assert [file.key for file in store.listing()] == [keys[2]]


def test_shared_storage_is_read_once_and_written_through(tmp_path: Path) -> None:
    url = f"file://{tmp_path / 'shared'}"
    here = FolderStore(tmp_path / "here")
    first = RemoteStore(url, here, {"auto_mkdir": True})
    assert first.get_many([KEY]) == {}
    first.put(KEY, entry())
    there = FolderStore(tmp_path / "there")
    second = RemoteStore(url, there, {"auto_mkdir": True})
    assert [file.key for file in second.listing()] == [KEY]
    assert second.get_many([KEY, "cd" * 32]) == {KEY: entry()}
    assert there.get(KEY) == entry()
    shared = tmp_path / "shared" / KEY[:2] / KEY
    shared.write_bytes(shared.read_bytes()[:-1])
    assert second.get_many([KEY]) == {KEY: entry()}, "this machine's copy is sound"
    there.remove(KEY)
    assert second.get_many([KEY]) == {}, "a damaged reply counts as absent"
    second.put(KEY, entry())
    assert FolderStore(tmp_path / "shared").get(KEY) == entry()
    second.remove(KEY)
    assert list(second.listing()) == []


def test_a_url_that_nothing_reads_is_named(tmp_path: Path) -> None:
    with pytest.raises(CacheError, match=r"nosuch://x: .* expected a URL"):
        RemoteStore("nosuch://x", FolderStore(tmp_path), {})
