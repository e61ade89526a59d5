"""A new study: what `g2u init` puts into a folder. Git and DVC are set up where they are not."""

import contextlib
import os
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from g2u.code.dependencies import PACKAGES
from g2u.errors import DataError
from g2u.files import write_whole
from g2u.params.params import Params
from g2u.params.reading import load
from g2u.params.sections import PATH
from g2u.pipeline import dvc
from g2u.pipeline.ownership import is_generated
from g2u.pipeline.study import DVC_FILE, is_study
from g2u.pipeline.sync import sync_plan
from g2u.tables.places import CELLS, DATA

TEMPLATES = Path(__file__).parent
IGNORE_FILES = {".gitignore": "study.gitignore", ".dvcignore": "study.dvcignore"}
CONFIG = Path(".dvc/config")
NEXT = {
    True: "",
    False: "put your questions where params.yaml names them (mine.tsv) and set OPENAI_BASE_URL; ",
}
"""What a demonstration, and another study, needs before it can run."""


def start(folder: Path, *, demo: bool = False) -> list[str]:
    """Make a study of a folder, which may be there; returns lines that say what is next.

    Args:
        folder: what lies in it stays.
        demo: the embedded model on puzzles, in the place of questions and a model of one's own.

    Raises:
        DataError: something of somebody's would be overwritten, the folder lies in another study or
            cannot be written, or Git is missing; nothing was changed then. Or Git or DVC failed;
            the same command goes on.
    """
    params = (TEMPLATES / f"{'demo' if demo else 'study'}.params.yaml").read_text(encoding="utf-8")
    texts = {Path(n): (TEMPLATES / t).read_text(encoding="utf-8") for n, t in IGNORE_FILES.items()}
    _require_place(folder, {**texts, PATH: params})
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with contextlib.chdir(folder):
            _fill(texts, params, load(TEMPLATES / f"{'demo' if demo else 'study'}.params.yaml"))
    except OSError as error:
        raise DataError(
            f"{folder}: {error.filename or 'cannot be written'}: {error.strerror}; expected a "
            "folder that can be written"
        ) from None
    go = "" if folder.resolve() == Path.cwd() else f"cd {shlex.quote(str(folder))} && "
    return [f"{folder}: a study; {PATH} says what runs", f"next: {NEXT[demo]}{go}g2u run"]


def _fill(texts: dict[Path, str], params: str, config: Params) -> None:
    """Make the current folder a study; dvc.yaml comes last, and with it it is one."""
    for path, text in texts.items():
        write_whole(path, text)
    is_below = _git("rev-parse", "--show-toplevel")
    if not is_below:
        _git("init", "--quiet", is_needed=True)
    if not Path(".dvc").is_dir():
        dvc.initialise(is_below=bool(is_below) and not Path(is_below).samefile(Path.cwd()))
        write_whole(CONFIG, (TEMPLATES / "study.dvc.config").read_text(encoding="utf-8"))
        _git("add", str(CONFIG))  # as DVC does with what it writes there
    write_whole(PATH, params)
    sync_plan(config).apply()


def _require_place(folder: Path, texts: dict[Path, str]) -> None:
    """Raise DataError where a study cannot be made of a folder."""
    if fault := next(_faults(folder, texts), ""):
        raise DataError(fault)


def _faults(folder: Path, texts: dict[Path, str]) -> Iterator[str]:
    place = folder.resolve()
    if is_study(place):
        yield f"{folder}: is a study already; next: cd {shlex.quote(str(folder))} && g2u run"
    above = next((each for each in place.parents if is_study(each)), None)
    if above is not None:
        yield f"{folder}: lies in the study {above}; expected a folder outside of it"
    way = next(each for each in (place, *place.parents) if os.path.lexists(each))
    if not way.is_dir():
        yield f"{folder}: {way} is no folder; name another one"
    if not os.access(way, os.W_OK | os.X_OK):
        yield f"{folder}: {way} cannot be written; name a folder elsewhere"
    for path, text in texts.items():
        if os.path.lexists(place / path) and not _holds(place / path, text):
            yield f"{folder / path}: is there, and would be overwritten; name another folder"
    for path in (DVC_FILE, DVC_FILE.with_suffix(".lock"), *_not_synced(place)):
        if os.path.lexists(place / path):
            yield f"{folder / path}: is there, where g2u has its own; name another folder"
    if os.path.lexists(place / DATA) and not (place / DATA).is_dir():
        yield f"{folder / DATA}: no folder, where g2u has one; name another folder"
    for name in PACKAGES:
        if (place / name / "__init__.py").exists() or (place / f"{name}.py").exists():
            yield f"{folder / name}: Python would take it for g2u's {name}; name another folder"
    if shutil.which("git") is None:
        yield "g2u init: needs git on the PATH"


def _not_synced(place: Path) -> Iterator[Path]:
    """What lies where g2u sync has its files and was not written by it."""
    if os.path.lexists(place / CELLS) and not (place / CELLS).is_dir():
        yield CELLS
    for found in (place / CELLS).rglob(DVC_FILE.name):
        path = found.relative_to(place)
        if not is_generated(path, found.read_text(encoding="utf-8", errors="replace")):
            yield path


def _holds(path: Path, text: str) -> bool:
    return path.is_file() and not path.is_symlink() and path.read_bytes() == text.encode()


def _git(*arguments: str, is_needed: bool = False) -> str:
    """What Git prints, in the current folder; empty where it fails and is not needed."""
    command = [shutil.which("git") or "git", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode and is_needed:
        raise DataError(f"git {arguments[0]}: {done.stderr.strip()}; mend that, then run again")
    return "" if done.returncode else done.stdout.strip()
