"""Preparing a big TSV: memory and speed, with every picture decoded and checked.

Pictures are simulated photographs, two thirds JPEG, one third PNG.
Run: python -m bench.preparing [MEGABYTES]
"""

import base64
import csv
import io
import sys
from pathlib import Path

import numpy as np
from PIL import Image

from bench.common import machine, timed, workspace


def photograph(rng: np.random.Generator, number: int) -> bytes:
    """An encoded picture of 400 to 1,400 pixels a side, smooth with grain."""
    side = int(rng.integers(400, 1400))
    coarse = Image.fromarray(rng.integers(0, 255, (side // 12, side // 12, 3), np.uint8))
    smooth = np.asarray(coarse.resize((side, side), Image.Resampling.BICUBIC), np.int16)
    grain = rng.normal(0, 6, (side, side, 1)).astype(np.int16)
    picture = Image.fromarray((smooth + grain).clip(0, 255).astype(np.uint8))
    buffer = io.BytesIO()
    if number % 3:
        picture.save(buffer, "JPEG", quality=90)
    else:
        picture.save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def write(path: Path, megabytes: int) -> int:
    """A TSV of about this size; returns its rows."""
    rng, size, number = np.random.default_rng(0), 0, 0
    with path.open("w", newline="") as file:
        writer = csv.writer(file, delimiter="\t", quoting=csv.QUOTE_ALL)
        writer.writerow(["index", "image", "question", "answer"])
        while size < megabytes * 10**6:
            cell = base64.b64encode(photograph(rng, number)).decode()
            answer = "no" if number % 2 else "yes"
            writer.writerow([number, cell, f"Is {number} even?", answer])
            size, number = size + len(cell), number + 1
    return number


def main() -> None:
    """Print megabytes a second and the peak."""
    megabytes = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    print(machine())
    with workspace() as made:
        rows = write(made.folder / "big.tsv", megabytes)
        made.raw["presets"]["benchmarks"]["mine"] = {"source": "tsv", "file": "big.tsv"}
        made.raw["benchmarks"] = ["mine"]
        made.write()
        run = timed(made.folder, "-m", "stages.prepare", "--benchmark", "mine")
        print(
            f"{rows} rows, {megabytes} MB: {run.wall:.1f} s, {megabytes / run.wall:.1f} MB/s, "
            f"CPU {run.cpu:.1f} s, peak {run.peak:.0f} MB"
        )


if __name__ == "__main__":
    main()
