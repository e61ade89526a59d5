"""Import under attack: spoilt variants of one sound dataset, each taken in by the command itself.

A child process imports them after it has limited its own memory to `ROOM` beyond start-up. What
must hold of each: exit code 1, one line, no file of the whole folder changed, made or removed.
Run: python -m tests.campaigns.datasets DATASET ... is that child; it prints a JSON line for each.
"""

import contextlib
import hashlib
import io
import json
import os
import resource
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

from g2u.calls.folder import FolderStore
from g2u.calls.opened import CACHE_VARIABLE
from g2u.digests import call_key, canonical, sha256
from g2u.errors import DataError
from g2u.models import null
from g2u.params import reading as params
from g2u.pictures.decoding import encode_png, picture_of
from g2u.records import Question, Sampler, ScoreRequest, Turn
from g2u.sharing import signing
from g2u.sharing.export import export
from g2u.sharing.imports import take_in
from g2u.tables import schemas as tables
from g2u.tables.places import Cell
from g2u.thoughts.edits import prompt
from tests.conftest import ROOT, brokered, imagined, png

ROOM = 500 * 10**6
"""Bytes that an import may have beyond what the process has after its imports."""
SECONDS = 60
"""Of one import."""
CELLS = (Cell("ladder", "tiny", "detail"), Cell("ladder", "tiny", "structure"))
SHARD = "data/ladder-tiny-detail/part-00000.parquet"
OTHER = "data/ladder-tiny-structure/part-00000.parquet"
Rows = list[dict[str, Any]]
Attack = Callable[[Path], None]


@dataclass(slots=True)
class Outcome:
    """What a campaign came to."""

    datasets: int = 0
    refused: int = 0
    seconds: float = 0.0
    room: int = 0
    """Bytes of memory at the peak beyond start-up, the most of all imports."""
    faults: list[str] = field(default_factory=list)
    lines: dict[str, str] = field(default_factory=dict)
    """What was said of each."""


@contextlib.contextmanager
def inside(folder: Path) -> Iterator[None]:
    """The folder as the current one."""
    here = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(here)


def sound(folder: Path) -> Path:
    """A dataset of two cells with four drawings each, exported in a workspace made for it."""
    workspace = folder / "workspace"
    (workspace / "g2u").mkdir(parents=True)
    (workspace / "params.yaml").write_bytes((ROOT / "params.yaml").read_bytes())
    originals = [picture_of(png(number)) for number in range(4)]
    pictures = {picture.digest: picture for picture in originals}
    questions = [Question(f"q{n}", "Why?", pictures=(p.digest,)) for n, p in enumerate(originals)]
    model = null.load(null.Settings())
    with inside(workspace):
        config = params.load()
        for cell in CELLS:
            sampler = Sampler(0, (("steps", 4),))
            calls = brokered(model, FolderStore(folder / "calls of others"))
            asked = (questions, pictures)
            thoughts = imagined(prompt, asked, calls, sampler, prompt=f"Draw {cell.family}.")
            told = canonical(dict(sampler.settings)).decode()
            recipe = tables.Recipe(
                cell.benchmark, cell.family, cell.model, model.identity("edit"), told
            )
            tables.write_thoughts(cell.thoughts, thoughts, recipe)
            drawn = {thought.call for thought in thoughts}
            tables.write_calls(cell.calls("generate"), calls.rows(drawn))
        export(config, CELLS, folder / "sound", with_originals=False)
    return folder / "sound"


def mended(folder: Path, change: Callable[[dict[str, Any]], object] = lambda _: None) -> None:
    """A changed manifest whose digests of the files and of itself fit again."""
    manifest = json.loads((folder / "manifest.json").read_bytes())
    manifest.pop("digest")
    for name, said in manifest["files"].items():
        data = (folder / name).read_bytes()
        said |= {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
    change(manifest)
    manifest["digest"] = sha256(manifest)
    (folder / "manifest.json").write_text(json.dumps(manifest))


def renumbered(folder: Path, count: int) -> None:
    """The same, with another number of rows in the first shard."""
    mended(folder, lambda manifest: manifest["cells"][0]["shards"].update({SHARD: count}))


def repacked(folder: Path, change: Callable[[Rows], object], **options: Any) -> None:
    """Rows of the first shard changed, all else fitting."""
    path = folder / SHARD
    table = pq.read_table(path)
    rows = table.to_pylist()
    change(rows)
    schema = table.schema
    pq.write_table(
        pa.Table.from_pylist(rows, schema=schema), path, **{"compression": "none", **options}
    )
    if len(rows) == table.num_rows:
        mended(folder)
    else:
        renumbered(folder, len(rows))


def renamed(row: dict[str, Any]) -> None:
    """A row under the name of the call that it describes."""
    row["thought"] = tables.edit_call(row)


def tabled(folder: Path, table: pa.Table, **options: Any) -> None:
    """Another table in place of the first shard."""
    pq.write_table(table, folder / SHARD, **{"compression": "none", **options})
    renumbered(folder, table.num_rows)


def signed_as(folder: Path, key: Path) -> str:
    """Sign a dataset with a new key; returns the public one."""
    public = signing.new_key(key)
    raw = (folder / "manifest.json").read_bytes()
    (folder / signing.SIGNATURE).write_text(signing.signature_of(raw, signing.read_key(key)))
    return public


def column(folder: Path, name: str, values: pa.Array, **options: Any) -> None:
    """One column of the first shard replaced, rows repeated to its length."""
    table = pq.read_table(folder / SHARD)
    table = table.take(pa.array([n % table.num_rows for n in range(len(values))]))
    place = table.column_names.index(name)
    tabled(folder, table.set_column(place, name, values), **options)


ATTACKS: dict[str, Attack] = {}


def attack(name: str) -> Callable[[Attack], Attack]:
    """Add one to the campaign."""

    def add(spoil: Attack) -> Attack:
        assert name not in ATTACKS, name
        ATTACKS[name] = spoil
        return spoil

    return add


def add_all(what: str, many: Iterable[Any], spoil: Callable[[Path, Any], None]) -> None:
    """One attack for each of many values."""
    for number, value in enumerate(many):
        attack(f"{what} {number}: {ascii(value)[:40]}")(
            lambda folder, value=value: spoil(folder, value)
        )


def texted(folder: Path, text: str | bytes) -> None:
    """Another manifest, as it is."""
    raw = text if isinstance(text, bytes) else text.encode()
    (folder / "manifest.json").write_bytes(raw)


def raised(change: Callable[[dict[str, Any]], object]) -> Attack:
    """A sound manifest but for one change."""
    return lambda folder: mended(folder, change)


def put_in(*path: str | int, value: Any) -> Callable[[dict[str, Any]], None]:
    """A change of one value of the manifest."""

    def change(manifest: dict[str, Any]) -> None:
        inner: Any = manifest
        for part in path[:-1]:
            inner = inner[part]
        inner[path[-1]] = value

    return change


def nested(depth: int) -> Any:
    """Lists in lists."""
    found: Any = []
    for _ in range(depth):
        found = [found]
    return found


def without(*path: str | int) -> Callable[[dict[str, Any]], None]:
    """A change that takes one value of the manifest away."""

    def change(manifest: dict[str, Any]) -> None:
        inner: Any = manifest
        for part in path[:-1]:
            inner = inner[part]
        del inner[path[-1]]

    return change


add_all(
    "manifest",
    [
        "[]", '"text"', "5", "null", "", "{", "{}", "true", b"\xff\xfe\x00", b"\x00" * 100,
        "[" * 100_000, '{"a":' * 100_000, '{"digest": 1, "digest": 2}', '{"digest": NaN}',
        f'{{"digest": {"9" * 5000}}}', '{"digest": "\\ud800", "kind": "\\ud800"}',
        " " * (5 * 2**20), '{"a": [' + "[]," * (4 * 2**20 // 3 - 10) + "[]]}",
        '{"a": [' + '{"b":1},' * (4 * 2**20 // 8 - 10) + "{}]}",
    ],
    texted,
)  # fmt: skip
add_all(
    "value",
    [
        (("schema",), True), (("schema",), -5), (("schema",), 99), (("schema",), 1),
        (("schema",), "2"), (("schema",), 2.0), (("schema",), None), (("schema",), ["\x1b[31m"]),
        (("kind",), ["g2u-thoughts"]), (("kind",), "other"), (("more",), 1),
        (("signer",), "a" * 64),
        (("cells",), {}), (("cells",), [[]]), (("cells",), None), (("cells",), [5]),
        (("cells", 0, "more"), 1), (("cells", 0, "model"), 5), (("cells", 0, "model"), "a/b"),
        (("cells", 0, "model"), ""), (("cells", 0, "model"), "\x1b]0;owned\x07"),
        (("cells", 0, "model"), "x" * 4096), (("cells", 0, "family"), ".."),
        (("cells", 0, "licence"), "MIT\x1b[2J"), (("cells", 0, "licence"), "a" * 10**6),
        (("cells", 0, "licence"), None), (("cells", 0, "uses"), -1), (("cells", 0, "uses"), "4"),
        (("cells", 0, "uses"), True), (("cells", 0, "has_originals"), 1),
        (("cells", 0, "model_preset"), []), (("cells", 0, "family_preset"), "x"),
        (("cells", 0, "model_preset"), {"a": nested(400)}),
        (("cells", 0, "model_preset"), {"a": nested(40)}),
        (("cells", 0, "shards"), {}), (("cells", 0, "shards"), [SHARD]),
        (("cells", 0, "shards"), {SHARD: -1}), (("cells", 0, "shards"), {SHARD: 3}),
        (("cells", 0, "shards"), {SHARD: 5}), (("cells", 0, "shards"), {SHARD: 10**9}),
        (("cells", 0, "shards"), {SHARD: 4.0}), (("cells", 0, "shards"), {OTHER: 4}),
        (("cells", 0, "shards"), {"../../" + SHARD: 4}), (("cells", 0, "shards"), {"/" + SHARD: 4}),
        (("cells", 0, "shards"), {"./" + SHARD: 4}),
        (("cells", 0, "shards"), {SHARD: 4, SHARD.replace("00000", "00001"): 4}),
        (("files",), []), (("files",), None), (("files", "README.md"), 5),
        (("files", "README.md", "bytes"), -1), (("files", "README.md", "bytes"), True),
        (("files", "README.md", "bytes"), 2.5), (("files", "README.md", "bytes"), 10**15),
        (("files", "README.md", "sha256"), "0"), (("files", "README.md", "sha256"), "A" * 64),
        (("files", "README.md", "sha256"), 5), (("files", "README.md", "more"), 5),
    ],
    lambda folder, change: mended(folder, put_in(*change[0], value=change[1])),
)  # fmt: skip
add_all(
    "lacking",
    [("cells",), ("files",), ("kind",), ("schema",), ("cells", 0), ("cells", 0, "model"),
     ("cells", 0, "shards"), ("files", SHARD), ("files", "README.md", "sha256")],
    lambda folder, path: mended(folder, without(*path)),
)  # fmt: skip
add_all(
    "path",
    [
        "../outside", "/etc/passwd", "data/../../x", "a\\b", "C:x", "./a", "", ".", "..", "a//b",
        "a/", "trailing.", "trailing ", " leading", "a\x00b", "a\nb", "x" * 300, "é", "e\u0301",
        ".hidden", "data/.git/hooks/post-checkout", "manifest.json", "manifest.sig",
        "/".join("abcdefghijk"), "a\u202eb", "con:", "*", "~/x", "$HOME/x", "readme.md", "DATA/x",
    ],
    lambda folder, name: mended(
        folder, put_in("files", name, value={"sha256": "0" * 64, "bytes": 1})
    ),
)  # fmt: skip


@attack("a cell named twice")
def _(folder: Path) -> None:
    mended(folder, lambda manifest: manifest["cells"].append(manifest["cells"][0]))


@attack("2000 cells")
def _(folder: Path) -> None:
    mended(folder, lambda manifest: manifest["cells"].extend([manifest["cells"][0]] * 2000))


@attack("9000 files")
def _(folder: Path) -> None:
    said = {"sha256": "0" * 64, "bytes": 1}
    more = {f"x/{number}": said for number in range(9000)}
    mended(folder, lambda manifest: manifest["files"].update(more))


@attack("rows beyond all measure")
def _(folder: Path) -> None:
    mended(folder, put_in("cells", 1, "shards", value={OTHER: 2**53}))


def replaced(path: Path, put: Callable[[Path], object]) -> None:
    """Something else in a file's place."""
    path.unlink()
    put(path)


def bound(path: Path) -> None:
    """A socket."""
    with inside(path.parent), socket.socket(socket.AF_UNIX) as made:
        made.bind(path.name)


def sparse(path: Path) -> None:
    """A file of 1 GB that takes no room."""
    with path.open("wb") as file:
        file.truncate(10**9)


KINDS: Mapping[str, Callable[[Path], object]] = {
    "FIFO": os.mkfifo,
    "socket": bound,
    "folder": Path.mkdir,
    "link to /dev/zero": lambda path: path.symlink_to("/dev/zero"),
    "link to a secret": lambda path: path.symlink_to("/etc/passwd"),
    "link to nothing": lambda path: path.symlink_to("nowhere"),
    "link to itself": lambda path: path.symlink_to(path.name),
    "link to a folder": lambda path: path.symlink_to("/"),
    "sparse file": sparse,
}
for _kind, _put in KINDS.items():
    for _name in ("README.md", SHARD, "manifest.json"):
        attack(f"{_kind} for {_name}")(
            lambda folder, name=_name, put=_put: replaced(folder / name, put)
        )
    for _name in (
        "more",
        "data/more",
        "manifest.sig",
        "data/.git",
        "data/ladder-tiny-detail/.cache",
    ):
        attack(f"{_kind} as {_name}")(lambda folder, name=_name, put=_put: put(folder / name))
add_all(
    "more",
    [".bashrc", ".git2/x", "data/.git/config", "data/.gitignore", "x/.dvc/config", ".cachex",
     "more.txt", "data/ladder-tiny-detail/part-00001.parquet", "\x1b[31mred", "a/b/c/d", "data/x/y",
     "manifest.json.new", "data/.DS_Store", "Thumbs.db"],
    lambda folder, name: (
        (folder / name).parent.mkdir(parents=True, exist_ok=True),
        (folder / name).write_text("more"),
    ),
)  # fmt: skip


@attack("a shard that is missing")
def _(folder: Path) -> None:
    (folder / SHARD).unlink()


@attack("a byte more at a shard's end")
def _(folder: Path) -> None:
    with (folder / SHARD).open("ab") as file:
        file.write(b"x")


@attack("a file in place of data/")
def _(folder: Path) -> None:
    (folder / "data").rename(folder.parent / "elsewhere")
    (folder / "data").write_text("x")


def score_call() -> str:
    """The name of a call that drew nothing."""
    return call_key("null 1 size 0", ScoreRequest((Turn("user", ("q",)),), "yes"))


add_all(
    "name",
    ["/tmp/absolute", "../../x", "../" * 30 + "x", "workspace/g2u/planted.py", "x" * 300, "",
     "\x00", "A" * 64, "0" * 63, "0" * 65, "é" * 64, "0" * 64, "0" * 64 + "\n", "\x1b[2J", None,
     score_call(), "ab/" + "0" * 61],
    lambda folder, name: repacked(folder, lambda rows: rows[0].update(thought=name)),
)  # fmt: skip
add_all(
    "relabelled",
    [
        ("prompt", "Draw something else."), ("seed", 5), ("sampler", '{"steps":8}'),
        ("sampler", "{}"), ("identity", "another model"), ("given", ""), ("given", "ab" * 32),
        ("given", f"{'ab' * 32} {'cd' * 32}"), ("identity", ""), ("digest", "ab" * 32),
        ("width", 23), ("height", 25), ("source", "x"), ("benchmark", "other"), ("family", "other"),
        ("model", "other"), ("model", "../x"), ("writer", None), ("round", -1), ("draw", None),
    ],
    lambda folder, said: repacked(folder, lambda rows: rows[0].update({said[0]: said[1]})),
)  # fmt: skip
add_all(
    "named rightly",
    [
        ("seed", -1), ("prompt", "x" * 100_000), ("identity", "x" * 100_000),
        ("sampler", '{"steps": 4}'), ("sampler", "[]"), ("sampler", '{"a":[1]}'),
        ("sampler", '{"a":' * 2000 + "1" + "}" * 2000), ("sampler", '{"b":1,"a":2}'),
        ("sampler", '{"a":1,"a":1}'), ("sampler", '{"a":NaN}'), ("sampler", "[" * 60_000),
        ("sampler", ""), ("sampler", '{"a":1e999}'), ("given", " ".join(["ab" * 32] * 200)),
        ("given", "a b"), ("width", 0), ("height", -24), ("width", 2**31 - 1), ("source", "x" * 64),
        ("model", "\x1b[31m"), ("benchmark", ""),
    ],
    lambda folder, said: repacked(folder, lambda rows: named_rightly(rows[0], *said)),
)  # fmt: skip


def named_rightly(row: dict[str, Any], name: str, value: Any) -> None:
    """A row with another value, under a name that fits where one can be told."""
    row[name] = value
    with contextlib.suppress(ValueError, AttributeError, RecursionError, TypeError):
        renamed(row)


def pictured(folder: Path, encoded: bytes | None, size: tuple[int, int] = (24, 24)) -> None:
    """Another picture in the first row, told as well as it can be."""

    def change(rows: Rows) -> None:
        rows[0]["image"] = {"bytes": encoded, "path": None}
        with contextlib.suppress(Exception):
            rows[0]["digest"] = picture_of(encoded or b"").digest
        rows[0]["width"], rows[0]["height"] = size

    repacked(folder, change)


def png_of(width: int, height: int) -> bytes:
    """A picture of one colour that says so much and holds so little."""
    file = io.BytesIO()
    Image.new("1", (width, height)).save(file, "PNG", compress_level=9)
    return file.getvalue()


add_all(
    "picture",
    [None, b"", b"text", b"<svg onload='alert(1)'/>", png(1)[:900], png(1)[:30], b"\x89PNG\r\n"],
    lambda folder, encoded: pictured(folder, encoded),
)  # fmt: skip
add_all(
    "picture of",
    [(4097, 4097), (20_000, 20_000), (60_000, 1), (1, 16_777_217)],
    lambda folder, size: pictured(folder, png_of(*size), (24, 24)),
)
attack("a picture of more pixels than shared ones have")(
    lambda folder: pictured(folder, png_of(4097, 4097), (4097, 4097))
)


@attack("names of two rows swapped")
def _(folder: Path) -> None:
    def change(rows: Rows) -> None:
        rows[0]["thought"], rows[1]["thought"] = rows[1]["thought"], rows[0]["thought"]

    repacked(folder, change)


@attack("pictures of two rows swapped, digests as they were")
def _(folder: Path) -> None:
    def change(rows: Rows) -> None:
        rows[0]["image"], rows[1]["image"] = rows[1]["image"], rows[0]["image"]

    repacked(folder, change)


@attack("all pictures replaced, digests recomputed, of drawings that the cache has")
def _(folder: Path) -> None:
    def change(rows: Rows) -> None:
        for number, row in enumerate(rows):
            encoded = png(100 + number)
            row |= {"image": {"bytes": encoded, "path": None}, "digest": picture_of(encoded).digest}

    repacked(folder, change)


@attack("changed after it was signed, digests recomputed")
def _(folder: Path) -> None:
    signed_as(folder, folder.parent / f"{folder.name}.key")
    repacked(folder, lambda rows: rows.pop())


@attack("two rows of one name with other pictures")
def _(folder: Path) -> None:
    def change(rows: Rows) -> None:
        rows.append({**rows[0], **{n: rows[1][n] for n in ("image", "digest", "width", "height")}})

    repacked(folder, change)


@attack("the last of many rows is spoilt")
def _(folder: Path) -> None:
    repacked(folder, lambda rows: rows[-1].update(thought="0" * 64))


@attack("a path beside a picture")
def _(folder: Path) -> None:
    repacked(folder, lambda rows: rows[0]["image"].update(path="../../x"))


@attack("no picture")
def _(folder: Path) -> None:
    repacked(folder, lambda rows: rows[0].update(image=None))


@attack("a column too few")
def _(folder: Path) -> None:
    tabled(folder, pq.read_table(folder / SHARD).drop_columns(["given"]))


@attack("a column too many")
def _(folder: Path) -> None:
    table = pq.read_table(folder / SHARD)
    tabled(folder, table.append_column("\x1b[31mmore", pa.array(["x"] * table.num_rows)))


@attack("a column twice")
def _(folder: Path) -> None:
    table = pq.read_table(folder / SHARD)
    tabled(folder, table.append_column("prompt", table["prompt"]))


add_all(
    "column type",
    [pa.large_string(), pa.binary(), pa.dictionary(pa.int32(), pa.string())],
    lambda folder, kind: column(folder, "prompt", pa.array(["Draw detail."] * 4, kind)),
)
attack("numbers for names")(lambda folder: column(folder, "thought", pa.array([1, 2, 3, 4])))
attack("lists for prompts")(lambda folder: column(folder, "prompt", pa.array([["x"] * 1000] * 4)))


@attack("columns nested 100 deep")
def _(folder: Path) -> None:
    kind = pa.string()
    for _ in range(100):
        kind = pa.struct([("a", kind)])
    column(folder, "prompt", pa.nulls(4, kind))


@attack("text that is no UTF-8")
def _(folder: Path) -> None:
    lengths = pa.array([0, 4, 8, 12, 16], pa.int32()).buffers()[1]
    spoilt = pa.Array.from_buffers(
        pa.string(), 4, [None, lengths, pa.py_buffer(b"\xff\xfe\xfd\xfc" * 4)]
    )
    column(folder, "prompt", spoilt)


def repeated(count: int, length: int) -> pa.Array:
    """One text many times, held once."""
    return pa.DictionaryArray.from_arrays(pa.array([0] * count, pa.int32()), ["x" * length])


attack("36 kB that unfold to 1,500 texts of 50 MB")(
    lambda folder: column(
        folder, "prompt", repeated(1500, 50 * 10**6), compression="zstd", store_schema=False
    )
)
attack("the same as 500 rows")(
    lambda folder: column(
        folder, "prompt", repeated(500, 50 * 10**6), compression="gzip", store_schema=False
    )
)
attack("the same without compression")(
    lambda folder: column(folder, "prompt", repeated(500, 40 * 10**6), store_schema=False)
)
attack("texts just beyond what a text may have")(
    lambda folder: column(folder, "prompt", repeated(500, 70_000), store_schema=False)
)
add_all(
    "compression",
    ["snappy", "zstd", "gzip", "brotli", "lz4"],
    lambda folder, name: repacked(folder, lambda _: None, compression=name),
)


@attack("one picture for 500 rows, held once")
def _(folder: Path) -> None:
    noise = encode_png(np.random.default_rng(0).integers(0, 255, (700, 700, 3), np.uint8))
    known = picture_of(noise)

    def change(rows: Rows) -> None:
        first = rows[0]
        said = {"digest": known.digest, "width": 700, "height": 700}
        rows[:] = [
            {**first, **said, "image": {"bytes": noise, "path": None}, "seed": number}
            for number in range(500)
        ]
        for row in rows:
            renamed(row)

    repacked(folder, change, dictionary_pagesize_limit=2**26)


@attack("a row group for each of 2000 rows")
def _(folder: Path) -> None:
    repacked(folder, lambda rows: rows.extend(rows[:1] * 1996), row_group_size=1)


@attack("no rows, and four are said")
def _(folder: Path) -> None:
    tabled(folder, pq.read_table(folder / SHARD).slice(0, 0))
    renumbered(folder, 4)


def spoilt_shard(change: Callable[[bytes], bytes]) -> Attack:
    """Other bytes in the first shard, known to the manifest."""

    def spoil(folder: Path) -> None:
        path = folder / SHARD
        path.write_bytes(change(path.read_bytes()))
        mended(folder)

    return spoil


for _what, _change in {
    "is cut": lambda raw: raw[:-100],
    "is empty": lambda _: b"",
    "is text": lambda _: b"id,text\n" * 100,
    "is magic alone": lambda _: b"PAR1PAR1",
    "has a footer of 4 GB": lambda raw: raw[:-8] + b"\xff\xff\xff\xff" + raw[-4:],
    "has a footer longer than itself": lambda raw: raw[:-8] + b"\x00\x00\x3f\x00" + raw[-4:],
    "has an empty footer": lambda raw: raw[:-8] + b"\x00\x00\x00\x00" + raw[-4:],
    "says that it is encrypted": lambda raw: raw[:-4] + b"PARE",
    "has a footer of zeros": lambda raw: raw[:-5000] + bytes(4992) + raw[-8:],
    "has a footer of ones": lambda raw: raw[:-5000] + b"\xff" * 4992 + raw[-8:],
    "has a footer of lists in lists": lambda raw: raw[:-5000] + b"\x19\xfc" * 2496 + raw[-8:],
    "has pages of zeros": lambda raw: raw[:4] + bytes(len(raw) // 2) + raw[4 + len(raw) // 2 :],
    "has pages of ones": lambda raw: raw[:4] + b"\xff" * 400 + raw[404:],
}.items():
    attack(f"a shard that {_what}")(spoilt_shard(_change))

SIGNED: Mapping[str, bytes] = {
    "empty": b"",
    "garbage": b"\xff" * 100,
    "by a key of zeros": b"ed25519 " + b"0" * 64 + b" " + b"0" * 128 + b"\n",
    "in capitals": b"ED25519 " + b"0" * 64 + b" " + b"0" * 128 + b"\n",
    "twice": (b"ed25519 " + b"0" * 64 + b" " + b"0" * 128 + b"\n") * 2,
    "10 MB": b"0" * 10**7,
}
for _what, _raw in SIGNED.items():
    attack(f"a signature: {_what}")(
        lambda folder, raw=_raw: (folder / "manifest.sig").write_bytes(raw)
    )


def snapshot(root: Path) -> dict[str, tuple[object, ...]]:
    """Every file, folder and link below a folder."""
    found: dict[str, tuple[object, ...]] = {}
    for place, folders, names in os.walk(root):
        for name in (*folders, *names):
            status = (path := Path(place) / name).lstat()
            found[str(path)] = (status.st_mode, status.st_size, status.st_mtime_ns, status.st_ino)
    return found


def build(folder: Path, names: Iterable[str]) -> dict[Path, str]:
    """A folder for each attack, beside a workspace with a call cache that holds replies."""
    whole = sound(folder)
    cache = FolderStore(folder / "workspace" / ".g2u" / "calls")
    theirs = FolderStore(folder / "calls of others")
    for key in pq.read_table(whole / SHARD)["thought"].to_pylist()[:2]:
        cache.put(key, theirs.get_many([key], "edit")[key])
    made = {}
    for number, name in enumerate(names):
        place = folder / "datasets" / f"{number:03d}"
        shutil.copytree(whole, place)
        ATTACKS[name](place)
        made[place] = name
    return made


def child(folder: Path, places: Sequence[Path]) -> list[dict[str, Any]]:
    """Import datasets in a process of their own; one entry for each that it came to."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "ARROW_DEFAULT_MEMORY_POOL": "system",  # mimalloc reserves a GB of addresses
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }
    environment.pop(CACHE_VARIABLE, None)
    done = subprocess.run(
        [sys.executable, "-m", "tests.campaigns.datasets", *map(str, places)],
        cwd=folder / "workspace", env=environment, capture_output=True, text=True,
        timeout=SECONDS + 5 * len(places),
    )  # fmt: skip
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    if done.returncode or len(lines) != len(places):
        lines.append({"place": str(places[min(len(lines), len(places) - 1)]),
                      "code": done.returncode, "said": done.stderr, "room": 0})  # fmt: skip
    return lines


def campaign(folder: Path, names: Sequence[str], at_once: int = 1) -> Outcome:
    """Import what each attack made, `at_once` datasets per process."""
    outcome, begun = Outcome(), time.perf_counter()
    made = build(folder, names)
    places = list(made)
    before = snapshot(folder)
    for start in range(0, len(places), at_once):
        some = places[start : start + at_once]
        for found in child(folder, some):
            name = made[Path(found["place"])]
            outcome.datasets += 1
            outcome.room = max(outcome.room, found["room"])
            said = found["said"].rstrip("\n")
            outcome.lines[name] = said
            if found["code"] != 1 or not said.startswith("DataError: ") or not said.isprintable():
                outcome.faults.append(f"{name}: exit code {found['code']}: {said[-400:]}")
            else:
                outcome.refused += 1
        after = snapshot(folder)
        if after != before:
            odd = sorted(set(before.items()) ^ set(after.items()))[0][0]
            outcome.faults.append(f"{made[some[0]]} (and on): {odd} changed")
            before = after
    outcome.seconds = time.perf_counter() - begun
    return outcome


def greatest(folder: Path) -> dict[str, Any]:
    """Import, under the limit, a picture of as many pixels as shared ones may have."""
    file = io.BytesIO()
    Image.new("RGBA", (4096, 4096), (9, 9, 9, 9)).save(file, "PNG")
    whole = sound(folder)
    pictured(whole, file.getvalue(), (4096, 4096))
    (found,) = child(folder, [whole])
    return found


def fuzzed(folder: Path, rounds: int, seed: int) -> tuple[int, int]:
    """Shards with random bytes that the manifest knows: how many were refused, and how many came in
    with nothing but the drawings that the sound dataset holds (a PNG has bytes that say nothing).

    Raises:
        AssertionError: something else came in, or an import failed otherwise than in one line.
    """
    whole, rng = sound(folder), np.random.default_rng(seed)
    with inside(folder / "workspace"):
        config = params.load()
    expected = FolderStore(folder / "calls")
    take_in(whole, expected, config)
    entries = expected.get_many([stored.key for stored in expected.listing()], "edit")
    refused = same = 0
    for number in range(rounds):
        place = folder / f"spoilt {number}"
        shutil.copytree(whole, place)
        raw = bytearray((place / SHARD).read_bytes())
        first = len(raw) - 6000 if number % 2 else 0  # the footer, or anywhere
        for _ in range(int(rng.integers(1, 4))):
            raw[rng.integers(first, len(raw))] = rng.integers(256)
        (place / SHARD).write_bytes(raw)
        mended(place)
        store = FolderStore(folder / f"calls {number}")
        try:
            take_in(place, store, config)
        except DataError as error:
            assert str(error).isprintable(), error  # noqa: PT017
            assert not list(store.listing())
            refused += 1
        else:
            found = store.get_many([stored.key for stored in store.listing()], "edit")
            pictures = {key: entry.picture for key, entry in found.items()}
            assert pictures == {key: entry.picture for key, entry in entries.items()}, number
            same += 1
        shutil.rmtree(place)
    return refused, same


def commanded(*command: str) -> dict[str, Any]:
    """What a g2u command does and says, in this process; late after `SECONDS`."""
    from g2u.cli.main import entry

    def late(*_: object) -> None:
        raise TimeoutError(f"{command} took more than {SECONDS} s")

    signal.signal(signal.SIGALRM, late)
    signal.alarm(SECONDS)
    sys.argv = ["g2u", *command]
    said, code = io.StringIO(), 0
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(said):
        try:
            entry()
        except SystemExit as end:
            code = int(end.code or 0)
        finally:
            signal.alarm(0)
    return {"code": code, "said": said.getvalue()}


def held(name: str) -> int:
    """Bytes of memory of this process, from what the kernel says."""
    text = Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) * 1024 for line in text.splitlines() if line.startswith(name))


def main() -> None:
    """Import every dataset of the command line under the limit."""
    import g2u.cli.main
    import g2u.sharing.fetching
    import g2u.sharing.imports
    import g2u.sharing.signing  # noqa: F401

    start = held("VmRSS")
    limit = held("VmSize") + ROOM
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    for place in sys.argv[1:]:
        found = commanded("import", place)
        print(json.dumps({"place": place, **found, "room": held("VmHWM") - start}), flush=True)


if __name__ == "__main__":
    main()
