"""Fill the call cache with every cell's calls, on all cores, before `dvc repro` packs them.

The stages' own functions ask the same questions of the same models; what they find answered costs
nothing. A bare `dvc repro` gives the same bytes, slower: every stage process loads its model.
"""

import multiprocessing
import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass

from g2u import params, plugins
from g2u.cache.calls import CachedCalls
from g2u.cli.plan import read_source
from g2u.params import Params
from g2u.protocols import Model
from g2u.workspace import Cell, call_store
from stages.generate import imagine
from stages.understand import Material, answer, arms


@dataclass(frozen=True, slots=True)
class Filled:
    """What one benchmark with one model came to."""

    benchmark: str
    model: str
    made: int
    reused: int
    failed: int


def fill(config: Params, workers: int | None = None) -> Iterator[Filled]:
    """Make the missing calls, one process per core; yields as benchmarks finish, in any order.

    Args:
        config: what to fill.
        workers: processes; None = one per core.
    """
    models = dict.fromkeys(model for model, _ in config.cells())
    jobs = [(benchmark, model) for benchmark in config.benchmarks for model in models]
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers or os.cpu_count(), mp_context=context) as pool:
        futures = [pool.submit(fill_benchmark, benchmark, model) for benchmark, model in jobs]
        for future in as_completed(futures):
            yield future.result()


_loaded: dict[str, Model] = {}
"""Models of this worker, loaded once."""


def fill_benchmark(benchmark: str, name: str) -> Filled:
    """All calls of one model on one benchmark."""
    config = params.load()
    preset = config.presets.models[name]
    if name not in _loaded:
        _loaded[name] = plugins.model(preset.adapter, preset.settings)
    source = read_source(config, benchmark)
    calls = CachedCalls(_loaded[name], call_store(), preset.batch)
    for model, family in config.cells():
        if model != name:
            continue
        cell = Cell(benchmark, model, family)
        thoughts = imagine(config, cell, source.questions, source.material(config, family), calls)
        material = Material(source.questions, source.pictures, thoughts)
        for arm in arms(config, family):
            answer(config, cell, arm, material, calls)
    tallies = calls.tally.values()
    return Filled(
        benchmark,
        name,
        sum(tally.made for tally in tallies),
        sum(tally.reused for tally in tallies),
        sum(tally.failed for tally in tallies),
    )
