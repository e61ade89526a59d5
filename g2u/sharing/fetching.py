"""A dataset's place becomes a folder: a path, a URL of fsspec, or a repository of the Hub.

The manifest is fetched first, and checked; then the files that it names, each no longer than it
says. No listing of the other side decides what is written, or where.
"""

import contextlib
import os
import re
import shutil
from pathlib import Path
from typing import Any

from g2u.digests import sha256
from g2u.errors import DataError
from g2u.files import file_system
from g2u.sharing.manifest import MANIFEST_BYTES, NAME, SharedFile, digest_of, manifest_of
from g2u.sharing.reading import shown
from g2u.sharing.signing import SIGNATURE

FETCHED = Path(".g2u") / "datasets"
REPOSITORY = re.compile(r"\w[\w.-]*/\w[\w.-]*(@[\w.-]+)?")
CHUNK = 2**20


def fetched(place: str, trusted: str = "") -> Path:
    """The folder that holds the dataset; what is far away is copied to .g2u/datasets first.

    Args:
        place: an existing folder, PROTOCOL://..., or OWNER/NAME or OWNER/NAME@COMMIT of a dataset
            on the Hub.
        trusted: public key of who must have signed it; empty = whoever, or nobody.

    Raises:
        DataError: it is none of these, cannot be had, or its manifest is refused.
    """
    if Path(place).is_dir():
        return Path(place)
    if "://" in place:
        return _fetched(place, place, trusted)
    if not REPOSITORY.fullmatch(place):
        raise DataError(f"{place}: no such folder; expected a folder, a URL or OWNER/NAME[@COMMIT]")
    return _fetched(place, f"hf://datasets/{place}", trusted)


def _fetched(place: str, url: str, trusted: str) -> Path:
    try:
        files, root = file_system(url)
        raw = _read(files, f"{root.rstrip('/')}/{NAME}")
        signed = None
        with contextlib.suppress(FileNotFoundError):
            signed = _read(files, f"{root.rstrip('/')}/{SIGNATURE}")
        manifest = manifest_of(raw, signed, f"{place}: {NAME}", trusted)
        target = FETCHED / sha256(manifest.digest)[:16]
        target.mkdir(parents=True, exist_ok=True)
        there = {
            name: said for name, said in manifest.files.items() if _is_there(target, name, said)
        }
        wanted = sum(said.bytes for name, said in manifest.files.items() if name not in there)
        if wanted > shutil.disk_usage(target).free:
            raise DataError(f"{place}: {wanted / 1e9:.1f} GB, more than {target} has room for")
        for name, said in manifest.files.items():
            if name not in there:
                _copy(files, f"{root.rstrip('/')}/{name}", target / name, said.bytes)
        (target / NAME).write_bytes(raw)
        if signed is not None:
            (target / SIGNATURE).write_bytes(signed)
    except _faults(url) as error:
        whence = "from the Hub" if url.startswith("hf://") else "there"
        raise DataError(
            f"{place}: not to be had {whence}: {shown(error)}; expected a folder of a dataset"
        ) from None
    return target


def _read(files: Any, path: str) -> bytes:
    with files.open(path, "rb") as file:
        raw = bytes(file.read(MANIFEST_BYTES + 1))
    if len(raw) > MANIFEST_BYTES:
        raise ValueError(f"{shown(path)} has more than {MANIFEST_BYTES} bytes")
    return raw


def _copy(files: Any, path: str, target: Path, size: int) -> None:
    """Copy a file of at most `size` bytes; it appears whole or not at all."""
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh, left = target.with_name(f".{target.name}.new"), size
    try:
        with files.open(path, "rb") as source, fresh.open("wb") as file:
            while part := source.read(min(CHUNK, left + 1)):
                left -= len(part)
                if left < 0:
                    raise ValueError(f"{shown(path)} has more than the {size} bytes that it may")
                file.write(part)
        os.replace(fresh, target)
    finally:
        fresh.unlink(missing_ok=True)


def _is_there(target: Path, name: str, said: SharedFile) -> bool:
    path = target / name
    return path.is_file() and path.stat().st_size == said.bytes and digest_of(path) == said.sha256


def _faults(url: str) -> tuple[type[BaseException], ...]:
    """What a file system fails with: its own errors, and those of the HTTP client beneath it."""
    usual = (OSError, ImportError, ValueError)
    with contextlib.suppress(ImportError):
        if url.startswith("hf://"):
            from huggingface_hub.errors import HfHubHTTPError

            return (*usual, *HfHubHTTPError.__bases__)
        if url.startswith("http"):
            from aiohttp import ClientError

            return (*usual, ClientError)
    return usual
