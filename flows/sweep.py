"""sweep: the same cells under several params, each a DVC experiment, compared in one table.

For every point the call cache is filled on all workers and the stages are made; `dvc exp save`
keeps the result under a name; afterwards params.yaml and the results are as before.
Run: python -m flows.sweep presets.models.tiny.sampler.steps=1,2,4 [another.key=a,b]
"""

import copy
import itertools
import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import yaml
from prefect import flow, task
from prefect.artifacts import create_table_artifact
from prefect.cache_policies import NO_CACHE

from flows.git import git
from flows.reproduce import fill_all, gains_rows, in_prefect
from flows.view import View
from g2u.errors import DataError, ParamsError, run_main
from g2u.params import reading as params
from g2u.params.params import Params
from g2u.params.sections import PATH
from g2u.pipeline import guard
from g2u.pipeline.make import make
from g2u.pipeline.run import rounds
from g2u.pipeline.sources import Inputs
from g2u.pipeline.stale import stale, status
from g2u.pipeline.study import enter
from g2u.pipeline.sync import sync
from g2u.pipeline.workers import nothing_spent
from g2u.settings import Section
from g2u.terminal.telling import Telling

Point = dict[str, Any]
"""Dotted key of params.yaml -> value."""


def points(axes: Sequence[str]) -> list[Point]:
    """Every combination of `key=value,value` axes.

    Raises:
        ParamsError: not of that form.
    """
    parsed = []
    for axis in axes:
        key, is_there, values = axis.partition("=")
        if not key or not is_there or not values:
            raise ParamsError(
                f"sweep: {axis!r}; expected key=value,value with a key of params.yaml"
            )
        parsed.append([(key, yaml.safe_load(value)) for value in values.split(",")])
    return [dict(chosen) for chosen in itertools.product(*parsed)]


def changed(
    raw: Mapping[str, Any], point: Point, shelf: Mapping[Any, Mapping[str, Any]]
) -> dict[str, Any]:
    """params.yaml with a point's values; presets of the shelf that they change, and sections that
    it leaves out, are added.

    Raises:
        ParamsError: a key that neither has.
    """
    found: dict[str, Any] = json.loads(json.dumps(raw))
    for key, value in point.items():
        *parents, last = key.split(".")
        place = found
        for name, whole in zip(parents, _left_out(parents, shelf), strict=True):
            place = place.setdefault(name, whole) if isinstance(place, dict) else {}
        if not isinstance(place, dict) or last not in place:
            raise ParamsError(
                f"sweep: params.yaml has no {key}; expected one of its keys, or of a preset's of "
                "the shelf"
            )
        place[last] = value
    return found


def _left_out(
    parents: Sequence[str], shelf: Mapping[Any, Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """What each part of a dotted key stands for where params.yaml leaves it out."""
    found: list[dict[str, Any]] = [{} for _ in parents]
    if parents[:1] == ["presets"] and len(parents) > 2:
        found[2] = copy.deepcopy(shelf.get(parents[1], {}).get(parents[2], {}))
    elif parents and parents[0] in Params.model_fields:
        section = Params.model_fields[parents[0]].default
        found[0] = section.model_dump(mode="json") if isinstance(section, Section) else {}
    return found


@task(task_run_name="experiment {name}", cache_policy=NO_CACHE, persist_result=False)
def experiment(name: str, inputs: Inputs, told: Telling) -> None:
    """Make the stages and keep params and results as a DVC experiment."""
    make(inputs, told)
    # of the root's stages alone: without a target, `dvc exp save` commits whatever lies anywhere
    guard.run_dvc(["exp", "save", "--force", "--name", name, "dvc.yaml"], tell=told.note)


@flow(validate_parameters=False)
def sweep(axes: list[str]) -> list[dict[str, Any]]:
    """Run every point; returns the table."""
    wanted, path = points(axes), PATH
    before = path.read_bytes()
    raw = yaml.safe_load(before)
    settings = [changed(raw, point, params.shelved()) for point in wanted]
    table: list[dict[str, Any]] = []
    with guard.only_driver(), in_prefect() as told:
        if git("status", "--porcelain", "--untracked-files=no").strip():
            raise DataError(
                "sweep: files under Git have changes; commit them first, then run again"
            )
        try:
            for point, setting in zip(wanted, settings, strict=True):
                name = "-".join(f"{k.rsplit('.', 1)[-1]}-{v}" for k, v in point.items())
                path.write_text(yaml.safe_dump(setting, sort_keys=False), encoding="utf-8")
                inputs = Inputs.now()
                config = inputs.config
                sync(config)
                spent = nothing_spent()
                for part in rounds(inputs, stale(config, status(config)), told):
                    fill_all(config, part, View(), told, spent)
                experiment(name, inputs, told)
                table += [{"experiment": name, **point, **row} for row in gains_rows()]
        finally:
            path.write_bytes(before)
            sync(params.load())
            git("checkout", "--", ".")
            guard.run_dvc(["checkout", "--force"], tell=told.note)
    create_table_artifact(table, key="sweep", description="accuracy and gains at every point")
    return table


def main() -> None:
    """Sweep the axes of the command line and print accuracy by point."""
    enter()
    table = sweep(sys.argv[1:])
    for row in table:
        place = f"{row['experiment']:<24}{row['benchmark']:<16}{row['model']:<10}{row['arm']:<20}"
        print(f"{place}{100 * row['accuracy']:6.1f}")


if __name__ == "__main__":
    run_main(main)
