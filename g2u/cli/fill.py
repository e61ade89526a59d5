"""Fill the call cache with every cell's calls, on all workers, before `dvc repro` packs them.

The stages' own functions ask the same questions of the same models; what they find answered costs
nothing. A bare `dvc repro` gives the same bytes, slower. A cell's work is cut into parts that hold
all questions about a picture, so that no two workers ask the same.
"""

import functools
import math
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Literal

from g2u import params, tables
from g2u.answering import Material, answer, arms, needs_others
from g2u.cache.calls import CachedCalls
from g2u.cache.store import Replies
from g2u.cli.plan import Source, read_source
from g2u.cli.stale import Stale
from g2u.cli.workers import Pool, model_of, pool, spent
from g2u.params import Params
from g2u.records import Question, Thought
from g2u.rewards import rewards
from g2u.workspace import Cell, known_calls
from stages.generate import imagine

Stage = Literal["generate", "understand", "recorded"]
"""`recorded`: understand, of thoughts that lie in data/ as DVC recorded them."""
Job = tuple[Stage, Cell]
PART = 64
"""Questions of a part, about."""
PARTS_PER_WORKER = 4
"""At most; a cell is cut no finer."""


@dataclass(frozen=True, slots=True)
class Filled:
    """What a stage of a cell, or a part of it, came to."""

    cell: Cell
    stage: Stage
    made: int = 0
    reused: int = 0
    failed: int = 0
    seconds: float = 0.0
    """Model seconds of the calls."""

    def __add__(self, other: "Filled") -> "Filled":
        return Filled(
            self.cell,
            self.stage,
            self.made + other.made,
            self.reused + other.reused,
            self.failed + other.failed,
            self.seconds + other.seconds,
        )

    def __str__(self) -> str:
        line = f"{self.made} calls made, {self.reused} reused, {self.failed} failed"
        stage = "generate" if self.stage == "generate" else "understand"
        return f"{stage} {self.cell}: {line}"


def fill(config: Params, work: Stale) -> Iterator[Filled]:
    """Make the missing calls; yields each stage of each cell as it is finished, in any order."""
    if not work.understand:
        return
    if config.run.ray is not None:
        # actors do not see data/
        stages = ("generate", "understand")
        known_calls().take_in(cell.calls(stage) for cell in work.understand for stage in stages)
    with pool(config) as workers, ThreadPoolExecutor(2 * workers.count) as threads:
        stop = threading.Event()
        waiting: set[Future[Filled]] = set()
        try:
            for stage, cell in jobs(config, work):
                waiting.add(threads.submit(fill_cell, workers, stage, cell, stop))
            while waiting:
                done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                for future in done:
                    filled = future.result()
                    yield filled
                    if filled.stage == "generate":
                        cell = filled.cell
                        waiting.add(threads.submit(fill_cell, workers, "understand", cell, stop))
        finally:
            stop.set()
            for future in waiting:
                future.cancel()


def jobs(config: Params, work: Stale) -> list[Job]:
    """Where each cell begins that has calls to make, those of a model together: at its answers,
    where its thoughts are as DVC recorded them.
    """
    every = [
        Cell(benchmark, model, family)
        for chosen in dict.fromkeys(model for model, _ in config.pairs())
        for benchmark in config.benchmarks
        for model, family in config.cells_of(benchmark)
        if model == chosen
    ]
    found: list[Job] = []
    for cell in every:
        if cell in work.generate:
            found.append(("generate", cell))
        elif cell in work.understand:
            found.append(("recorded", cell))
    return found


def fill_cell(workers: Pool, stage: Stage, cell: Cell, stop: threading.Event) -> Filled:
    """All calls of a stage of a cell, part by part.

    Args:
        workers: who makes them.
        stage: generate, or understand once generate is done, or recorded.
        cell: the cell.
        stop: once set, no further part is begun.
    """
    questions = workers.perform(count_questions, cell.benchmark)
    parts = max(1, min(math.ceil(questions / PART), PARTS_PER_WORKER * workers.count))
    total = Filled(cell, stage)
    with ThreadPoolExecutor(workers.count) as threads:
        futures = [
            threads.submit(_part, workers, stage, cell, part, parts, stop) for part in range(parts)
        ]
        for future in futures:
            total = total + future.result()
    return total


def _part(
    workers: Pool, stage: Stage, cell: Cell, part: int, parts: int, stop: threading.Event
) -> Filled:
    if stop.is_set():
        return Filled(cell, stage)
    return workers.perform(fill_part, stage, cell, part, parts)


def count_questions(benchmark: str) -> int:
    """In a worker: how many questions a benchmark has."""
    return len(_source(benchmark).questions)


def fill_part(stage: Stage, cell: Cell, part: int, parts: int) -> Filled:
    """In a worker: the calls of one part of a cell."""
    config = params.load()
    source = _source(cell.benchmark)
    own = in_parts(source.questions, parts)[part]
    if not own:
        return Filled(cell, stage)
    model, store = model_of(config, cell.model), _store()
    batch = config.presets.models[cell.model].batch
    calls = CachedCalls(model, store, batch, budget=config.budget(cell.model, spent()))
    material = source.material(config, cell.family)
    if stage == "generate":
        imagine(config, cell, own, material, calls)
    else:
        shown = source.questions if needs_others(config, cell) else own
        if stage == "recorded" and cell.thoughts.exists():
            there = {question.id for question in shown}
            thoughts = [thought for thought in _recorded(cell) if thought.question in there]
        else:
            recalled = CachedCalls(model, store, batch, plans=True)
            thoughts = imagine(config, cell, shown, material, recalled)
        only = {question.id for question in own}
        for arm in arms(config, cell, thoughts):
            answer(config, cell, arm, Material(shown, source.pictures, thoughts), calls, only)
        drawn = [thought for thought in thoughts if thought.question in only]
        rewards(config, cell, drawn, source.pictures, calls)
    tallies = calls.tally.values()
    return Filled(
        cell,
        stage,
        sum(tally.made for tally in tallies),
        sum(tally.reused for tally in tallies),
        sum(tally.failed for tally in tallies),
        sum(tally.seconds for tally in tallies),
    )


def in_parts(questions: Sequence[Question], parts: int) -> list[list[Question]]:
    """Questions cut into parts of about equal size; those with equal pictures stay together."""
    groups: dict[tuple[str, ...], list[Question]] = {}
    for question in questions:
        groups.setdefault(question.pictures, []).append(question)
    found: list[list[Question]] = [[] for _ in range(parts)]
    done = 0
    for group in groups.values():
        found[done * parts // len(questions)] += group
        done += len(group)
    return found


@functools.lru_cache(maxsize=1)
def _recorded(cell: Cell) -> list[Thought]:
    return tables.read_thoughts(cell.thoughts)


@functools.cache
def _store() -> Replies:
    return known_calls()


@functools.lru_cache(maxsize=2)
def _source(benchmark: str) -> Source:
    return read_source(params.load(), benchmark)
