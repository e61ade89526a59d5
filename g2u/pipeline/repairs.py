"""Puts right what keeps DVC from going on: its locks, links to nothing, objects that have changed.

DVC takes an object of its cache that is read-only for what its name says. Whoever writes into an
output in place, where outputs are links, changes the object with it; it would come back as the
result of another run. So it is noted when each object was last changed, and one that changed since
is read again.
"""

import configparser
import hashlib
import itertools
import json
import os
import re
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import psutil

from g2u.errors import DataError
from g2u.files import write_whole
from g2u.tables.places import DATA

TMP = Path(".dvc") / "tmp"
RWLOCK = TMP / "rwlock"
LOCK_FILES = (RWLOCK, TMP / "rwlock.lock", TMP / "lock")
OWN = tuple(TMP / "g2u" / name for name in ("filled", "objects", "recipes"))
OBJECTS = TMP / "g2u" / "objects"
"""Size and time of change of every object that DVC's cache held after the last run."""
OBJECT = re.compile(r"/files/md5/[0-9a-f]{2}/[0-9a-f]{30}(\.dir)?$")
States = dict[str, list[int]]
"""Place among the objects -> bytes and time of change (ns)."""


def repair() -> list[str]:
    """Put right what can be; returns a line for each thing.

    Raises:
        DataError: something that neither g2u nor DVC put there is in the way.
    """
    return [
        *_clear_own(),
        *_clear_lock_files(),
        *_free_rwlock(),
        *_drop_changed(),
        *_unlink_dangling(),
    ]


def remedy() -> str:
    """After DVC stopped: what lets the same command go on; empty where nothing is known."""
    lock = TMP / "lock"
    if _setting("core", "hardlink_lock")[1].lower() == "true" and lock.exists():
        return f"but {lock} is there: if no other DVC runs, remove it (rm {lock}), then run again"
    lost = next((path for path in _links(DATA) if not path.exists()), None)
    if lost is not None:
        return f"but {lost} is a link to nothing: remove it (rm {lost}), then run again"
    broken = list(_broken_databases())
    for path in broken:
        path.unlink()
    if broken:
        return f"DVC's database {broken[0]} was broken and is removed: the same command goes on"
    return ""


def _broken_databases() -> Iterator[Path]:
    """What DVC remembers of files; it can be made again."""
    from dvc.dirs import site_cache_dir

    place = site_cache_dir(_setting("core", "site_cache_dir")[1] or None)
    for path in Path(place, "repo").rglob("*.db"):
        try:
            with closing(sqlite3.connect(path)) as database:
                database.execute("PRAGMA schema_version")
        except sqlite3.OperationalError:  # not ours to read, or in use
            continue
        except sqlite3.DatabaseError:
            yield path


def keep_objects() -> None:
    """Note what the cache holds; call it when no DVC runs."""
    now = _objects()
    if now != _noted():
        write_whole(OBJECTS, json.dumps(now))


def _clear_own() -> list[str]:
    """What g2u remembers, where it cannot be read; it is found out anew."""
    said = []
    for path in OWN:
        try:
            path.read_text(encoding="utf-8")
        except FileNotFoundError:
            continue
        except UnicodeDecodeError:
            path.unlink()
            said.append(f"{path} was broken; removed")
        except IsADirectoryError:
            said += clear(path)
    return said


def _clear_lock_files() -> list[str]:
    """Folders where DVC wants its lock files."""
    return [line for path in LOCK_FILES if path.is_dir() for line in clear(path)]


def clear(folder: Path) -> list[str]:
    """Remove an empty folder; returns a line.

    Raises:
        DataError: it is not empty.
    """
    try:
        folder.rmdir()
    except OSError:
        raise DataError(
            f"{folder}: a folder with files in it, where a file has to be; move it away"
        ) from None
    return [f"{folder} was a folder; removed"]


def _free_rwlock() -> list[str]:
    """Remove DVC's rwlock if none of its holders runs; DVC asks only whether a number exists."""
    if not RWLOCK.exists():
        return []
    try:
        lock, since = json.loads(RWLOCK.read_text(encoding="utf-8")), RWLOCK.stat().st_mtime
        if not lock.keys() <= {"write", "read"}:
            raise ValueError(lock)
        reading = [one for holders in lock.get("read", {}).values() for one in holders]
        held = [_is_held(one, since) for one in (*reading, *lock.get("write", {}).values())]
    except (ValueError, TypeError, KeyError, AttributeError):
        RWLOCK.unlink()
        return [f"{RWLOCK} was broken; removed"]
    if not held or any(held):
        return []
    RWLOCK.unlink()
    return [f"{RWLOCK} was held by a process that has ended; removed"]


def _is_held(holder: Mapping[str, Any], since: float) -> bool:
    """Whether a holder named in a file of that age still runs.

    A zombie does not: DVC takes it for alive, until some parent, busy or lazy, asks for its end.
    Nor does a process that has got the number since: it began later, or runs something else.
    """
    command = str(holder["cmd"]).split()
    try:
        process = psutil.Process(int(holder["pid"]))
        if process.status() == psutil.STATUS_ZOMBIE or process.create_time() > since:
            return False
        running = " ".join(process.cmdline()).split()
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:
        return True
    count = len(command) - 1
    return running[-count:] == command[1:] if count > 0 else bool(running)


def _drop_changed() -> list[str]:
    """Remove objects that are not what their names say, of those that changed since a run.

    Raises:
        DataError: one cannot be removed.
    """
    noted, said, folder = _noted(), [], _objects_folder()
    for place, state in _objects().items():
        path = folder / place
        try:
            if not path.is_file():
                path.rename(_free_name(path))
                said.append(f"{path}, in DVC's cache, was no file; set aside as *.damaged")
            elif place in noted and noted[place] != state and not _is_sound(path):
                path.unlink()
                said.append(f"{path}, in DVC's cache, was overwritten; removed, it is made again")
        except OSError as error:
            raise DataError(
                f"{path}, in DVC's cache, is not what DVC put there and stays: {error.strerror}; "
                "remove it"
            ) from None
    return said


def _free_name(path: Path) -> Path:
    names = (path.with_name(f"{path.name}.damaged{number or ''}") for number in itertools.count())
    return next(name for name in names if not name.exists())


def _is_sound(path: Path) -> bool:
    """Whether an object's content has the digest that is its name."""
    with path.open("rb") as file:
        found = hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
    return found == path.parent.name + path.name.removesuffix(".dir")


def _unlink_dangling() -> list[str]:
    """Links below data/ to objects that DVC's cache has lost: with them there, DVC stops."""
    lost = [
        path
        for path in _links(DATA)
        if not path.exists() and OBJECT.search(os.readlink(path))  # noqa: PTH115
    ]
    for path in lost:
        path.unlink()
    if not lost:
        return []
    return [f"{len(lost)} links to objects that DVC's cache has lost, {lost[0]} first; removed"]


def _links(folder: str | os.PathLike[str]) -> Iterator[Path]:
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_symlink():
                yield Path(entry)
            elif entry.is_dir():
                yield from _links(entry)


def _objects() -> States:
    found: States = {}
    with suppress(OSError), os.scandir(_objects_folder()) as folders:
        for folder in folders:
            with suppress(OSError), os.scandir(folder) as entries:
                for entry in entries:
                    if OBJECT.search(entry.path):
                        status = entry.stat(follow_symlinks=False)
                        found[f"{folder.name}/{entry.name}"] = [status.st_size, status.st_mtime_ns]
    return found


def _noted() -> States:
    try:
        found: States = json.loads(OBJECTS.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found


def _objects_folder() -> Path:
    """Where DVC's cache has its objects."""
    file, named = _setting("cache", "dir")
    return (file.parent / named if named else Path(".dvc") / "cache") / "files" / "md5"


def _setting(section: str, key: str) -> tuple[Path, str]:
    """A setting of DVC's and the file that has it; read here, as importing DVC takes half a second.

    Empty where no file has it.
    """
    import platformdirs

    folders = {
        "DVC_SYSTEM_CONFIG_DIR": platformdirs.site_config_dir("dvc", "iterative"),
        "DVC_GLOBAL_CONFIG_DIR": platformdirs.user_config_dir("dvc", "iterative"),
    }
    files = [Path(os.environ.get(name) or place) / "config" for name, place in folders.items()]
    found = Path(), ""
    for file in (*files, Path(".dvc") / "config", Path(".dvc") / "config.local"):
        told = configparser.ConfigParser(strict=False, interpolation=None)
        with suppress(configparser.Error, UnicodeDecodeError):  # DVC says what is wrong with it
            told.read(file, encoding="utf-8")
            if value := told.get(section, key, fallback="").strip("\"'"):
                found = file, value
    return found
