"""What the benches share."""

import base64
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from g2u.pictures.decoding import encode_png
from tests.conftest import Workspace

ADAPTER = '''"""The model null, which notes its first call, when weights would be read."""

import os
from pathlib import Path

from g2u.models import null

capabilities = null.capabilities
Settings = null.Settings


def load(settings):
    return Counted(0)


class Counted(null.Null):
    is_loaded = False

    def edit(self, requests):
        return super().edit(self.loaded(requests))

    def answer(self, requests):
        return super().answer(self.loaded(requests))

    def loaded(self, requests):
        if not self.is_loaded:
            self.is_loaded = True
            with Path("loads.log").open("a") as log:
                log.write(str(os.getpid()) + chr(10))
        return requests
'''


@dataclass(frozen=True)
class Timed:
    """One command."""

    wall: float
    """Seconds."""
    cpu: float
    """User and system seconds of the command and all it started and waited for."""
    peak: float
    """Resident MB at most, of the largest process."""
    output: str


RELAY = """
import json, os, subprocess, sys, time
begun = time.perf_counter()
process = subprocess.Popen(sys.argv[2:])
_, status, used = os.wait4(process.pid, 0)
wall = time.perf_counter() - begun
with open(sys.argv[1], "w") as file:
    json.dump([wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024], file)
sys.exit(os.waitstatus_to_exitcode(status) != 0)
"""
"""Starts a command from a process that holds little: Linux counts the resident memory of whoever
starts a process as that process's own peak.
"""


def timed(folder: Path, *command: str) -> Timed:
    """Run Python with these arguments; raises if it fails."""
    return measured(folder, [sys.executable, *command])


def measured(
    folder: Path, command: Sequence[str], environment: Mapping[str, str] | None = None
) -> Timed:
    """Run a command in a folder.

    Raises:
        RuntimeError: it failed; what it printed last.
    """
    with tempfile.TemporaryDirectory() as place:
        numbers = Path(place) / "numbers.json"
        done = subprocess.run(
            [sys.executable, "-S", "-c", RELAY, str(numbers), *command],
            cwd=folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"{command}: {done.stdout[-3000:]}")
        wall, cpu, peak = json.loads(numbers.read_text())
    return Timed(wall, cpu, peak, done.stdout)


@contextmanager
def workspace() -> Iterator[Workspace]:
    """A workspace of its own, with the model null under the name `counted`."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "workspace"
        folder.mkdir()
        kept, before = dict(os.environ), Path.cwd()
        os.environ.update(
            DVC_SITE_CACHE_DIR=str(Path(name) / "site"), DVC_NO_ANALYTICS="1", TQDM_DISABLE="1"
        )
        os.chdir(folder)
        try:
            made = Workspace(folder)
            made.init_dvc()
            (folder / "g2u/models/counted").mkdir()
            (folder / "g2u/models/counted/__init__.py").write_text(ADAPTER)
            yield made
        finally:
            os.chdir(before)
            os.environ.clear()
            os.environ.update(kept)


def use_counted(made: Workspace, families: list[str], **run: Any) -> None:
    """Make `counted` the model, write params.yaml and the dvc.yaml files."""
    made.raw["families"] = families
    made.raw["presets"]["models"]["tiny"] = {"adapter": "counted", "batch": 64}
    made.raw["run"] = run
    # the adapter exists in the workspace alone, so params are checked there
    (made.folder / "params.yaml").write_text(yaml.safe_dump(made.raw, sort_keys=False))
    timed(made.folder, "-m", "g2u.cli.main", "sync")


def loads(made: Workspace) -> list[int]:
    """Process ids of the loads so far."""
    log = made.folder / "loads.log"
    return [int(line) for line in log.read_text().split()] if log.exists() else []


def rows(count: int, size: int, start: int = 0) -> Iterator[dict[str, str]]:
    """Yes/no questions of a TSV, a picture of `size` pixels each."""
    for number in range(start, start + count):
        yield {
            "index": str(number),
            "image": base64.b64encode(picture(number, size)).decode(),
            "question": f"Is number {number} even?",
            "answer": "yes" if number % 2 == 0 else "no",
        }


def machine() -> str:
    """What the figures were measured on."""
    names = [
        line.split(":")[1].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    ]
    return f"{os.cpu_count()} cores of {names[0]}, Python {platform.python_version()}"


def picture(number: int, size: int) -> bytes:
    """A PNG [size, size] of 7 x 7 fields in random colours."""
    fields = np.random.default_rng(number).integers(0, 255, (7, 7, 3), dtype=np.uint8)
    places = np.arange(size) * 7 // size
    return encode_png(fields[places][:, places])
