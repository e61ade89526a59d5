"""What a dataset of thoughts holds, byte for byte: manifest.json, and the check against it.

The manifest names every file with its sha256, and itself by a digest. A folder that differs in a
byte, a file too many or too few, or a path that leads out of it, is refused. Who made it, a
signature tells (g2u.sharing.signing).
"""

import hashlib
import json
import os
import re
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints
from pydantic import ValidationError as Invalid

from g2u.digests import sha256
from g2u.errors import DataError
from g2u.files import write_whole
from g2u.premises import Outcome, Premise, Role
from g2u.sharing.reading import FILE_BYTES, object_of, opened, shown
from g2u.sharing.signing import SIGNATURE, signer

NAME = "manifest.json"
SCHEMA = 3
KIND = "g2u-thoughts"
MANIFEST_BYTES = 4 * 2**20
CELLS = 1024
FILES = 8192
ROWS = 2**18
"""Of all shards together."""
OF_TOOLS = (".git", ".gitattributes", ".gitignore", ".cache", ".dvc", ".dvcignore", ".huggingface")
"""What Git, DVC and the Hub's client put into a folder, at its top; never read."""
FILE = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9._-]{0,126}[A-Za-z0-9_-])?")
"""A file or folder of a dataset: no name that one file system takes otherwise than another."""
PATH_PARTS = 8
MORE = "get the dataset again"


def _path(name: str) -> str:
    parts = name.split("/")
    if len(parts) > PATH_PARTS or not all(FILE.fullmatch(part) for part in parts):
        raise ValueError("leads out of the dataset, or is no plain name; refused")
    if name in (NAME, SIGNATURE):
        raise ValueError("cannot name itself")
    return name


Hex = Annotated[str, StringConstraints(pattern=r"\A[0-9a-f]{64}\z")]
Name = Annotated[str, StringConstraints(pattern=r"\A[a-z0-9_]{1,128}\z")]
"""Of a preset."""
Count = Annotated[int, Field(ge=0, le=2**53)]


class Strict(BaseModel):
    """Foreign data: no other fields, no values of other types."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class SharedFile(Strict):
    """What is said of a file."""

    sha256: Hex
    bytes: Annotated[int, Field(ge=0, le=FILE_BYTES)]


Words = Annotated[str, StringConstraints(pattern=r"\A[^\x00-\x1f\x7f-\x9f]{0,200}\z")]


class SharedCheck(Strict):
    """What the check of the model that drew came to: a `Checked`."""

    role: Role
    date: Words
    suite: Words
    outcomes: dict[Premise, Outcome]
    notes: dict[Premise, Words]


class SharedCell(Strict):
    """One configuration: the thoughts of one cell."""

    benchmark: Name
    model: Name
    family: Name
    model_preset: dict[str, Any]
    """As in params.yaml, to compare; with it and the family's, other clones ask for the same."""
    family_preset: dict[str, Any]
    shards: Annotated[dict[str, Count], Field(min_length=1)]
    """Path -> rows, each a distinct picture."""
    uses: Count
    """Questions and positions that show one."""
    licence: Annotated[str, StringConstraints(pattern=r"\A[^\x00-\x1f\x7f-\x9f]{0,1000}\z")]
    """Of the benchmark; empty = not known."""
    has_originals: bool
    check: SharedCheck | None = None
    """None = the model that drew was not checked, or by a g2u that did not keep it."""

    @property
    def config(self) -> str:
        """Its name, and its folder below data/."""
        return f"{self.benchmark}-{self.model}-{self.family}"

    @property
    def folder(self) -> str:
        """Where its shards lie."""
        return f"data/{self.config}"

    @property
    def thoughts(self) -> int:
        """Distinct pictures."""
        return sum(self.shards.values())


class SharedGold(Strict):
    """A benchmark's questions with their gold answers: what scoring needs, apart from thoughts."""

    benchmark: Name
    metric: Name
    """Of its published figures; a file of g2u/scores/official."""
    shards: Annotated[dict[str, Count], Field(min_length=1)]
    """Path -> rows, each a question."""

    @property
    def config(self) -> str:
        """Its name."""
        return f"{self.benchmark}-gold"

    @property
    def folder(self) -> str:
        """Where its shards lie."""
        return f"gold/{self.benchmark}"


class Content(Strict):
    """What manifest.json lists."""

    cells: Annotated[list[SharedCell], Field(max_length=CELLS)]
    gold: Annotated[list[SharedGold], Field(max_length=CELLS)]
    files: Annotated[
        dict[Annotated[str, AfterValidator(_path)], SharedFile], Field(max_length=FILES)
    ]
    """Path -> what it holds."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """The whole of manifest.json, checked."""

    cells: tuple[SharedCell, ...]
    gold: tuple[SharedGold, ...]
    """Of the benchmarks whose gold answers are shared."""
    files: Mapping[str, SharedFile]
    """Path -> what it holds."""
    digest: str
    """Of all of this."""
    signer: str
    """Public key of who signed it, 64 hexadecimal digits; empty = unsigned."""


def write_manifest(
    folder: Path, cells: Sequence[SharedCell], gold: Sequence[SharedGold] = ()
) -> None:
    """Describe everything that lies in the folder.

    Raises:
        DataError: it is more than a dataset may hold.
    """
    files = {
        path.relative_to(folder).as_posix(): {
            "sha256": digest_of(path),
            "bytes": path.stat().st_size,
        }
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
    body = {
        "kind": KIND,
        "schema": SCHEMA,
        "cells": [cell.model_dump(mode="json") for cell in cells],
        "gold": [each.model_dump(mode="json") for each in gold],
        "files": files,
    }
    text = json.dumps({**body, "digest": sha256(body)}, indent=1, sort_keys=True)
    write_whole(folder / NAME, text + "\n")
    read_manifest(folder)


def read_manifest(folder: Path, trusted: str = "") -> Manifest:
    """The manifest of a folder, itself unchanged; files are not looked at.

    Args:
        folder: a dataset.
        trusted: public key of who must have signed it; empty = whoever, or nobody.

    Raises:
        DataError: missing, changed, of another kind or schema, a path that leads out, beyond a
            limit, or not signed as it has to be.
    """
    path, signature = folder / NAME, folder / SIGNATURE
    with opened(path, MANIFEST_BYTES) as file:
        raw = file.read(MANIFEST_BYTES + 1)
    signed = None
    if os.path.lexists(signature):
        with opened(signature, MANIFEST_BYTES) as file:
            signed = file.read(MANIFEST_BYTES)
    return manifest_of(raw, signed, str(path), trusted)


def manifest_of(raw: bytes, signed: bytes | None, where: str, trusted: str = "") -> Manifest:
    """A manifest from its bytes and those of its signature; see `read_manifest`."""
    said_by = signer(raw, signed, where, trusted)
    try:
        found = object_of(raw)
        digest = found.pop("digest", None)
        is_whole = digest == sha256(found)
    except ValueError as error:
        raise DataError(f"{where}: not a manifest ({shown(error)}); {MORE}") from None
    kind, schema = found.pop("kind", None), found.pop("schema", None)
    if kind != KIND:
        raise DataError(f"{where}: not of {KIND}; expected a dataset that g2u export wrote")
    if type(schema) is not int or schema != SCHEMA:
        remedy = "install a newer g2u" if type(schema) is int and schema > SCHEMA else (
            "have it exported again by this g2u"
        )  # fmt: skip
        raise DataError(
            f"{where}: schema {shown(ascii(schema))}, this g2u reads schema {SCHEMA}; {remedy}"
        )
    if not is_whole:
        raise DataError(f"{where}: changed since it was written; {MORE}")
    try:
        content = Content.model_validate(found)
    except Invalid as error:
        raise DataError(f"{where}: {fault(error)}; {MORE}") from None
    if problem := _disagreement(content):
        raise DataError(f"{where}: {problem}; {MORE}")
    return Manifest(tuple(content.cells), tuple(content.gold), content.files, digest, said_by)


def fault(error: Invalid) -> str:
    """The first thing that does not fit, in one line."""
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    said = first["msg"].removeprefix("Value error, ")
    return f"{shown('.'.join(map(str, first['loc'])))}: {shown(said)}"


def _disagreement(content: Content) -> str:
    """What does not fit together; empty where everything does."""
    parts: list[SharedCell | SharedGold] = [*content.cells, *content.gold]
    configs = [part.config for part in parts]
    shards = [(part.folder, name) for part in parts for name in part.shards]
    lowered = {name.lower() for name in content.files}
    if len(set(configs)) < len(configs):
        return "a configuration is named twice"
    if len(lowered) < len(content.files):
        return "two files differ by case alone"
    if sum(cell.thoughts for cell in content.cells) > ROWS:
        return f"more than {ROWS} thoughts"
    if sum(rows for each in content.gold for rows in each.shards.values()) > ROWS:
        return f"more than {ROWS} questions"
    for place, name in shards:
        if not re.fullmatch(rf"{place}/part-[0-9]{{5}}\.parquet", name):
            return f"shard {shown(name)} is not {place}/part-00000.parquet or the like"
        if name not in content.files:
            return f"shard {name} is not among the files"
    if len(shards) != sum(name.endswith(".parquet") for name in content.files):
        return "a .parquet file belongs to no configuration"
    return ""


def verify(folder: Path, trusted: str = "") -> Manifest:
    """Read every byte of a folder against its manifest; see `read_manifest`.

    Raises:
        DataError: names the file that is missing, too much, changed, or not a plain file.
    """
    manifest = read_manifest(folder, trusted)
    there = set(_files(folder, manifest.files))
    for name in sorted(manifest.files.keys() - there):
        raise DataError(f"{folder / name}: missing; {MORE}")
    for name, said in manifest.files.items():
        path = folder / name
        if path.stat().st_size != said.bytes or digest_of(path) != said.sha256:
            raise DataError(f"{path}: changed since it was written; {MORE}")
    return manifest


def digest_of(path: Path) -> str:
    """sha256 of a file, in hex."""
    with opened(path, FILE_BYTES) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _files(folder: Path, said: Mapping[str, object]) -> Iterator[str]:
    """Paths of every file below the folder but the manifest.

    Raises:
        DataError: one that is not said, no plain file, or a folder of none that is.
    """
    parents = {parent.as_posix() for name in said for parent in Path(name).parents}
    for place, folders, names in os.walk(folder):
        at_top = Path(place) == folder
        if at_top:
            folders[:] = [name for name in folders if name not in OF_TOOLS]
        for name in [*folders, *names]:
            path = Path(place) / name
            inner = path.relative_to(folder).as_posix()
            status = path.lstat()
            if stat.S_ISLNK(status.st_mode):
                raise DataError(f"{shown(path)}: a link; expected plain files")
            if at_top and name in (*OF_TOOLS, NAME, SIGNATURE):
                continue
            if inner not in (parents if stat.S_ISDIR(status.st_mode) else said):
                raise DataError(f"{shown(path)}: not in {NAME}; take it away")
            if name in names:
                yield inner
