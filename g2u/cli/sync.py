"""Keep dvc.yaml files in step with params.yaml: one per benchmark, and the report's inputs in the
root.
"""

import json
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from g2u import plugins
from g2u.cli.dependencies import shared_code
from g2u.files import write_whole
from g2u.params import Params
from g2u.workspace import DATA, BenchmarkFolder

TEMPLATE = Path(__file__).with_name("benchmark.dvc.yaml")
ROOT = Path("dvc.yaml")
BEGIN, END = "# kept by g2u sync: begin", "# kept by g2u sync: end"
CELL_NOUNS = ("thoughts", "answers", "rewards", "judgements", "scores", "metrics", "costs")
STAGES = ("prepare", "generate", "understand", "judge", "score")


def cell_lines(config: Params) -> str:
    """The `cells` variable: one line a cell."""
    lines = []
    for model, family in config.cells():
        preset = config.presets.models[model]
        edit = config.presets.families[family].edit
        reads = plugins.family(edit).READS
        lines.append(
            f"      {model}-{family}: {{model: {model}, adapter: {preset.adapter}, "
            f"weights: {preset.settings.get('weights', f'g2u/models/{preset.adapter}')}, "
            f"baseline: {preset.baseline or model}, family: {family}, edit: {edit}, "
            f"reads: {reads}}}"
        )
    return "\n".join(lines)


def benchmark_file(config: Params, benchmark: str, root: Path) -> str:
    """Text of data/<benchmark>/dvc.yaml."""
    preset = config.presets.benchmarks[benchmark]
    text = TEMPLATE.read_text(encoding="utf-8")
    named = [preset.settings()[k] for k in ("file", "image_root") if k in preset.settings()]
    parts = {
        "benchmark": benchmark,
        "source": preset.source,
        "cells": cell_lines(config),
        "source_files": "".join(f"      - {_relative(str(p), root)}\n" for p in named),
    }
    judge = config.judge.model
    parts |= {"judge_model": "g2u/models/__init__.py", "judge_params": "judge"}
    if judge is not None:
        parts["judge_model"] = f"g2u/models/{config.presets.models[judge].adapter}"
        parts["judge_params"] = f"presets.models.{judge}"
    scorers = plugins.benchmark(preset.source).SCORERS
    parts["scorers"] = "".join(f"        - g2u/scoring/answers/{name}.py\n" for name in scorers)
    for stage in STAGES:
        indent = "      - " if stage == "prepare" else "        - "
        parts[f"{stage}_code"] = "\n".join(indent + path for path in shared_code(stage, root))
    text = text.replace("<<source_files>>\n", parts.pop("source_files"))
    for name, part in parts.items():
        text = text.replace(f"<<{name}>>", part)
    return text


def _relative(path: str, root: Path) -> str:
    """The path as seen from the workspace, quoted for YAML."""
    return json.dumps(os.path.relpath(root / path, root), ensure_ascii=False)


def root_file(config: Params, text: str, root: Path) -> str:
    """Text of the root dvc.yaml with the report's inputs replaced."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    paths = [
        f"data/{benchmark}/{noun}"
        for benchmark in config.benchmarks
        for noun in (
            "questions.parquet",
            "targets.parquet",
            "pictures",
            "thoughts",
            "answers",
            "scores",
            "metrics",
            "costs",
        )
    ]
    paths += shared_code("report", root)
    lines = "\n".join(f"      - {path}" for path in paths)
    return f"{before}{BEGIN}\n{lines}\n      {END}{after}"


def sync(config: Params, root: Path = Path()) -> list[str]:
    """Write what is out of step; returns one line per file changed or removed.

    Benchmarks and cells that params.yaml no longer names lose their folders; what DVC cached of
    them stays in its cache and comes back when the name does.
    """
    said = []
    wanted = {BenchmarkFolder(b).root / "dvc.yaml": b for b in config.benchmarks}
    for path, benchmark in wanted.items():
        said += _write(root / path, benchmark_file(config, benchmark, root))
    said += _write(root / ROOT, root_file(config, (root / ROOT).read_text(), root))
    for path in sorted((root / DATA).glob("*/dvc.yaml")):
        if path.relative_to(root) not in wanted:
            shutil.rmtree(path.parent)
            said.append(f"removed {path.parent.relative_to(root)}")
    for benchmark in config.benchmarks:
        said += _remove_dead_cells(root, root / DATA / benchmark, config.cells())
    return said


def _write(path: Path, text: str) -> list[str]:
    if path.exists() and path.read_text(encoding="utf-8") == text:
        return []
    write_whole(path, text)
    return [f"wrote {path}"]


def _remove_dead_cells(root: Path, folder: Path, cells: Sequence[tuple[str, str]]) -> list[str]:
    said = []
    for noun in CELL_NOUNS:
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
