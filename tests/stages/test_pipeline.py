"""dvc.yaml against the stages' syntax trees: complete, nothing idle, no gold before judging."""

import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from g2u import plugins
from g2u.alignment.section import Alignments
from g2u.cli.dependencies import LOADED_BY_NAME, reached, reached_by_stage
from g2u.cli.sync import dvc_files
from g2u.params import BenchmarkPreset, Params, load
from tests.conftest import ROOT, Workspace

STAGES = {path.stem for path in (ROOT / "stages").glob("*.py")} - {"__init__", "__main__", "code"}
FROZEN = {"train", "align"}
GOLD = {Path("g2u/targets.py"), Path("stages/score.py"), Path("stages/judge.py")}


def every_source() -> Params:
    """params.yaml with a benchmark of every source and of every metric, and a judge."""
    config = load(ROOT / "params.yaml")
    benchmarks = dict(config.presets.benchmarks)
    for name in plugins.known("source"):
        benchmarks[f"of_{name}"] = BenchmarkPreset(source=name)
    for name in plugins.known("metric"):
        benchmarks[f"by_{name}"] = BenchmarkPreset(source="tsv", metric=name)
    presets = config.presets.model_copy(update={"benchmarks": benchmarks})
    judge = config.judge.model_copy(update={"model": "tiny"})
    changes = {"presets": presets, "benchmarks": list(benchmarks), "judge": judge}
    return config.model_copy(update=changes)


@cache
def stage_table() -> dict[str, dict[str, Any]]:
    """Stage name -> its body; dependencies are those of the root file and of all benchmarks."""
    bodies: dict[str, dict[str, Any]] = {}
    aligned = (ROOT / "studies" / "weights" / "dvc.yaml").read_text()
    for text in (*dvc_files(every_source(), ROOT).values(), aligned):
        for name, body in yaml.safe_load(text)["stages"].items():
            known = bodies.setdefault(name, {"deps": []})
            known["deps"] += body.get("do", body)["deps"]
    return bodies


def code_deps(body: dict[str, Any], adapter: str = "*") -> set[Path]:
    """Python files under a stage's dependencies, the cell's variables filled in for any cell."""
    files: set[Path] = set()
    for dep in body["deps"]:
        if dep.startswith("data/"):
            continue
        text = dep.replace("${item.adapter}", f"g2u/models/{adapter}")
        for other in ("judge", "writer"):
            text = text.replace(f"${{{other}.model}}", f"g2u/models/{adapter}")
        text = text.replace("${edit}", "*").replace("${source}", "*")
        for found in ROOT.glob(text):
            files |= {found} if found.is_file() else set(found.rglob("*.py"))
    return {path.relative_to(ROOT) for path in files}


def package_file(path: Path) -> bool:
    """Whether it is the docstring-only package file of a folder that is loaded by name."""
    return path.name == "__init__.py" and "tiny" not in path.parts


def test_stages_modules_params_sections_and_dvc_keys_are_the_same_names() -> None:
    assert set(stage_table()) == STAGES
    assert set(Params.model_fields) >= STAGES - {"align"}
    assert set(Alignments.model_fields) == {"align"}


@pytest.mark.parametrize("stage", sorted(STAGES - FROZEN))
def test_every_module_a_stage_reaches_is_a_dependency(stage: str) -> None:
    missing = reached_by_stage(stage, ROOT) - code_deps(stage_table()[stage])
    assert {path for path in missing if not package_file(path)} == set()


def reached_by_training() -> set[Path]:
    """What train imports, and the benchmarks of its mixture, which it loads by name."""
    mixture = load(ROOT / "params.yaml").train.mixture
    named = [Path("g2u/benchmarks") / f"{name}.py" for name in mixture]
    return {file for start in (Path("stages/train.py"), *named) for file in reached(start, ROOT)}


def reached_by(stage: str) -> set[Path]:
    """What a stage's process can import."""
    if stage == "train":
        return reached_by_training()
    return (
        reached(Path("stages/align.py"), ROOT)
        if stage == "align"
        else reached_by_stage(stage, ROOT)
    )


@pytest.mark.parametrize("stage", sorted(FROZEN))
def test_every_module_a_frozen_stage_reaches_is_a_dependency(stage: str) -> None:
    missing = reached_by(stage) - code_deps(stage_table()[stage])
    assert {path for path in missing if path.name != "__init__.py"} == set()


@pytest.mark.parametrize("stage", sorted(STAGES))
def test_no_code_dependency_is_idle(stage: str) -> None:
    used = reached_by(stage) | reached(Path(f"stages/{stage}.py"), ROOT)
    assert code_deps(stage_table()[stage]) - used == set()


@pytest.mark.parametrize("stage", ["generate", "understand", "align"])
def test_no_gold_answer_can_reach_what_draws_answers_or_aligns(stage: str) -> None:
    files = reached_by(stage)
    assert files.isdisjoint(GOLD)
    assert not any(path.is_relative_to("g2u/scoring") for path in files)
    assert not any(path.is_relative_to("g2u/benchmarks") for path in files)
    assert not any("targets" in dep for dep in stage_table()[stage]["deps"])


def test_a_module_that_reads_targets_in_generate_would_be_caught(workspace: Workspace) -> None:
    edit = workspace.folder / "g2u" / "edits" / "prompt.py"
    edit.write_text(edit.read_text() + "\n\ndef cheat():\n    from g2u import targets\n")
    assert Path("g2u/targets.py") in reached_by_stage("generate", workspace.folder)


@pytest.mark.parametrize("stage", ["prepare", "generate", "understand", "judge", "score"])
def test_what_a_real_run_imports_lies_under_the_dependencies(
    stage: str, workspace: Workspace
) -> None:
    """An oracle beside the syntax trees: the modules a stage's process really loaded."""
    workspace.raw["benchmarks"], workspace.raw["families"] = ["ladder"], ["direct", "duplicate"]
    workspace.raw["judge"]["model"] = "tiny"
    workspace.write()
    cell = ("--benchmark", "ladder", "--model", "tiny", "--family", "direct")
    other = (*cell[:-1], "duplicate")
    workspace.run("stages.prepare", "--benchmark", "ladder")
    for name in ("generate", "understand", "judge"):
        workspace.run(f"stages.{name}", *cell)
        workspace.run(f"stages.{name}", *other)
    arguments = cell[:2] if stage == "prepare" else cell
    program = (
        f"import sys, runpy\nsys.argv = ['x', *{list(arguments)!r}]\n"
        f"runpy.run_module('stages.{stage}', run_name='__main__')\n"
        "print('\\n'.join(m.__file__ for n, m in sys.modules.items()"
        " if n.split('.')[0] in ('g2u', 'stages') and getattr(m, '__file__', None)))"
    )
    (workspace.folder / "trace_modules.py").write_text(program)
    loaded = workspace.run("trace_modules").stdout.split("\n")
    used = {Path(line).relative_to(workspace.folder) for line in loaded if line}
    assert Path("g2u/tables.py") in used
    known = code_deps(stage_table()[stage]) | {Path("stages/__init__.py")}
    assert {path for path in used - known if not package_file(path)} == set()


def test_checked_in_dvc_files_are_in_step_with_params() -> None:
    for path, text in dvc_files(load(ROOT / "params.yaml"), ROOT).items():
        assert (ROOT / path).read_text() == text, path


def test_every_cell_of_params_is_one_key_in_dvc() -> None:
    config = load(ROOT / "params.yaml")
    found = {
        (path.parts[-4], model, path.parent.name)
        for path in (ROOT / "data").glob("*/cells/*/dvc.yaml")
        for variables in yaml.safe_load(path.read_text())["vars"]
        for model in variables["models"]
    }
    assert found == {(b, m, f) for b in config.benchmarks for m, f in config.cells()}


@pytest.mark.parametrize(
    "adapter", ["tiny", "hf_chat", "emu3", "janus", "diffusers", "openai", "pair", "null"]
)
def test_an_adapter_costs_nothing_until_it_is_used(adapter: str) -> None:
    heavy = "{'torch', 'transformers', 'diffusers', 'openai'} & set(sys.modules)"
    code = f"import sys, g2u.models.{adapter}; sys.exit(bool({heavy}))"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


@pytest.mark.parametrize("module", ["stages.score", "stages.report", "g2u.cli.plan"])
def test_light_stages_start_without_torch(module: str) -> None:
    code = f"import sys, {module}; sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


def test_package_folders_loaded_by_name_exist() -> None:
    folders = {folder for stage in LOADED_BY_NAME.values() for folder in stage}
    assert all((ROOT / folder).is_dir() for folder in folders)
