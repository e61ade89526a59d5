"""Keep dvc.yaml files in step with params.yaml: one per benchmark and per edit family on it, one of
the stages' code, and the inputs of report and gallery in the root.
"""

import json
import os
import shutil
from collections.abc import Iterable, Mapping, Set
from pathlib import Path
from typing import Any

from g2u import plugins
from g2u.cli.dependencies import LOADED_BY_NAME, PACKAGES, shared_code
from g2u.cli.guard import STATE
from g2u.cli.sources import states
from g2u.digests import sha256
from g2u.errors import DataError
from g2u.files import write_whole
from g2u.params import ModelPreset, Params
from g2u.workspace import CODE, DATA, TRAINING, BenchmarkFolder

BENCHMARK_TEMPLATE = Path(__file__).with_name("benchmark.dvc.yaml")
FAMILY_TEMPLATE = Path(__file__).with_name("family.dvc.yaml")
ROOT = Path("dvc.yaml")
BEGIN, END = "# kept by g2u sync: begin", "# kept by g2u sync: end"
CELLS = "cells"
"""Folder of a benchmark that holds a dvc.yaml and its dvc.lock per family."""
VARIABLES = ("presets", "adapter", "editor", "editor_weights", "reader", "reader_weights")
"""A model's in family.dvc.yaml, beside its baseline."""
CELL_NOUNS = ("thoughts", "answers", "rewards", "judgements", "scores", "metrics", "costs")
TABLES = ("questions.parquet", "targets.parquet", "pictures", "thoughts", "answers", "scores")
READ = {"report": (*TABLES, "metrics", "costs"), "gallery": (*TABLES, "rewards")}
"""What the stages over all benchmarks read of each."""


def benchmark_file(config: Params, benchmark: str, root: Path) -> str:
    """Text of data/<benchmark>/dvc.yaml."""
    preset = config.presets.benchmarks[benchmark]
    files = "".join(f"      - {_relative(str(path), root)}\n" for path in preset.files())
    text = BENCHMARK_TEMPLATE.read_text(encoding="utf-8").replace("<<source_files>>\n", files)
    presets = config.presets.file_of("benchmarks", benchmark)
    parts = {"benchmark": benchmark, "source": preset.source, "presets": str(presets)}
    return _filled(text, parts)


def family_file(config: Params, benchmark: str, family: str, root: Path) -> str:
    """Text of data/<benchmark>/cells/<family>/dvc.yaml: the cells of that family, one per model.

    Without stages and dependencies that stand for nothing: DVC looks at each of them in every run,
    and several times where a stage runs.
    """
    edit = config.presets.families[family].edit
    preset = config.presets.benchmarks[benchmark]
    models = {m: _model_parts(config, m, root) for m, own in config.cells() if own == family}
    told = {key for own in models.values() for key in own}
    writer = config.presets.families[family].settings().get("writer")
    asked = {"judge": config.judge.model, "writer": writer}
    parts = {
        "benchmark": benchmark,
        "family": family,
        "edit": edit,
        "presets": str(config.presets.file_of("families", family)),
        "reads": plugins.family(edit).READS,
        "metric": preset.metric,
        "models": "\n".join(_model_line(model, own, told) for model, own in models.items()),
    }
    for role, model in asked.items():
        if model is not None:
            told.add(role)
            parts |= _asked(role, config, model, root)
    scorers = plugins.benchmark(preset.source).SCORERS
    parts["scorers"] = "".join(f"        - g2u/scoring/answers/{name}.py\n" for name in scorers)
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


def _model_parts(config: Params, model: str, root: Path) -> dict[str, str]:
    """A model's variables; those beside the adapter only where they say more than it."""
    preset = config.presets.models[model]
    adapter = _adapter_folder(preset.adapter)
    editor, drawing = _half(preset, "editor", root)
    reader, reading = _half(preset, "reader", root)
    found = {"editor": editor, "editor_weights": drawing}
    found |= {"reader": reader, "reader_weights": reading}
    parts = {"adapter": adapter, **{key: path for key, path in found.items() if path != adapter}}
    parts["presets"] = str(config.presets.file_of("models", model))
    return parts if preset.baseline is None else {**parts, "baseline": preset.baseline}


def _model_line(model: str, parts: Mapping[str, str], told: Set[str]) -> str:
    """The variables as one line; a model says all that one of its family's models says."""
    own = {key: parts.get(key, parts["adapter"]) for key in VARIABLES if key in told}
    if "baseline" in told:
        own["baseline"] = parts.get("baseline", model)
    return f"      {model}: {{{', '.join(f'{key}: {value}' for key, value in own.items())}}}"


def _asked(role: str, config: Params, model: str, root: Path) -> dict[str, str]:
    """What cells depend on for another model that they ask."""
    config.require(model=model)
    preset = config.presets.models[model]
    reader, weights = _half(preset, "reader", root)
    found = {"": _adapter_folder(preset.adapter), "_reader": reader, "_weights": weights}
    found["_presets"] = str(config.presets.file_of("models", model))
    found["_name"] = model
    return {f"{role}{part}": value for part, value in found.items()}


def _half(preset: ModelPreset, name: str, root: Path) -> tuple[str, str]:
    """Adapter's folder and weights of a pair's half; of any other model, its own."""
    half = preset.settings.get(name) or {"adapter": preset.adapter, "settings": preset.settings}
    folder = _adapter_folder(str(half["adapter"]))
    return folder, _weights(half.get("settings") or {}, folder, root)


def _adapter_folder(adapter: str) -> str:
    """What a cell depends on for its adapter; of a foreign one, DVC sees nothing."""
    return "g2u/models/__init__.py" if adapter in plugins.foreign() else f"g2u/models/{adapter}"


def _weights(settings: Mapping[str, Any], folder: str, root: Path) -> str:
    """Local weights that a cell depends on; the adapter's folder where there are none."""
    named = [str(settings[key]) for key in ("weights", "path") if key in settings]
    local = [path for path in named if (root / path).is_dir()]
    return _relative(local[0], root) if local else folder


def code_file(config: Params, root: Path) -> str:
    """Text of data/code/dvc.yaml, kept until a source file changes: it takes half a second."""
    stages = [s for s in LOADED_BY_NAME if s != "judge" or config.judge.model is not None]
    now = sha256([stages, states(root / folder for folder in PACKAGES)])
    kept = root / STATE / "code"
    if kept.exists():
        stamp, _, text = kept.read_text(encoding="utf-8").partition("\n")
        if stamp == now:
            return text
    text = _code_text(stages, root)
    write_whole(kept, f"{now}\n{text}")
    return text


def _code_text(stages: Iterable[str], root: Path) -> str:
    lines = [
        "# The code that all cells of a stage run, beside their own files. Kept by `g2u sync` from",
        "# import statements. Cells depend on the digest: the list is written once, not per cell.",
        "stages:",
    ]
    for stage in stages:
        lines += [
            f"  {stage}:",
            "    wdir: ../..",
            f"    cmd: python -S -m stages code --stage {stage}",
            "    deps:",
            *(f"      - {path}" for path in shared_code(stage, root)),
            f"    outs: [{CODE.as_posix()}/{stage}.txt]",
        ]
    return "\n".join(lines) + "\n"


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
        paths.append(f"{CODE.as_posix()}/{stage}.txt")
        if stage == "report":
            paths += _trained(config, root)
        lines = "\n".join(f"      - {path}" for path in paths)
        text = f"{before}{BEGIN} {stage}\n{lines}\n      {END}{after}"
    return text


def dvc_files(config: Params, root: Path = Path()) -> dict[Path, str]:
    """Every dvc.yaml file that params.yaml asks for, relative to `root`, and its text."""
    files = {CODE / "dvc.yaml": code_file(config, root)}
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
