"""dvc.yaml and recipes against the stages' syntax trees: complete, nothing idle, no gold before
judging.
"""

import json
import subprocess
import sys
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from g2u import plugins
from g2u.code.dependencies import LOADED_BY_NAME, reached, reached_by_stage
from g2u.files import from_yaml
from g2u.params.params import Params
from g2u.params.reading import load
from g2u.params.sections import (
    BenchmarkPreset,
    Design,
    FamilyPreset,
    Judge,
    ModelPreset,
    Run,
)
from g2u.pipeline.recipes import Recipe, recipes, sources
from g2u.pipeline.sync import dvc_files
from g2u_tiny.alignment.section import Alignments
from tests.conftest import ROOT, Workspace

STAGES = {path.stem for path in (ROOT / "stages").glob("*.py")} - {"__init__"}
FROZEN = {"train", "align"}
GOLD = {Path("g2u/questions/targets.py"), Path("stages/score.py"), Path("stages/judge.py")}


def every_module(judge: str = "tiny") -> Params:
    """params.yaml with a benchmark of every source and of every metric, a family of every edit, a
    model of every adapter, and a judge.
    """
    config = load(ROOT / "params.yaml", whole=True)
    named = {
        "benchmarks": {n: BenchmarkPreset(source=n) for n in plugins.known("source")},
        "models": {n: ModelPreset(adapter=n) for n in plugins.known("adapter")},
        "families": {n: FamilyPreset(edit=n) for n in plugins.known("edit")},
    }
    for name in plugins.known("metric"):
        named["benchmarks"][f"by_{name}"] = BenchmarkPreset(source="tsv", metric=name)
    presets = config.presets.model_copy(update=named)
    judges = config.judge.model_copy(update={"model": judge})
    axes = {axis: list(found) for axis, found in named.items()}
    return config.model_copy(update={"presets": presets, "judge": judges, "cells": [], **axes})


def looked_at() -> Params:
    """The same benchmarks, asked of a model whose drawing looks may end."""
    config = every_module()
    looks = config.run.model_copy(update={"design": Design()})
    return config.model_copy(update={"models": ["tiny"], "run": looks, "judge": Judge()})


@cache
def stage_table() -> dict[str, dict[str, Any]]:
    """Stage name -> its body; dependencies are those of the root file and of all benchmarks."""
    bodies: dict[str, dict[str, Any]] = {}
    aligned = (ROOT / "studies" / "weights" / "dvc.yaml").read_text()
    looks = dvc_files(looked_at(), ROOT)
    for text in (*dvc_files(every_module(), ROOT).values(), *looks.values(), aligned):
        for name, body in from_yaml(text)["stages"].items():
            known = bodies.setdefault(name, {"deps": []})
            known["deps"] += body.get("do", body)["deps"]
    return bodies


@cache
def code_deps(stage: str) -> set[Path]:
    """Python files that a stage depends on: by its recipes, in any cell, or by itself."""
    places = [dep for dep in stage_table()[stage]["deps"] if not dep.startswith(("data/", "${"))]
    judges = plugins.known("adapter") if stage == "judge" else ["tiny"]
    for config in [looked_at()] if stage == "look" else map(every_module, judges):
        for path, recipe in recipes(config, ROOT).items():
            if path.parts[2].removesuffix(".json") == stage:
                places += recipe.code
    return python_files(places)


def python_files(places: Iterable[str]) -> set[Path]:
    """Python files among files and folders, relative to the root."""
    found: set[Path] = set()
    for place in places:
        path = ROOT / place
        found |= {path} if path.is_file() else set(path.rglob("*.py"))
    return {path.relative_to(ROOT) for path in found}


def package_file(path: Path) -> bool:
    """Whether it is the docstring-only package file of a folder that is loaded by name."""
    return path.name == "__init__.py" and path.parts[:2] != ("g2u_tiny", "model")


def test_stages_modules_params_sections_and_dvc_keys_are_the_same_names() -> None:
    assert set(stage_table()) == STAGES
    assert set(Params.model_fields) >= STAGES - {"align", "recipes", "look"}
    assert "design" in Run.model_fields  # that of look, which says what is drawn for
    assert set(Alignments.model_fields) == {"align"}


@pytest.mark.parametrize("stage", sorted(LOADED_BY_NAME))
def test_every_module_a_stage_reaches_is_a_dependency(stage: str) -> None:
    missing = reached_by_stage(stage, ROOT) - code_deps(stage)
    assert {path for path in missing if not package_file(path)} == set()


def reached_by_training() -> set[Path]:
    """What train imports, and the benchmarks of its mixture, which it loads by name."""
    train = load(ROOT / "params.yaml", whole=True).train
    assert train is not None
    named = [Path("g2u/questions/benchmarks") / f"{name}.py" for name in train.mixture]
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
    missing = reached_by(stage) - code_deps(stage)
    assert {path for path in missing if path.name != "__init__.py"} == set()


@pytest.mark.parametrize("stage", sorted(STAGES - {"recipes"}))
def test_no_code_dependency_is_idle(stage: str) -> None:
    used = reached_by(stage) | reached(Path(f"stages/{stage}.py"), ROOT)
    assert {path for path in code_deps(stage) - used if not package_file(path)} == set()


def test_stage_recipes_depends_on_itself_and_on_all_code_in_recipes() -> None:
    """Also where it reaches no further: what finds the closure imports no stage."""
    told = python_files(stage_table()["recipes"]["deps"])
    found = [*recipes(every_module(), ROOT).values(), *recipes(looked_at(), ROOT).values()]
    assert told == python_files(sources(found))
    missing = reached(Path("stages/recipes.py"), ROOT) - told
    assert {path for path in missing if not package_file(path)} == set()


def test_every_recipe_is_a_dependency_and_every_such_dependency_a_recipe(
    workspace: Workspace,
) -> None:
    workspace.raw["judge"]["model"] = "tiny"
    config = workspace.write()
    told: set[str] = set()
    for path in dvc_files(config):
        for body in yaml.safe_load(path.read_text())["stages"].values():
            told |= {dep.replace("${key}", "tiny") for dep in body.get("do", body)["deps"]}
    wanted = {path.as_posix() for path in recipes(config)}
    assert {dep for dep in told if dep.startswith("data/recipes/")} == wanted


@pytest.mark.parametrize("stage", ["generate", "understand", "align"])
def test_no_gold_answer_can_reach_what_draws_answers_or_aligns(stage: str) -> None:
    files = reached_by(stage)
    assert files.isdisjoint(GOLD)
    assert not any(path.is_relative_to("g2u/scores") for path in files)
    assert not any(path.is_relative_to("g2u/questions/benchmarks") for path in files)
    assert not any("targets" in dep for dep in stage_table()[stage]["deps"])


def test_a_module_that_reads_targets_in_generate_would_be_caught(workspace: Workspace) -> None:
    edit = workspace.folder / "g2u" / "thoughts" / "edits" / "prompt.py"
    edit.write_text(edit.read_text() + "\n\ndef cheat():\n    from g2u.questions import targets\n")
    assert Path("g2u/questions/targets.py") in reached_by_stage("generate", workspace.folder)


TRACED = """
import json, runpy, sys
from g2u.params import params, reading
load, plain, read = reading.load, params.Params.__getattribute__, set()

def noted(self, name):
    if name in params.Params.model_fields:
        read.add(name)
    return plain(self, name)

def loaded():
    config = load()
    read.clear()  # loading checks all sections
    return config

reading.load, params.Params.__getattribute__ = loaded, noted
stage, sys.argv = sys.argv[1], sys.argv[1:]
runpy.run_module(f"stages.{stage}", run_name="__main__")
named = [(name, getattr(module, "__file__", None)) for name, module in sys.modules.items()]
own = ("g2u", "g2u_tiny", "stages")
modules = [file for name, file in named if file and name.split(".")[0] in own]
print(json.dumps({"read": sorted(read), "modules": modules}))
"""


def test_what_a_real_run_reads_and_imports_is_in_its_recipe(workspace: Workspace) -> None:
    """An oracle beside the syntax trees: modules loaded, and sections of params.yaml looked at."""
    workspace.raw["benchmarks"], workspace.raw["families"] = ["ladder"], ["direct", "duplicate"]
    workspace.raw["judge"]["model"] = "tiny"
    workspace.raw["understand"] |= {"samples": 1, "rewards": ["likelihood"]}
    workspace.raw["score"]["derived"] = [{"rule": "gate", "above": 20}]
    config = workspace.write()
    told = recipes(config)
    (workspace.folder / "traced.py").write_text(TRACED)
    where = {
        "prepare": ["prepare/ladder"],
        "generate": ["generate/tiny/direct", "generate/tiny/duplicate"],
        "understand": ["understand/tiny"] * 2,
        **{stage: [f"{stage}/ladder"] * 2 for stage in ("judge", "score")},
        **{stage: [stage] for stage in ("report", "gallery")},
    }
    for stage in where:
        for recipe, family in zip(where[stage], config.families, strict=False):
            cell = ["--benchmark", "ladder", "--model", "tiny", "--family", family]
            arguments = {"prepare": cell[:2], "report": [], "gallery": []}.get(stage, cell)
            traced(workspace, told[Path(f"data/recipes/{recipe}.json")], stage, *arguments)


def traced(workspace: Workspace, recipe: Recipe, stage: str, *arguments: str) -> None:
    """Run a stage; what it reads and imports has to be in the recipe."""
    seen = json.loads(workspace.run("traced", stage, *arguments).stdout.splitlines()[-1])
    keys, code = {key.split(".")[0] for key in recipe.params}, python_files(recipe.code)
    if "cells that looks may end" in keys:  # to count them is what these are read for
        keys |= {"models", "benchmarks", "families", "cells", "presets"}
        code |= reached_by_stage("generate", ROOT)
    assert set(seen["read"]) - {"run"} <= keys, stage
    assert seen["read"], stage
    used = {Path(file).relative_to(workspace.folder) for file in seen["modules"]}
    assert Path("g2u/tables/schemas.py") in used
    assert {path for path in used - code if not package_file(path)} == set(), stage


def test_what_a_look_reads_and_imports_is_in_its_recipe(workspace: Workspace) -> None:
    workspace.use_null()
    workspace.raw["benchmarks"] = ["ladder"]
    workspace.raw["families"] = ["direct", "duplicate", "detail"]
    workspace.raw["run"] = {"design": {"looks": [0.5, 1.0]}}
    told = recipes(workspace.write())
    (workspace.folder / "traced.py").write_text(TRACED)
    place = ["--benchmark", "ladder", "--model", "tiny", "--family"]
    workspace.run("stages.prepare", *place[:2])
    direct, own = [*place, "direct"], [*place, "detail", "--look", "1"]
    for stage, cell in (("generate", direct), ("understand", direct)):
        workspace.run(f"stages.{stage}", *cell)
    for stage, recipe in (
        ("generate", "generate/tiny/detail"),
        ("understand", "understand/tiny"),
        ("look", "look/ladder"),
    ):
        traced(workspace, told[Path(f"data/recipes/{recipe}.json")], stage, *own)


def test_checked_in_dvc_files_are_in_step_with_params() -> None:
    for path, text in dvc_files(load(ROOT / "params.yaml", whole=True), ROOT).items():
        assert (ROOT / path).read_text() == text, path


def test_every_cell_of_params_is_one_key_in_dvc() -> None:
    config = load(ROOT / "params.yaml", whole=True)
    found = {
        (path.parts[-3], model, path.parent.name)
        for path in (ROOT / "cells").glob("*/*/dvc.yaml")
        for variables in yaml.safe_load(path.read_text())["vars"]
        for model in variables["models"]
    }
    assert found == {(b, m, f) for b in config.benchmarks for m, f in config.cells_of(b)}


@pytest.mark.parametrize(
    "adapter", ["tiny", "hf_chat", "emu3", "janus", "diffusers", "openai", "pair", "null"]
)
def test_an_adapter_costs_nothing_until_it_is_used(adapter: str) -> None:
    heavy = "{'torch', 'transformers', 'diffusers', 'openai'} & set(sys.modules)"
    loading = f"import sys; from g2u import plugins; plugins.adapter({adapter!r})"
    code = f"{loading}; sys.exit(bool({heavy}))"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


@pytest.mark.parametrize("module", ["stages.score", "stages.report", "g2u.pipeline.plan"])
def test_light_stages_start_without_torch(module: str) -> None:
    code = f"import sys, {module}; sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


def test_package_folders_loaded_by_name_exist() -> None:
    folders = {folder for stage in LOADED_BY_NAME.values() for folder in stage}
    assert all((ROOT / folder).is_dir() for folder in folders)


def test_a_scorer_that_other_code_imports_is_in_every_recipe_that_this_code_is_in() -> None:
    """Also of a benchmark whose targets do not name it: short reads numbers with scorer number."""
    found = recipes(load(ROOT / "params.yaml", whole=True), ROOT)
    for stage in ("prepare", "score"):
        code = found[Path(f"data/recipes/{stage}/easy_vqa.json")].code
        needed = {file for path in python_files(code) for file in reached(path, ROOT)}
        missing = needed - python_files(code)
        assert {path for path in missing if not package_file(path)} == set(), stage
