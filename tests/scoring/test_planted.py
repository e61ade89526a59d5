"""Planted answerers are named rightly by the whole pipeline: a private adapter's models, in one run
from prepare to report. `python -m bench.planted` has the shares over many worlds.
"""

import base64
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest
import yaml

from bench.planted import PLANTED, is_right
from g2u import plugins
from g2u.errors import ParamsError
from g2u.pipeline.recipes import recipes
from g2u.tables.places import RECIPES
from tests.conftest import ROOT, Workspace, importable, installed, tsv_rows, typed
from tests.planted_answerers import ASKED, KINDS, NAMES, PICTURES, SIDES, Item, picture

LEAK, OWN, TELLING = "leak", "detail", "telling"
SITE = "site"
SAID = ("verdict", "beside")
FURTHER = {
    "any_second_picture": ["blank", "upscale"],
    "repetition": ["upscale"],
    "classical_edit": ["upscale"],
}
"""Controls, beside duplicate, of those that they stand for."""


def rows() -> list[dict[str, str]]:
    """Two questions of each picture."""
    return [
        {
            "index": str(2 * number + side),
            "image": base64.b64encode(picture(number).encoded).decode(),
            "question": ASKED.format(side=name),
            **dict(zip("ABCD", NAMES, strict=True)),
            "answer": "ABCD"[Item.of(number, side).gold],
        }
        for number in range(PICTURES)
        for side, name in enumerate(SIDES)
    ]


def install(folder: Path) -> Path:
    """The adapter as pip would install it: a module and its entry point."""
    installed(folder, "planted_answerers", "planted")
    shutil.copy(ROOT / "tests/planted_answerers.py", folder)
    return folder


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """It is installed in this process."""
    with importable(install(tmp_path / SITE), "planted_answerers", monkeypatch):
        yield


@pytest.mark.usefixtures("here")
def test_a_private_adapter_judges_and_what_is_judged_depends_on_what_it_says_that_it_is(
    workspace: Workspace,
) -> None:
    settings = {"kind": "repetition"}
    workspace.use_null()
    workspace.use_tsv(
        [{**row, "answer": "a number"} for row in tsv_rows(2)], format="open", scorer="equivalent"
    )
    workspace.raw["presets"]["models"]["mine"] = {"adapter": "planted", "settings": settings}
    workspace.raw["judge"] = {"model": "mine", "tasks": ["answers"]}
    recipe = recipes(workspace.write())[RECIPES / "judge/mine.json"]
    model = plugins.model("planted", typed("planted", settings))
    named = [model.identity("answer"), model.identity("score")]
    assert json.loads(recipe.text(workspace.folder))["params"]["identity.mine.reader"] == named


@pytest.mark.usefixtures("here")
def test_broken_moves_are_refused_where_recipes_of_before_lie(workspace: Workspace) -> None:
    workspace.use_null()
    workspace.use_tsv(tsv_rows(2))
    workspace.raw["presets"]["models"]["mine"] = {
        "adapter": "planted", "settings": {"kind": "repetition"},
    }  # fmt: skip
    workspace.raw["models"] = ["mine"]
    for path, recipe in recipes(workspace.write()).items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(recipe.text())
    Path("moves.json").write_text("{")
    with pytest.raises(ParamsError, match=r"moves\.json: not of the form"):
        workspace.write()


@pytest.mark.slow
def test_every_planted_answerer_is_named_as_it_is_built(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = install(workspace.folder / SITE)
    monkeypatch.setenv("PYTHONPATH", f"{workspace.folder}:{site}")
    raw = workspace.raw
    raw["presets"]["models"] = {
        kind: {"adapter": "planted", "settings": {"kind": kind}, "batch": 64} for kind in KINDS
    }
    raw["models"] = [kind for kind in KINDS if kind != LEAK]
    shared = ["direct", "duplicate"]
    raw["families"] = [*shared, OWN]
    further = {LEAK: [TELLING], **FURTHER}
    raw["cells"] = [
        {"models": [model], "benchmarks": ["mine"], "families": [*shared, *families]}
        for model, families in further.items()
    ]
    raw["presets"]["families"][TELLING] = {"edit": "rewritten", "prompt": "Enhance the details."}
    raw["understand"]["controlled"] = [OWN, TELLING]
    raw["gallery"] = {"items": 1}
    workspace.use_tsv(rows())
    (workspace.folder / "params.yaml").write_text(yaml.safe_dump(raw))
    workspace.init_dvc()
    workspace.run("g2u.cli.main", "run")
    gains = pl.read_csv(workspace.folder / "data/report/gains.csv")
    judged = gains.filter(pl.col("verdict").is_not_null())
    assert set(judged["arm"]) == {OWN, TELLING}
    found = {row["model"]: row for row in judged.iter_rows(named=True)}
    assert len(found) == len(PLANTED)
    assert {row["items"] for row in found.values()} == {2 * PICTURES}
    told = {name: [found[kind(name)][each] or "" for each in SAID] for name in PLANTED}
    assert [(name, *said) for name, said in told.items() if not is_right(name, *said)] == []
    index = (workspace.folder / "data/report/index.html").read_text(encoding="utf-8")
    for line in ("position (1)", "along an answer channel (1)", "both ways (1)"):
        assert line in index


def kind(name: str) -> str:
    """The model's name."""
    return name.replace(", ", " ").replace(" ", "_")
