"""Preparing a big file: memory and speed, with every picture decoded and checked.

`MEGABYTES`: a TSV of so many, simulated photographs of 400 to 1,400 pixels a side, two thirds JPEG,
one third PNG. `--rows`: whether memory stays flat: so many rows, each with a JPEG of 1,024 pixels a
side of its own, as a TSV and as parquet in row groups of 100, as `datasets` writes pictures. 10,000
rows take 3 GB below the temporary folder, one file at a time.
Run: python -m bench.preparing [MEGABYTES] [--rows 500 10000]
"""

import argparse
import base64
import csv
import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

from bench.common import Timed, machine, timed, workspace
from g2u.tables.parquet import IMAGE

SIDE = 1024
BASES = 24
"""Photographs that the rows' pictures are made of, each with a block of its own."""
GROUP = 100
COLUMNS = pa.schema(
    [("index", pa.string()), ("image", IMAGE), ("question", pa.string()), ("answer", pa.string())]
)


def photograph(rng: np.random.Generator, side: int, grain: float) -> Image.Image:
    """A picture of so many pixels a side, smooth with grain."""
    coarse = Image.fromarray(rng.integers(0, 255, (side // 12, side // 12, 3), np.uint8))
    smooth = np.asarray(coarse.resize((side, side), Image.Resampling.BICUBIC), np.int16)
    noise = rng.normal(0, grain, (side, side, 1)).astype(np.int16)
    return Image.fromarray((smooth + noise).clip(0, 255).astype(np.uint8))


def encoded(picture: Image.Image, kind: str, **how: int) -> bytes:
    """The picture's file."""
    buffer = io.BytesIO()
    picture.save(buffer, kind, **how)
    return buffer.getvalue()


def mixed(megabytes: int) -> Iterator[bytes]:
    """Pictures of 400 to 1,400 pixels a side that take so many megabytes in a TSV."""
    rng, size, number = np.random.default_rng(0), 0, 0
    while size < megabytes * 10**6:
        picture = photograph(rng, int(rng.integers(400, 1400)), 6)
        is_jpeg = number % 3
        file = encoded(picture, "JPEG", quality=90) if is_jpeg else _png(picture)
        yield file
        size, number = size + len(base64.b64encode(file)), number + 1


def _png(picture: Image.Image) -> bytes:
    return encoded(picture, "PNG", compress_level=1)


def alike(rows: int) -> Iterator[bytes]:
    """JPEG of SIDE pixels a side, no two with the same pixels."""
    rng = np.random.default_rng(0)
    bases = [photograph(rng, SIDE, 3) for _ in range(BASES)]
    for number in range(rows):
        picture = bases[number % BASES].copy()
        picture.paste(Image.fromarray(rng.integers(0, 255, (32, 32, 3), np.uint8)), (16, 16))
        yield encoded(picture, "JPEG", quality=50)


def _rows(files: Iterator[bytes]) -> Iterator[tuple[str, bytes, str, str]]:
    for number, file in enumerate(files):
        yield str(number), file, f"Is {number} even?", "no" if number % 2 else "yes"


def write_tsv(path: Path, files: Iterator[bytes]) -> int:
    """A TSV of these pictures; returns its rows."""
    count = 0
    with path.open("w", newline="") as file:
        writer = csv.writer(file, delimiter="\t", quoting=csv.QUOTE_ALL)
        writer.writerow(COLUMNS.names)
        for index, picture, question, answer in _rows(files):
            writer.writerow([index, base64.b64encode(picture).decode(), question, answer])
            count += 1
    return count


def write_parquet(path: Path, files: Iterator[bytes]) -> int:
    """A parquet file of these pictures; returns its rows."""
    count, group = 0, list[dict[str, Any]]()
    with pq.ParquetWriter(path, COLUMNS, compression="none") as writer:
        for index, picture, question, answer in _rows(files):
            image = {"bytes": picture, "path": None}
            group.append(dict(zip(COLUMNS.names, (index, image, question, answer), strict=True)))
            count += 1
            if len(group) == GROUP:
                writer.write_table(pa.Table.from_pylist(group, schema=COLUMNS))
                group = []
        if group:
            writer.write_table(pa.Table.from_pylist(group, schema=COLUMNS))
    return count


Writer = Callable[[Path, Iterator[bytes]], int]
TABLE = {"id": "index", "question": "question", "pictures": ["image"], "answer": "answer"}
FILES: dict[str, tuple[str, Writer, dict[str, Any]]] = {
    "TSV": ("big.tsv", write_tsv, {"source": "tsv"}),
    "parquet": ("big.parquet", write_parquet, {
        "source": "table", "format": "yes_no", "columns": TABLE,
    }),
}  # fmt: skip
"""By kind: the file's name, what writes it, and the preset that reads it."""


def prepared(kind: str, pictures: Iterator[bytes]) -> tuple[int, float, Timed]:
    """Rows, megabytes of the file, and what preparing it took, in a workspace of its own."""
    name, write, preset = FILES[kind]
    with workspace() as made:
        path = made.folder / name
        rows = write(path, pictures)
        made.raw["presets"]["benchmarks"]["mine"] = {**preset, "file": name}
        made.raw["benchmarks"] = ["mine"]
        made.write()
        run = timed(made.folder, "-m", "stages.prepare", "--benchmark", "mine")
        return rows, path.stat().st_size / 1e6, run


def main() -> None:
    """Print megabytes a second and the peak."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("megabytes", nargs="?", type=int, default=1000)
    parser.add_argument("--rows", nargs="+", type=int, help="1024 px, as TSV and as parquet")
    parser.add_argument("--only", choices=FILES, help="with --rows: this kind alone")
    said = parser.parse_args()
    print(machine())
    asked = [("TSV", mixed(said.megabytes))]
    if said.rows:
        asked = [
            (kind, alike(rows)) for kind in FILES for rows in said.rows if said.only in (None, kind)
        ]
    for kind, pictures in asked:
        rows, megabytes, run = prepared(kind, pictures)
        print(
            f"{kind}, {rows} rows, {megabytes:.0f} MB: {run.wall:.1f} s, "
            f"{megabytes / run.wall:.1f} MB/s, CPU {run.cpu:.1f} s, peak {run.peak:.0f} MB",
            flush=True,
        )


if __name__ == "__main__":
    main()
