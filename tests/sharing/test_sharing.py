"""Thoughts as datasets: out, through the real libraries, back in, and refused where touched."""

import io
import json
import os
import random
import shutil
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import datasets
import mlcroissant
import polars as pl
import pyarrow.parquet as pq
import pytest

from g2u.calls.folder import FolderStore
from g2u.digests import canonical, sha256
from g2u.errors import CacheError, DataError
from g2u.params.reading import load
from g2u.pictures.decoding import picture_of
from g2u.protocols import Kind, Reply
from g2u.records import AnswerRequest, EditRequest, Picture, Question, Sampler
from g2u.sharing.fetching import fetched
from g2u.sharing.imports import take_in
from g2u.sharing.manifest import read_manifest, verify
from g2u.sharing.reading import shard_rows
from g2u.sharing.rows import SHARED
from g2u.tables import parquet
from g2u.tables import schemas as tables
from g2u.thoughts.edits import draw, interleaved, rounds
from tests.conftest import ROOT, Workspace, brokered, imagined, png, tsv_rows
from tests.sharing.conftest import CELL


@pytest.fixture
def copy(shared: Path, tmp_path: Path) -> Path:
    """A copy to spoil."""
    return Path(shutil.copytree(shared, tmp_path / "copy"))


class Painter:
    """A model that draws whatever it is asked, and always wants one edit more."""

    capabilities = frozenset({"draw", "edit", "answer"})

    def identity(self, kind: Kind) -> str:
        return f"painter {kind}"

    def edit(self, requests: Sequence[EditRequest]) -> list[Reply[Picture]]:
        return [picture_of(png(request.seed % 1000)) for request in requests]

    def answer(self, requests: Sequence[AnswerRequest]) -> list[Reply[str]]:
        return [f"Edit: {len(r.turns[0].parts)}\nStep: {len(r.turns[0].parts)}" for r in requests]

    def close(self) -> None:
        pass


def refuse(folder: Path, said: str) -> None:
    """Importing stops with one line and puts nothing."""
    store = FolderStore(folder.parent / "calls")
    with pytest.raises(DataError, match=said) as error:
        take_in(folder, store, load(ROOT / "params.yaml"))
    assert "\n" not in str(error.value)
    assert list(store.listing()) == []


def test_datasets_loads_every_configuration(shared: Path) -> None:
    names = datasets.get_dataset_config_names(str(shared))
    assert sorted(names) == ["mine-gold", "mine-tiny-detail", "mine-tiny-structure"]
    found = datasets.load_dataset(str(shared), CELL, split="train")
    assert found.num_rows == 12
    assert (found[0]["image"].size, found[0]["original"].size) == ((48, 48), (24, 24))
    uses = [use for row in found for use in row["uses"]]
    assert len({use["question"] for use in uses}) == 13
    asked = {row["question"] for row in tsv_rows(12)}
    assert {use["text"] for use in uses} == asked, "a stranger can answer from the rows alone"
    assert {use["format"] for use in uses} == {"yes_no"}


def test_polars_loads_it_and_digests_are_those_of_the_pixels(shared: Path) -> None:
    rows = pl.read_parquet(shared / "data" / CELL / "*.parquet")
    assert rows.height == 12
    for row in rows.iter_rows(named=True):
        assert picture_of(row["image"]["bytes"]).digest == row["digest"]
        assert picture_of(row["original"]["bytes"]).digest == row["source"]


def test_croissant_is_valid_and_yields_the_records(shared: Path) -> None:
    found = mlcroissant.Dataset(jsonld=str(shared / "croissant.json"))
    assert not found.metadata.issues.errors
    record = next(iter(found.records(CELL)))
    assert record[f"{CELL}/image"].size == (48, 48)
    assert record[f"{CELL}/family"] == b"detail"


def test_without_a_licence_originals_stay_where_they_are(shared: Path, tmp_path: Path) -> None:
    folder = shared.parent / "a workspace"
    made = Workspace.__new__(Workspace)
    made.folder = folder
    out = tmp_path / "bare"
    made.run("g2u.cli.main", "export", str(out), "mine/tiny/detail", "--without-originals")
    rows = pl.read_parquet(out / "data" / CELL / "*.parquet")
    assert rows["original"].struct.field("bytes").null_count() == 12
    assert rows["source"].null_count() == 0
    assert "by digest" in (out / "README.md").read_text()


def test_a_clean_clone_draws_nothing_again(shared: Path, workspace: Workspace) -> None:
    source = shared.parent / "a workspace"
    shutil.copy(source / "mine.tsv", workspace.folder)
    shutil.copy(source / "params.yaml", workspace.folder)
    workspace.init_dvc()
    taken = workspace.run("g2u.cli.main", "import", str(shared))
    assert f"{CELL}: 12 drawings taken in, 0 known; unsigned\n" in taken.stdout
    workspace.run("g2u.cli.main", "sync")
    done = workspace.run("dvc", "repro")
    assert "params.yaml lacks" not in taken.stdout
    said = (done.stdout + done.stderr).splitlines()
    lines = [line for line in said if line.startswith("generate mine") and "items" in line]
    assert len(lines) == 4, said
    assert all(" 0 calls made" in line for line in lines), lines
    again = workspace.run("g2u.cli.main", "import", str(shared))
    assert f"{CELL}: 0 drawings taken in, 12 known; unsigned\n" in again.stdout
    theirs = pq.read_table(source / "data/mine/detail/tiny/thoughts/part-00000.parquet")
    ours = pq.read_table(workspace.folder / "data/mine/detail/tiny/thoughts/part-00000.parquet")
    assert ours.equals(theirs)


def test_presets_that_differ_are_named(shared: Path, tmp_path: Path) -> None:
    config = load(ROOT / "params.yaml")
    families = {**config.presets.families}
    families["detail"] = families["detail"].model_copy(update={"prompt": "Another."})
    presets = config.presets.model_copy(update={"families": families})
    changed = config.model_copy(update={"presets": presets})
    found = take_in(shared, FolderStore(tmp_path / "calls"), changed)
    assert {t.cell.family: t.missing for t in found} == {
        "detail": ("models.tiny", "families.detail"),  # drawn by another model of that name
        "structure": ("models.tiny",),
    }


def test_200_random_changes_of_a_byte_are_refused(copy: Path) -> None:
    rng = random.Random(0)
    paths = sorted(path for path in copy.rglob("*") if path.is_file())
    for _ in range(200):
        path = rng.choice(paths)
        whole = path.read_bytes()
        place = rng.randrange(len(whole))
        spoilt = bytearray(whole)
        spoilt[place] ^= 1 << rng.randrange(8)
        path.write_bytes(spoilt)
        with pytest.raises(DataError):
            verify(copy)
        path.write_bytes(whole)
    verify(copy)


def rewritten(folder: Path, **changes: object) -> None:
    """A manifest with other content that is sound in itself."""
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest.pop("digest")
    manifest |= changes
    manifest["digest"] = sha256(manifest)
    (folder / "manifest.json").write_text(json.dumps(manifest))


def test_other_faults_are_one_line(copy: Path, shared: Path) -> None:
    shard = copy / "data" / CELL / "part-00000.parquet"
    shard.unlink()
    refuse(copy, "part-00000.parquet: missing")
    shutil.copy(shared / "data" / CELL / shard.name, shard)
    (copy / "more.txt").touch()
    refuse(copy, "more.txt: not in manifest.json")
    (copy / "more.txt").unlink()
    (copy / "link").symlink_to(shard)
    refuse(copy, "link: a link")
    (copy / "link").unlink()
    (copy / ".gitattributes").touch()
    (copy / ".cache/huggingface").mkdir(parents=True)
    os.mkfifo(copy / ".cache/huggingface/never read")
    verify(copy)
    rewritten(copy, schema=99)
    refuse(copy, "schema 99, this g2u reads schema 3; install a newer g2u")
    rewritten(copy, schema=2)
    refuse(copy, "schema 2, this g2u reads schema 3; have it exported again by this g2u")
    rewritten(copy, kind="other", schema=3)
    refuse(copy, "not of g2u-thoughts")
    (copy / "manifest.json").write_text("[]")
    refuse(copy, "not a manifest")
    (copy / "manifest.json").unlink()
    refuse(copy, "missing; expected a dataset")


def test_a_call_with_another_picture_in_the_cache_is_a_conflict(
    shared: Path, tmp_path: Path
) -> None:
    store, config = FolderStore(tmp_path / "calls"), load(ROOT / "params.yaml")
    take_in(shared, store, config)
    keys = [stored.key for stored in store.listing()]
    one, other = store.get(keys[0]), store.get(keys[1])
    assert one is not None
    assert other is not None
    store.remove(keys[:1])
    store.put(keys[0], other)
    with pytest.raises(DataError, match="another picture in the call cache"):
        take_in(shared, store, config)


def test_export_wants_a_new_folder_and_cells_that_exist(shared: Path) -> None:
    made = Workspace.__new__(Workspace)
    made.folder = shared.parent / "a workspace"
    full = made.run("g2u.cli.main", "export", "../thoughts", check=False)
    assert "not empty; expected a new folder" in full.stderr
    odd = made.run("g2u.cli.main", "export", "../x", "mine/tiny", check=False)
    assert "expected BENCHMARK/MODEL/FAMILY" in odd.stderr
    absent = made.run("g2u.cli.main", "export", "../x", "mine/tiny/context", check=False)
    assert "missing; g2u run makes it" in absent.stderr
    assert absent.returncode == odd.returncode == full.returncode == 1


def test_the_flow_writes_a_dataset_to_a_url(shared: Path, tmp_path: Path) -> None:
    made = Workspace.__new__(Workspace)
    made.folder = shared.parent / "a workspace"
    shutil.copytree(ROOT / "flows", made.folder / "flows", dirs_exist_ok=True)
    place = f"file://{tmp_path}/bucket/thoughts"
    made.run("flows.share", place, "mine/tiny/detail")
    verify(tmp_path / "bucket" / "thoughts")
    assert (tmp_path / "bucket" / "thoughts" / "data" / CELL / "part-00000.parquet").exists()
    odd = made.run("flows.share", check=False)
    assert odd.stderr.strip() == (
        "ParamsError: flows.share: expected PLACE [BENCHMARK/MODEL/FAMILY ...]"
    )


def test_datasets_come_from_a_url_and_what_is_none_is_one_line(
    shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    verify(fetched(f"file://{shared}"))
    verify(fetched(f"file://{shared}/"))
    for place, said in (
        (f"file://{tmp_path}/absent", "expected a folder of a dataset"),
        ("nobody/nothing", "not to be had from the Hub"),
        ("nobody/nothing@0123456789012345678901234567890123456789", "not to be had from the Hub"),
        ("../absent", "expected a folder, a URL or OWNER/NAME"),
        ("a/b@../../x", "expected a folder, a URL or OWNER/NAME"),
        ("nosuch://x", "expected a folder of a dataset"),
        ("http://127.0.0.1:9/x", "expected a folder of a dataset"),
    ):
        with pytest.raises(DataError, match=said) as error:
            fetched(place)
        assert "\n" not in str(error.value)


def test_fetching_writes_what_a_sound_manifest_names_and_nothing_else(
    copy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    (copy / "more.txt").write_text("of the other side")
    place = fetched(f"file://{copy}")
    verify(place)
    assert not (place / "more.txt").exists()
    held = (place / "README.md").stat()
    assert fetched(f"file://{copy}") == place
    assert (place / "README.md").stat().st_ino == held.st_ino, "what is there is not fetched again"
    shutil.rmtree(place)
    with (copy / "README.md").open("a") as file:
        file.write("longer than it may be")
    with pytest.raises(DataError, match=r"has more than the .* bytes that it may"):
        fetched(f"file://{copy}")
    rewritten(copy, files={"../outside": {"sha256": "0" * 64, "bytes": 1}})
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(DataError, match="leads out of the dataset"):
        fetched(f"file://{copy}")
    assert sorted(tmp_path.rglob("*")) == before


def test_two_imports_at_once_fill_one_cache(shared: Path, tmp_path: Path) -> None:
    config = load(ROOT / "params.yaml")
    with ThreadPoolExecutor(2) as pool:
        runs = [
            pool.submit(take_in, shared, FolderStore(tmp_path / "calls"), config) for _ in range(2)
        ]
        taken = [run.result() for run in runs]
    assert all(each.put + each.known == each.cell.thoughts for cells in taken for each in cells)
    again = take_in(shared, FolderStore(tmp_path / "calls"), config)
    assert [each.put for each in again] == [0, 0]


def test_a_cache_that_cannot_be_written_is_told_before_anything_is_put(
    shared: Path, tmp_path: Path
) -> None:
    (tmp_path / "calls").write_text("a file")
    with pytest.raises(CacheError, match="expected a folder; move what lies there away"):
        take_in(shared, FolderStore(tmp_path / "calls"), load(ROOT / "params.yaml"))


def test_names_are_those_of_the_calls_whatever_a_call_was_given(tmp_path: Path) -> None:
    """Chains edit their own drawings, and drawings from text alone edit nothing."""
    questions = [Question("q", "Why?", pictures=(picture_of(png(1)).digest,))]
    pictures = {picture.digest: picture for picture in (picture_of(png(1)),)}
    sampler = Sampler(0, (("guidance", 1.5), ("own", True), ("steps", 4)))
    asked = (questions, pictures)
    model = Painter()
    calls = brokered(model, FolderStore(tmp_path / "calls"))
    thoughts = [
        *imagined(draw, asked, calls, sampler),
        *imagined(rounds, asked, calls, sampler, prompt="p"),
        *imagined(interleaved, asked, calls, sampler, prompt="{plan}"),
    ]
    recipe = tables.Recipe(
        "b", "f", "m", model.identity("edit"), canonical(dict(sampler.settings)).decode()
    )
    tables.write_thoughts(tmp_path / "thoughts", thoughts, recipe)
    rows = list(parquet.read_shards(tmp_path / "thoughts", tables.THOUGHTS.schema))
    assert {len(row["given"].split()) for row in rows} == {0, 1}
    assert len({row["given"] for row in rows}) > 3, "chains go on from drawings"
    assert [tables.edit_call(row) for row in rows] == [row["thought"] for row in rows]
    assert tables.read_thoughts(tmp_path / "thoughts") == thoughts


class Watched(io.BufferedReader):
    """A file that notes which threads read it."""

    def __init__(self, path: Path) -> None:
        super().__init__(io.FileIO(path))
        self.threads: list[int] = []

    def read(self, size: int | None = -1, /) -> bytes:
        self.threads.append(threading.get_ident())
        return super().read(size)


def test_a_shard_is_read_by_the_thread_that_asks(shared: Path) -> None:
    """A thread of Arrow that still holds what it read takes down a Python that ends."""
    cell = read_manifest(shared).cells[0]
    ((name, count),) = cell.shards.items()
    with Watched(shared / name) as file:
        rows = list(shard_rows(file, SHARED, ["digest", "image"], count))
        assert len(rows) == count
        assert set(file.threads) == {threading.get_ident()}
