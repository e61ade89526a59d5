"""Files go to another folder or a URL, where nothing is overwritten that did not come so."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from g2u.errors import DataError
from g2u.files import file_system
from g2u.params.params import Params
from g2u.pipeline.ownership import Workspace, outs
from g2u.tables.places import REPORT

LISTING = "copied-by-g2u.json"
"""Lists what was copied to a place, so that it may be copied there again."""


def report_files(config: Params) -> list[Path]:
    """The report's own files, relative to its folder: what people keep there is not copied."""
    found = []
    for out in outs(config):
        if not out.path.is_relative_to(REPORT):
            continue
        if out.names is None:
            found.append(out.path)
            continue
        for path in Workspace(Path()).below(out.path):
            if out.names.fullmatch(path.relative_to(out.path).as_posix()):
                found.append(path)
    return [path.relative_to(REPORT) for path in sorted(found) if path.is_file()]


def files_of(folder: Path) -> list[Path]:
    """All files below a folder, relative to it."""
    return [path.relative_to(folder) for path in sorted(folder.rglob("*")) if path.is_file()]


def copied(
    source: Path, names: Sequence[Path], place: str, said_by: str, *, again: bool = False
) -> None:
    """Copy files of `source` to `place`.

    Args:
        source: a folder.
        names: of its files, relative to it.
        place: folder or fsspec URL (s3://bucket/prefix).
        said_by: where the place was named, for the error.
        again: whether what was copied there before is replaced; a listing there tells it.

    Raises:
        DataError: it cannot be written there, or would replace what this function did not copy;
            nothing was copied then.
    """
    try:
        files, root = file_system(place)
        targets = {name.as_posix(): f"{root}/{name.as_posix()}" for name in names}
        known = _listing(files, f"{root}/{LISTING}") if again else set()
        for name, target in targets.items():
            if name in known or not files.lexists(target):
                continue
            if (
                again
                or not files.isfile(target)
                or files.cat(target) != (source / name).read_bytes()
            ):
                raise DataError(
                    f"{said_by}: {target} was not copied there by g2u and would be replaced; move "
                    "it away, or name another place"
                )
        files.makedirs(root, exist_ok=True)
        if again:
            with files.open(f"{root}/{LISTING}", "w") as file:
                json.dump(sorted(known | targets.keys()), file, indent=1)
        for name, target in targets.items():
            files.makedirs(target.rpartition("/")[0], exist_ok=True)
            files.put_file(str(source / name), target)
    except (OSError, ImportError, ValueError) as error:
        raise DataError(
            f"{said_by}: {place}: {error}; expected a folder or URL that can be written"
        ) from None


def _listing(files: Any, path: str) -> set[str]:
    if not files.exists(path):
        return set()
    with files.open(path) as file:
        found = json.load(file)
    return {name for name in found if isinstance(name, str)}
