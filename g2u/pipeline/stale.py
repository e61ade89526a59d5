"""What a run would make anew, asked of DVC: nothing else is asked of a model, planned or checked.

Calls of cells that DVC calls unchanged are done with, wherever they were made: a clone that pulled
the results has them, without a call cache and without the server.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import yaml

from g2u.errors import DataError
from g2u.files import from_yaml
from g2u.params.params import Params
from g2u.pipeline import dvc, guard
from g2u.pipeline.recipes import recipes
from g2u.pipeline.sync import dvc_files
from g2u.tables.places import RECIPES, RECIPES_FILE, BenchmarkFolder, Cell
from g2u.thoughts.looks import cells


@dataclass(frozen=True, slots=True)
class Stale:
    """Stages that would run, those that only follow from others included."""

    recipes: bool
    """Whether recipes are not as params and code say."""
    prepare: frozenset[str]
    """Benchmarks."""
    generate: frozenset[Cell]
    understand: frozenset[Cell]
    """Those of `generate` too."""
    certain: frozenset[Cell]
    """Of `understand`: those that run whatever prepare comes to."""
    judge: frozenset[Cell]
    """Those that are judged anew."""
    looks: frozenset[Cell]
    """Slices of cells whose look is taken anew."""

    def before(self, look: int) -> Self:
        """What can be asked for before a look is taken, from 1: of cells that are looked at, the
        slices up to it; all others whole.
        """
        looked_at = {cell.at(0) for cell in self.looks}

        def now(cells: frozenset[Cell]) -> frozenset[Cell]:
            return frozenset(
                cell
                for cell in cells
                if (cell.look <= look if cell.look else cell not in looked_at)
            )

        return replace(
            self,
            generate=now(self.generate),
            understand=now(self.understand),
            certain=now(self.certain),
            looks=now(self.looks),
        )


Status = Mapping[str, Any] | None
"""What DVC says of each stage that changed, by its address; None where it cannot tell (a run is
under way, the folder is no repository).
"""


def status(config: Params, index: dvc.Index | None = None) -> Status:
    """DVC's own word on the stages of benchmarks and cells; `index`: where they have been read."""
    if index is not None:
        return dvc.changed(index, _files(config))
    try:
        with dvc.opened() as repo:
            return status(config, dvc.read(repo))
    except DataError:
        return None


def _files(config: Params) -> set[Path]:
    """The dvc.yaml files of recipes, benchmarks and cells."""
    found = {RECIPES_FILE}
    for benchmark in config.benchmarks:
        found.add(BenchmarkFolder(benchmark).dvc_file)
        found |= {cell.dvc_file for cell in cells(config, benchmark)}
    return found


def stale(config: Params, told: Status) -> Stale:
    """What of params.yaml is not made, or not from what it says now; all, where DVC cannot tell."""
    wanted = dvc_files(config)
    changed = {
        path
        for path, recipe in recipes(config).items()
        if not path.exists() or path.read_bytes() != recipe.text().encode()
    }
    prepare, generate, understand, certain, judge = (set() for _ in range(5))
    looks, looked_anew = set[Cell](), set[Cell]()
    for benchmark in config.benchmarks:
        path = BenchmarkFolder(benchmark).dvc_file
        is_old = (
            told is None
            or f"{path}:prepare" in told
            or RECIPES / f"prepare/{benchmark}.json" in changed
            or not path.exists()
            or path.read_text(encoding="utf-8", errors="replace") != wanted[path]
        )
        if is_old:
            prepare.add(benchmark)
        for cell in cells(config, benchmark):
            model, family, file = cell.model, cell.family, cell.dvc_file
            differs = told is None or not _is_same(file, wanted[file], model)
            drawn = (
                differs
                or cell.at(0) in looked_anew
                or f"{file}:generate@{model}" in (told or ())
                or RECIPES / f"generate/{model}/{family}.json" in changed
            )
            said = (
                drawn
                or f"{file}:understand@{model}" in (told or ())
                or RECIPES / f"understand/{model}.json" in changed
            )
            if drawn or is_old:
                generate.add(cell)
            if said or is_old:
                understand.add(cell)
            if said:
                certain.add(cell)
            if cell.look and (
                said
                or is_old
                or f"{file}:look@{model}" in (told or ())
                or RECIPES / f"look/{benchmark}.json" in changed
            ):
                looks.add(cell)
                looked_anew.add(cell.at(0))
            if config.judge.models and (
                said
                or f"{file}:judge@{model}" in (told or ())
                or RECIPES / f"judge/{benchmark}.json" in changed
            ):
                judge.add(cell)
    return Stale(
        bool(changed),
        frozenset(prepare),
        frozenset(generate),
        frozenset(understand),
        frozenset(certain),
        frozenset(judge),
        frozenset(looks),
    )


def restore(told: Status) -> list[str]:
    """Put back outputs that are gone and that DVC's cache holds; returns a line where it did."""
    recorded = guard.recorded()
    gone = [
        path
        for changes in (told or {}).values()
        for change in changes
        if isinstance(change, dict)
        for path, state in change.get("changed outs", {}).items()
        if state == "deleted" and path in recorded
    ]
    if not gone:
        return []
    with suppress(DataError), dvc.opened() as repo:
        repo.checkout(targets=gone, allow_missing=True)
    back = sum(Path(path).exists() for path in gone)
    return [f"put back {back} outputs that were gone from data/, out of DVC's cache"] * bool(back)


def models(config: Params, work: Stale, *, certain: bool) -> frozenset[str]:
    """The presets that a run asks, those that write prompts and judge included; `certain`: whatever
    prepare comes to.
    """
    found = {*config.judge.models} if work.judge else set()
    for cell in work.certain if certain else work.understand:
        writer = config.presets.families[cell.family].writer
        found |= {cell.model} | ({str(writer)} if writer else set())
    return frozenset(found)


def _is_same(path: Path, wanted: str, model: str) -> bool:
    """Whether a model's cells in a family's dvc.yaml are what they shall be."""
    try:
        there = _of_model(path.read_text(encoding="utf-8"), model)
        return bool(there == _of_model(wanted, model))
    except (OSError, ValueError, TypeError, KeyError, IndexError, yaml.YAMLError):
        return False


def _of_model(text: str, model: str) -> Any:
    found = from_yaml(text)
    return found["stages"], found["vars"][0]["models"][model]
