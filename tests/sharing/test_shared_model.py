"""Thoughts of others before a reader of one's own: looked up in a dataset, byte for byte."""

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from g2u import plugins
from g2u.errors import DataError, ParamsError
from g2u.models import shared as adapter
from g2u.pictures.decoding import picture_of
from g2u.records import EditRequest, Failure, Picture
from g2u.settings import checked
from g2u.sharing.manifest import NAME, read_manifest, write_manifest
from g2u.tables import schemas as tables
from tests.conftest import Workspace, png, tsv_rows, typed
from tests.sharing.conftest import CELL


def test_another_reader_needs_no_generator(shared: Path, workspace: Workspace) -> None:
    """The pair's cells hold the dataset's drawings; no model that edits is named at all."""
    shutil.copytree(shared, workspace.folder / "thoughts")
    workspace.use_tsv([*tsv_rows(12), {**tsv_rows(1)[0], "index": "again"}], licence="MIT")
    editor = {"adapter": "shared", "settings": {"path": "thoughts"}}
    preset = {"adapter": "pair", "settings": {"editor": editor, "reader": {"adapter": "null"}}}
    workspace.raw["presets"]["models"]["reader"] = preset
    workspace.raw["models"] = ["reader"]
    workspace.raw["families"] = ["direct", "duplicate", "detail"]
    workspace.init_dvc()
    workspace.write()
    workspace.run("g2u.cli.main", "run")
    theirs = shared.parent / "a workspace/data/mine/detail/tiny/thoughts"
    ours = tables.read_thoughts(workspace.folder / "data/mine/detail/reader/thoughts")
    assert [(t.question, t.picture) for t in ours] == [
        (t.question, t.picture) for t in tables.read_thoughts(theirs)
    ]
    assert (workspace.folder / "data/report/gains.json").exists()
    text = (workspace.folder / "cells/mine/detail/dvc.yaml").read_text()
    assert yaml.safe_load(text)["vars"][0]["models"]["reader"]["editor_weights"] == "thoughts"


def asked(shared: Path) -> tuple[EditRequest, Picture]:
    """A request that the dataset can serve, and its drawing."""
    found = tables.read_thoughts(shared.parent / "a workspace/data/mine/detail/tiny/thoughts")[3]
    pictures = tables.read_pictures(shared.parent / "a workspace/data/mine/pictures")
    assert found.picture is not None
    return EditRequest((pictures[found.source], found.prompt), found.seed), found.picture


def test_a_drawing_is_found_by_picture_prompt_and_seed(shared: Path) -> None:
    model = plugins.model("shared", typed("shared", {"path": str(shared)}))
    request, drawing = asked(shared)
    other = EditRequest((*request.pictures, request.prompt), request.seed + 1)
    strange = EditRequest((picture_of(png(999)), request.prompt), request.seed)
    worded = EditRequest((*request.pictures, "Draw a cat."), request.seed)
    replies = model.edit([strange, request, other, worded])
    assert replies[1:3] == [drawing, drawing]
    for reply in (replies[0], replies[3]):
        assert isinstance(reply, Failure)
        assert "has no drawing of this picture and prompt" in reply.reason
    assert model.identity("edit") == plugins.model(
        "shared", typed("shared", {"path": str(shared)})
    ).identity("edit")
    assert isinstance(model.edit([EditRequest(("Draw.",), 0)])[0], Failure)


@pytest.mark.parametrize(
    ("preset", "acts"),
    [
        ({"adapter": "realesrgan"}, {"detail"}),
        ({"adapter": "realesrgan", "settings": {"network": "animevideov3", "of": "later"}}, None),
        ({"adapter": "of_somebody", "settings": {}}, None),
        ({"adapter": ["realesrgan"], "settings": 3}, None),
        (
            {
                "adapter": "pair",
                "settings": {"editor": {"adapter": "realesrgan"}, "reader": {"adapter": "null"}},
            },
            {"detail"},
        ),
    ],
)
def test_drawings_of_a_blind_editor_are_of_a_blind_editor(
    shared: Path, tmp_path: Path, preset: dict[str, Any], acts: set[str] | None
) -> None:
    """As far as this clone knows the editor; what a dataset says of it is never trusted."""
    folder = Path(shutil.copytree(shared, tmp_path / "thoughts"))
    manifest = read_manifest(folder)
    cells = [c.model_copy(update={"model_preset": preset}) for c in manifest.cells]
    (folder / NAME).unlink()
    write_manifest(folder, cells, manifest.gold)
    settings = typed("shared", {"path": str(folder), "model": cells[0].model})
    assert plugins.acts("shared", settings) == acts
    assert plugins.acts("shared", typed("shared", {"path": str(shared)})) is None


def test_a_changed_drawing_is_refused(shared: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(shared, tmp_path / "copy"))
    request, drawing = asked(shared)
    shard = folder / "data" / CELL / "part-00000.parquet"
    stored = shard.read_bytes()
    place = stored.index(drawing.encoded)
    shard.write_bytes(stored[: place + 40] + bytes([stored[place + 40] ^ 1]) + stored[place + 41 :])
    with pytest.raises(DataError, match=r"part-00000\.parquet: changed; get the dataset again"):
        plugins.model("shared", typed("shared", {"path": str(folder)})).edit([request])


def test_settings_are_checked(shared: Path, tmp_path: Path) -> None:
    with pytest.raises(ParamsError, match="path is missing"):
        adapter.load(checked(adapter.Settings, {}))
    with pytest.raises(ParamsError, match="did you mean 'path'"):
        adapter.load(checked(adapter.Settings, {"pat": "x"}))
    with pytest.raises(ParamsError, match=r"model 'bagel'; expected whose drawings of .*: tiny$"):
        adapter.load(adapter.Settings(path=str(shared), model="bagel")).identity("edit")
    with pytest.raises(DataError, match="missing; expected a dataset that g2u export wrote"):
        adapter.load(adapter.Settings(path=str(tmp_path))).identity("edit")
