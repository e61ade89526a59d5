"""Keep dvc.yaml files in step with params.yaml: one per benchmark and per edit family on it, one of
the recipes, and the inputs of report and gallery in the root.
"""

import json
import os
import shutil
from collections.abc import Mapping, Set
from pathlib import Path

from g2u import plugins
from g2u.cli.guard import STATE
from g2u.cli.sources import states
from g2u.dependencies import PACKAGES
from g2u.digests import sha256
from g2u.errors import DataError
from g2u.files import write_whole
from g2u.params import SHELF, Params
from g2u.recipes import halves, named, recipes, sources
from g2u.workspace import DATA, RECIPES, TRAINING, BenchmarkFolder

BENCHMARK_TEMPLATE = Path(__file__).with_name("benchmark.dvc.yaml")
FAMILY_TEMPLATE = Path(__file__).with_name("family.dvc.yaml")
RECIPES_TEMPLATE = Path(__file__).with_name("recipes.dvc.yaml")
ROOT = Path("dvc.yaml")
BEGIN, END = "# kept by g2u sync: begin", "# kept by g2u sync: end"
CELLS = "cells"
"""Folder of a benchmark that holds a dvc.yaml and its dvc.lock per family."""
CELL_NOUNS = ("thoughts", "answers", "rewards", "judgements", "scores", "metrics", "costs")
TABLES = ("questions.parquet", "targets.parquet", "pictures", "thoughts", "answers", "scores")
READ = {"report": (*TABLES, "metrics", "costs"), "gallery": (*TABLES, "rewards")}
"""What the stages over all benchmarks read of each."""


def benchmark_file(config: Params, benchmark: str, root: Path) -> str:
    """Text of data/<benchmark>/dvc.yaml."""
    files = config.presets.benchmarks[benchmark].files()
    listed = "".join(f"      - {_relative(str(path), root)}\n" for path in files)
    text = BENCHMARK_TEMPLATE.read_text(encoding="utf-8").replace("<<source_files>>\n", listed)
    return _filled(text, {"benchmark": benchmark})


def family_file(config: Params, benchmark: str, family: str, root: Path) -> str:
    """Text of data/<benchmark>/cells/<family>/dvc.yaml: the cells of that family, one per model.

    Without stages and dependencies that stand for nothing: DVC looks at each of them in every run,
    and several times where a stage runs.
    """
    preset = config.presets.families[family]
    models = {m: _variables(config, m, root) for m, own in config.cells() if own == family}
    told = {key for own in models.values() for key in own}
    idle = BenchmarkFolder(benchmark).questions.as_posix()
    parts = {
        "benchmark": benchmark,
        "family": family,
        "reads": plugins.family(preset.edit).READS,
        "models": "\n".join(_model_line(model, own, told, idle) for model, own in models.items()),
    }
    for role, model in {
        "judge": config.judge.model,
        "writer": preset.settings().get("writer"),
    }.items():
        weights = None
        if model is not None:
            config.require(model=model)
            told.add(role)
            weights = _weights(config, model, "reader", root)
        if weights is not None:
            told.add(f"{role}_weights")
            parts[f"{role}_weights"] = weights
    return _chosen(_filled(FAMILY_TEMPLATE.read_text(encoding="utf-8"), parts), told)


def _chosen(text: str, told: Set[str]) -> str:
    """The text without lines that end in `# if <something>` that is not `told`, and without what
    is indented under them.
    """
    lines, skipped = [], None
    for line in text.splitlines(keepends=True):
        depth = len(line) - len(line.lstrip(" "))
        if skipped is not None and (depth > skipped or line.isspace()):
            continue
        body, mark, condition = line.rstrip("\n").partition(" # if ")
        skipped = None if not mark or set(condition.split(" and ")) <= told else depth
        if skipped is None:
            lines.append(f"{body}\n" if mark else line)
    return "".join(lines)


def _filled(text: str, parts: Mapping[str, str]) -> str:
    for name, part in parts.items():
        text = text.replace(f"<<{name}>>", part)
    return text


def _variables(config: Params, model: str, root: Path) -> dict[str, str]:
    """A model's variables in family.dvc.yaml; none for most."""
    found = {
        "editor_weights": _weights(config, model, "editor", root),
        "reader_weights": _weights(config, model, "reader", root),
        "baseline": config.presets.models[model].baseline,
    }
    return {key: value for key, value in found.items() if value is not None}


def _model_line(model: str, own: Mapping[str, str], told: Set[str], idle: str) -> str:
    """The variables as one line; a model says all that one of its family's models says, and where
    it has nothing to say, what it depends on anyway: `idle`, or its own answers.
    """
    instead = {"editor_weights": idle, "reader_weights": idle, "baseline": model}
    said = [f"{key}: {own.get(key, other)}" for key, other in instead.items() if key in told]
    return f"      {model}: {{{', '.join(said)}}}"


def _weights(config: Params, model: str, half: str, root: Path) -> str | None:
    """Local weights of a model, or of a pair's half; those in its adapter's folder count there."""
    _, settings = halves(config.presets.models[model], half)
    named = [str(settings[key]) for key in ("weights", "path") if key in settings]
    local = [path for path in named if (root / path).is_dir()]
    return _relative(local[0], root) if local else None


def recipes_file(config: Params, root: Path) -> str:
    """Text of data/dvc.yaml, kept until params or a source file change: it takes half a second."""
    told = config.model_dump(mode="json", exclude={"run", "nightly", "train"})
    now = sha256([told, states(root / folder for folder in PACKAGES)])
    kept = root / STATE / "recipes"
    if kept.exists():
        stamp, _, text = kept.read_text(encoding="utf-8").partition("\n")
        if stamp == now:
            return text
    listed = "".join(f"      - {place}\n" for place in sources(recipes(config, root).values()))
    text = RECIPES_TEMPLATE.read_text(encoding="utf-8").replace("<<sources>>\n", listed)
    text = _chosen(text, {"shelf"} if (root / SHELF).exists() else set())
    write_whole(kept, f"{now}\n{text}")
    return text


def _relative(path: str, root: Path) -> str:
    """The path as seen from the workspace, quoted for YAML."""
    return json.dumps(os.path.relpath(root / path, root), ensure_ascii=False)


def _trained(config: Params, root: Path) -> list[str]:
    """What the training left of models that are compared with what they were trained from."""
    compared = [m for n in config.models if (m := config.presets.models[n]).trained_from]
    paths = [model.of_training(name) for model in compared for name in TRAINING]
    return [_relative(p.as_posix(), root) for p in paths if p is not None and (root / p).exists()]


def root_file(config: Params, text: str, root: Path) -> str:
    """Text of the root dvc.yaml with the inputs of report and gallery replaced."""
    for stage, nouns in READ.items():
        before, found, rest = text.partition(f"{BEGIN} {stage}\n")
        if not found:
            raise DataError(f"dvc.yaml: no line '{BEGIN} {stage}'; git checkout dvc.yaml")
        _, _, after = rest.partition(END)
        paths = [f"data/{benchmark}/{noun}" for benchmark in config.benchmarks for noun in nouns]
        paths.append(f"{RECIPES.as_posix()}/{stage}.json")
        if stage == "report":
            paths += _trained(config, root)
        lines = "\n".join(f"      - {path}" for path in paths)
        text = f"{before}{BEGIN} {stage}\n{lines}\n      {END}{after}"
    return text


def dvc_files(config: Params, root: Path = Path()) -> dict[Path, str]:
    """Every dvc.yaml file that params.yaml asks for, relative to `root`, and its text."""
    files = {DATA / "dvc.yaml": recipes_file(config, root)}
    for benchmark in config.benchmarks:
        folder = BenchmarkFolder(benchmark).root
        files[folder / "dvc.yaml"] = benchmark_file(config, benchmark, root)
        for family in config.families:
            path = folder / CELLS / family / "dvc.yaml"
            files[path] = family_file(config, benchmark, family, root)
    files[ROOT] = root_file(config, (root / ROOT).read_text(encoding="utf-8"), root)
    return files


def sync(config: Params, root: Path = Path()) -> list[str]:
    """Write what is out of step; returns one line per file changed or removed.

    Benchmarks and cells that params.yaml no longer names lose their folders; what DVC cached of
    them stays in its cache and comes back when the name does.
    """
    said = []
    wanted = dvc_files(config, root)
    for path, text in wanted.items():
        said += _write(root / path, text)
    for path in sorted((root / DATA).rglob("dvc.yaml")):
        if path.relative_to(root) not in wanted and path.exists():
            shutil.rmtree(path.parent)
            said.append(f"removed {path.parent.relative_to(root)}")
    for benchmark in config.benchmarks:
        said += _remove_dead_cells(config, root, root / DATA / benchmark)
    asked_for = named(config)
    for path in sorted((root / RECIPES).rglob("*.json")):
        if path.relative_to(root) not in asked_for:
            path.unlink()
            said.append(f"removed {path.relative_to(root)}")
    return said


def _write(path: Path, text: str) -> list[str]:
    if path.exists() and path.read_text(encoding="utf-8") == text:
        return []
    write_whole(path, text)
    return [f"wrote {path}"]


def _remove_dead_cells(config: Params, root: Path, folder: Path) -> list[str]:
    said = []
    for noun in CELL_NOUNS:
        is_made = noun != "judgements" or config.judge.model is not None
        cells = config.cells() if is_made else []
        for path in sorted((folder / noun).glob("*/*")):
            family = path.name.split(".")[0]
            if path.name == ".gitignore" or (path.parent.name, family) in cells:
                continue
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()
            said.append(f"removed {path.relative_to(root)}")
    return said
