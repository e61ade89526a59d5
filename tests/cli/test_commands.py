"""g2u sync, plan and doctor, as a user runs them."""

import re
from pathlib import Path

import pytest
import yaml

from g2u.pipeline.plan import forecast, plan, table
from g2u.tables.schemas import write_judgements
from tests.conftest import Workspace, tsv_rows


@pytest.mark.slow
def test_the_plan_before_a_run_is_what_the_run_does(workspace: Workspace) -> None:
    workspace.init_dvc()
    workspace.use_null()
    workspace.raw["families"] = ["direct", "duplicate", "detail"]
    workspace.use_tsv(tsv_rows(4))
    config = workspace.write()
    planned = {str(p.cell): {k: t.made for k, t in p.calls.items() if t.made} for p in plan(config)}
    ran = workspace.run("dvc", "repro")
    for line in ran.stderr.splitlines():
        if line.startswith(("generate", "understand")):
            stage, _, rest = line.partition(" ")
            cell = rest.split(":")[0]
            kinds = ("edit",) if stage == "generate" else ("answer", "score")
            expected = sum(planned[cell].get(kind, 0) for kind in kinds)
            assert f" {expected} calls made" in line
    assert all(tally.made == 0 for p in plan(config) for tally in p.calls.values())


def test_the_plan_prints_calls_seconds_and_bytes_per_kind(workspace: Workspace) -> None:
    workspace.use_tsv(tsv_rows(4))
    workspace.raw["run"] = {"prices": {"tiny": {"edit": 0.5}}}
    config = workspace.write()
    text = "\n".join(table(forecast(plan(config), config), by_cell=True))
    assert "mine tiny detail" in text
    assert "all 7 cells" in text
    assert "~hours" in text
    edits = next(s for s in text.splitlines() if "all 7 cells" in s and "edit" in s)
    assert edits.endswith(" 6.00")
    assert "do not exist yet" in text


def test_sync_writes_a_file_per_benchmark_and_family_once_and_removes_what_is_gone(
    workspace: Workspace,
) -> None:
    workspace.use_tsv(tsv_rows(2))
    workspace.write()
    assert workspace.run("g2u.cli.main", "sync").stdout.strip().endswith("in step with params.yaml")
    text = yaml.safe_load(Path("cells/mine/dvc.yaml").read_text())
    assert "data/recipes/prepare/mine.json" in text["stages"]["prepare"]["deps"]
    assert "mine.tsv" in text["stages"]["prepare"]["deps"]
    assert not Path("data/ladder").exists()
    assert {p.parent.name for p in Path("cells/mine").glob("*/dvc.yaml")} == set(
        workspace.raw["families"]
    )
    workspace.raw["families"] = ["direct", "duplicate"]
    workspace.write()
    assert {p.name for p in Path("cells/mine").iterdir() if p.is_dir()} == {"direct", "duplicate"}


def test_a_cell_has_the_stages_and_dependencies_that_it_needs(workspace: Workspace) -> None:
    path = workspace.folder / "cells/ladder/detail/dvc.yaml"
    plain = path.read_text()
    assert list(yaml.safe_load(plain)["stages"]) == ["generate", "understand", "score"]
    assert not re.search("judge|weights}|item.baseline| # if |<<", plain)
    for name in ("eyes", "hands"):
        (workspace.folder / name).mkdir()
    halves = {
        "editor": {"adapter": "shared", "settings": {"path": "hands"}},
        "reader": {"adapter": "hf_chat", "settings": {"path": "eyes"}},
    }
    workspace.raw["presets"]["models"] |= {
        "both": {"adapter": "pair", "settings": halves, "baseline": "other"},
        "other": {"adapter": "hf_chat", "settings": {"path": "eyes"}},
    }
    workspace.raw["models"] = ["tiny", "both"]
    workspace.raw["judge"]["model"] = "other"
    workspace.write()
    told = yaml.safe_load(path.read_text())
    assert list(told["stages"]) == ["generate", "understand", "judge", "score"]
    deps = {name: stage["do"]["deps"] for name, stage in told["stages"].items()}
    models = told["vars"][0]["models"]
    assert models["both"] == {
        "editor_weights": "hands", "reader_weights": "eyes", "baseline": "other",
    }  # fmt: skip
    idle = "data/ladder/questions.parquet"
    assert models["tiny"] == {"editor_weights": idle, "reader_weights": idle, "baseline": "tiny"}
    assert "${item.editor_weights}" in deps["generate"]
    assert "${item.reader_weights}" in deps["understand"]
    assert "eyes" in deps["judge"]
    assert "data/ladder/direct/${item.baseline}/judgements.parquet" in deps["score"]
    judged = workspace.folder / "data/ladder/detail/tiny/judgements.parquet"
    write_judgements(judged, [])
    theirs = judged.with_name("notes.txt")
    theirs.touch()
    workspace.raw["models"] = ["tiny"]
    workspace.raw["judge"]["model"] = None
    workspace.write()
    assert path.read_text() == plain
    assert not judged.exists()
    assert theirs.exists()


def test_doctor_names_what_is_missing_and_how_to_get_it(workspace: Workspace) -> None:
    workspace.init_dvc()
    sound = workspace.run("g2u.cli.main", "doctor")
    assert "MISSING" not in sound.stdout
    Path("g2u_tiny/model/weights/model.safetensors").unlink()
    Path("cells/ladder/dvc.yaml").unlink()
    broken = workspace.run("g2u.cli.main", "doctor", check=False)
    assert broken.returncode == 1
    assert "restore it with git checkout" in broken.stdout
    assert "not cells/ladder/dvc.yaml; g2u sync" in broken.stdout


FAULTS = [
    ("no such file", lambda w: (w.folder / "mine.tsv").unlink()),
    ("not base64", lambda w: w.use_tsv([{**tsv_rows(1)[0], "image": "?" * 80}])),
    ("occurs twice", lambda w: w.use_tsv([tsv_rows(1)[0], tsv_rows(1)[0]])),
]


@pytest.mark.parametrize(("said", "spoil"), FAULTS, ids=[said for said, _ in FAULTS])
def test_bad_input_is_one_line_exit_code_one_and_nothing_half_written(
    said: str, spoil: object, workspace: Workspace
) -> None:
    workspace.use_tsv(tsv_rows(2))
    assert callable(spoil)
    spoil(workspace)
    workspace.write()
    done = workspace.run("stages.prepare", "--benchmark", "mine", check=False)
    assert done.returncode == 1
    lines = [line for line in done.stderr.splitlines() if line.startswith("DataError")]
    assert len(lines) == 1
    assert said in lines[0]
    assert "Traceback" not in done.stderr
    assert {path.name for path in Path("data/mine").iterdir()} == {
        ".dvcignore",
    }
