"""Words beside drawings in a dataset of thoughts, and tables of before there were any."""

import contextlib
import shutil
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from g2u import plugins
from g2u.calls.encoding import reply_of
from g2u.calls.folder import FolderStore
from g2u.params.params import Params
from g2u.params.reading import load
from g2u.records import EditRequest, Failure, InterleaveRequest, Picture, Seen, Size, Thought
from g2u.sharing.export import export
from g2u.sharing.imports import take_in
from g2u.tables import parquet
from g2u.tables import schemas as tables
from g2u.tables.places import Cell
from tests.conftest import typed

DETAIL = Cell("mine", "tiny", "detail")
SEEN = Seen((Size(24, 24), Size(48, 32)), 17)


def recipe_of(folder: Path) -> tables.Recipe:
    row = next(parquet.read_shards(folder, tables.THOUGHTS.schema))
    kept = ("benchmark", "family", "model", "identity", "sampler", "style")
    return tables.Recipe(*(row[name] for name in kept))


@pytest.fixture
def place(shared: Path, tmp_path: Path) -> Path:
    """A copy of the workspace that the dataset was made in."""
    return Path(shutil.copytree(shared.parent / "a workspace", tmp_path / "copy"))


def exported(place: Path, thoughts: list[Thought]) -> tuple[Path, Params]:
    """A dataset of these as the cell's, with its params."""
    folder = place / DETAIL.thoughts
    recipe = recipe_of(folder)
    tables.write_thoughts(folder, thoughts, recipe)
    with contextlib.chdir(place):
        config = load()
        export(config, [DETAIL], Path("../dataset"), with_originals=True)
    return place.parent / "dataset", config


def test_what_was_said_and_seen_goes_with_a_drawing_into_the_cache_and_to_another_reader(
    place: Path,
) -> None:
    thoughts = tables.read_thoughts(place / DETAIL.thoughts)
    told = [
        replace(t, picture=t.picture and replace(t.picture, trace=("Look:", "Done."), seen=SEEN))
        for t in thoughts
    ]
    dataset, config = exported(place, told)
    store = FolderStore(place.parent / "cache")
    take_in(dataset, store, config)
    stored = store.get_many([told[0].call], "edit")[told[0].call]
    shown = tables.read_pictures(place / "data/mine/pictures")[told[0].source]
    model = plugins.model("shared", typed("shared", {"path": str(dataset)}))
    (found,) = model.edit([EditRequest((shown, told[0].prompt), told[0].seed)])
    for reply in (reply_of("edit", stored), found):
        assert isinstance(reply, Picture)
        assert (reply, reply.trace, reply.seen) == (told[0].picture, ("Look:", "Done."), SEEN)


def test_a_picture_of_several_in_one_reply_is_shared_and_answers_no_call(place: Path) -> None:
    folder = place / DETAIL.thoughts
    identity = recipe_of(folder).identity
    thought = tables.read_thoughts(folder)[0]
    shown = tables.read_pictures(place / "data/mine/pictures")[thought.source]
    settings = (("steps", 4),)
    woven = InterleaveRequest((shown, thought.prompt), thought.seed, settings, place=0)
    dataset, config = exported(
        place, [replace(thought, place=0, call=tables.call_key(identity, woven))]
    )
    taken = take_in(dataset, FolderStore(place.parent / "cache"), config)
    assert [(each.put, each.known) for each in taken] == [(0, 0)]
    model = plugins.model("shared", typed("shared", {"path": str(dataset)}))
    (reply,) = model.edit([EditRequest((shown, thought.prompt), thought.seed)])
    assert isinstance(reply, Failure)


def test_a_table_of_thoughts_of_before_is_read_and_is_still_g2u_s(
    shared: Path, tmp_path: Path
) -> None:
    made = Path(shutil.copytree(shared.parent / "a workspace" / DETAIL.thoughts, tmp_path / "t"))
    now = tables.read_thoughts(made)
    part = made / "part-00000.parquet"
    kept = [f for f in tables.THOUGHTS.schema if f.name not in parquet.LATER]
    rows = [{f.name: row[f.name] for f in kept} for row in pq.read_table(part).to_pylist()]
    parquet.write_rows(part, pa.schema(kept), rows)
    assert tables.read_thoughts(made) == now
    assert parquet.has_columns(part, tables.THOUGHTS.schema)
    assert not parquet.has_columns(part, tables.PICTURES.schema)
