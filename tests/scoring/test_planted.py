"""Planted answerers are named rightly by the whole pipeline: a private adapter's models, in one run
from prepare to report. `python -m bench.planted` has the shares over many worlds.
"""

import base64
import shutil
from pathlib import Path

import polars as pl
import pytest

from bench.planted import CONTROLS, PLANTED, is_right
from tests.conftest import ROOT, Workspace
from tests.planted_answerers import ASKED, KINDS, NAMES, SIDES, Item, picture

PICTURES = 200
LEAK, OWN, TELLING = "leak", "detail", "telling"
SITE = "site"


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
    info = folder / "planted_answerers-1.0.dist-info"
    info.mkdir(parents=True)
    shutil.copy(ROOT / "tests/planted_answerers.py", folder)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: planted-answerers\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[g2u.models]\nplanted = planted_answerers\n")
    return folder


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
    shared = ["direct", *CONTROLS]
    raw["models"] = [kind for kind in KINDS if kind != LEAK]
    raw["families"] = [*shared, OWN]
    raw["cells"] = [{"models": [LEAK], "benchmarks": ["mine"], "families": [*shared, TELLING]}]
    raw["presets"]["families"][TELLING] = {"edit": "rewritten", "prompt": "Enhance the details."}
    raw["understand"]["controlled"] = [OWN, TELLING]
    raw["gallery"] = {"items": 1}
    workspace.use_tsv(rows())
    workspace.write()
    workspace.init_dvc()
    workspace.run("g2u.cli.main", "run")
    told = pl.read_csv(workspace.folder / "data/report/gains.csv").filter(
        pl.col("verdict").is_not_null()
    )
    assert set(told["arm"]) == {OWN, TELLING}
    found = {row["model"]: row for row in told.iter_rows(named=True)}
    assert len(found) == len(PLANTED)
    for name in PLANTED:
        row = found[kind(name)]
        assert row["items"] == 2 * PICTURES, name
        assert is_right(name, row["verdict"], row["beside"] or ""), (name, row)


def kind(name: str) -> str:
    """The model's name."""
    return name.replace(", ", " ").replace(" ", "_")
