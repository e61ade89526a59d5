"""Recipes: what decides a stage's result beside its data, the params and the code that it reads.

A recipe is a small JSON file, written by stage `recipes`. Cells depend on theirs instead of on each
key of params.yaml and each source file: DVC looks at every dependency of every stage in each run,
and several times where a stage runs. Cells that differ in their data alone share a recipe.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from g2u import plugins
from g2u.code import identity
from g2u.code.dependencies import LOADED_BY_NAME, PACKAGES, reached_by_own, shared_code
from g2u.code.dependencies import OWN as OWN_FOLDER
from g2u.code.root import code_root, is_installed
from g2u.digests import sha256
from g2u.errors import G2UError, ParamsError
from g2u.files import files_below, states, write_whole
from g2u.params.params import Params
from g2u.params.sections import Axis, BenchmarkPreset, ModelPreset
from g2u.protocols import Kind
from g2u.questions import worded
from g2u.settings import checked
from g2u.tables.places import RECIPES, STATE
from g2u.thoughts.looks import count

OWN = (
    "g2u/code/dependencies.py",
    identity.SHIPPED.as_posix(),
    "g2u/params/presets.yaml",
    "g2u/pipeline/recipes.py",
    "stages/recipes.py",
)
"""What makes recipes; which code gives the replies of before; the presets that come with g2u."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """What one kind of cell is made with."""

    params: dict[str, Any]
    """Dotted keys of params.yaml or a shelf, and their values."""
    code: list[str] = field(default_factory=list)
    """Files, and folders of which each file counts, relative to the code's root."""

    def text(self, root: Path = Path()) -> str:
        """The file's content in a workspace: params, and the SHA-256 of each file of code."""
        told = {"params": _plain(self.params), "code": _digests(self.code, root)}
        return json.dumps(told, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def recipes(config: Params, root: Path = Path()) -> dict[Path, Recipe]:
    """Every recipe that params.yaml asks for, by its path in the workspace."""
    shared = _shared(root)

    def code_of(stage: str) -> set[str]:
        return {"stages/__init__.py", f"stages/{stage}.py", *shared[stage]}

    return {
        path: Recipe(recipe.params, sorted({*recipe.code, *code_of(_stage_of(path))}))
        for path, recipe in named(config, root).items()
    }


def _shared(root: Path) -> dict[str, list[str]]:
    """`shared_code`, kept until a file of code changes: it takes a third of a second to find."""
    code = code_root(root)
    now = sha256(states(code / folder for folder in PACKAGES))
    kept = root / STATE / "code.json"
    with suppress(OSError, ValueError, KeyError, TypeError):
        told = json.loads(kept.read_bytes())
        if told["states"] == now:
            return {stage: told["shared"][stage] for stage in LOADED_BY_NAME}
    found = shared_code(code)
    write_whole(kept, json.dumps({"states": now, "shared": found}))
    return found


def named(config: Params, root: Path = Path()) -> dict[Path, Recipe]:
    """The same without the code that all cells of a stage share, which takes a second to find."""
    found = {path: make() for path, make in _makers(config).items()}
    known: dict[str, Any] = {}
    for path, recipe in found.items():
        _identify(recipe, root / path, known)
    return found


def files(config: Params) -> list[Path]:
    """Where the recipes lie that params.yaml asks for."""
    return [*_makers(config)]


def _makers(config: Params) -> dict[Path, Callable[[], Recipe]]:
    found: dict[str, Callable[[], Recipe]] = {}
    for model in dict.fromkeys(model for model, _ in config.pairs()):
        found[f"understand/{model}"] = partial(_understand, config, model)
    for model, family in config.pairs():
        found[f"generate/{model}/{family}"] = partial(_generate, config, model, family)
    for name in config.benchmarks:
        found[f"prepare/{name}"] = partial(_prepare, config, name)
        if config.judge.models:
            found[f"judge/{name}"] = partial(_judge, config, name)
        if any(config.is_looked_at(*of_cell) for of_cell in config.cells_of(name)):
            found[f"look/{name}"] = partial(_look, config, name)
        found[f"score/{name}"] = partial(_score, config, name)
    found |= {"report": partial(_report, config), "gallery": partial(_gallery, config)}
    return {RECIPES / f"{name}.json": make for name, make in found.items()}


def elsewhere(found: Iterable[Recipe], root: Path = Path()) -> str:
    """Digest of what recipes say of code that DVC does not see: of foreign adapters, and of g2u
    itself where it is installed; empty where there is no such code.
    """
    installed, foreign = is_installed(root), plugins.foreign().keys()
    recipes = list(found)
    told = {
        key: value
        for recipe in recipes
        for key, value in recipe.params.items()
        if key.startswith("identity.")
        or (key.startswith("code.") and (installed or key[5:] in foreign))
    }
    if installed:
        unseen = [place for place in sources(recipes) if not place.startswith(f"{OWN_FOLDER}/")]
        told["code"] = _digests(unseen, root)
    return sha256(told)[:16] if told else ""


def sources(found: Iterable[Recipe]) -> list[str]:
    """Files and folders that stage `recipes` depends on, relative to the code's root."""
    return sorted({*OWN, *(place for recipe in found for place in recipe.code)})


def halves(preset: ModelPreset, name: str) -> tuple[str, dict[str, Any]]:
    """Adapter and settings of a pair's half (editor, reader); of any other model, its own."""
    half = preset.settings.get(name) or {"adapter": preset.adapter, "settings": preset.settings}
    return str(half["adapter"]), half.get("settings") or {}


def _prepare(config: Params, benchmark: str) -> Recipe:
    preset = config.presets.benchmarks[benchmark]
    told = {"prepare": config.prepare, **_preset(config, "benchmarks", benchmark)}
    code = [*_plug_in("source", preset.source), *_figures(config, benchmark)]
    return Recipe(told, [*code, *_wordings(preset, benchmark)])


def _generate(config: Params, model: str, family: str) -> Recipe:
    preset = config.presets.families[family]
    told = {"generate": config.generate, **_preset(config, "models", model)}
    told |= _preset(config, "families", family)
    if config.is_looked_at(model, family):
        told["run.design"] = config.run.design
    called = [(model, "editor")]
    writer = preset.writer
    if writer is not None:
        config.require(model=writer)
        told |= _preset(config, "models", writer)
        called.append((writer, "reader"))
    return _calling(config, called, Recipe(told, _plug_in("edit", preset.edit)))


def _understand(config: Params, model: str) -> Recipe:
    told = {"understand": config.understand, "generate": config.generate}
    told |= _preset(config, "models", model)
    code = ["g2u/answers/alter", *_feedback()]
    return _calling(config, [(model, "reader")], Recipe(told, code))


def _feedback() -> list[str]:
    """All feedback modes, the study's own among them."""
    own = sorted(path.stem for path in Path(plugins.OWN["feedback"]).glob("*.py"))
    return ["g2u/answers/feedback", *(file for name in own for file in _plug_in("feedback", name))]


def _judge(config: Params, benchmark: str) -> Recipe:
    told: dict[str, Any] = {"judge": config.judge}
    for judge in config.judge.models:
        told |= _preset(config, "models", judge)
    called = [(judge, "reader") for judge in config.judge.models]
    return _calling(config, called, Recipe(told, _scorers(config, benchmark)))


def _who_judges(config: Params) -> dict[str, Any]:
    return {"judge.model": config.judge.model, "judge.votes": config.judge.votes}


def _look(config: Params, benchmark: str) -> Recipe:
    told = {"run.design": config.run.design, "report.alpha": config.report.alpha}
    return Recipe({**told, "cells that looks may end": count(config)}, _scorers(config, benchmark))


def _score(config: Params, benchmark: str) -> Recipe:
    metric = config.presets.benchmarks[benchmark].metric
    compared = {n: m.baseline for n in config.models if (m := config.presets.models[n]).baseline}
    told = {
        "score": config.score,
        **_who_judges(config),
        f"presets.benchmarks.{benchmark}.metric": metric,
        **{f"presets.models.{name}.baseline": other for name, other in compared.items()},
    }
    if config.run.design is not None:
        told |= _look(config, benchmark).params
    return Recipe(told, _figures(config, benchmark))


def _report(config: Params) -> Recipe:
    told = {**_axes(config), "score": config.score, "report": config.report}
    told |= {"understand": config.understand, **_who_judges(config)}
    for group in config.wordings():
        told |= {f"presets.benchmarks.{name}.wording": word for word, name in group.items()}
    code = {"g2u/report", *_feedback()}
    for family in config.families:
        told |= _preset(config, "families", family)
        code |= {*_plug_in("edit", config.presets.families[family].edit)}
    for model in dict.fromkeys(model for model, _ in config.pairs()):
        told |= _preset(config, "models", model)
        preset = config.presets.models[model]
        used = {preset.adapter, *(halves(preset, half)[0] for half in ("editor", "reader"))}
        code |= {identity.home(name).as_posix() for name in used - plugins.foreign().keys()}
    return Recipe(told, sorted(code))


def _gallery(config: Params) -> Recipe:
    return Recipe({**_axes(config), "gallery": config.gallery}, ["g2u/gallery"])


def _axes(config: Params) -> dict[str, Any]:
    return {axis: getattr(config, axis) for axis in ("models", "benchmarks", "families", "cells")}


def _preset(config: Params, axis: Axis, name: str) -> dict[str, Any]:
    return {f"presets.{axis}.{name}": getattr(config.presets, axis)[name]}


def _calling(config: Params, called: Sequence[tuple[str, str]], recipe: Recipe) -> Recipe:
    """The recipe with what decides the replies of models, each named with the half that is asked:
    folders of adapters, what their code adds to identities, and identities of foreign models.
    """
    recipe.code.append("g2u/models/__init__.py")
    for model, half in called:
        preset = config.presets.models[model]
        adapter, settings = halves(preset, half)
        for name in sorted({preset.adapter, adapter}):
            entry = plugins.foreign().get(name)
            recipe.params[f"code.{name}"] = partial(identity.mark, name, entry)
            if entry is None:
                recipe.code.append(identity.home(name).as_posix())
        if adapter in plugins.foreign():
            identities = partial(_identities, adapter, settings, half)
            recipe.params[f"identity.{model}.{half}"] = identities
    return recipe


def _identities(adapter: str, settings: dict[str, Any], half: str) -> list[str]:
    """Of a model whose code lies elsewhere; only it can say what it is."""
    model = plugins.model(adapter, checked(plugins.settings("adapter", adapter), settings, adapter))
    kinds: tuple[Kind, ...] = ("edit",) if half == "editor" else ("answer", "score")
    return [model.identity(kind) for kind in kinds]


def _identify(recipe: Recipe, path: Path, known: dict[str, Any]) -> None:
    """Work out what code and foreign models are, where it is not `known` by the key. A model that
    cannot say it here (its weights are elsewhere) is what the recipe on disk says: results that
    were pulled stay valid.
    """
    for key, value in recipe.params.items():
        if isinstance(value, partial):
            try:
                if key not in known:
                    known[key] = value()
                recipe.params[key] = known[key]
            except G2UError:
                told = _recorded(path, key) if key.startswith("identity.") else None
                if told is None:
                    raise
                recipe.params[key] = told


def _recorded(path: Path, key: str) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))["params"].get(key)
    except (OSError, ValueError, KeyError, AttributeError):
        return None


def _plug_in(kind: str, name: str) -> list[str]:
    """The file of a benchmark or a family; of a study's own one, all that it imports as well."""
    own = plugins.own_file(kind, name)
    if own is None:
        return [f"{plugins.PLACES[kind].replace('.', '/')}/{name}.py"]
    found = reached_by_own(own, Path(), code_root(Path()))
    gold = next((path for path in sorted(found) if _holds_gold(path)), None)
    if kind != "source" and gold is not None:
        raise ParamsError(f"{own} reaches {gold}; what draws or answers cannot know gold answers")
    return [path.as_posix() for path in sorted(found)]


def _wordings(preset: BenchmarkPreset, benchmark: str) -> list[str]:
    """The files in which a benchmark's wording may be; none where it is g2u's own."""
    if preset.wording == worded.OWN:
        return []
    root = code_root(Path())
    found = worded.files(preset.wordings or benchmark, root)
    return [(p.relative_to(root) if p.is_relative_to(root) else p).as_posix() for p in found]


def _holds_gold(path: Path) -> bool:
    return path == Path("g2u/questions/targets.py") or path.is_relative_to("g2u/scores")


def _scorers(config: Params, benchmark: str) -> list[str]:
    source = plugins.benchmark(config.presets.benchmarks[benchmark].source)
    extended = [getattr(plugins.scorer(name), "PUBLISHED", None) for name in source.SCORERS]
    names = dict.fromkeys(name for name in (*source.SCORERS, *extended) if name)
    named = [f"g2u/scores/types/{name}.py" for name in names]
    return ["g2u/scores/types/__init__.py", *named]


def _figures(config: Params, benchmark: str) -> list[str]:
    """The scorers that the source's targets may name, and the metric."""
    metric = config.presets.benchmarks[benchmark].metric
    return [f"g2u/scores/official/{metric}.py", *_scorers(config, benchmark)]


def _stage_of(path: Path) -> str:
    """Generate of data/recipes/generate/tiny/detail.json, report of data/recipes/report.json."""
    return path.relative_to(RECIPES).parts[0].removesuffix(".json")


def _digests(places: Iterable[str], root: Path) -> dict[str, str]:
    """SHA-256 of every file of code that a workspace's stages run, by its path below the code's
    root.
    """
    code = code_root(root)
    return {
        file.relative_to(base).as_posix(): _digest(file)
        for place in places
        for base in (root if place.startswith(f"{OWN_FOLDER}/") else code,)
        for file in _files(base / place)
    }


def _files(place: Path) -> list[Path]:
    """A file, or the files of a folder, compiled Python aside."""
    if place.is_file():
        return [place]
    return sorted(files_below(place))


def _digest(file: Path) -> str:
    status = file.stat()
    return _digest_of(file, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=4096)
def _digest_of(file: Path, changed: int, size: int) -> str:
    """SHA-256 of a file that is as it was when it had this time of change and size."""
    del changed, size
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _plain(value: Any) -> Any:
    """Sections as JSON-like values."""
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return value
