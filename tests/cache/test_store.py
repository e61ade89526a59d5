"""The call cache: whole or absent, checked when read, safe with several writers."""

import hashlib
import json
import multiprocessing
import os
import resource
import socket
import stat
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from g2u.calls import older, segment
from g2u.calls.folder import FolderStore
from g2u.calls.remote import RemoteStore
from g2u.calls.segment import SUFFIX
from g2u.calls.store import FORM, Entry
from g2u.errors import CacheError

KEY = "ab" * 32
OTHER = "cd" * 32
KEYS = [f"{number:064x}" for number in range(40)]


def entry(body: bytes = b"a reply") -> Entry:
    return Entry(body, "edit", 0.25, ("cd" * 32, 4, 3, False))


def files(root: Path) -> list[Path]:
    return sorted((root / FORM).glob(f"*{SUFFIX}"))


def is_sealed(path: Path) -> bool:
    file = segment.opened(path)
    assert file is not None
    return segment.read(file).is_sealed


def names(root: Path) -> set[str]:
    return {path.name for path in files(root)}


def spoil(path: Path, what: bytes) -> None:
    """Change the last byte of what a segment holds of a reply's body."""
    raw = path.read_bytes()
    assert raw.count(what) == 1
    path.write_bytes(raw.replace(what, what[:-1] + bytes([what[-1] ^ 1])))


def first_form(entry: Entry) -> bytes:
    """An entry as g2u wrote it before it was tied to its name and kind."""
    assert entry.picture is not None
    seal = hashlib.sha256(entry.body + "{} {} {} {}".format(*entry.picture).encode()).hexdigest()
    meta = {"sha256": seal, "kind": entry.kind, "seconds": entry.seconds, "picture": entry.picture}
    return json.dumps(meta).encode() + b"\n" + entry.body


def second_form(key: str, entry: Entry) -> bytes:
    """An entry as g2u wrote it into a file of its own."""
    facts = [entry.kind, round(entry.seconds, 6), entry.picture and list(entry.picture)]
    seal = hashlib.sha256(json.dumps(["2", key, facts]).encode() + b"\n" + entry.body).hexdigest()
    return json.dumps({"seal": seal, "facts": facts}).encode() + b"\n" + entry.body


def lay(root: Path, form: str, *keys: str) -> list[Path]:
    """A cache of an older form."""
    paths = [root / form / key[:2] / key for key in keys]
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(second_form(path.name, entry()) if form else first_form(entry()))
    return paths


def test_what_was_put_comes_back(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    assert store.get(KEY) is None
    store.put(KEY, entry(b"line one\nline two"))
    assert store.get(KEY) == entry(b"line one\nline two")
    for key in KEYS:
        store.put(key, Entry(key.encode(), "answer", 0.5))
    expected = {key: Entry(key.encode(), "answer", 0.5) for key in KEYS}
    for reader in (store, FolderStore(tmp_path)):
        assert reader.get_many([*KEYS, OTHER], "answer") == expected
    store.close()
    for reader in (store, FolderStore(tmp_path)):
        assert reader.get_many([*KEYS, OTHER], "answer") == expected
    assert [file.key for file in store.listing()] == [*KEYS, KEY]


def test_a_segment_is_read_as_the_documents_say(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    expected = {key: Entry(key.encode(), "answer", 0.5) for key in KEYS[:3]}
    for key, said in expected.items():
        store.put(key, said)
    store.put(OTHER, entry())
    store.close()
    (path,) = files(tmp_path)
    text = Path(__file__).parents[2].joinpath("docs", "sharing.md").read_text(encoding="utf-8")
    (code,) = [
        part for part in text.split("```") if part.startswith("python\nimport json, zipfile")
    ]
    assert "g2u" not in code
    names: dict[str, Any] = {"segment": path}
    exec(code.removeprefix("python\n"), names)
    assert names["replies"] == {
        **{key: ("answer", 0.5, None, said.body) for key, said in expected.items()},
        OTHER: ("edit", 0.25, ["cd" * 32, 4, 3, False], b"a reply"),
    }
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None


def test_what_is_damaged_is_told_once_not_used_made_again_and_forgotten(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = FolderStore(tmp_path)
    for key in KEYS[:3]:
        store.put(key, entry(key[-2:].encode() + b" said ~"))
    store.close()
    (path,) = files(tmp_path)
    spoil(path, b"01 said ~")
    for _ in range(2):
        assert list(store.get_many(KEYS[:3])) == [KEYS[0], KEYS[2]]
    assert [record.getMessage().split(": ", 1)[1] for record in caplog.records] == [
        f"reply {KEYS[1][:12]} is damaged; it counts as absent"
    ]
    store.put(KEYS[1], entry(b"made again"))
    caplog.clear()
    again = FolderStore(tmp_path)
    assert again.get(KEYS[1]) == entry(b"made again")
    assert not caplog.records, "a sound copy is used without a word"
    store.clear()
    assert not any(b"01 said \x7f" in file.read_bytes() for file in files(tmp_path))
    assert path not in files(tmp_path)
    assert len(FolderStore(tmp_path).get_many(KEYS[:3])) == 3


def _write_many(root: str, count: int) -> None:
    store = FolderStore(Path(root))
    for number in range(count):
        store.put(f"{number % 20:064x}", entry(bytes(1000)))


def test_writers_at_once_agree(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_write_many, args=(str(tmp_path), 60)) for _ in range(3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [writer.exitcode for writer in writers] == [0, 0, 0]
    store = FolderStore(tmp_path)
    assert [store.get(file.key) for file in store.listing()] == [entry(bytes(1000))] * 20
    assert len(files(tmp_path)) == 3, "one segment each"
    assert all(is_sealed(path) for path in files(tmp_path)), "as the processes ended"


def test_a_later_lookup_sees_what_others_have_written_sealed_merged_and_moved(
    tmp_path: Path,
) -> None:
    reader, writer = FolderStore(tmp_path), FolderStore(tmp_path)
    for number, key in enumerate(KEYS[:12]):
        assert reader.get(key) is None
        writer.put(key, entry(key.encode()))
        assert reader.get(key) == entry(key.encode())
        if number % 2:
            writer.close()
    before = names(tmp_path)
    FolderStore(tmp_path).clear()
    assert not names(tmp_path) & before
    assert len(reader.get_many(KEYS[:12])) == 12, "though what it knew is gone"
    for path in files(tmp_path):
        path.unlink()
    assert reader.get(OTHER) is None
    assert reader.get_many(KEYS[:12]) == {}


def test_of_different_replies_under_one_key_all_read_the_one_stored_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before merging and after it, whichever segment they read first."""
    early = FolderStore(tmp_path)
    for number in (1, 0, 2):
        monkeypatch.setattr("g2u.calls.folder.time.time", lambda n=number: 1e9 + 60 * n)
        writer = FolderStore(tmp_path)
        writer.put(KEY, entry(f"written at {number}".encode()))
        assert early.get(KEY) is not None
        writer.close()
    monkeypatch.undo()
    for _ in range(2):
        for reader in (early, FolderStore(tmp_path)):
            assert reader.get(OTHER) is None
            assert reader.get(KEY) == entry(b"written at 0")
        assert FolderStore(tmp_path).clear()[0] == 0
    assert len(files(tmp_path)) == 1


def test_replies_stored_in_one_second_are_told_apart_alike_by_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("g2u.calls.folder.time.time", lambda: 1e9)
    read = set()
    for order in ((0, 1), (1, 0)):
        root = tmp_path / str(order[0])
        for number in order:
            FolderStore(root).put(KEY, entry(f"written by {number}".encode()))
        read |= {FolderStore(root).get(KEY)}
        FolderStore(root).clear()
        assert len(files(root)) == 1
        read |= {FolderStore(root).get(KEY)}
    assert len(read) == 1


def test_a_live_writer_whose_segment_was_merged_goes_on_and_loses_nothing(tmp_path: Path) -> None:
    """As where clocks are wrong, or it was stopped for a night."""
    writer, other = FolderStore(tmp_path), FolderStore(tmp_path)
    for number, key in enumerate(KEYS[:6]):
        writer.put(key, entry(key.encode()))
        if number % 2:
            for path in files(tmp_path):
                os.utime(path, (0, 0))
            other.clear()
            assert all(map(is_sealed, files(tmp_path)))
    writer.close()
    for reader in (writer, other, FolderStore(tmp_path)):
        assert reader.get_many(KEYS[:6]) == {key: entry(key.encode()) for key in KEYS[:6]}


def test_a_segment_that_will_be_written_tomorrow_is_left_alone(tmp_path: Path) -> None:
    writer = FolderStore(tmp_path)
    writer.put(KEY, entry())
    before = files(tmp_path)
    os.utime(before[0], (4e9, 4e9))
    assert FolderStore(tmp_path).clear() == (0, 0)
    assert files(tmp_path) == before


def test_a_folder_may_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    for key in KEYS[:12]:
        store = FolderStore(tmp_path / "link")
        store.put(key, entry())
        store.close()
    assert len(FolderStore(tmp_path / "real").get_many(KEYS)) == 12
    assert (tmp_path / "link").is_symlink()


def test_what_fails_while_a_full_disk_is_merged_or_migrated_loses_nothing(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    for key in KEYS[:20]:
        store.put(key, entry(bytes(500)))
        if int(key, 16) % 4 == 3:
            store.close()
    lay(tmp_path, older.FORM, *KEYS[20:])

    def fill() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (4000, resource.RLIM_INFINITY))
        full = FolderStore(tmp_path)
        for use in (full.clear, full.migrate, lambda: full.remove(KEYS[:1])):
            with pytest.raises(CacheError, match=r"cannot be written: File too large; .*make room"):
                use()

    child = multiprocessing.get_context("fork").Process(target=fill)
    child.start()
    child.join()
    assert child.exitcode == 0
    for reader in (store, FolderStore(tmp_path)):
        assert len(reader.get_many(KEYS)) == len(KEYS)
    store.migrate()
    for path in files(tmp_path):
        os.utime(path, (0, 0))
    store.clear()
    assert len(files(tmp_path)) == 1
    assert len(FolderStore(tmp_path).get_many(KEYS)) == len(KEYS)


def _migrate(root: str) -> None:
    FolderStore(Path(root)).migrate()


def test_processes_that_migrate_at_once_lose_nothing(tmp_path: Path) -> None:
    lay(tmp_path, older.FORM, *KEYS)
    context = multiprocessing.get_context("fork")
    movers = [context.Process(target=_migrate, args=(str(tmp_path),)) for _ in range(3)]
    for mover in movers:
        mover.start()
    for mover in movers:
        mover.join()
    assert [mover.exitcode for mover in movers] == [0, 0, 0]
    assert FolderStore(tmp_path).get_many(KEYS) == dict.fromkeys(KEYS, entry())
    assert not (tmp_path / older.FORM).exists()


def test_a_forked_child_writes_a_segment_of_its_own(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    store.put(KEY, entry())
    child = multiprocessing.get_context("fork").Process(target=store.put, args=(OTHER, entry()))
    child.start()
    child.join()
    assert child.exitcode == 0
    store.put(KEYS[0], entry())
    assert len(files(tmp_path)) == 2
    assert len(FolderStore(tmp_path).get_many([KEY, OTHER, KEYS[0]])) == 3


def test_many_small_runs_leave_few_files(tmp_path: Path) -> None:
    for key in KEYS:
        store = FolderStore(tmp_path)
        store.put(key, entry())
        store.close()
    assert len(files(tmp_path)) <= segment.MANY + 1
    assert len(FolderStore(tmp_path).get_many(KEYS)) == len(KEYS)


def test_a_segment_that_is_full_is_sealed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segment, "FULL", 20_000)
    store = FolderStore(tmp_path)
    for key in KEYS:
        store.put(key, entry(bytes(5000)))
    sealed = [path for path in files(tmp_path) if is_sealed(path)]
    assert len(sealed) == len(files(tmp_path)) - 1 == 9
    assert len(FolderStore(tmp_path).get_many(KEYS)) == len(KEYS)


def test_a_segment_that_was_taken_away_costs_no_reply_that_is_put_afterwards(
    tmp_path: Path,
) -> None:
    store = FolderStore(tmp_path)
    store.put(KEY, entry())
    files(tmp_path)[0].unlink()
    store.put(OTHER, entry())
    assert FolderStore(tmp_path).get_many([KEY, OTHER]) == {OTHER: entry()}


def test_removing_takes_whole_segments_or_writes_anew_what_stays(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    for part in (KEYS[:10], KEYS[10:20], KEYS[20:]):
        for key in part:
            store.put(key, entry())
        store.close()
    before = names(tmp_path)
    gone, freed = store.remove([*KEYS[:15], OTHER])
    assert gone == 15
    assert freed > 15 * 300
    assert len(names(tmp_path) & before) == 1
    assert [file.key for file in store.listing()] == KEYS[15:]
    assert sorted(FolderStore(tmp_path).get_many(KEYS)) == KEYS[15:]
    assert store.remove(KEYS[:15]) == (0, 0)


def test_shared_storage_is_read_once_and_written_through(tmp_path: Path) -> None:
    url = f"file://{tmp_path / 'shared'}"
    here = FolderStore(tmp_path / "here")
    first = RemoteStore(url, here, {"auto_mkdir": True})
    assert first.get_many([KEY]) == {}
    first.put(KEY, entry())
    assert first.get_many([KEY]) == {KEY: entry()}, "though it is not copied yet"
    assert files(tmp_path / "shared") == []
    first.close()
    assert len(files(tmp_path / "shared")) == 1
    assert here.get(KEY) == entry()
    there = FolderStore(tmp_path / "there")
    second = RemoteStore(url, there, {"auto_mkdir": True})
    assert [file.key for file in second.listing()] == [KEY]
    assert second.get_many([KEY, OTHER]) == {KEY: entry()}
    assert there.get(KEY) == entry()
    spoil(files(tmp_path / "shared")[0], b"a reply")
    assert second.get_many([KEY]) == {KEY: entry()}, "this machine's copy is sound"
    there.remove([KEY])
    assert second.get_many([KEY]) == {}, "a damaged reply counts as absent"
    second.put(KEY, entry())
    second.close()
    assert FolderStore(tmp_path / "shared").get(KEY) == entry()
    assert second.remove([KEY])[0] == 1
    assert list(second.listing()) == []
    assert files(tmp_path / "shared") == []


def test_what_a_killed_process_did_not_copy_is_copied_by_a_later_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, near = f"file://{tmp_path / 'shared'}", tmp_path / "near"

    def put_and_die() -> None:
        store = RemoteStore(url, FolderStore(near), {"auto_mkdir": True})
        store.put(KEY, entry())
        os._exit(0)

    child = multiprocessing.get_context("fork").Process(target=put_and_die)
    child.start()
    child.join()
    later = RemoteStore(url, FolderStore(near), {"auto_mkdir": True})
    later.close()
    assert files(tmp_path / "shared") == [], "its writer may live"
    monkeypatch.setattr(segment, "IDLE", -1.0)
    later.close()
    assert FolderStore(tmp_path / "shared").get(KEY) == entry()


def test_many_small_runs_leave_few_files_on_shared_storage(tmp_path: Path) -> None:
    url = f"file://{tmp_path / 'shared'}"
    for key in KEYS[:20]:
        store = RemoteStore(url, FolderStore(tmp_path / "near"), {"auto_mkdir": True})
        store.require_room([key])
        store.put(key, entry())
        store.close()
    assert len(files(tmp_path / "shared")) <= segment.MANY + 1
    fresh = RemoteStore(url, FolderStore(tmp_path / "other"), {"auto_mkdir": True})
    assert sorted(fresh.get_many(KEYS[:20])) == KEYS[:20]


@pytest.mark.parametrize("part", [0.3, 0.6, 0.99])
def test_of_a_segment_that_was_copied_in_part_what_is_whole_is_read(
    part: float, tmp_path: Path
) -> None:
    url = f"file://{tmp_path / 'shared'}"
    first = RemoteStore(url, FolderStore(tmp_path / "near"), {"auto_mkdir": True})
    for key in KEYS[:10]:
        first.put(key, entry())
    first.close()
    (path,) = files(tmp_path / "shared")
    raw = path.read_bytes()
    file = segment.opened(path)
    assert file is not None
    lines = segment.read(file).lines
    ends = lines["offset"] + segment.HEADER.size + lines["size"]
    path.write_bytes(raw[: int(part * len(raw))])
    second = RemoteStore(url, FolderStore(tmp_path / "other"), {"auto_mkdir": True})
    there = second.get_many(KEYS[:10])
    assert list(there) == KEYS[: int((ends <= part * len(raw)).sum())]
    assert len(second.cut()) == 1
    path.write_bytes(raw)
    third = RemoteStore(url, FolderStore(tmp_path / "third"), {"auto_mkdir": True})
    assert len(third.get_many(KEYS[:10])) == 10
    assert third.cut() == []


def test_a_url_that_nothing_reads_is_named(tmp_path: Path) -> None:
    with pytest.raises(CacheError, match=r"nosuch://x: .* expected a URL"):
        RemoteStore("nosuch://x", FolderStore(tmp_path), {})


@pytest.mark.parametrize(
    "key",
    ["", "ab", "AB" * 32, "ab" * 32 + "\n", "ab" * 33, "/etc/passwd", "../" * 20 + "0000", "é" * 64,
     "\x00" + "a" * 63, "٣" * 64, "a" * 300, "ab/" + "a" * 61, " " + "a" * 63, ".." + "a" * 62],
)  # fmt: skip
def test_only_64_hexadecimal_digits_name_a_call(key: str, tmp_path: Path) -> None:
    near = FolderStore(tmp_path / "near")
    for store in (near, RemoteStore(f"file://{tmp_path / 'far'}", near, {"auto_mkdir": True})):
        for use in (
            lambda s: s.put(key, entry()),
            lambda s: s.get_many([KEY, key]),
            lambda s: s.remove([key]),
            lambda s: s.require_room([key]),
        ):
            with pytest.raises(CacheError, match="is no name of a call; expected 64") as error:
                use(store)
            assert "\n" not in str(error.value)
    assert sorted(tmp_path.rglob("*")) == []


def test_a_reply_of_another_kind_than_asked_for_counts_as_absent(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    store.put(KEY, Entry(b"[-1.0]", "score", 0.1))
    assert store.get_many([KEY], "edit") == {}
    store.put(KEY, entry())
    store.clear()
    assert store.get_many([KEY], "edit") == {KEY: entry()}


def put_fifo(path: Path) -> None:
    os.mkfifo(path)


def put_folder(path: Path) -> None:
    path.mkdir()
    (path / "note.txt").write_text("mine")


def put_link_to_nothing(path: Path) -> None:
    path.symlink_to("nowhere")


def put_link_to_itself(path: Path) -> None:
    path.symlink_to(path)


def put_device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def put_picture(path: Path) -> None:
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))


def put_other_table(path: Path) -> None:
    pl.DataFrame({"a": range(1000)}).write_ipc_stream(path)


def put_other_archive(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("ab" * 32, bytes(1000))


def put_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as bound:
        here = Path.cwd()
        os.chdir(path.parent)
        bound.bind(path.name)
        os.chdir(here)


@pytest.mark.parametrize(
    "put",
    [put_fifo, put_folder, put_link_to_nothing, put_link_to_itself, put_device, put_socket,
     put_picture, put_other_table, put_other_archive],
)  # fmt: skip
def test_whatever_else_lies_among_segments_is_left_alone(
    put: Callable[[Path], None], tmp_path: Path
) -> None:
    store = FolderStore(tmp_path)
    store.put(KEY, entry())
    store.close()
    for name in ("ab" * 16 + SUFFIX, "notes.txt", "AB" * 16 + SUFFIX, "ab" * 17 + SUFFIX):
        put(tmp_path / FORM / name)
    before = sorted(path.name for path in (tmp_path / FORM).iterdir())
    for reader in (store, FolderStore(tmp_path)):
        assert reader.get_many([KEY, OTHER], "edit") == {KEY: entry()}
        assert [stored.key for stored in reader.listing()] == [KEY]
    store.put(OTHER, entry())
    store.close()
    assert FolderStore(tmp_path).get(OTHER) == entry()
    store.remove([OTHER])
    store.clear()
    assert sorted(path.name for path in (tmp_path / FORM).iterdir()) == before


@pytest.mark.parametrize("part", [".", FORM])
def test_what_is_no_folder_on_the_way_is_named(part: str, tmp_path: Path) -> None:
    blocked = tmp_path / "calls" / part
    blocked.parent.mkdir(parents=True, exist_ok=True)
    for put, said in (
        (lambda: blocked.write_text("a file"), "expected a folder; move what lies there away"),
        (lambda: blocked.symlink_to("gone"), r"a link to nothing \(gone\); mount what it leads to"),
    ):
        put()
        store = FolderStore(tmp_path / "calls")
        for use in (lambda s: s.put(KEY, entry()), lambda s: s.require_room([KEY])):
            with pytest.raises(CacheError, match=said) as error:
                use(store)
            assert "\n" not in str(error.value)
        blocked.unlink()


def as_another_user(act: Callable[[], None]) -> None:
    """Run in a process without the rights of root, who may write everywhere."""

    def run() -> None:
        if os.getuid() == 0:
            os.setgid(65534)
            os.setuid(65534)
        act()

    child = multiprocessing.get_context("fork").Process(target=run)
    child.start()
    child.join()
    assert child.exitcode == 0


@pytest.fixture
def common() -> Iterator[Path]:
    """A folder that every user can reach."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name) / "calls"


def test_a_read_only_cache_serves_what_it_holds_and_is_not_written(common: Path) -> None:
    store = FolderStore(common)
    store.put(KEY, entry())
    store.put(OTHER, entry(b"spoilt"))
    store.close()
    spoil(files(common)[0], b"spoilt")
    places = [common, *common.rglob("*")]
    for path in places:
        path.chmod(0o555 if path.is_dir() else 0o444)
    before = {path: path.lstat() for path in places}

    def read() -> None:
        store = FolderStore(common)
        assert store.get_many([KEY, OTHER, "ef" * 32], "edit") == {KEY: entry()}
        assert [stored.key for stored in store.listing()] == [KEY, OTHER]
        for use in (lambda: store.put(KEY, entry()), lambda: store.require_room([KEY])):
            with pytest.raises(CacheError, match=r"Permission denied; .*chmod -R g\+rwX"):
                use()
        store.close()

    as_another_user(read)
    assert {path: path.lstat().st_mtime_ns for path in [common, *common.rglob("*")]} == {
        path: status.st_mtime_ns for path, status in before.items()
    }
    for path in places:
        path.chmod(0o755)


def test_files_and_folders_have_the_rights_that_the_umask_leaves(common: Path) -> None:
    mask = os.umask(0o002)
    try:
        FolderStore(common).put(KEY, entry())
    finally:
        os.umask(mask)
    assert {stat.S_IMODE(path.lstat().st_mode) for path in (common, common / FORM)} == {0o775}
    (segment,) = files(common)
    assert stat.S_IMODE(segment.lstat().st_mode) == 0o664
    segment.chmod(0o600)

    def read() -> None:
        with pytest.raises(CacheError, match=r"cannot be read: Permission denied; .*chmod"):
            FolderStore(common).get(KEY)

    if os.getuid() == 0:  # else both are one user
        as_another_user(read)


STOPPED = """
import sys
from pathlib import Path
from g2u.calls.folder import FolderStore
from g2u.calls.store import Entry

store = FolderStore(Path(sys.argv[1]))
store.put("ab" * 32, Entry(b"x", "edit", 0.0))
print("written", flush=True)
sys.stdin.read()
"""


def test_what_a_killed_writer_left_is_taken_over_and_what_is_being_written_is_not(
    tmp_path: Path,
) -> None:
    store = FolderStore(tmp_path)
    writer = subprocess.Popen(
        [sys.executable, "-c", STOPPED, str(tmp_path)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert writer.stdout is not None
    assert writer.stdout.readline() == "written\n"
    before = files(tmp_path)
    assert store.clear() == (0, 0)
    assert store.remove([KEY]) == (0, 0), "it is being written"
    assert files(tmp_path) == before
    writer.kill()
    writer.communicate()
    with before[0].open("ab") as half:
        half.write(before[0].read_bytes()[:150])
    assert store.get(KEY) == Entry(b"x", "edit", 0.0)
    assert store.clear() == (0, 0), "nobody can know that it was killed"
    os.utime(before[0], (0, 0))
    (said,) = store.cut()
    assert said.endswith("is cut: 1 whole replies are read, 150 bytes behind them are none")
    assert store.clear()[0] == 1
    assert store.cut() == []
    (path,) = files(tmp_path)
    assert is_sealed(path)
    assert FolderStore(tmp_path).get(KEY) == Entry(b"x", "edit", 0.0)


def test_the_first_form_is_refused_and_the_second_read_until_they_are_taken_over(
    tmp_path: Path,
) -> None:
    keys, url = KEYS[:5], f"file://{tmp_path}"
    for is_far in (False, True):
        for form in ("", older.FORM):
            near = FolderStore(tmp_path / "near")
            far = RemoteStore(url, near, {"auto_mkdir": True})
            store = far if is_far else FolderStore(tmp_path)
            lay(tmp_path, form, *keys)
            (tmp_path / form / "00" / keys[1]).write_bytes(b"spoilt")
            sound = {key: entry() for key in keys if key != keys[1]}
            if form:
                assert store.get_many(keys, "edit") == sound
                assert [stored.key for stored in store.listing()] == keys
            else:
                for use in (lambda s: s.get_many(keys, "edit"), lambda s: list(s.listing())):
                    with pytest.raises(CacheError, match=r"older g2u; .* nothing is paid again: g"):
                        use(store)
            done = store.migrate()
            assert (done.taken, done.damaged) == (4, [keys[1]])
            assert store.get_many(keys, "edit") == sound
            assert not [path for path in tmp_path.rglob("0*") if path.name in keys]
            assert store.migrate().taken == 0
            store.remove(keys)
            assert store.get_many(keys) == {}


@pytest.mark.parametrize("calls", range(1, 8))
def test_taking_over_goes_on_after_a_kill_and_keeps_what_was_made_since(
    calls: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(segment, "FULL", 1500)
    store = FolderStore(tmp_path)
    keys = [*KEYS[:6], "f" * 64]
    lay(tmp_path, older.FORM, *keys)
    made_since = entry(b"made since")
    store.put(keys[1], made_since)
    expected = {key: made_since if key == keys[1] else entry() for key in keys}
    left = [calls]

    def die_at(act: Callable[..., object]) -> Callable[..., object]:
        def run(*arguments: object, **named: object) -> object:
            left[0] -= 1
            if left[0] == 0:
                raise KeyboardInterrupt
            return act(*arguments, **named)

        return run

    for name in ("fsync", "pwrite"):
        monkeypatch.setattr(f"g2u.calls.segment.os.{name}", die_at(getattr(os, name)))
    monkeypatch.setattr(Path, "unlink", die_at(Path.unlink))
    with pytest.raises(KeyboardInterrupt):
        store.migrate()
    monkeypatch.undo()
    assert FolderStore(tmp_path).get_many(keys) == expected
    again = FolderStore(tmp_path)
    again.migrate()
    assert again.get_many(keys) == expected
    assert FolderStore(tmp_path).get_many(keys) == expected
    assert not (tmp_path / older.FORM).exists()


def test_shared_storage_serves_a_machine_that_can_keep_nothing(common: Path) -> None:
    common.mkdir()
    (common / "near").mkdir(mode=0o555)
    url = f"file://{common / 'shared'}"
    other = RemoteStore(url, FolderStore(common / "other"), {"auto_mkdir": True})
    other.put(KEY, entry())
    other.close()

    def read() -> None:
        far = RemoteStore(url, FolderStore(common / "near"), {"auto_mkdir": True})
        assert far.get_many([KEY], "edit") == {KEY: entry()}

    as_another_user(read)
