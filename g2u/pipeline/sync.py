"""Keep dvc.yaml files in step with params.yaml: one per benchmark and per edit family on it, one of
the recipes, and the inputs of report and gallery in the root. Beside them, .dvcignore files tell
DVC which names in the stages' folders are the stages'; what people keep there is theirs.
"""

import json
import os
from collections.abc import Iterable, Mapping, Set
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from g2u import plugins
from g2u.calls.opened import known_calls
from g2u.code.dependencies import OWN
from g2u.code.root import is_installed
from g2u.errors import DataError
from g2u.files import write_whole
from g2u.params.params import Params
from g2u.params.reading import SHELF
from g2u.pipeline.migrate import require_moved
from g2u.pipeline.ownership import (
    HEADER,
    HEADLINES,
    PAGES,
    Workspace,
    is_generated,
    out_of,
)
from g2u.pipeline.recipes import elsewhere, halves, recipes, sources
from g2u.pipeline.study import BEGIN, DVC_FILE, END
from g2u.tables.places import (
    DATA,
    LOOKS,
    RECIPES,
    RECIPES_FILE,
    REPORT,
    TRAINING,
    BenchmarkFolder,
    Cell,
)
from g2u.thoughts.looks import cells, looks_of

BENCHMARK_TEMPLATE = Path(__file__).with_name("benchmark.dvc.yaml")
FAMILY_TEMPLATE = Path(__file__).with_name("family.dvc.yaml")
RECIPES_TEMPLATE = Path(__file__).with_name("recipes.dvc.yaml")
STUDY_TEMPLATE = Path(__file__).with_name("study.dvc.yaml")
IGNORED = f"""\
# In folders that stages write, DVC looks at the stages' files alone: what else lies there is
# somebody's, neither versioned nor touched; a link to nowhere would stop it. {HEADER}.
"""
PART = "part-[0-9][0-9][0-9][0-9][0-9].parquet"
NOUNS = ("answers", "rewards", "judgements", "votes", "scores")
TABLES = tuple(f"{noun}.parquet" for noun in NOUNS)
SHARDS = ("pictures", "oracles", "adversaries")
"""Folders of a benchmark that prepare writes."""
OF_CELL = {
    (): ("thoughts", "calls", "costs", *TABLES, "metrics.json"),
    ("thoughts",): (PART, "links.parquet"),
    ("calls",): ("generate.parquet", "understand.parquet", "judge.parquet"),
    ("costs",): ("generate.json", "understand.json"),
}
"""Folders of a cell, and the names of stages in them."""
OF_LOOK = {
    (LOOKS, "*", *folder): names if folder else (*names, "decision.json")
    for folder, names in OF_CELL.items()
}
"""The same of its slices."""


def benchmark_file(config: Params, benchmark: str, root: Path) -> str:
    """Text of cells/<benchmark>/dvc.yaml."""
    files = config.presets.benchmarks[benchmark].files()
    listed = "".join(f"      - {_relative(str(path), root)}\n" for path in files)
    text = BENCHMARK_TEMPLATE.read_text(encoding="utf-8").replace("<<source_files>>\n", listed)
    return _filled(text, {"benchmark": benchmark})


def family_file(config: Params, benchmark: str, family: str, look: int, root: Path) -> str:
    """Text of cells/<benchmark>/<family>/dvc.yaml: the cells of that family, one per model; with a
    look, from 1, of their slices before it.

    Without stages and dependencies that stand for nothing: DVC looks at each of them in every run,
    and several times where a stage runs.
    """
    preset = config.presets.families[family]
    models = {
        cell.model: _variables(config, cell, root)
        for cell in cells(config, benchmark)
        if (cell.family, cell.look) == (family, look)
    }
    told = {key for own in models.values() for key in own} | {"look" if look else "whole"}
    idle = BenchmarkFolder(benchmark).questions.as_posix()
    below = f"/{LOOKS}/{look}" if look else ""
    so_far = (f"data/{benchmark}/{family}/${{key}}/{LOOKS}/{n + 1}" for n in range(look))
    parts = {
        "benchmark": benchmark,
        "family": family,
        "look": str(look),
        "at": below,
        "option": f" --look {look}" if look else "",
        "root": "/".join([".."] * (5 if look else 3)),
        "slices": "\n".join(f"        - {folder}/answers.parquet" for folder in so_far),
        "reads": plugins.family(preset.edit).READS,
        "models": "\n".join(_model_line(model, own, told, idle) for model, own in models.items()),
    }
    writers = (preset.writer,) if preset.writer is not None else ()
    for role, speakers in {"judge": config.judge.models, "writer": writers}.items():
        for model in speakers:
            config.require(model=model)
            told.add(role)
        found = [_weights(config, model, "reader", root) for model in speakers]
        weights = list(dict.fromkeys(path for path in found if path is not None))
        if weights:
            told.add(f"{role}_weights")
            parts[f"{role}_weights"] = "\n        - ".join(weights)
    if config.judge.is_panel:
        told.add("panel")
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


def _variables(config: Params, cell: Cell, root: Path) -> dict[str, str]:
    """A cell's variables in family.dvc.yaml; none for most."""
    model, looks = cell.model, looks_of(config, cell.at(0))
    before = looks[: cell.look - 1 if cell.look else None]
    found = {
        "decision": before[-1].decision.as_posix() if before else None,
        "editor_weights": _weights(config, model, "editor", root),
        "reader_weights": _weights(config, model, "reader", root),
        "baseline": config.presets.models[model].baseline,
    }
    return {key: value for key, value in found.items() if value is not None}


def _model_line(model: str, own: Mapping[str, str], told: Set[str], idle: str) -> str:
    """The variables as one line; a model says all that one of its family's models says, and where
    it has nothing to say, what it depends on anyway: `idle`, or its own answers.
    """
    instead = {"decision": idle, "editor_weights": idle, "reader_weights": idle, "baseline": model}
    said = [f"{key}: {own.get(key, other)}" for key, other in instead.items() if key in told]
    return f"      {model}: {{{', '.join(said)}}}"


def _weights(config: Params, model: str, half: str, root: Path) -> str | None:
    """Local weights of a model, or of a pair's half; those in its adapter's folder count there."""
    _, settings = halves(config.presets.models[model], half)
    named = [str(settings[key]) for key in ("weights", "path") if key in settings]
    local = [path for path in named if (root / path).is_dir()]
    return _relative(local[0], root) if local else None


def recipes_file(config: Params, root: Path) -> str:
    """Text of cells/dvc.yaml."""
    found = list(recipes(config, root).values())
    seen = [p for p in sources(found) if not is_installed(root) or p.startswith(f"{OWN}/")]
    listed = "".join(f"      - {place}\n" for place in seen)
    unseen = elsewhere(found, root)
    text = RECIPES_TEMPLATE.read_text(encoding="utf-8").replace("<<sources>>\n", listed)
    text = text.replace("<<elsewhere>>", f" --elsewhere {unseen}" if unseen else "")
    has = {"presets.yaml": (root / SHELF).exists(), "code": bool(seen)}
    has["design"] = config.run.design is not None
    return _chosen(text, config.written | {name for name, is_there in has.items() if is_there})


def _relative(path: str, root: Path) -> str:
    """The path as seen from the workspace, quoted for YAML."""
    return json.dumps(os.path.relpath(root / path, root), ensure_ascii=False)


def _trained(config: Params, root: Path) -> list[str]:
    """What the training left of models that are compared with what they were trained from."""
    compared = [m for n in config.models if (m := config.presets.models[n]).trained_from]
    paths = [model.of_training(name) for model in compared for name in TRAINING]
    return [_relative(p.as_posix(), root) for p in paths if p is not None and (root / p).exists()]


def root_file(config: Params, text: str, root: Path) -> str:
    """Text of the root dvc.yaml with the inputs of report and gallery replaced: the folders of all
    benchmarks, in which DVC looks at stages' files alone.
    """
    for stage in ("report", "gallery"):
        before, found, rest = text.partition(f"{BEGIN} {stage}\n")
        if not found:
            raise DataError(f"dvc.yaml: no line '{BEGIN} {stage}'; git checkout dvc.yaml")
        _, _, after = rest.partition(END)
        paths = [BenchmarkFolder(benchmark).root.as_posix() for benchmark in config.benchmarks]
        paths.append(f"{RECIPES.as_posix()}/{stage}.json")
        if stage == "report":
            paths += _trained(config, root)
        lines = "\n".join(f"      - {path}" for path in paths)
        text = f"{before}{BEGIN} {stage}\n{lines}\n      {END}{after}"
    return text


def dvc_files(config: Params, root: Path = Path()) -> dict[Path, str]:
    """Every dvc.yaml file that params.yaml asks for, relative to `root`, and its text."""
    files = {RECIPES_FILE: recipes_file(config, root)}
    for benchmark in config.benchmarks:
        files[BenchmarkFolder(benchmark).dvc_file] = benchmark_file(config, benchmark, root)
        for cell in cells(config, benchmark):
            if cell.dvc_file not in files:
                files[cell.dvc_file] = family_file(config, benchmark, cell.family, cell.look, root)
    there = root / DVC_FILE if (root / DVC_FILE).exists() else STUDY_TEMPLATE
    files[DVC_FILE] = root_file(config, there.read_text(encoding="utf-8"), root)
    return files


def ignore_files(config: Params) -> dict[Path, str]:
    """Every .dvcignore file that params.yaml asks for, relative to the workspace, and its text."""
    stages = ["prepare", "generate", "understand", "judge", "score"]
    stages += ["look"] if config.run.design is not None else []
    recipes_kept = ["report.json", "gallery.json", *(f"{stage}/" for stage in stages)]
    in_stage = [f"{name}.json" for name in (*config.benchmarks, *config.models)]
    in_report = [f"{b}-{m}" for b in config.benchmarks for m in config.models_of(b)]
    scripts = ["items.js", "items-*.js", "pictures-*.js"]
    files = {
        DATA / ".dvcignore": {
            "recipes": recipes_kept,
            "recipes/*": [*in_stage, *(f"{model}/" for model in config.models)],
            "recipes/generate/*": [f"{family}.json" for family in config.families],
        },
        REPORT / ".dvcignore": {
            HEADLINES: [f"{part}.json" for part in in_report],
            "pages": [*(f"{part}.html" for part in in_report), *PAGES],
            "gallery": ["parts.js", *(f"{part}/" for part in in_report)],
            "gallery/*": scripts,
        },
    }
    texts = {path: IGNORED + _only(kept) for path, kept in files.items()}
    for benchmark in config.benchmarks:
        texts[BenchmarkFolder(benchmark).root / ".dvcignore"] = IGNORED + _only(
            _of_benchmark(config, benchmark)
        )
    return texts


def _of_benchmark(config: Params, benchmark: str) -> dict[str, Iterable[str]]:
    """Folders of a benchmark, and the names of stages in them."""
    models: dict[str, list[str]] = {}
    for model, family in config.cells_of(benchmark):
        models.setdefault(family, []).append(model)
    looks = sorted({str(cell.look) for cell in cells(config, benchmark) if cell.look})
    of_cell = {**OF_CELL, **OF_LOOK, (): (*OF_CELL[()], LOOKS), (LOOKS,): looks}
    return {
        "": ("questions.parquet", "targets.parquet", *SHARDS, *models),
        **dict.fromkeys(SHARDS, (PART,)),
        **models,
        **{
            "/".join(("*/*", *name)): kept for name, kept in (of_cell if looks else OF_CELL).items()
        },
    }


def _only(kept: Mapping[str, Iterable[str]]) -> str:
    """Lines of a .dvcignore by which nothing but these names is looked at in these folders."""
    lines = []
    for folder, names in sorted(kept.items(), key=lambda each: (each[0] > "", each[0].count("/"))):
        place = f"/{folder}/" if folder else "/"
        lines += [f"{place}*", *(f"!{place}{name}" for name in names)]
    return "".join(f"{line}\n" for line in lines)


@dataclass(frozen=True, slots=True)
class Planned:
    """What `sync` will do."""

    root: Path
    texts: Mapping[Path, str]
    """Files to be written, relative to `root`."""
    outputs: list[Path]
    """Outputs to be removed."""
    files: list[Path]
    """Files of sync's own, and lock files beside them, to be removed last."""

    def apply(self) -> list[str]:
        """Write, then remove; returns one line per file written and per output or file removed.

        Folders go once they are empty.

        Raises:
            DataError: something cannot be written or removed; the same command goes on.
        """
        try:
            return self._done()
        except OSError as error:
            raise DataError(
                f"{error.filename}: {error.strerror}; mend that, then run again"
            ) from error

    def _done(self) -> list[str]:
        said = []
        for path, text in self.texts.items():
            write_whole(self.root / path, text)
            said.append(f"wrote {self.root / path}")
        calls = [self.root / path for path in self.outputs if path.parent.name == "calls"]
        if calls:  # a clone that pulled them has no other copy of what was paid
            known_calls().take_in(calls)
        gone: dict[Path, None] = {}
        for path in (*self.outputs, *self.files):
            (self.root / path).unlink(missing_ok=True)
            with suppress(OSError):  # not empty
                for folder in path.parents[:-2]:
                    (self.root / folder).rmdir()
            gone[path.parent if path in self.files else _said_as(path)] = None
        for place in gone:
            is_left = (self.root / place).is_dir()
            said.append(
                f"removed {place}{' but for files that g2u did not write' if is_left else ''}"
            )
        return said


def _said_as(path: Path) -> Path:
    """A shard is not told of, its folder is."""
    out = out_of(path)
    return out if out.parts[1] not in (RECIPES.name, REPORT.name) else path


def sync_plan(config: Params, root: Path = Path()) -> Planned:
    """What is out of step with params.yaml; changes nothing.

    Benchmarks and cells that params.yaml no longer names lose what g2u wrote of them; what DVC
    cached stays in its cache and comes back when the name does.

    Raises:
        DataError: a person's file, folder or link lies where g2u would write, or the workspace has
            the layout of before.
        ParamsError: settings of a preset in use do not fit.
    """
    config.check_settings()
    require_moved(root)
    wanted = {**dvc_files(config, root), **ignore_files(config)}
    workspace = Workspace(root, wanted)
    theirs = workspace.foreign(config)
    texts = {}
    for path, text in wanted.items():
        place = root / path
        if place.is_symlink() or (place.exists() and not place.is_file()):
            theirs.append(f"{path}: no file, where g2u sync writes one; move it away")
        elif not place.exists() or (there := place.read_bytes()) != text.encode():
            texts[path] = text
            if path != DVC_FILE and place.exists() and not _is_synced(path, there):
                theirs.append(
                    f"{path}: g2u sync did not write it, or stages were added to it, and would "
                    "overwrite it; move it, or the stages, to a folder of their own"
                )
            above = next(folder for folder in place.parents if folder.exists())
            if not os.access(above, os.W_OK | os.X_OK):
                theirs.append(f"{above}: cannot be written; g2u sync writes {path} there")
    if theirs:
        more = f" (and {len(theirs) - 1} more places)" if len(theirs) > 1 else ""
        raise DataError(f"{theirs[0]}{more}")
    outputs = workspace.dead(config)
    files = []
    for path in sorted(workspace.dvc_files, reverse=True):  # cells before their benchmark
        if path not in wanted:
            files += [path.with_suffix(".lock"), *_ignore_file_of(path, root), path]
    return Planned(root, texts, outputs, files)


def _is_synced(path: Path, there: bytes) -> bool:
    return is_generated(path, there.decode("utf-8", "replace"))


def _ignore_file_of(path: Path, root: Path) -> list[Path]:
    """The .dvcignore of a benchmark whose dvc.yaml this is, if it is g2u's."""
    if len(path.parts) != 3:
        return []
    beside = BenchmarkFolder(path.parts[1]).root / ".dvcignore"
    place = root / beside
    is_ours = place.is_file() and not place.is_symlink() and _is_synced(beside, place.read_bytes())
    return [beside] if is_ours else []


def sync(config: Params, root: Path = Path()) -> list[str]:
    """Write what is out of step, then remove what params.yaml no longer asks for; returns one line
    per file changed or removed.

    Raises:
        DataError: a person's file, folder or link lies where g2u would write.
    """
    return sync_plan(config, root).apply()
