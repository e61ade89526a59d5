"""params.yaml whole: which cells there are, and what a cell's model and family are told."""

from pydantic import PrivateAttr

from g2u import plugins, protocols
from g2u.errors import ParamsError, unknown_name
from g2u.params.sections import (
    PATH,
    Axis,
    BenchmarkPreset,
    Block,
    Gallery,
    Generate,
    Judge,
    ModelPreset,
    Nightly,
    Prepare,
    Presets,
    Report,
    Run,
    ScoreSection,
    Train,
    Understand,
)
from g2u.settings import Section, checked

PLAIN, AGAIN = BASELINES = ("direct", "duplicate")
"""Families that every gain is measured against: answered as it is, and shown the original twice."""


class Params(Section):
    """params.yaml, whole, with the presets of the shelf."""

    models: list[str]
    """Presets of models; each meets each benchmark with each family."""
    benchmarks: list[str]
    """Presets of benchmarks."""
    families: list[str]
    """Presets of edit families; direct and duplicate have to be among them."""
    cells: list[Block] = []
    """Cells beside those of the three lists. As `load` returns it, all cells, where there are such;
    the lists then name all that any block does.
    """
    presets: Presets = Presets()
    prepare: Prepare = Prepare()
    train: Train | None = None
    """Of the embedded model, where the repository is; null = it is not trained here."""
    generate: Generate = Generate()
    understand: Understand = Understand()
    judge: Judge = Judge()
    score: ScoreSection = ScoreSection()
    report: Report = Report()
    gallery: Gallery = Gallery()
    run: Run = Run()
    nightly: Nightly = Nightly()
    _written: frozenset[str] = PrivateAttr(frozenset())
    _left_out: tuple[str, ...] = PrivateAttr(())

    @property
    def written(self) -> frozenset[str]:
        """The keys that the file has; all others are as their sections say."""
        return self._written

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

    def is_looked_at(self, model: str, family: str) -> bool:
        """Whether looks may end the drawing of these cells (`run.design`)."""
        if self.run.design is None or not self._draws(family):
            return False
        return not self.why_not(model, family)

    def shares(self, model: str, family: str) -> tuple[float, ...]:
        """Of the questions, those that are drawn for at each look, rising, 0..1; one share where
        nothing is looked at: `generate.part`, or 1 where no model draws.
        """
        if self.run.design is not None and self.is_looked_at(model, family):
            return tuple(self.run.design.looks)
        return (self.generate.part if self._draws(family) else 1.0,)

    def _draws(self, family: str) -> bool:
        return bool(plugins.family(self.presets.families[family].edit).NEEDS & protocols.DRAWING)

    def wordings(self) -> list[dict[str, str]]:
        """Benchmarks that are the same questions in several wordings: word -> preset, by group."""
        groups: dict[str, dict[str, str]] = {}
        for name in self.benchmarks:
            preset = self.presets.benchmarks[name]
            bare = preset.model_copy(update={"wording": "", "wordings": None})
            groups.setdefault(bare.model_dump_json(), {})[preset.wording] = name
        return [found for found in groups.values() if len(found) > 1]

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
        """Presets that a run may call: of its cells, judges, and writers of families."""
        found = [model for model, _ in self.pairs()]
        return list(dict.fromkeys([*found, *self.speakers()]))

    def speakers(self) -> dict[str, str]:
        """Models that only answer, and where params.yaml names them."""
        found = dict.fromkeys(self.judge.models, "judge.model")
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
        acts = self.acts(model) if needs & protocols.DRAWING else None
        if acts is not None and (preset.act or family) not in acts:
            return f"draws nothing but {', '.join(sorted(acts))}, whatever it is asked"
        return ""
