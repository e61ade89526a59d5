"""What a dataset of thoughts holds, byte for byte: manifest.json, and the check against it.

The manifest names every file with its sha256, every picture of every shard with its own, and itself
by a digest. A folder that differs in a byte, a file too many or too few, or a path that leads out
of it, is refused.
"""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from g2u.digests import sha256
from g2u.errors import DataError
from g2u.files import write_whole

NAME = "manifest.json"
SCHEMA = 1
KIND = "g2u-thoughts"
OF_TOOLS = (".git", ".gitattributes", ".gitignore", ".cache", ".dvc", ".dvcignore", ".huggingface")
"""What Git, DVC and the Hub's client put into a folder."""
CHUNK = 2**20


@dataclass(frozen=True, slots=True)
class SharedCell:
    """One configuration: the thoughts of one cell."""

    config: str
    """Its name, and its folder below data/."""
    benchmark: str
    model: str
    family: str
    model_preset: dict[str, Any]
    """As in params.yaml; with it and the family's, other clones ask for the same thoughts."""
    family_preset: dict[str, Any]
    thoughts: int
    """Distinct pictures."""
    uses: int
    """Questions and positions that show one."""
    licence: str
    """Of the benchmark; empty = not known."""
    has_originals: bool


@dataclass(frozen=True, slots=True)
class Manifest:
    """The whole of manifest.json, checked."""

    cells: tuple[SharedCell, ...]
    files: Mapping[str, Mapping[str, Any]]
    """Path -> sha256 and bytes."""
    pictures: Mapping[str, Sequence[str]]
    """Path of a shard -> sha256 of each row's picture."""
    digest: str
    """Of all of this."""


def write_manifest(
    folder: Path, cells: Sequence[SharedCell], pictures: Mapping[str, Sequence[str]]
) -> None:
    """Describe everything that lies in the folder."""
    files = {
        path.relative_to(folder).as_posix(): {
            "sha256": digest_of(path),
            "bytes": path.stat().st_size,
        }
        for path in _files(folder)
    }
    body = {
        "kind": KIND,
        "schema": SCHEMA,
        "cells": [asdict(cell) for cell in cells],
        "files": files,
        "pictures": {path: list(digests) for path, digests in pictures.items()},
    }
    text = json.dumps({**body, "digest": sha256(body)}, indent=1, sort_keys=True)
    write_whole(folder / NAME, text + "\n")


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a folder, itself unchanged; files are not looked at.

    Raises:
        DataError: missing, changed, of another kind or a newer schema, or a path that leads out.
    """
    path = folder / NAME
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        said = found.pop("digest")
        is_whole = said == sha256(found)
    except FileNotFoundError:
        raise DataError(f"{path}: missing; expected a dataset that g2u export wrote") from None
    except (ValueError, KeyError, AttributeError, UnicodeDecodeError):
        raise DataError(f"{path}: not a manifest; get the dataset again") from None
    if found.get("kind") != KIND:
        raise DataError(f"{path}: not of {KIND}; expected a dataset that g2u export wrote")
    if not isinstance(found.get("schema"), int) or found["schema"] > SCHEMA:
        raise DataError(
            f"{path}: schema {found.get('schema')!r}, this g2u knows up to {SCHEMA}; "
            "install a newer g2u"
        )
    if not is_whole:
        raise DataError(f"{path}: changed since it was written; get the dataset again")
    for name in found["files"]:
        _check_path(path, name)
    cells = tuple(SharedCell(**cell) for cell in found["cells"])
    return Manifest(cells, found["files"], found["pictures"], said)


def verify(folder: Path) -> Manifest:
    """Read every byte of a folder against its manifest.

    Raises:
        DataError: names the file that is missing, too much, changed, or not a plain file.
    """
    manifest = read_manifest(folder)
    there = {path.relative_to(folder).as_posix() for path in _files(folder)}
    for name in sorted(manifest.files.keys() - there):
        raise DataError(f"{folder / name}: missing; get the dataset again")
    for name in sorted(there - manifest.files.keys()):
        raise DataError(f"{folder / name}: not in {NAME}; take it away")
    for name, said in manifest.files.items():
        path = folder / name
        if path.stat().st_size != said["bytes"] or digest_of(path) != said["sha256"]:
            raise DataError(f"{path}: changed since it was written; get the dataset again")
    return manifest


def digest_of(path: Path) -> str:
    """sha256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _files(folder: Path) -> Iterator[Path]:
    """Every file below the folder but the manifest, in order.

    Raises:
        DataError: a link.
    """
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in OF_TOOLS)
        for name in [*folders, *sorted(names)]:
            path = Path(place) / name
            if path.is_symlink():
                raise DataError(f"{path}: a link; expected plain files")
        for name in sorted(names):
            path = Path(place) / name
            if name not in OF_TOOLS and path != folder / NAME:
                yield path


def _check_path(manifest: Path, name: str) -> None:
    path = PurePosixPath(name)
    is_plain = "\\" not in name and ":" not in name and name == path.as_posix()
    if path.is_absolute() or ".." in path.parts or not path.parts or not is_plain:
        raise DataError(f"{manifest}: path {name!r} leads out of the dataset; refused")
