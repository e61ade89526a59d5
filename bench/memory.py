"""Whether memory grows with the data: resident memory of every process, with 10 items and many.

Photographs of 1024 px as JPEG of about 150 kB, and a model whose drawings are small as files and as
large as the photographs when they are decoded: on that memory depends. One drawn family with all
controls, direct and duplicate; then the dataset of its thoughts is exported, and imported into an
empty call cache. 5,000 items take 3 GB below the temporary folder.
Run: python -m bench.memory 500 5000
"""

import base64
import io
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import yaml
from PIL import Image

from bench.common import machine, measured, workspace
from tests.conftest import Workspace

SIDE = 1024
BASE = 10
"""Items of the run that others are compared with."""
CELL = "mine/tiny/detail"
STEPS = {
    "plan": ("plan",),
    "run": ("run",),
    "export": ("export", "out", CELL),
    "import": ("import", "out"),
}
WATCHING = '''"""Notes the most memory that each process of a bench held, and what it was."""

import os
import sys
import threading
import time
from pathlib import Path


def kind():
    """What this process is, by what it has imported."""
    told = sys.modules.get("multiprocessing.process")
    if told is None or told.parent_process() is None:
        return "driver"
    return "worker" if "g2u.pipeline.fill" in sys.modules else "stages"


def watch():
    place = Path(os.environ["MEMORY_NOTES"], str(os.getpid()))
    while True:
        time.sleep(0.1)
        status = Path("/proc/self/status").read_text()
        fresh = place.with_suffix(".new")
        fresh.write_text(kind() + " " + status.partition("VmHWM:")[2].split()[0])
        fresh.replace(place)


if "MEMORY_NOTES" in os.environ:
    threading.Thread(target=watch, daemon=True).start()
'''
ADAPTER = '''"""A model that looks at pixels and draws few fields, as large as what it is shown."""

import hashlib

import numpy as np

from g2u.models import null
from g2u.pictures.decoding import picture_of_pixels, pixels_of

capabilities = null.capabilities
Settings = null.Settings


def load(settings):
    return Fields(0)


class Fields(null.Null):
    def edit(self, requests):
        return [drawn(request) for request in requests]

    def answer(self, requests):
        for request in requests:
            shown = [part for part in request.turns[-1].parts if not isinstance(part, str)]
            for picture in shown[-1:]:
                pixels_of(picture)
        return super().answer(requests)


def drawn(request):
    whole = pixels_of(request.pictures[0])
    fields = np.asarray(whole.resize((8, 8))).astype(int)
    tint = hashlib.sha256((request.prompt + str(request.seed)).encode()).digest()[:3]
    tinted = ((fields + list(tint)) % 256).astype(np.uint8)
    high, wide = whole.height // 8, whole.width // 8
    return picture_of_pixels(tinted.repeat(high, axis=0).repeat(wide, axis=1))
'''


def photographs(count: int) -> Iterator[dict[str, str]]:
    """Yes/no questions of a TSV, about a photograph each."""
    rng = np.random.default_rng(0)
    grain = rng.normal(0, 9, (2 * SIDE, 2 * SIDE, 1)).astype(np.int16)
    for number in range(count):
        coarse = Image.fromarray(rng.integers(0, 255, (16, 16, 3), np.uint8))
        smooth = np.asarray(coarse.resize((SIDE, SIDE), Image.Resampling.BILINEAR), np.int16)
        y, x = rng.integers(0, SIDE, 2)
        grained = (smooth + grain[y : y + SIDE, x : x + SIDE]).clip(0, 255).astype(np.uint8)
        buffer = io.BytesIO()
        Image.fromarray(grained).save(buffer, "JPEG", quality=80)
        yield {
            "index": str(number),
            "image": base64.b64encode(buffer.getvalue()).decode(),
            "question": f"Is number {number} even?",
            "answer": "yes" if number % 2 == 0 else "no",
        }


def begin(made: Workspace, count: int) -> None:
    """Write the benchmark, the model and params.yaml."""
    made.use_tsv(photographs(count), licence="made up")
    (made.folder / "g2u/models/fields").mkdir()
    (made.folder / "g2u/models/fields/__init__.py").write_text(ADAPTER)
    made.raw["families"] = ["direct", "duplicate", "detail"]
    made.raw["understand"]["controlled"] = ["detail"]
    made.raw["presets"]["models"]["tiny"] = {"adapter": "fields", "batch": 8}
    made.raw["run"] = {"workers": 2}
    (made.folder / "params.yaml").write_text(yaml.safe_dump(made.raw, sort_keys=False))
    measured(made.folder, [sys.executable, "-m", "g2u.cli.main", "sync"])


def peaks(count: int) -> dict[str, float]:
    """Step and kind of process -> MB."""
    found: dict[str, float] = {}
    with workspace() as made, tempfile.TemporaryDirectory() as name:
        begin(made, count)
        (Path(name) / "sitecustomize.py").write_text(WATCHING)
        for step, arguments in STEPS.items():
            notes = Path(name) / step
            notes.mkdir()
            environment = {**os.environ, "PYTHONPATH": name, "MEMORY_NOTES": str(notes)}
            if step == "import":
                environment["G2U_CACHE"] = str(Path(name) / "calls")
            command = [sys.executable, "-m", "g2u.cli.main", *arguments]
            run = measured(made.folder, command, environment)
            for note in notes.glob("*[0-9]"):
                kind, most = note.read_text().split()
                what = f"{step}, {kind}" if kind != "driver" else step
                found[what] = max(found.get(what, 0.0), int(most) / 1024)
            found[step] = max(found.get(step, 0.0), run.peak)
            print(f"{count} items, {step}: {run.wall:.0f} s, CPU {run.cpu:.0f} s", flush=True)
        files = [path for path in made.folder.rglob("*") if path.is_file()]
        used = {path.stat().st_ino: path.stat().st_size for path in files}
        print(f"{count} items: {sum(used.values()) / 1e9:.1f} GB of files", flush=True)
    return found


def main() -> None:
    """Print megabytes."""
    print(machine())
    base = peaks(BASE)
    for count in [int(said) for said in sys.argv[1:]] or [500, 5000]:
        found = peaks(count)
        print(f"resident MB at most{BASE:>20}{count:>10} items")
        for what, most in found.items():
            print(f"{what:<25}{base.get(what, 0.0):>14.0f}{most:>10.0f}", flush=True)
        print(json.dumps({"items": count, "peak": round(max(found.values()))}), flush=True)


if __name__ == "__main__":
    main()
