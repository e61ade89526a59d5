"""From a name to its module: the name is the file, there is no registry.

A study has benchmarks, edit families and feedback modes of its own in own/benchmarks, own/edits and
own/feedback, beside its params.yaml.
Adapters of other packages are found by their entry points (group g2u.models): a package brings a
model of its own without a change here.
"""

import importlib
import pkgutil
import sys
from functools import cache, lru_cache
from importlib.metadata import EntryPoint, entry_points
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any, cast

from g2u import protocols
from g2u.code import identity
from g2u.errors import ModelError, ParamsError, in_one_line, unknown_name
from g2u.settings import Section

OWN = {"source": "own/benchmarks", "edit": "own/edits", "feedback": "own/feedback"}
"""Folders of a study's own plug-ins, by kind."""
PLACES = {
    "source": "g2u.questions.benchmarks",
    "edit": "g2u.thoughts.edits",
    "adapter": "g2u.models",
    "feedback": "g2u.answers.feedback",
    "alter": "g2u.answers.alter",
    "scorer": "g2u.scores.types",
    "metric": "g2u.scores.official",
}


def known(kind: str) -> list[str]:
    """Names of the modules of a kind, from the folder's listing; imports none of them."""
    (folder,) = importlib.import_module(PLACES[kind]).__path__
    found = {*_listed(folder, Path(folder).stat().st_mtime_ns)}
    if kind == "adapter":
        found |= brought().keys()
    elif kind in OWN:
        found |= {path.stem for path in Path(OWN[kind]).glob("[a-z0-9]*.py")}
    return sorted(found)


def own_file(kind: str, name: str) -> Path | None:
    """The file of a study's own plug-in, relative to the study; None: it has none of that name.

    Raises:
        ParamsError: g2u has a plug-in of that name.
    """
    path = Path(OWN.get(kind, "none"), f"{name}.py")
    if not path.is_file():
        return None
    (folder,) = importlib.import_module(PLACES[kind]).__path__
    if name in _listed(folder, Path(folder).stat().st_mtime_ns):
        raise ParamsError(f"{path}: g2u has one of that name; expected a name of its own")
    return path


@lru_cache(maxsize=64)
def _listed(folder: str, changed: int) -> tuple[str, ...]:
    """Modules of a folder that last changed at this time, sorted."""
    del changed
    return tuple(sorted(found.name for found in pkgutil.iter_modules([folder])))


def foreign() -> dict[str, EntryPoint]:
    """Adapters that other installed packages bring, by name."""
    return {name: entry for name, entry in brought().items() if not _of_house(entry)}


@cache
def brought() -> dict[str, EntryPoint]:
    """Adapters that installed packages bring, g2u's own distribution among them."""
    return {found.name: found for found in entry_points(group=PLACES["adapter"])}


@cache
def _of_house(entry: EntryPoint) -> bool:
    return entry.dist is not None and entry.dist.name == "g2u"


def benchmark(name: str) -> protocols.Benchmark:
    """The source module `name`."""
    return cast(protocols.Benchmark, _module("source", name))


def family(name: str) -> protocols.Family:
    """The edit module `name`."""
    return cast(protocols.Family, _module("edit", name))


def adapter(name: str) -> protocols.Adapter:
    """The model folder `name`."""
    return cast(protocols.Adapter, _module("adapter", name))


def settings(kind: str, name: str) -> type[Section]:
    """What a preset may say to the module `name`: its class `Settings`.

    Raises:
        ParamsError: it has none.
    """
    found = getattr(_module(kind, name), "Settings", None)
    if not (isinstance(found, type) and issubclass(found, Section)):
        raise ParamsError(
            f"{kind} {name} does not say which settings it takes; expected a class "
            "Settings(g2u.settings.Section) in its module, with a field for each"
        )
    return found


def capabilities(name: str, settings: Section) -> frozenset[str]:
    """What a model of the adapter `name` with these settings can do; loads nothing."""
    return adapter(name).capabilities(settings)


def acts(name: str, settings: Section) -> frozenset[protocols.Act] | None:
    """What the editor does whatever it is asked; None = it follows its prompts and seeds."""
    found = adapter(name)
    return cast(protocols.Blind, found).acts(settings) if hasattr(found, "acts") else None


def model(name: str, settings: Section) -> protocols.Model:
    """A model of the adapter `name`, identified by its code too; its weights are read at its first
    call.
    """
    made = adapter(name).load(settings)
    mark = identity.mark(name, foreign().get(name))
    return cast(protocols.Model, Marked(made, mark)) if mark else made


class Marked:
    """A model whose identity says by which code it is called."""

    def __init__(self, made: protocols.Model, mark: str) -> None:
        self._made, self._mark = made, mark

    def __getattr__(self, name: str) -> Any:
        return getattr(self._made, name)

    def identity(self, kind: protocols.Kind) -> str:
        """The model's, and its code's."""
        return f"{self._made.identity(kind)} code {self._mark}"


def reach(name: str, settings: Section) -> None:
    """Look for the server of an adapter that has one. Raises ModelError."""
    found = adapter(name)
    if hasattr(found, "reach"):
        cast(protocols.Reached, found).reach(settings)


def server(model: protocols.Model, kind: protocols.Kind) -> protocols.Server | None:
    """Who is asked a model's requests of a kind one by one; None = they come in batches."""
    found = getattr(model, "server", None)
    return cast(protocols.Served, model).server(kind) if found else None


def feedback(name: str) -> protocols.Feedback:
    """The feedback module `name`."""
    return cast(protocols.Feedback, _module("feedback", name))


def alteration(name: str) -> protocols.Alteration:
    """The alteration `name`."""
    return cast(protocols.Alteration, _module("alter", name))


def scorer(name: str) -> protocols.AnswerScorer:
    """The answer scorer `name`."""
    return cast(protocols.AnswerScorer, _module("scorer", name))


def metric(name: str) -> ModuleType:
    """The published figure `name`: a g2u.scores.items.Metric."""
    return _module("metric", name)


def _module(kind: str, name: str) -> ModuleType:
    path = own_file(kind, name)
    if path is None:
        return _of_name(kind, name)
    return _of_file(f"g2u_own_{kind}_{name}", path.resolve(), path.stat().st_mtime_ns)


@cache
def _of_file(name: str, path: Path, changed: int) -> ModuleType:
    """A study's own module, as it was when its file had this time of change."""
    del changed
    spec = spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    made = sys.modules[name] = module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


@cache
def _of_name(kind: str, name: str) -> ModuleType:
    if name not in known(kind):
        raise ParamsError(unknown_name(f"params.yaml: {kind}", name, known(kind)))
    try:
        if kind == "adapter" and name in brought():
            return cast(ModuleType, brought()[name].load())
        return importlib.import_module(f"{PLACES[kind]}.{name}")
    except ImportError as error:
        if kind != "adapter":
            raise
        said = in_one_line(str(error))
        raise ModelError(f"adapter {name} cannot be imported: {said}") from None
