"""Keeps a workspace sound: one driver, whole lock files, no orphans.

A `dvc repro` rewrites a dvc.lock in place after every stage. A kill in that moment can leave it
broken, or cut short and still readable, and then the records of all other stages are gone without a
word. So good lock files are copied aside, and what is lost is put back: a record too old only makes
DVC look again. What else stands in DVC's way is put right in g2u/pipeline/repairs.py.
"""

import ctypes
import fcntl
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from g2u.errors import DataError, G2UError
from g2u.files import from_yaml
from g2u.pipeline import IS_SET, THREADS, repairs
from g2u.tables.places import CELLS, STATE

DRIVER = STATE / "driver"
KEPT = STATE / "locks"
PR_SET_PDEATHSIG = 1


@contextmanager
def only_driver(*, waits: bool = False) -> Iterator[None]:
    """Hold the workspace; a second driver waits its turn or is refused.

    Raises:
        G2UError: another run is under way, and `waits` is False.
    """
    try:
        DRIVER.parent.mkdir(parents=True, exist_ok=True)
        opened = DRIVER.open("a+", encoding="utf-8")
    except OSError as error:
        raise G2UError(
            f"{Path.cwd() / DRIVER}: {error.strerror}; expected a study that can be written"
        ) from None
    with opened as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | (0 if waits else fcntl.LOCK_NB))
        except BlockingIOError:
            file.seek(0)
            raise G2UError(
                f"{Path.cwd()}: process {file.read().strip() or 'unknown'} is running this "
                "study; wait for it (g2u run --wait), or use another clone with the same G2U_CACHE"
            ) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def lock_files() -> list[Path]:
    """Every dvc.lock of the workspace that could be there."""
    return [
        Path("dvc.lock"),
        *(path.with_suffix(".lock") for path in sorted(CELLS.rglob("dvc.yaml"))),
    ]


def recorded() -> set[str]:
    """Outputs that the lock files record."""
    return {
        out["path"]
        for path in lock_files()
        for stage in (_stages(path) or {}).values()
        for out in stage.get("outs", ())
    }


def repair() -> list[str]:
    """Put back what a kill took from the lock files; returns a line for each that was repaired."""
    said = []
    for path in lock_files():
        if _is_kept(path):
            continue
        if path.is_dir():
            said += repairs.clear(path)
        kept = _stages(KEPT / path)
        found = _stages(path)
        if found is None and path.exists():
            said.append(f"{path} was broken")
        elif found is not None and kept is not None and _is_cut(path, kept.keys() - found.keys()):
            said.append(f"{path} had lost {len(kept.keys() - found.keys())} stages")
        else:
            continue
        if kept is None:
            path.unlink()
            said[-1] += "; removed, its stages are made again"
        else:
            merged = {"schema": "2.0", "stages": {**kept, **(found or {})}}
            path.write_text(yaml.safe_dump(merged, sort_keys=False), encoding="utf-8")
            said[-1] += "; put back"
    return said + repairs.repair()


def keep_locks() -> None:
    """Copy the lock files aside, and note what DVC's cache holds; call it when no DVC runs."""
    for path in lock_files():
        if not _is_kept(path) and _stages(path) is not None:
            kept = KEPT / path
            kept.parent.mkdir(parents=True, exist_ok=True)
            fresh = kept.with_suffix(".new")
            shutil.copyfile(path, fresh)
            os.replace(fresh, kept)
    repairs.keep_objects()


def run_dvc(arguments: Sequence[str], *, tell: Callable[[str], None] | None = None) -> None:
    """Run DVC in a session of its own and end all of it with this process, however that ends.

    Args:
        arguments: after `dvc`.
        tell: gets each line of output; None = the output goes where this process's goes.

    Raises:
        DataError: DVC stopped.
    """
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",
    }
    if not IS_SET:
        environment.pop(THREADS, None)  # somebody's own stages may multiply matrices
    process = subprocess.Popen(
        [sys.executable, "-m", "dvc", *arguments],
        env=environment,  # stages run this `python`
        stdout=subprocess.PIPE if tell else None,
        stderr=subprocess.STDOUT if tell else None,
        text=True,
        start_new_session=True,
        preexec_fn=_die_with_parent if sys.platform == "linux" else None,
    )
    last = ""
    try:
        for line in process.stdout or ():
            last = line.strip() or last
            if tell:
                tell(line.rstrip())
        code = process.wait()
    except BaseException:
        _end_group(process)
        raise
    if code:
        remedy = repairs.remedy() or "the same command goes on"
        raise DataError(
            f"dvc {' '.join(arguments)} stopped with exit code {code}"
            f"{': ' + last if last else ''}; finished calls and stages are kept, {remedy}"
        )


def _end_group(process: "subprocess.Popen[Any]") -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
            process.wait(timeout=5)
        except (ProcessLookupError, PermissionError):
            return
        except subprocess.TimeoutExpired:
            continue


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _is_kept(path: Path) -> bool:
    """Whether a lock file is, byte for byte, the good one that was copied aside."""
    try:
        return (KEPT / path).read_bytes() == path.read_bytes()
    except (FileNotFoundError, IsADirectoryError):
        return False


def _stages(path: Path) -> dict[str, Any] | None:
    """The stages of a lock file; None where it is missing, or broken by DVC's own rules.

    A file that was cut short may still be YAML with a last entry that DVC refuses.
    """
    from dvc.schema import COMPILED_LOCKFILE_SCHEMA
    from voluptuous import Invalid

    try:
        found = COMPILED_LOCKFILE_SCHEMA(from_yaml(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, yaml.YAMLError, Invalid):
        return None
    stages: dict[str, Any] | None = found.get("stages")
    return stages


def _is_cut(path: Path, lost: Collection[str]) -> bool:
    """Whether stages vanished from a lock file, though Git did not take them away."""
    return bool(lost) and not _is_committed(path)


def _is_committed(path: Path) -> bool:
    """Whether the file is as Git's HEAD has it."""
    git = shutil.which("git")
    if git is None:
        return False
    done = subprocess.run(
        [git, "show", f"HEAD:./{path.as_posix()}"], capture_output=True, check=False
    )
    return done.returncode == 0 and done.stdout == path.read_bytes()
