"""params.yaml, read once and checked whole: what is wrong in it stops here with one line."""

import os
import re
import stat
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, get_args

import yaml
from pydantic import ConfigDict, Field, PrivateAttr

from g2u import plugins, protocols
from g2u.arms import Pairing
from g2u.cache.budget import Budget, Limits, Spent
from g2u.errors import DataError, ModelError, ParamsError, in_one_line, unknown_name
from g2u.files import from_yaml
from g2u.records import Scalar
from g2u.settings import FILE, NotNegative, Positive, Section, checked

PATH = Path(FILE)
SHELF = Path("presets.yaml")
"""Beside params.yaml: further presets, by name alone."""
FILES = ("file", "image_root")
"""Settings of benchmarks that name what is read."""
MAX_BYTES = 10**7
"""Of either file."""
NAME = re.compile(r"[a-z0-9_]+")
RESERVED = ("recipes", "report")
BASELINES = ("direct", "duplicate")
DRAWING = frozenset({"draw", "edit"})
"""Capabilities of whose prompts an editor may take no notice."""
NULL_MODES = ("none", "blind")
"""Feedback modes of direct; they show no thought."""


S = TypeVar("S", bound=Section)


class ModelPreset(Section):
    """How to call a model."""

    adapter: str
    """A folder of g2u/models."""
    sampler: dict[str, Scalar] = {}
    """Sent with every edit request."""
    choices: Literal["likelihood", "letter"] = "letter"
    """How multiple choice is answered."""
    batch: Positive = 16
    """Calls handed over at once."""
    settings: dict[str, Any] = {}
    """What the adapter's `load` takes."""
    baseline: str | None = None
    """Another preset whose direct answers this one's gains are measured against as well."""
    trained_from: str | None = None
    """Another preset: where it is among `models`, its arms are what this one's are compared with,
    to see what training changed.
    """

    def of_training(self, name: str) -> Path | None:
        """A file beside local weights that their training left, whether it is there or not."""
        folder = self.settings.get("weights")
        return Path(str(folder)) / name if folder else None


class Preset(Section):
    """A preset whose further keys belong to the module it names."""

    model_config = ConfigDict(extra="allow")

    def settings(self) -> dict[str, Any]:
        """The further keys."""
        return dict(self.model_extra or {})


class Sampling(Section):
    """A part of a benchmark that is drawn once and for all."""

    items: Positive
    by: str = ""
    """Group whose shares are kept (category, or a label); empty = one group."""
    seed: NotNegative = 0


class BenchmarkPreset(Preset):
    """Where questions come from, and which of them are asked."""

    source: str
    """A file of g2u/benchmarks."""
    where: dict[str, str | list[str]] = {}
    """Groups that are kept, by name: {split: dev, category: [counting, position]}."""
    slice: Annotated[list[NotNegative], Field(min_length=2, max_length=2)] | None = None
    """First item and the one after the last, after `where`."""
    sample: Sampling | None = None
    """After `where` and `slice`."""
    metric: str = "categories"
    """A file of g2u/scoring/official: how its published figure is made."""
    licence: str = ""
    """Of the pictures and questions; empty = not known, and then they are not shared."""
    obtain: str = ""
    """Where its file is to be had."""

    def files(self) -> list[Path]:
        """Files and folders that it reads."""
        settings = self.settings()
        return [Path(str(settings[key])) for key in FILES if settings.get(key) is not None]

    def require_files(self, name: str) -> None:
        """Raise DataError for a file of the preset `name` that is missing or no data; opens none.

        `file` may be a folder of parquet files, `image_root` has to be a folder.
        """
        settings = self.settings()
        for key in FILES:
            if settings.get(key) is None:
                continue
            if flaw := _flaw_of(Path(str(settings[key])), key):
                whence = f"get it from {self.obtain}" if self.obtain else "put it there"
                licence = f" (licence: {self.licence})" if self.licence else ""
                raise DataError(
                    f"{settings[key]}: {flaw}; {PATH}: presets.benchmarks.{name}.{key} names it; "
                    f"{whence}{licence}"
                )


class FamilyPreset(Preset):
    """How thoughts are made."""

    edit: str
    """A file of g2u/edits."""
    style: str = ""
    """How its prompts are worded (imperative, descriptive, ...): a factor that can be compared."""
    act: protocols.Act | None = None
    """What its prompts ask for; null = what the family is named after. A model that follows no
    prompt and does this anyway can serve it.
    """

    @property
    def writer(self) -> str | None:
        """The model preset that writes its prompts, if another than the drawing one does."""
        found = self.settings().get("writer")
        return found if isinstance(found, str) else None


Axis = Literal["models", "benchmarks", "families"]


class Presets(Section):
    """Everything a name may stand for."""

    models: dict[str, ModelPreset]
    benchmarks: dict[str, BenchmarkPreset]
    families: dict[str, FamilyPreset]

    def over(self, shelf: "Presets") -> "Presets":
        """These, and those of the shelf that have other names."""
        merged: dict[str, Any] = {
            axis: {**getattr(shelf, axis), **getattr(self, axis)} for axis in AXES
        }
        return self.model_copy(update=merged)


AXES: tuple[Axis, ...] = ("models", "benchmarks", "families")


class Prepare(Section):
    """Section of stage prepare."""

    max_questions: Positive


TrainingPath = Literal["direct", "draw", "read"]


class Variant(Section):
    """What a training apart from the shipped one changes."""

    seed: NotNegative | None = None
    steps: Positive | None = None
    paths: list[TrainingPath] | None = None
    learning_rate: Annotated[float, Field(gt=0)] | None = None
    start: str | None = None
    """Folder of the weights to go on from."""
    talk: NotNegative | None = None
    """Further items of a batch, which teach to talk about drawings."""


class Train(Section):
    """Section of stage train; meanings in g2u/training/loop.py."""

    seed: NotNegative
    steps: Positive
    mixture: dict[str, Positive]
    depths: Annotated[list[int], Field(min_length=2, max_length=2)]
    paths: list[TrainingPath]
    learning_rate: Annotated[float, Field(gt=0)]
    checkpoint_every: Positive
    threads: Positive
    variants: dict[str, Variant] = {}
    """Trained apart, by name."""


class Generate(Section):
    """Section of stage generate."""

    seed: NotNegative
    max_failed: NotNegative


class Control(Section):
    """A further arm of a family."""

    feedback: str
    pairing: Pairing = "own"
    models: list[str] | None = None
    """That have it; null = all."""


RewardName = Literal["likelihood", "contrast", "verdict", "embedding"]
REWARDS: tuple[RewardName, ...] = get_args(RewardName)


class Understand(Section):
    """Section of stage understand."""

    feedback: str
    """Of every family's main arm."""
    controls: list[Control] = []
    """Further arms ..."""
    controlled: list[str] = []
    """... of these families."""
    samples: NotNegative = 0
    """Sampled answers of direct, for votes at equal cost."""
    rewards: list[RewardName] = []
    """Of every thought that a model drew; g2u/rewards.py."""
    reasoning_tokens: NotNegative = 0
    """Of direct's arm that first thinks in words; 0 = no such arm."""
    max_tokens: Positive
    max_failed: NotNegative

    def controls_of(self, model: str, family: str) -> list[Control]:
        """The further arms of a cell."""
        if family not in self.controlled:
            return []
        return [each for each in self.controls if each.models is None or model in each.models]


class Judge(Section):
    """Section of stage judge."""

    model: str | None = None
    """A model preset that judges; null = rules decide everything."""
    tasks: list[Literal["answers", "viescore", "ra", "al"]] = ["answers"]
    """What is judged; g2u/judging.py."""
    max_tokens: Positive = 1024
    agreement: NotNegative = 0
    """Answers per cell that rules have scored and the judge is asked about as well."""


class Derived(Section):
    """An arm that score makes of other arms; g2u/scoring/derived.py."""

    rule: Literal["gate", "separate", "vote", "select", "keep"]
    arm: str = "only"
    """Of a gate and of separate: the arm of the cell that shows the thought."""
    by: Literal[
        "psnr", "ssim", "likelihood", "contrast", "verdict", "embedding", "confidence", "random",
        "oracle",
    ] = "psnr"  # fmt: skip
    """Of a gate: how a thought is compared with its original, or its reward; of a selection, and
    of the best round that is kept: the reward, the confidence of the answer, chance, or the truth.
    """
    above: float = 25.0
    """Of a gate: the thought is shown above this (PSNR in dB)."""
    of: Annotated[int, Field(gt=1)] = 4
    """Of a vote and a selection: how many draws, or sampled answers of direct."""

    @property
    def name(self) -> str:
        """Unique within a cell."""
        return {
            "gate": f"gate_{self.by}_{self.above:g}",
            "separate": "separate",
            "vote": f"vote_{self.of}",
            "select": f"select_{self.by}_{self.of}",
            "keep": f"keep_{self.by}",
        }[self.rule]


class ScoreSection(Section):
    """Section of stage score."""

    derived: list[Derived] = []
    """Further arms of every cell that has the arm they start from."""

    confidence: Annotated[float, Field(gt=0.5, lt=1)]
    resamples: Annotated[int, Field(ge=100)]
    seed: NotNegative


class Report(Section):
    """Section of stage report."""

    examples: NotNegative
    bound_resamples: NotNegative = 0
    """Of the lines that say whether fidelity bounds the gain; 0 = not drawn."""
    alpha: Annotated[float, Field(gt=0, lt=1)]
    margin: Annotated[float, Field(gt=0, lt=1)]


class Gallery(Section):
    """Section of stage gallery."""

    items: NotNegative | None = None
    """Questions per benchmark and model, spread evenly; None = all."""


class BudgetSection(Section):
    """What a run may spend; null = without limit."""

    calls: Positive | None = None
    model_seconds: Annotated[float, Field(gt=0)] | None = None
    money: Annotated[float, Field(gt=0)] | None = None


class Run(Section):
    """How a run is made; no result depends on it."""

    workers: NotNegative = 0
    """Processes that make model calls; 0 = one per device, or per core where none is named."""
    devices: list[str] = []
    """CUDA_VISIBLE_DEVICES of each worker."""
    ray: str | None = None
    """Workers are Ray actors: "local", or a cluster's address (auto, ray://host:port)."""
    budget: BudgetSection = BudgetSection()
    prices: dict[
        str, dict[Literal["edit", "answer", "score", "embed"], Annotated[float, Field(ge=0)]]
    ] = {}
    """Money per call, by model and kind."""


class Nightly(Section):
    """What flows/nightly.py does around a run."""

    cron: str | None = None
    """When flows.serve runs it; null = only when asked."""
    timezone: str = "UTC"
    """Of `cron`, e.g. Europe/Berlin."""
    pull: bool = False
    """Take up what changed in Git first."""
    commit: bool = False
    """Commit lock files and metrics afterwards, so that what is pushed can be found."""
    remote: str | None = None
    """DVC remote that results are pushed to."""
    report_to: str | None = None
    """Folder or URL that the report is copied to."""
    notify: str | None = None
    """Prefect notification block told of failures, as <type>/<name>."""


class Shelf(Section):
    """presets.yaml, whole."""

    presets: Presets


class Block(Section):
    """Some cells: each of these models meets each of these benchmarks with each of these families.
    A list that is left out stands for its whole axis.
    """

    models: list[str] | None = None
    benchmarks: list[str] | None = None
    families: list[str] | None = None
    optional: bool = False
    """Left out, and said so, where a model of it cannot be called and has no results here."""


class Params(Section):
    """params.yaml, whole, with the presets of the shelf."""

    models: list[str]
    benchmarks: list[str]
    families: list[str]
    cells: list[Block] = []
    """Who meets what, where that is not everything with everything."""
    presets: Presets
    prepare: Prepare
    train: Train
    generate: Generate
    understand: Understand
    judge: Judge
    score: ScoreSection
    report: Report
    gallery: Gallery = Gallery()
    run: Run = Run()
    nightly: Nightly = Nightly()
    _left_out: tuple[str, ...] = PrivateAttr(())

    @property
    def left_out(self) -> tuple[str, ...]:
        """Why optional blocks of `cells` are not among these params: a line each."""
        return self._left_out

    def cells_of(self, benchmark: str) -> list[tuple[str, str]]:
        """Model and family of every cell of a benchmark; baselines of models answer only."""
        models = self.models_of(benchmark)
        found = [(m, family) for m in models for family in self.families_of(benchmark, m)]
        for model in models:
            other = self.presets.models[model].baseline
            if other is not None:
                found += [(other, family) for family in BASELINES]
        return list(dict.fromkeys(found))

    def pairs(self) -> list[tuple[str, str]]:
        """Model and family of every cell, of any benchmark."""
        found = {pair for benchmark in self.benchmarks for pair in self.cells_of(benchmark)}
        models = dict.fromkeys([*self.models, *sorted(model for model, _ in found)])
        return [(m, family) for m in models for family in self.families if (m, family) in found]

    def models_of(self, benchmark: str) -> list[str]:
        """Those of `models` that the benchmark is asked of."""
        return [model for model in self.models if self.families_of(benchmark, model)]

    def families_of(self, benchmark: str, model: str) -> list[str]:
        """Those of `families` that the benchmark is asked with of a model; empty: not at all."""
        if not self.cells:
            return list(self.families)
        meeting = [
            self.families if block.families is None else block.families
            for block in self.cells
            if (block.models is None or model in block.models)
            and (block.benchmarks is None or benchmark in block.benchmarks)
        ]
        return [family for family in self.families if any(family in own for own in meeting)]

    def require(self, **names: str) -> None:
        """Check names from a command line: benchmark=, model=, family=.

        Raises:
            ParamsError: a name that is no preset.
        """
        for axis, name in names.items():
            plural = {"benchmark": "benchmarks", "model": "models", "family": "families"}[axis]
            known = getattr(self.presets, plural)
            if name not in known:
                raise ParamsError(unknown_name(f"{PATH}: presets.{plural}", name, known))

    def settings(self, axis: Axis, name: str) -> Section:
        """What the preset `name` says to the module that it names, as that module's `Settings`.

        Raises:
            ParamsError: there is no such preset, or its settings do not fit.
        """
        presets = getattr(self.presets, axis)
        if name not in presets:
            raise ParamsError(unknown_name(f"{PATH}: presets.{axis}", name, presets))
        preset, place = presets[name], f"presets.{axis}.{name}"
        if isinstance(preset, ModelPreset):
            kind = plugins.settings("adapter", preset.adapter)
            return checked(kind, preset.settings, f"{place}.settings")
        module = preset.source if isinstance(preset, BenchmarkPreset) else preset.edit
        kind = plugins.settings("source" if axis == "benchmarks" else "edit", module)
        return checked(kind, preset.settings(), place)

    def check_settings(self) -> None:
        """Raise ParamsError for the first preset in use whose settings do not fit."""
        used: dict[Axis, list[str]] = {
            "benchmarks": self.benchmarks,
            "families": self.families,
            "models": self.models_in_use(),
        }
        for axis, names in used.items():
            for name in names:
                self.settings(axis, name)

    def models_in_use(self) -> list[str]:
        """Presets that a run may call: of its cells, its judge, and the writers of its families."""
        found = [model for model, _ in self.pairs()]
        return list(dict.fromkeys([*found, *self.speakers()]))

    def speakers(self) -> dict[str, str]:
        """Models that only answer, and where params.yaml names them."""
        found = {} if self.judge.model is None else {self.judge.model: "judge.model"}
        for family in self.families:
            writer = self.presets.families[family].writer
            if writer is not None:
                found.setdefault(writer, f"presets.families.{family}.writer")
        return found

    def model(self, name: str) -> protocols.Model:
        """The model of a preset; its weights are read at its first call. Raises ParamsError."""
        settings = self.settings("models", name)
        return plugins.model(self.presets.models[name].adapter, settings)

    def abilities(self, name: str) -> frozenset[str]:
        """What the model of a preset can do; loads nothing. Raises ParamsError."""
        settings = self.settings("models", name)
        return plugins.capabilities(self.presets.models[name].adapter, settings)

    def acts(self, name: str) -> frozenset[protocols.Act] | None:
        """What the editor of a preset does whatever it is asked; None = it follows its prompts."""
        settings = self.settings("models", name)
        return plugins.acts(self.presets.models[name].adapter, settings)

    def why_not(self, model: str, family: str) -> str:
        """Why a family is not applicable to a model, said of the model; empty where it is."""
        preset = self.presets.families[family]
        needs = plugins.family(preset.edit).NEEDS
        for lack in sorted(needs - self.abilities(model)):
            return f"cannot {lack}"
        acts = self.acts(model) if needs & DRAWING else None
        if acts is not None and (preset.act or family) not in acts:
            return f"draws nothing but {', '.join(sorted(acts))}, whatever it is asked"
        return ""

    def budget(self, model: str, spent: Spent | None = None) -> Budget:
        """What may be spent on calls of a model; `spent` is shared by the workers of a run."""
        prices = {str(kind): price for kind, price in self.run.prices.get(model, {}).items()}
        limits = Limits(**self.run.budget.model_dump(exclude_none=True))
        return Budget(limits, spent or Spent(), prices)


def load(path: Path = PATH, *, whole: bool = False) -> Params:
    """Read and check params.yaml, and the presets on the shelf beside it.

    Optional blocks that cannot be run here are left out, unless the `whole` is asked for.

    Raises:
        ParamsError: missing, not YAML, an unknown or misspelt name, a wrong type or value.
    """
    params = read(Params, path)
    shelf = path.with_name(SHELF.name)
    if shelf.exists() or shelf.is_symlink():
        shelved = read(Shelf, shelf)
        params = params.model_copy(update={"presets": params.presets.over(shelved.presets)})
    _check_axes(params, path)
    _check_modules(params, path)
    return params if whole else _at_hand(params, path)


def read(kind: type[S], path: Path) -> S:
    """A YAML file, checked whole.

    Raises:
        ParamsError: missing, not YAML, an unknown or misspelt name, a wrong type or value.
    """
    found: S = _read(kind, path, _text_of(path))
    return found


def _flaw_of(path: Path, key: str) -> str:
    """Why what `file` or `image_root` names cannot be read; empty where it can. Nothing is opened:
    a pipe would wait, and /dev/zero never end.
    """
    if path == Path():
        return "names no file"
    try:
        if not stat.S_ISDIR(path.stat().st_mode):
            return _special(path) or ("no folder" if key == "image_root" else "")
        inner = list(path.rglob("*"))
        flaw = next((f"{each} in it: {said}" for each in inner if (said := _special(each))), "")
        if flaw or key == "image_root" or any(each.suffix == ".parquet" for each in inner):
            return flaw
    except FileNotFoundError:
        return "no such file"
    except (OSError, ValueError) as error:
        return f"cannot be read ({error})"
    return "a folder without parquet files; expected a file"


def _special(path: Path) -> str:
    """What keeps a file that is there from being read; empty for folders and links to nothing."""
    if path.is_dir() or not path.exists():
        return ""
    if not path.is_file():
        return "no regular file (a device, pipe or socket)"
    return "" if os.access(path, os.R_OK) else "cannot be read (its permissions)"


def _text_of(path: Path) -> str:
    """A file's text; nothing but a regular file of bounded size is opened."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise ParamsError(f"{path}: no regular file; expected a YAML file")
        if status.st_size > MAX_BYTES:
            raise ParamsError(f"{path}: {status.st_size:,} bytes; expected at most {MAX_BYTES:,}")
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ParamsError(f"{path}: missing; run inside a g2u workspace (git clone, cd)") from None
    except OSError as error:
        raise ParamsError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise ParamsError(f"{path}: not UTF-8 at byte {error.start}; save it as UTF-8") from None


@lru_cache(maxsize=4)
def _read(kind: type[S], path: Path, text: str) -> S:
    """The same text is read once: the packer is asked for every stage of a run."""
    try:
        raw = from_yaml(text)
    except yaml.YAMLError as error:
        raise ParamsError(in_one_line(f"{path}: not YAML: {error}", 400)) from None
    if not isinstance(raw, dict):
        raise ParamsError(f"{path}: expected keys {', '.join(kind.model_fields)}")
    return checked(kind, raw, file=str(path))


def _check_axes(params: Params, path: Path) -> None:
    axes: tuple[tuple[str, list[str], Iterable[str]], ...] = (
        ("models", params.models, params.presets.models),
        ("benchmarks", params.benchmarks, params.presets.benchmarks),
        ("families", params.families, params.presets.families),
    )
    for axis, names, presets in axes:
        if not names:
            raise ParamsError(f"{path}: {axis} is empty; expected at least one of its presets")
        for name in [*names, *presets]:
            if not NAME.fullmatch(name) or name in RESERVED:
                raise ParamsError(
                    f"{path}: {axis}: {name[:80]!r}; expected a-z, 0-9, _ (not 'recipes', 'report')"
                )
        for name in names:
            if name not in presets:
                raise ParamsError(unknown_name(f"{path}: {axis}", name, presets))
        doubled = sorted({name for name in names if names.count(name) > 1})
        if doubled:
            raise ParamsError(f"{path}: {axis} names {doubled[0]!r} twice")
    for name, preset in params.presets.models.items():
        others = {"baseline": preset.baseline, "trained_from": preset.trained_from}
        for key, other in others.items():
            if other is not None and other not in params.presets.models:
                where = f"{path}: presets.models.{name}.{key}"
                raise ParamsError(unknown_name(where, other, params.presets.models))
    judge = params.judge.model
    if judge is not None and judge not in params.presets.models:
        raise ParamsError(unknown_name(f"{path}: judge.model", judge, params.presets.models))
    for name in BASELINES:
        if name not in params.families:
            raise ParamsError(f"{path}: families lacks {name!r}; every gain is measured against it")
    _check_cells(params, path, axes)


def _check_cells(
    params: Params, path: Path, axes: Iterable[tuple[str, list[str], Iterable[str]]]
) -> None:
    for axis, named, presets in axes:
        for number, block in enumerate(params.cells):
            for name in getattr(block, axis) or ():
                if name not in presets:
                    raise ParamsError(
                        unknown_name(f"{path}: cells[{number}].{axis}", name, presets)
                    )
        met = {
            "models": {m for b in params.benchmarks for m in params.models_of(b)},
            "benchmarks": {b for b in params.benchmarks if params.models_of(b)},
            "families": {family for _, family in params.pairs()},
        }[axis]
        for name in named:
            if name not in met:
                raise ParamsError(
                    f"{path}: cells: none is of {axis} {name!r}; name it in a block, or take it "
                    f"out of {axis}"
                )
    for benchmark in params.benchmarks:
        for model in params.models_of(benchmark):
            own = params.families_of(benchmark, model)
            for name in BASELINES:
                if name not in own:
                    raise ParamsError(
                        f"{path}: cells: {model} on {benchmark} lacks family {name!r}; every gain "
                        "is measured against it"
                    )


def _check_modules(params: Params, path: Path) -> None:
    named = [("adapter", n, m.adapter) for n, m in params.presets.models.items()]
    named += [("source", n, b.source) for n, b in params.presets.benchmarks.items()]
    named += [("metric", n, b.metric) for n, b in params.presets.benchmarks.items()]
    named += [("edit", n, f.edit) for n, f in params.presets.families.items()]
    section = params.understand
    modes = [section.feedback, *(control.feedback for control in section.controls)]
    named += [("feedback", "understand", mode) for mode in modes]
    for mode in modes:
        if mode in NULL_MODES:
            raise ParamsError(
                f"{path}: understand: feedback {mode!r} shows no thought; "
                "expected a mode that does, such as concat"
            )
    for number, control in enumerate(section.controls):
        for model in control.models or ():
            if model not in params.presets.models:
                where = f"{path}: understand.controls[{number}].models"
                raise ParamsError(unknown_name(where, model, params.presets.models))
    for family in section.controlled:
        if family not in params.presets.families:
            raise ParamsError(
                unknown_name(f"{path}: understand.controlled", family, params.presets.families)
            )
    for kind, owner, module in named:
        if module not in plugins.known(kind):
            known = plugins.known(kind)
            raise ParamsError(unknown_name(f"{path}: {owner}: {kind}", module, known))


def _at_hand(params: Params, path: Path) -> Params:
    """The params without optional blocks that cannot be run, and without what they alone name."""
    kept, lines = [], []
    for block in params.cells:
        lack = _lack(params, block, path.parent) if block.optional else ""
        if lack:
            lines.append(f"{', '.join(block.benchmarks or params.benchmarks)}: left out: {lack}")
        else:
            kept.append(block)
    if not lines:
        return params
    if not kept:
        raise ParamsError(f"{path}: cells: every block is left out; {'; '.join(lines)}")
    rest = params.model_copy(update={"cells": kept})
    met = {
        "models": [
            m for m in params.models if any(m in rest.models_of(b) for b in params.benchmarks)
        ],
        "benchmarks": [b for b in params.benchmarks if rest.models_of(b)],
        "families": list(dict.fromkeys(family for _, family in rest.pairs())),
    }
    found = rest.model_copy(update=met)
    found._left_out = tuple(lines)
    return found


def _lack(params: Params, block: Block, root: Path) -> str:
    """Why a block cannot be run; empty where it can, or has results."""
    for model in params.models if block.models is None else block.models:
        asked = [b for b in params.benchmarks if model in params.models_of(b)]
        if any((root / "data" / benchmark / "scores" / model).is_dir() for benchmark in asked):
            continue
        try:
            plugins.reach(params.presets.models[model].adapter, params.settings("models", model))
        except ModelError as error:
            return f"{model}: {error}"
    return ""
