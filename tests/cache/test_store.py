"""The call cache: whole or absent, checked when read, safe with several writers."""

import errno
import hashlib
import json
import multiprocessing
import os
import socket
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from g2u.cache.folder import DAMAGED, FRESH, FolderStore
from g2u.cache.remote import RemoteStore
from g2u.cache.store import FORM, Entry, packed
from g2u.errors import CacheError

KEY = "ab" * 32


def entry(body: bytes = b"a reply") -> Entry:
    return Entry(body, "edit", 0.25, ("cd" * 32, 4, 3, False))


def files(root: Path) -> list[str]:
    return sorted(path.name for path in root.glob("2/??/*"))


def older(entry: Entry) -> bytes:
    """An entry as g2u wrote it before it was tied to its name and kind."""
    assert entry.picture is not None
    seal = hashlib.sha256(entry.body + "{} {} {} {}".format(*entry.picture).encode()).hexdigest()
    meta = {"sha256": seal, "kind": entry.kind, "seconds": entry.seconds, "picture": entry.picture}
    return json.dumps(meta).encode() + b"\n" + entry.body


def lay_older(root: Path, *keys: str) -> list[Path]:
    paths = [root / key[:2] / key for key in keys]
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(older(entry()))
    return paths


def test_what_was_put_comes_back(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    assert store.get(KEY) is None
    store.put(KEY, entry(b"line one\nline two"))
    assert store.get(KEY) == entry(b"line one\nline two")
    assert files(tmp_path) == [KEY]


@pytest.mark.parametrize(
    "damage",
    [
        "flipped",
        "cut",
        "emptied",
        "headless",
        "another picture",
        "another kind",
        "another time",
        "another name",
        "nested",
        "numbers",
    ],
)
def test_a_damaged_file_counts_as_absent_and_is_set_aside(tmp_path: Path, damage: str) -> None:
    store = FolderStore(tmp_path)
    store.put(KEY, entry())
    path = store.path(KEY)
    raw = path.read_bytes()
    spoilt = {
        "flipped": raw[:-1] + bytes([raw[-1] ^ 1]),
        "cut": raw[:-3],
        "emptied": b"",
        "headless": raw.partition(b"\n")[2],
        "another picture": raw.replace(b"cd" * 32, b"ce" * 32),
        "another kind": raw.replace(b'"edit"', b'"answer"'),
        "another time": raw.replace(b"0.25", b"0.50"),
        "another name": packed("cd" * 32, entry()),
        "nested": b"[" * 100_000 + b"\n",
        "numbers": b'{"seal": 1, "facts": 2}\n',
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
    for name in (f"{FRESH}half", "notes.txt", "00" + "AB" * 31, keys[1] + "0"):
        (store.path(keys[1]).parent / name).write_bytes(b"")
    (tmp_path / FORM / "ff").mkdir()
    (tmp_path / FORM / "ff" / keys[1]).write_bytes(b"in another's folder")
    listed = list(store.listing())
    assert [file.key for file in listed] == sorted(keys[1:])
    assert all(file.size == len(packed(keys[1], entry())) for file in listed)
    half, damaged = store.leftovers()
    assert half.name == f"{FRESH}half"
    assert damaged.name.startswith(f"{keys[0]}{DAMAGED}")
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
    shared = tmp_path / "shared" / FORM / KEY[:2] / KEY
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
            lambda s: s.remove(key),
            lambda s: s.require_room([key]),
        ):
            with pytest.raises(CacheError, match="is no name of a call; expected 64") as error:
                use(store)
            assert "\n" not in str(error.value)
    assert sorted(tmp_path.rglob("*")) == []


def test_a_reply_of_another_kind_than_asked_for_is_damage(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    store.put(KEY, Entry(b"[-1.0]", "score", 0.1))
    assert store.get_many([KEY], "edit") == {}
    assert next(path.name for path in store.leftovers()).startswith(KEY + DAMAGED)
    assert list(store.listing()) == []


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


def put_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as bound:
        here = Path.cwd()
        os.chdir(path.parent)
        bound.bind(path.name)
        os.chdir(here)


@pytest.mark.parametrize(
    "lay", [put_fifo, put_folder, put_link_to_nothing, put_link_to_itself, put_device, put_socket]
)
def test_whatever_else_lies_in_an_entrys_place_is_damage(
    lay: Callable[[Path], None], tmp_path: Path
) -> None:
    store = FolderStore(tmp_path)
    path = store.path(KEY)
    path.parent.mkdir(parents=True)
    lay(path)
    assert store.get_many([KEY], "edit") == {}
    store.put(KEY, entry())
    assert store.get(KEY, "edit") == entry()
    store.clear()
    left = [leftover.name for leftover in store.leftovers()]
    assert len(left) == (lay is put_folder), "a folder with something in it stays"


def test_a_folder_in_an_entrys_place_makes_room_for_it_and_keeps_what_it_holds(
    tmp_path: Path,
) -> None:
    store = FolderStore(tmp_path)
    store.path(KEY).parent.mkdir(parents=True)
    put_folder(store.path(KEY))
    store.put(KEY, entry())
    assert store.get(KEY) == entry()
    (aside,) = store.leftovers()
    assert (aside / "note.txt").read_text() == "mine"


@pytest.mark.parametrize("part", [".", "2", "2/ab"])
def test_what_is_no_folder_on_the_way_is_named(part: str, tmp_path: Path) -> None:
    blocked = tmp_path / "calls" / part
    blocked.parent.mkdir(parents=True, exist_ok=True)
    for lay, said in (
        (lambda: blocked.write_text("a file"), "expected a folder; move what lies there away"),
        (lambda: blocked.symlink_to("gone"), r"a link to nothing \(gone\); mount what it leads to"),
    ):
        lay()
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
    FolderStore(common).put(KEY, entry())
    FolderStore(common).path("cd" * 32).parent.mkdir()
    FolderStore(common).path("cd" * 32).write_bytes(b"spoilt")
    places = [common, *common.rglob("*")]
    for path in places:
        path.chmod(0o555 if path.is_dir() else 0o444)
    before = {path: path.lstat() for path in places}

    def read() -> None:
        store = FolderStore(common)
        assert store.get_many([KEY, "cd" * 32, "ef" * 32], "edit") == {KEY: entry()}
        assert [stored.key for stored in store.listing()] == [KEY, "cd" * 32]
        for use in (lambda: store.put(KEY, entry()), lambda: store.require_room([KEY])):
            with pytest.raises(CacheError, match=r"Permission denied; .*chmod -R g\+rwX"):
                use()

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
    rights = {stat.S_IMODE(path.lstat().st_mode) for path in [common, *common.glob("2/*")]}
    assert rights == {0o775}
    assert stat.S_IMODE(FolderStore(common).path(KEY).lstat().st_mode) == 0o664
    FolderStore(common).path(KEY).chmod(0o600)

    def read() -> None:
        with pytest.raises(CacheError, match=r"cannot be read: Permission denied; .*chmod"):
            FolderStore(common).get(KEY)

    if os.getuid() == 0:  # else both are one user
        as_another_user(read)


STOPPED = """
import os, signal, sys
from pathlib import Path
from g2u.cache.folder import FolderStore
from g2u.cache.store import Entry

def stop(*_):
    print("writing", flush=True)
    sys.stdin.read()
os.replace = stop
FolderStore(Path(sys.argv[1])).put("ab" * 32, Entry(b"x", "edit", 0.0))
"""


def test_what_a_killed_writer_left_is_cleared_and_what_is_being_written_is_not(
    tmp_path: Path,
) -> None:
    store = FolderStore(tmp_path)
    writer = subprocess.Popen(
        [sys.executable, "-c", STOPPED, str(tmp_path)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert writer.stdout is not None
    assert writer.stdout.readline() == "writing\n"
    (half,) = store.leftovers()
    assert store.clear() == (0, 0)
    size = half.lstat().st_size
    writer.kill()
    writer.communicate()
    assert list(store.listing()) == []
    assert store.clear() == (1, size)
    assert store.leftovers() == []


def test_a_store_of_the_older_form_is_refused_until_it_is_taken_over(tmp_path: Path) -> None:
    keys = [f"{number:064x}" for number in range(5)]
    for store in (
        FolderStore(tmp_path),
        RemoteStore(f"file://{tmp_path}", FolderStore(tmp_path / "near"), {"auto_mkdir": True}),
    ):
        lay_older(tmp_path, *keys)
        for use in (lambda s: s.get_many(keys, "edit"), lambda s: list(s.listing())):
            with pytest.raises(CacheError, match=r"older g2u; .* nothing is paid again: g2u cache"):
                use(store)
        (tmp_path / "00" / keys[1]).write_bytes(b"spoilt")
        done = store.migrate()
        assert (done.taken, done.damaged, done.other) == (4, [keys[1]], [])
        assert store.get_many(keys, "edit") == {key: entry() for key in keys if key != keys[1]}
        assert store.migrate().taken == 0
        for key in keys:
            store.remove(key)


def test_taking_over_goes_on_after_a_kill_and_keeps_what_was_made_since(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = FolderStore(tmp_path)
    keys = [f"{number:064x}" for number in range(3)] + ["f" * 64]
    paths = lay_older(tmp_path, *keys)
    made_since = entry(b"made since")
    store.put(keys[1], made_since)
    synced = []

    def die(handle: int) -> None:
        synced.append(handle)
        if len(synced) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr("g2u.cache.folder.os.fsync", die)
    with pytest.raises(KeyboardInterrupt):
        store.migrate()
    monkeypatch.undo()
    assert [path.exists() for path in paths] == [True, False, True, True], "none but the set aside"
    done = store.migrate()
    assert (done.taken, done.damaged, done.other) == (3, [], [])
    assert store.get_many(keys) == {key: made_since if key == keys[1] else entry() for key in keys}
    assert not (tmp_path / "ff").exists()
    assert [path.name.split(".")[0] for path in store.leftovers()] == [keys[1]]


def test_an_older_g2u_neither_sees_nor_damages_what_this_one_writes(tmp_path: Path) -> None:
    FolderStore(tmp_path).put(KEY, entry())
    assert not list(tmp_path.glob("??/*")), "the older listing"


def test_shared_storage_serves_a_machine_that_can_keep_nothing(common: Path) -> None:
    common.mkdir()
    (common / "near").mkdir(mode=0o555)
    url = f"file://{common / 'shared'}"
    RemoteStore(url, FolderStore(common / "other"), {"auto_mkdir": True}).put(KEY, entry())

    def read() -> None:
        far = RemoteStore(url, FolderStore(common / "near"), {"auto_mkdir": True})
        assert far.get_many([KEY], "edit") == {KEY: entry()}

    as_another_user(read)
