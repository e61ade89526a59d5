"""Studies: a workspace of their own over the same call cache, and what is drawn of them."""

import json
import shutil
from pathlib import Path

import pytest
import yaml
from PIL import Image

from flows.figures import DOCUMENTS, tables_of_study, with_tables
from flows.study import laid_over, params_of
from flows.study import workspace as study_workspace
from g2u.params.reading import load
from g2u.report.curves import Curve, depth_figure, steps_figure
from g2u.report.strip import TILE, Panel, Row, strip
from tests.conftest import ROOT, Workspace, tsv_rows


def test_a_study_merges_mappings_and_replaces_everything_else() -> None:
    base = {"a": [1, 2], "b": {"c": 1, "d": {"e": 2}}, "f": 3}
    changed = laid_over(base, {"a": [9], "b": {"d": {"g": 4}}})
    assert changed == {"a": [9], "b": {"c": 1, "d": {"e": 2, "g": 4}}, "f": 3}
    assert base == {"a": [1, 2], "b": {"c": 1, "d": {"e": 2}}, "f": 3}


def test_a_study_may_change_a_preset_of_the_shelf(tmp_path: Path) -> None:
    shelved = {"a": {"edit": "filter", "filter": "zoom"}, "b": {"edit": "noise"}}
    for name, content in {
        "params.yaml": {"presets": {"families": {"c": {"edit": "direct"}}}},
        "presets.yaml": {"presets": {"families": shelved}},
        "studies/mine.yaml": {"presets": {"families": {"a": {"filter": "sharpen"}}}},
    }.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(yaml.safe_dump(content))
    found = params_of("mine", tmp_path)["presets"]["families"]
    assert found == {"a": {"edit": "filter", "filter": "sharpen"}, "c": {"edit": "direct"}}


SUBSETS = {"causes": 200, "methods": 200, "rewards": 300, "tuning": 200}
"""Studies of fewer items, as they say."""
FIRST = "_first"
"""End of the name of a benchmark that is the first items of another one."""


@pytest.mark.parametrize("path", sorted((ROOT / "studies").glob("*.yaml")), ids=lambda p: p.stem)
def test_every_study_is_sound(path: Path, tmp_path: Path) -> None:
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(params_of(path.stem, ROOT)))
    config = load(tmp_path / "params.yaml")
    for benchmark in config.benchmarks:
        if benchmark.endswith(FIRST):
            assert benchmark.removesuffix(FIRST) in config.benchmarks
            continue
        least = SUBSETS.get(path.stem, 500)
        assert config.presets.benchmarks[benchmark].settings()["items"] >= least


def test_a_study_s_workspace_loses_modules_that_are_gone_here_and_keeps_notes(
    workspace: Workspace,
) -> None:
    workspace.init_dvc()
    Path("studies").mkdir()
    Path("studies/small.yaml").write_text("families: [direct, duplicate]\n")
    Path("g2u/extra.py").touch()
    place = study_workspace("small")
    note = place / "g2u" / "notes.txt"
    note.write_text("mine")
    assert (place / "g2u" / "extra.py").exists()
    Path("g2u/extra.py").unlink()
    study_workspace("small")
    assert not (place / "g2u" / "extra.py").exists()
    assert note.read_text() == "mine"


@pytest.mark.slow
def test_a_study_runs_apart_and_brings_its_numbers_home(workspace: Workspace) -> None:
    workspace.init_dvc()
    workspace.use_null()
    shutil.copytree(ROOT / "flows", "flows", ignore=shutil.ignore_patterns("__pycache__"))
    workspace.use_tsv(tsv_rows(4))
    workspace.write()
    Path("studies").mkdir()
    Path("studies/small.yaml").write_text("families: [direct, duplicate]\n")
    before = {path for path in Path("data").rglob("*") if path.is_file()}
    first = workspace.run("flows.study", "small")
    assert "tiny: 12 calls made, 0 reused, 0 failed" in first.stdout
    assert {path for path in Path("data").rglob("*") if path.is_file()} == before
    numbers = json.loads(Path("studies/results/small.json").read_text())
    assert set(numbers["mine"]["tiny"]) == {"direct", "blind", "duplicate"}
    again = workspace.run("flows.study", "small")
    assert "nothing to do: " in again.stdout
    refused = workspace.run("flows.study", "smal", check=False)
    assert refused.returncode == 1
    assert "did you mean 'small'?" in refused.stderr


def numbers(accuracy: float) -> dict[str, float]:
    return {"accuracy": accuracy, "low": accuracy - 0.1, "high": accuracy + 0.1}


ARMS = {
    "direct": numbers(0.5),
    "duplicate": numbers(0.4),
    "structure": {**numbers(0.8), "path_agreement": 0.7},
    "oracle": numbers(0.9),
}


def test_curves_show_every_arm_in_percent() -> None:
    curves = [Curve(name, "structure", [(5, ARMS), (10, ARMS)]) for name in ("a", "b", "c", "d")]
    depth = json.loads(depth_figure(curves))
    assert len(depth["data"]) == 4 * 4
    assert {trace["name"] for trace in depth["data"]} == {"direct", "duplicate", "own", "oracle"}
    own = next(trace for trace in depth["data"] if trace["name"] == "own")
    assert own["x"] == [5, 10]
    assert own["y"] == pytest.approx([80, 80])
    assert own["error_y"]["array"] == pytest.approx([10, 10])
    steps = json.loads(steps_figure(curves))
    path = next(trace for trace in steps["data"] if trace["name"] == "path agreement")
    assert path["y"] == pytest.approx([70, 70])


def test_the_strip_shows_the_pictures_pixel_by_pixel() -> None:
    picture = Image.new("RGB", (48, 48), (10, 200, 30))
    panels = [Panel("source", picture, "red", False), Panel("8 steps", picture, "blue", True)]
    sheet = strip([Row("threads", "What colour is the thread that ends at 3?", panels)] * 2)
    colours = {colour: count for count, colour in sheet.getcolors(2**20) or []}
    assert colours[(10, 200, 30)] == 4 * TILE * TILE
    assert {(11, 110, 110), (163, 35, 47)} <= set(colours)


def test_the_documents_hold_the_tables_of_the_results_that_are_committed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(ROOT)
    found = tables_of_study()
    for document in DOCUMENTS:
        text = document.read_text(encoding="utf-8")
        assert with_tables(text, found) == text
    readme, card, causes = (document.read_text(encoding="utf-8") for document in DOCUMENTS)
    for name in {"headline", "serial_line"} & found.keys():
        assert found.pop(name) in readme
    assert all(found.pop(name) in causes for name in ("channel", "doses"))
    assert all(table in card for table in found.values())
