"""The call cache: whole or absent, checked when read, safe with several writers."""

import multiprocessing
from pathlib import Path

import pytest

from g2u.cache.store import CallStore, Entry

KEY = "ab" * 32


def entry(body: bytes = b"a reply") -> Entry:
    return Entry(body, "answer", 0.25)


def files(root: Path) -> list[str]:
    return sorted(path.name for path in root.glob("??/*"))


def test_what_was_put_comes_back(tmp_path: Path) -> None:
    store = CallStore(tmp_path)
    assert store.get(KEY) is None
    store.put(KEY, entry(b"line one\nline two"))
    assert store.get(KEY) == entry(b"line one\nline two")
    assert files(tmp_path) == [KEY]


@pytest.mark.parametrize("damage", ["flipped", "cut", "emptied", "headless"])
def test_a_damaged_file_counts_as_absent_and_is_set_aside(tmp_path: Path, damage: str) -> None:
    store = CallStore(tmp_path)
    store.put(KEY, entry())
    path = tmp_path / KEY[:2] / KEY
    raw = path.read_bytes()
    spoilt = {
        "flipped": raw[:-1] + bytes([raw[-1] ^ 1]),
        "cut": raw[:-3],
        "emptied": b"",
        "headless": raw.partition(b"\n")[2],
    }
    path.write_bytes(spoilt[damage])
    assert store.get(KEY) is None
    assert not path.exists()
    store.put(KEY, entry())
    assert store.get(KEY) == entry()


def test_a_writer_that_dies_leaves_nothing_that_reads_as_a_reply(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = CallStore(tmp_path)

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("g2u.cache.store.os.replace", die)
    with pytest.raises(KeyboardInterrupt):
        store.put(KEY, entry())
    assert store.get(KEY) is None
    assert files(tmp_path) == []


def _write_many(root: str) -> None:
    store = CallStore(Path(root))
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
    store = CallStore(tmp_path)
    assert [store.get(key) for key in files(tmp_path)] == [entry(bytes(1000))] * 20
