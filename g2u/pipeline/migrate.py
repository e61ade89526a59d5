"""A workspace of the layout of before, brought to this one: nothing is made anew, nothing is lost.

Before, data/<benchmark>/<noun>/<model>/<family> held a cell's files, seven folders apart, and DVC's
files lay among them (data/<benchmark>/cells/<family>/dvc.yaml). What is moved is what g2u wrote;
what people keep there stays. A move that was cut off goes on at the next.
"""

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from g2u.errors import DataError
from g2u.files import write_whole
from g2u.pipeline.ownership import HEADER, form_of
from g2u.tables.places import CELLS, DATA, RECIPES_FILE

N = "([a-z0-9_]+)"
FORMER = [
    (re.compile(rf"data/{N}/thoughts/{N}/{N}(?![\w.])"), r"data/\1/\3/\2/thoughts"),
    (
        re.compile(rf"data/{N}/(answers|rewards|judgements|scores)/{N}/{N}\.parquet"),
        r"data/\1/\4/\3/\2.parquet",
    ),
    (re.compile(rf"data/{N}/metrics/{N}/{N}\.json"), r"data/\1/\3/\2/metrics.json"),
    (re.compile(rf"data/{N}/costs/{N}/{N}\.(\w+)\.json"), r"data/\1/\3/\2/costs/\4.json"),
    (re.compile(rf"data/{N}/calls/{N}/{N}\.(\w+)\.parquet"), r"data/\1/\3/\2/calls/\4.parquet"),
]
"""Where files of a cell lay, and where they lie now."""
COMMAND = re.compile(r"\bpython -S stages/run\.py (?=\w)")
"""How a stage's command once began; DVC goes by its text."""


def now(text: str) -> str:
    """A path, or a dvc.lock, with every place of a cell as it is now."""
    for former, place in FORMER:
        text = former.sub(place, text)
    return COMMAND.sub("python -m stages.", text)


@dataclass(frozen=True, slots=True)
class Moves:
    """What is to be done, relative to the workspace."""

    files: dict[Path, Path]
    """Files of cells, and where they go."""
    dvc_files: dict[Path, Path]
    """dvc.yaml files of g2u's, and where theirs are now; a dvc.lock beside them goes along."""

    def apply(self, root: Path) -> str:
        """Do it; returns a line that says what was done.

        Raises:
            DataError: something is in the way, said before anything was moved; or a move failed.
        """
        for place in self.files.values():
            if os.path.lexists(root / place):
                raise DataError(
                    f"{place}: is there already, and a file of the layout of before would go "
                    "there; move one of them away, then g2u migrate"
                )
        try:
            for old, new in self.files.items():
                (root / new).parent.mkdir(parents=True, exist_ok=True)
                (root / old).rename(root / new)
            for old, new in self.dvc_files.items():
                for suffix in (".lock", ".yaml"):  # beside it, a lock says what is g2u's
                    place = root / old.with_suffix(suffix)
                    if place.is_file():
                        text = now(place.read_text(encoding="utf-8"))
                        write_whole(root / new.with_suffix(suffix), text)
                        place.unlink()
        except OSError as error:
            raise DataError(
                f"{error.filename}: {error.strerror}; mend that, then g2u migrate goes on"
            ) from error
        for path in (*self.files, *self.dvc_files):
            with suppress(OSError):  # not empty
                for folder in path.parents[:-2]:
                    (root / folder).rmdir()
        return f"moved {len(self.files)} files of cells and {len(self.dvc_files)} dvc.yaml files"


def moves(root: Path = Path()) -> Moves:
    """What of a workspace lies where it lay before."""
    files = {
        path: Path(new)
        for path in _below(root)
        if (new := now(path.as_posix())) != path.as_posix() and form_of(Path(new)) is not None
    }
    found = {path: place for path, place in _dvc_files(root) if _is_ours(root / path)}
    return Moves(files, found)


def require_moved(root: Path = Path()) -> None:
    """Raise DataError where a workspace has the layout of before."""
    old = next((path for path, _ in _dvc_files(root) if _is_ours(root / path)), None)
    if old is not None:
        raise DataError(
            f"{old}: the layout of before; expected {CELLS}/ beside {DATA}/: g2u migrate"
        )


def _below(root: Path) -> Iterator[Path]:
    for here, _, names in os.walk(root / DATA):
        for name in names:
            yield (Path(here) / name).relative_to(root)


def _dvc_files(root: Path) -> Iterator[tuple[Path, Path]]:
    """Where dvc.yaml files may lie below data/, and where theirs are now."""
    yield DATA / "dvc.yaml", RECIPES_FILE
    for place in sorted((root / DATA).glob("*/dvc.yaml")):
        path = place.relative_to(root)
        yield path, CELLS / path.parts[1] / "dvc.yaml"
    for place in sorted((root / DATA).glob("*/cells/*/dvc.yaml")):
        path = place.relative_to(root)
        yield path, CELLS / path.parts[1] / path.parts[3] / "dvc.yaml"


def _is_ours(path: Path) -> bool:
    """Whether g2u sync wrote a dvc.yaml."""
    try:
        return HEADER in path.read_text(encoding="utf-8", errors="replace")[:400]
    except (FileNotFoundError, NotADirectoryError):
        return False
