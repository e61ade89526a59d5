"""g2u sync: what g2u wrote goes with its name, what people put there stays or stops it."""

import hashlib
import itertools
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from g2u.errors import DataError
from g2u.params.params import Params
from g2u.params.reading import load
from g2u.pipeline.ownership import Workspace as Kept
from g2u.pipeline.ownership import form_of, outs, outs_of
from g2u.pipeline.sync import dvc_files, sync, sync_plan
from g2u.questions import targets
from g2u.tables import schemas as tables
from g2u.tables.places import BenchmarkFolder, Cell
from tests.conftest import Workspace

RECIPE = tables.Recipe("b", "f", "m", "m 1", "{}")


@pytest.fixture
def config(workspace: Workspace) -> Params:
    """Two benchmarks, three families, and an output at every place."""
    workspace.raw["families"] = ["direct", "duplicate", "detail"]
    found = workspace.write()
    make(found)
    return found


def make(config: Params) -> None:
    """Write every output of benchmarks and cells, of no rows."""
    for name in config.benchmarks:
        folder = BenchmarkFolder(name)
        tables.write_questions(folder.questions, [])
        targets.write_targets(folder.targets, [])
        tables.write_pictures(folder.pictures, [])
        for place in (folder.oracles, folder.adversaries):
            tables.write_oracles(place, [])
        for model, family in config.cells_of(name):
            cell = Cell(name, model, family)
            tables.write_thoughts(cell.thoughts, [], RECIPE)
            tables.write_answers(cell.answers, [])
            tables.write_rewards(cell.rewards, [])
            tables.write_scores(cell.scores, [])
            for path, told in {
                cell.metrics: {"arms": {}, "gains": {}},
                cell.costs("generate"): {"thoughts": {}},
                cell.costs("understand"): {"none": {"answer": {"calls": 1, "seconds": 0.1}}},
            }.items():
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(json.dumps(told))


def without(workspace: Workspace, axis: str, name: str) -> Params:
    """The params without a benchmark, family or model; files are as they were."""
    workspace.raw[axis].remove(name)
    Path("params.yaml").write_text(yaml.safe_dump(workspace.raw))
    return load()


def everything() -> set[str]:
    below = (path for name in ("data", "cells") for path in Path(name).rglob("*"))
    return {str(path) for path in below if not path.is_dir()}


def test_every_output_of_the_dvc_yaml_files_is_known_with_its_form(config: Params) -> None:
    named = {place for text in dvc_files(config).values() for place in outs_of(text)}
    named -= {"g2u_tiny/model/weights"}
    told = {out.path.as_posix() for out in outs(config)}
    root = {"data/report/gains.csv"}  # a plot, which DVC lists apart
    assert named | root == told
    for out in outs(config):
        if out.names is None:
            assert form_of(out.path) is not None, out.path
    assert Kept(Path()).foreign(config) == []


def test_a_removed_benchmark_takes_what_g2u_wrote_and_leaves_the_rest(
    workspace: Workspace, config: Params
) -> None:
    theirs = [
        "data/ladder/file.tsv",
        "cells/ladder/detail/notes.md",
        "data/ladder/pictures/notes.txt",
        "data/ladder/detail/tiny/thoughts/part-00000.parquet.bak",
        "data/ladder/detail_old/tiny/answers.parquet",
        "data/raw/own.csv",
        "cells/raw/dvc.yaml",
    ]
    Path("data/raw").mkdir()
    Path("cells/raw").mkdir()
    Path("data/ladder/detail_old/tiny").mkdir(parents=True)
    for name in theirs:
        Path(name).write_text("stages: {}\n")
    shutil.copy("data/ladder/direct/tiny/answers.parquet", theirs[4])
    config = without(workspace, "benchmarks", "ladder")
    said = sync(config)
    assert everything() >= set(theirs)
    left = {
        name
        for name in everything()
        if name.startswith(("data/ladder", "data/raw", "cells/ladder", "cells/raw"))
    }
    assert left == set(theirs)
    assert "removed data/ladder but for files that g2u did not write" in said
    assert sync(config) == []


def test_a_removed_benchmark_without_notes_leaves_nothing(
    workspace: Workspace, config: Params
) -> None:
    assert "removed data/ladder" in sync(without(workspace, "benchmarks", "ladder"))
    assert not Path("data/ladder").exists()


@pytest.mark.parametrize(("axis", "name"), [("families", "detail"), ("models", "other")])
def test_a_removed_family_or_model_takes_its_outputs_and_no_notes(
    axis: str, name: str, workspace: Workspace
) -> None:
    workspace.raw["families"] = ["direct", "duplicate", "detail"]
    workspace.raw["models"] = ["tiny", "other"]
    workspace.raw["presets"]["models"]["other"] = {"adapter": "null"}
    make(workspace.write())
    cell = Cell("ladder", "other", "detail")
    note = cell.thoughts / "notes.md"
    note.write_text("n")
    mine = cell.answers.with_name("own.parquet")
    shutil.copy(cell.answers, mine)
    sync(without(workspace, axis, name))
    assert {str(note), str(mine)} <= everything()
    left = {Path(path) for path in everything() - {str(note), str(mine)}}
    assert not [path for path in left if name in (*path.parts[2:], path.name.split(".")[0])]
    assert len(left) > 30, "others stay"


def refused(config: Params) -> str:
    """Sync is refused, and nothing was changed."""
    before = {path: path.lstat().st_mtime_ns for path in Path("data").rglob("*")}
    with pytest.raises(DataError) as caught:
        sync(config)
    assert {path: path.lstat().st_mtime_ns for path in Path("data").rglob("*")} == before
    assert "\n" not in str(caught.value)
    return str(caught.value)


def text(place: Path) -> None:
    place.write_text("mine")


def folder(place: Path) -> None:
    place.mkdir()


def link(place: Path) -> None:
    Path("precious").write_text("mine")
    place.symlink_to(Path("precious").absolute())


def link_to_a_copy(place: Path) -> None:
    place.symlink_to(Path("data/easy_vqa/questions.parquet").absolute())


def fifo(place: Path) -> None:
    os.mkfifo(place)


PLACES = (
    "data/ladder/questions.parquet",
    "data/ladder/pictures/part-00000.parquet",
    "data/ladder/pictures/part-00012.parquet",
    "data/ladder/detail/tiny/thoughts/links.parquet",
    "data/ladder/detail/tiny/thoughts",
    "data/ladder/detail/tiny/costs",
    "data/ladder/detail/tiny/metrics.json",
    "data/ladder/detail/tiny/costs/generate.json",
    "data/report/index.html",
    "data/report/pages",
    "data/report/pages/ladder-tiny.html",
    "data/report/pages/rewards.csv",
    "data/report/pages/causes.csv",
    "data/report/gallery/ladder-tiny",
    "data/report/gains.json",
    "data/recipes/report.json",
    "data/recipes/generate/tiny",
    "cells/ladder/dvc.yaml",
    "data/ladder/.dvcignore",
    "cells/ladder/detail/dvc.yaml",
)


KINDS: tuple[Callable[[Path], None], ...] = (text, folder, link, link_to_a_copy, fifo)


def test_something_of_a_person_where_g2u_writes_is_refused_before_anything_changes(
    workspace: Workspace, config: Params
) -> None:
    for name, kind in itertools.product(PLACES, KINDS):
        place = Path(name)
        is_folder = not place.suffix and not place.name.startswith(".")
        if is_folder and kind is folder:
            continue
        aside = place.with_name("aside")
        place.parent.mkdir(parents=True, exist_ok=True)
        if os.path.lexists(place):
            place.rename(aside)
        kind(place)
        assert name in refused(config)
        place.rmdir() if kind is folder else place.unlink()
        if os.path.lexists(aside):
            aside.rename(place)
    assert sync(config) == []


def test_a_link_that_dvc_made_is_no_persons(workspace: Workspace, config: Params) -> None:
    place = Path("data/ladder/questions.parquet")
    place.unlink()
    place.symlink_to(Path(".dvc/cache/files/md5/00").absolute() / ("0" * 30))
    assert sync(config) == []


def test_nothing_behind_a_persons_link_goes(workspace: Workspace, config: Params) -> None:
    elsewhere = Path("elsewhere").absolute()
    shutil.move("data/ladder/detail", elsewhere)
    Path("data/ladder/detail").symlink_to(elsewhere)
    assert "data/ladder/detail: a link" in refused(config)
    before = sorted(elsewhere.rglob("*"))
    sync(without(workspace, "benchmarks", "ladder"))
    assert sorted(elsewhere.rglob("*")) == before
    assert Path("data/ladder/detail").is_symlink()


def test_a_file_of_an_earlier_form_is_g2us_where_a_lock_file_records_it(
    workspace: Workspace, config: Params
) -> None:
    place = Cell("ladder", "tiny", "detail").answers
    place.write_text("columns of last year")
    assert str(place) in refused(config)
    digest = hashlib.md5(place.read_bytes()).hexdigest()
    lock = Path("cells/ladder/detail/dvc.lock")
    stage = f"{{cmd: c, outs: [{{path: {place}, md5: {digest}}}]}}"
    lock.write_text(f"schema: '2.0'\nstages: {{understand@tiny: {stage}}}\n")
    assert sync(config) == []
    place.write_text("mine since then")
    assert str(place) in refused(config)


def test_a_persons_stage_in_a_file_of_g2us_stops_sync_instead_of_vanishing(
    workspace: Workspace, config: Params
) -> None:
    place = Path("cells/ladder/dvc.yaml")
    place.write_text(place.read_text() + "  own:\n    cmd: 'true'\n")
    assert "stages were added" in refused(config)
    sync(without(workspace, "benchmarks", "ladder"))
    assert "own" in place.read_text()


def test_a_copied_dvc_yaml_under_another_name_stays(workspace: Workspace, config: Params) -> None:
    shutil.copytree("data/ladder", "data/copy")
    before = {str(path) for path in Path("data/copy").rglob("*")}
    assert sync(config) == []
    assert {str(path) for path in Path("data/copy").rglob("*")} == before


def test_a_benchmark_that_reads_where_g2u_writes_is_refused(workspace: Workspace) -> None:
    Path("mine.tsv").write_text("n")
    workspace.raw["benchmarks"] = ["mine"]
    places = ("data/mine/pictures", "data/mine/direct/tiny/thoughts", "data/mine", "data")
    for key, place in itertools.product(("file", "image_root"), places):
        source = {"source": "tsv", "file": "mine.tsv", key: place}
        workspace.raw["presets"]["benchmarks"]["mine"] = source
        with pytest.raises(DataError, match=f"presets.benchmarks.mine: {place}: g2u writes there"):
            workspace.write()


def test_a_plan_changes_nothing_until_it_is_applied(workspace: Workspace, config: Params) -> None:
    changed = without(workspace, "families", "detail")
    before = everything()
    planned = sync_plan(changed)
    assert everything() == before
    assert planned.apply()
    assert everything() != before


def test_a_memory_of_another_version_makes_nothing_g2us(
    workspace: Workspace, config: Params
) -> None:
    Path(".dvc/tmp/g2u").mkdir(parents=True, exist_ok=True)
    Path("data/ladder/targets.parquet").write_text("mine")
    for left in ("", "{}", "[1]", "not JSON", '{"data/ladder/targets.parquet": null}'):
        Path(".dvc/tmp/g2u/ours").write_text(left)
        assert "data/ladder/targets.parquet" in refused(config)


def test_a_workspace_that_was_copied_or_moved_is_known_again(
    workspace: Workspace, config: Params
) -> None:
    copy = shutil.copytree(".", workspace.folder.parent / "copied", symlinks=True)
    assert sync(config, copy) == []
    shutil.rmtree(copy / ".dvc" / "tmp")
    assert sync(config, copy) == []
