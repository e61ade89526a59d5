"""The networks that rapidocr's wheel brings, known by their digests, and the versions around them.

Looked at without importing rapidocr. Nothing is ever downloaded: rapidocr itself fetches what it
misses from a server, this adapter says what is missing.
"""

import hashlib
from functools import lru_cache
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed_version
from importlib.util import find_spec
from pathlib import Path

from g2u.errors import ModelError

WEIGHTS = {
    "PP-OCRv6_det_small.onnx": "090f04abcd9d9a7498bc4ebf677e4cb9bdce1fe4197ddb7e529f1ef44e1ff94f",
    "PP-OCRv6_rec_small.onnx": "6f327246b50388f3c176ae304bd95767ea6dc0c9ae92153ef8cbe210b3c14884",
    "ch_ppocr_mobile_v2.0_cls_mobile.onnx": (
        "e47acedf663230f8863ff1ab0e64dd2d82b838fceb5957146dab185a89d6215c"
    ),
}
"""File -> sha256, in the wheel of rapidocr 3.10.0: finds text, reads a line, tells which way is up.
"""
DECISIVE = ("rapidocr", "onnxruntime")
"""Packages whose version decides replies: steps before and after the networks, and arithmetic."""
PICTURES = (
    "opencv-python-headless",
    "opencv-python",
    "opencv-contrib-python-headless",
    "opencv-contrib-python",
)
"""Any of these brings cv2, which scales and crops pictures."""
INSTALL = "pip install 'g2u[reading]'"


def verified(folder: Path | None = None) -> dict[str, Path]:
    """Where the networks lie.

    Args:
        folder: of the files; None = that of the installed wheel.

    Raises:
        ModelError: rapidocr is not installed, or a file is missing or another.
    """
    place = folder or _installed()
    for name, expected in WEIGHTS.items():
        again = "pip install --force-reinstall --no-deps rapidocr==3.10.0"
        try:
            status = (place / name).stat()
            found = _digest(place / name, status.st_mtime_ns, status.st_size)
        except OSError:
            raise ModelError(
                f"rapidocr: {place / name} is missing (sha256 {expected[:12]}); {again}"
            ) from None
        if found != expected:
            raise ModelError(
                f"rapidocr: {place / name} has sha256 {found[:12]}, expected {expected[:12]}; "
                f"{again}"
            )
    return {name: place / name for name in WEIGHTS}


def versions() -> str:
    """Of the packages that decide replies, as a part of an identity.

    Raises:
        ModelError: one is not installed.
    """
    named = {name: _version(name) for name in (*DECISIVE, *PICTURES)}
    missing = [name for name in DECISIVE if not named[name]]
    if not any(named[name] for name in PICTURES):
        missing.append(PICTURES[0])
    if missing:
        raise ModelError(f"rapidocr: package {missing[0]} is not installed; {INSTALL}")
    return " ".join(f"{name} {version}" for name, version in named.items() if version)


def _installed() -> Path:
    spec = find_spec("rapidocr")
    if spec is None or not spec.submodule_search_locations:
        raise ModelError(f"rapidocr: package rapidocr is not installed; {INSTALL}")
    return Path(spec.submodule_search_locations[0]) / "models"


def _version(name: str) -> str:
    try:
        return installed_version(name)
    except PackageNotFoundError:
        return ""


@lru_cache(maxsize=16)
def _digest(path: Path, changed: int, size: int) -> str:
    """Of a file that has this time of change and size."""
    del changed, size
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
