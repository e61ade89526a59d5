"""Fill the call cache with every stale cell's calls, on all workers, before stages pack them.

A question is the unit: in a worker its families imagine, its arms are answered and its rewards read
as soon as each can be, beside those of other questions, cells and benchmarks, through one broker.
What shows another question's thought waits for the drawings of that benchmark alone. Workers take
parts that hold all questions about a picture, so that no two ask the same. The stages' own
functions ask the same again, and find it answered; a bare `dvc repro` gives the same bytes, slower.
"""

import asyncio
import functools
import itertools
import math
import queue
import threading
from collections import deque
from collections.abc import Coroutine, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from g2u import plugins
from g2u.answers.answering import Answering, Asking, Shown, arms
from g2u.answers.rewards import named, rewards
from g2u.arms import Pairing, donors, last_round, shown
from g2u.calls.asking import BrokeredCalls, total
from g2u.calls.brokers import Brokers
from g2u.calls.budget import Spent
from g2u.calls.flow import runner, together
from g2u.calls.opened import known_calls
from g2u.calls.store import Replies
from g2u.errors import ModelError, UnbelievedError
from g2u.params import reading as params
from g2u.params.params import Params
from g2u.pipeline.believing import MovedError, Watch, store_of, told
from g2u.pipeline.plan import Source, read_source
from g2u.pipeline.stale import Stale, models
from g2u.pipeline.workers import (
    LostWorkerError,
    Pool,
    nothing_spent,
    pool,
    spent_here,
    worker_count,
)
from g2u.records import Question, Thought
from g2u.tables import schemas as tables
from g2u.tables.parquet import count_rows
from g2u.tables.places import BenchmarkFolder, Cell
from g2u.terminal.progress import Counts, Progress, Share
from g2u.thoughts.imagining import Drawing, Imagining
from g2u.thoughts.looks import cells
from g2u.thoughts.part import Span, drawn_for, undrawn

Stage = Literal["generate", "understand", "recorded"]
"""`recorded`: understand, of thoughts that lie in data/ as DVC recorded them."""
Job = tuple[Stage, Cell]
PART = 32
"""Questions of a part, about."""
OPEN = 3 * PART
"""Questions that a worker has open at once, about: what bounds its memory."""
REPORTED = 1.0
"""Seconds after which a worker tells what it has done."""
ATTEMPTS = 3
"""How often a part is begun whose worker was killed."""


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
        return f"{self.stage} {self.cell}: {line}"


@dataclass(frozen=True, slots=True)
class Part:
    """What a worker takes at once: some questions of a benchmark, in all stale cells of a model."""

    number: int
    benchmark: str
    model: str
    jobs: tuple[Job, ...]
    place: int
    """Which part of the benchmark's questions, of `parts`."""
    parts: int
    is_prepared: bool
    """Whether prepare has written the benchmark as it is now."""
    shows_others: bool = False
    """Whether the arms are asked that show other questions' thoughts, and nothing else."""

    @property
    def share(self) -> Share:
        """As progress counts it."""
        return self.benchmark, self.model, _share(self.shows_others)


@dataclass(frozen=True, slots=True)
class Report:
    """What became of a part since the last report."""

    number: int
    filled: tuple[Filled, ...]
    is_drawn: bool
    """Whether all thoughts of the part are there."""
    left: int
    """Questions that are not done."""


def fill(
    config: Params, work: Stale, progress: Progress | None = None, spent: Spent | None = None
) -> Iterator[Filled]:
    """Check the models, then make the missing calls; yields each stage of each cell as it is
    finished, in any order.

    Args:
        config: the params.
        work: what is stale.
        progress: counts what is done, about once in a second.
        spent: what the run has spent before; None = nothing.
    """
    if not models(config, work, certain=False):
        return
    if config.run.ray is not None:
        # actors do not see data/
        stages = ("generate", "understand")
        known_calls().take_in(cell.calls(stage) for cell in work.understand for stage in stages)
    try:
        yield from _filled_by_workers(
            config, work, progress or Progress(), spent or nothing_spent()
        )
    except MovedError as moved:
        raise told(moved) from None


def _filled_by_workers(
    config: Params, work: Stale, progress: Progress, spent: Spent
) -> Iterator[Filled]:
    with pool(config, spent) as workers, ThreadPoolExecutor(workers.count) as threads:
        watch = Watch(config, work, workers)
        for judge in config.judge.models if work.judge else ():
            watch.open(0, judge)  # it is asked when stages are made
        found: queue.SimpleQueue[Filled | None] = queue.SimpleQueue()
        schedule = _Schedule(config, work, workers, found, progress, watch)
        drivers = [threads.submit(schedule.drive, slot) for slot in range(workers.count)]
        is_whole = False
        try:
            for _ in drivers:
                while (filled := found.get()) is not None:
                    yield filled
            is_whole = True
        finally:
            schedule.stop(at_once=not is_whole)
        for driver in drivers:
            driver.result()
        watch.end()


def _share(shows_others: bool) -> str:
    return "others" if shows_others else "own"


def guessed(config: Params, job: Job, *, shows_others: bool) -> float:
    """Calls per question that a cell may come to, with one picture a question."""
    begins, cell = job
    preset = config.presets.families[cell.family]
    draws = getattr(config.settings("families", cell.family), "draws", 1)
    asking = Asking.of(config, cell)
    asked = sum((arm.whose is not None) == shows_others for arm in arms(asking, ()))
    if asking.is_plain:
        return asked
    if shows_others:
        return Drawing.of(config, cell).span.share * asked
    drawn = draws * len(plugins.family(preset.edit).NEEDS) if begins == "generate" else 0
    share = Drawing.of(config, cell).span.share
    return share * (drawn + asked + draws - 1 + len(named(asking)))


def jobs(config: Params, work: Stale) -> list[Job]:
    """Where each cell begins that has calls to make, those of a model together: at its answers,
    where its thoughts are as DVC recorded them.
    """
    every = [
        cell
        for chosen in dict.fromkeys(model for model, _ in config.pairs())
        for benchmark in config.benchmarks
        for cell in cells(config, benchmark)
        if cell.model == chosen
    ]
    found: list[Job] = []
    for cell in every:
        if cell in work.generate:
            found.append(("generate", cell))
        elif cell in work.understand:
            found.append(("recorded", cell))
    return found


@dataclass(slots=True)
class _Benchmark:
    """A benchmark's cells of one model on their way."""

    jobs: tuple[Job, ...]
    parts: int
    drawing: int
    """Parts whose thoughts are not all there."""
    left: int
    """Parts that are not done, those included that show others' thoughts."""
    totals: dict[Job, Filled] = field(default_factory=dict)


class _Schedule:
    """Which worker takes which part; one thread drives each worker."""

    def __init__(
        self,
        config: Params,
        work: Stale,
        workers: Pool,
        found: "queue.SimpleQueue[Filled | None]",
        progress: Progress,
        watch: Watch,
    ) -> None:
        self._config, self._workers, self._unprepared = config, workers, work.prepare
        self._found, self._progress, self._watch = found, progress, watch
        self._takes, self._goes_on = True, True
        self._change = threading.Condition()
        self._numbers = itertools.count()
        self._waiting: deque[Part] = deque()
        self._left = [0] * workers.count
        """Questions that each worker has open."""
        self._benchmarks: dict[tuple[str, str], _Benchmark] = {}
        together: dict[tuple[str, str], list[Job]] = {}
        for stage, cell in jobs(config, work):
            together.setdefault((cell.benchmark, cell.model), []).append((stage, cell))
        for key, each in together.items():
            count = self._count(key[0])
            parts = max(1, math.ceil(count / PART))
            others = parts if self._pairs(each) else 0
            self._benchmarks[key] = _Benchmark(tuple(each), parts, parts, parts + others)
            families = [cell.family for _, cell in each]
            for shows_others in (False, True)[: 2 if others else 1]:
                guess = count * sum(guessed(config, job, shows_others=shows_others) for job in each)
                progress.share((*key, _share(shows_others)), families, parts, guess)
            self._waiting += self._cut(*key, shows_others=False)

    def drive(self, slot: int) -> None:
        """Keep a worker at work until nothing is left.

        Raises:
            ModelError: the worker was killed again and again.
        """
        begun: dict[int, Part] = {}
        left: dict[int, int] = {}
        step = Step()
        losses = 0
        try:
            while self._goes_on:
                for part in self._taken(slot, begun, sum(left.values())):
                    begun[part.number], left[part.number] = part, PART
                    step.fresh.append(part)
                if not begun:
                    return
                model = next(iter(begun.values())).model
                for part in step.fresh:
                    self._progress.part_begun(part.share, part.number)
                try:
                    came = self._workers.perform(slot, advance, step)
                except LostWorkerError as error:
                    losses += 1
                    if losses == ATTEMPTS:
                        raise ModelError(str(error)) from None
                    step = Step(list(begun.values()))
                    continue
                step = Step(opened=came.waits)
                for report in came.reports:
                    self._note(begun[report.number], report)
                    left[report.number] = report.left
                    if not report.left:
                        del begun[report.number], left[report.number]
                        losses = 0
                for name in came.waits:
                    self._watch.open(slot, name)
                self._watch.go_on(slot, model)
        except (MovedError, UnbelievedError):
            self.stop(at_once=True)
            raise
        finally:
            if begun:  # it failed, and the others will
                self.stop(at_once=False)
            self._found.put(None)

    def stop(self, *, at_once: bool) -> None:
        """No further part is begun; those that are begun are gone on with unless `at_once`."""
        with self._change:
            self._takes, self._goes_on = False, not at_once
            self._change.notify_all()

    def _pairs(self, each: Sequence[Job]) -> bool:
        return any(Asking.of(self._config, cell).donors for _, cell in each)

    def _cut(self, benchmark: str, model: str, *, shows_others: bool) -> list[Part]:
        told = self._benchmarks[benchmark, model]
        each = [job for job in told.jobs if not shows_others or self._pairs([job])]
        return [
            Part(
                next(self._numbers),
                benchmark,
                model,
                tuple(each),
                place,
                told.parts,
                benchmark not in self._unprepared,
                shows_others,
            )
            for place in range(told.parts)
        ]

    def _taken(self, slot: int, begun: Mapping[int, Part], left: int) -> list[Part]:
        """The next parts for a worker with these, and with so many questions open; it holds one
        model at a time, and takes no more than its share of all that is left. Waits where it has
        none and there may still be some.
        """
        models = {part.model for part in begun.values()}
        taken: list[Part] = []
        with self._change:
            self._left[slot] = left
            while self._takes:
                while (
                    self._waiting
                    and self._left[slot] + PART <= self._most()
                    and models <= {self._waiting[0].model}
                ):
                    taken.append(self._waiting.popleft())
                    self._left[slot] += PART
                    models.add(taken[-1].model)
                if begun or taken or not any(told.left for told in self._benchmarks.values()):
                    break
                self._change.wait()
        return taken

    def _most(self) -> int:
        """Questions that a worker may have open: few, and towards the end no more than others."""
        left = len(self._waiting) * PART + sum(self._left)
        return min(OPEN, max(PART, math.ceil(left / self._workers.count)))

    def _count(self, benchmark: str) -> int:
        """Questions of a benchmark."""
        if benchmark in self._unprepared:
            return self._workers.perform(0, count_questions, benchmark)
        return count_rows(BenchmarkFolder(benchmark).questions)

    def _note(self, part: Part, report: Report) -> None:
        with self._change:
            told = self._benchmarks[part.benchmark, part.model]
            for filled in report.filled:
                counts = Counts(filled.made, filled.reused, filled.failed)
                self._progress.calls(part.share, part.number, counts)
                self._watch.count(part.model, filled.made)
                key = (filled.stage, filled.cell)
                told.totals[key] = told.totals.get(key, Filled(filled.cell, filled.stage)) + filled
            if report.is_drawn:
                told.drawing -= 1
                if not told.drawing:
                    self._tell(told, "generate")
                    if self._pairs(told.jobs):
                        again = self._cut(part.benchmark, part.model, shows_others=True)
                        self._waiting.extendleft(reversed(again))
            if not report.left:
                self._progress.part_ended(part.share, part.number)
                told.left -= 1
                if not told.left:
                    self._tell(told, "understand")
            self._change.notify_all()

    def _tell(self, told: _Benchmark, stage: Stage) -> None:
        for begins, cell in told.jobs:
            if stage == "understand" or begins == "generate":
                nothing = Filled(cell, stage)
                self._found.put(told.totals.get((stage, cell), nothing))


def count_questions(benchmark: str) -> int:
    """In a worker: how many questions a benchmark has that prepare has not written."""
    return len(_source(benchmark, False).questions)


@dataclass(slots=True)
class Step:
    """What a worker is told to do next."""

    fresh: list[Part] = field(default_factory=list)
    """Parts to begin."""
    opened: tuple[str, ...] = ()
    """Models that may be asked from now on."""


@dataclass(frozen=True, slots=True)
class Came:
    """What a step came to."""

    reports: list[Report]
    waits: tuple[str, ...]
    """Models that lack a reply and were not asked yet."""


def advance(step: Step) -> Came:
    """In a worker: begin parts, go on with those begun before, and tell after a second, or as soon
    as the thoughts or the whole of one are there, or a model is to be asked for the first time.
    """
    return _filler().advance(step)


@functools.cache
def _filler() -> "_Filler":
    return _Filler()


class _Filler:
    """A worker's event loop, which stands still between two calls of `advance`, and its brokers."""

    def __init__(self) -> None:
        self._runner = runner()
        self._config = params.load()
        self._model = ""
        self._brokers: Brokers | None = None
        self._begun: dict[asyncio.Task[None], _Work] = {}
        self._gates: dict[str, asyncio.Event] = {}
        """Of models that were to be asked; set where they may be."""

    def advance(self, step: Step) -> Came:
        """See `advance`."""
        return self._runner.run(self._advance(step))

    async def _advance(self, step: Step) -> Came:
        for name in step.opened:
            self._gates[name].set()
        self._arrived = asyncio.get_running_loop().create_future()
        for part in step.fresh:
            work = _Work(self._config, part, await self._of(part.model))
            self._begun[asyncio.create_task(work.fill())] = work
        drawn = [w.drawn for w in self._begun.values() if not w.drawn.done()]
        await asyncio.wait(
            [*self._begun, *drawn, self._arrived],
            timeout=REPORTED,
            return_when=asyncio.FIRST_COMPLETED,
        )
        reports = []
        for task, work in list(self._begun.items()):
            if task.done():
                task.result()
                del self._begun[task]
            reports.append(work.report(is_done=task.done()))
        waits = tuple(name for name, gate in self._gates.items() if not gate.is_set())
        return Came(reports, waits)

    async def _gate(self, name: str) -> None:
        """Wait until a model may be asked."""
        gate = self._gates.setdefault(name, asyncio.Event())
        if not gate.is_set() and not self._arrived.done():
            self._arrived.set_result(None)
        await gate.wait()

    async def _of(self, model: str) -> Brokers:
        """The brokers of the cells of a model; one at a time is in memory."""
        if self._brokers is None or self._model != model:
            if self._brokers is not None:
                await self._brokers.leave()
            count = worker_count(self._config)
            self._brokers = Brokers(
                self._config,
                _store(),
                spent=spent_here(),
                shared_by=count,
                store_of=lambda name: store_of(self._config, name, _store()),
                gate=self._gate,
            )
            self._model = model
        return self._brokers


class _Work:
    """A part on its way."""

    def __init__(self, config: Params, part: Part, brokers: Brokers) -> None:
        self._config, self._part = config, part
        self._source = _source(part.benchmark, part.is_prepared)
        self._own = _parts(part.benchmark, part.is_prepared, part.parts)[part.place]
        self._cells = [_CellWork(config, job, self._source, brokers) for job in part.jobs]
        self._left = len(self._own)
        self._undrawn = len(self._own) * len(part.jobs)
        self.drawn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._has_told = False
        self._told: dict[Job, Filled] = {}

    async def fill(self) -> None:
        """Make all calls of the part."""
        if not self._undrawn:
            self.drawn.set_result(None)
        work = self._shown_others if self._part.shows_others else self._whole

        async def filled(question: Question) -> None:
            await together(work(cell, question) for cell in self._cells)
            self._left -= 1

        await asyncio.gather(*map(filled, self._own))

    def report(self, *, is_done: bool) -> Report:
        """What became of it since the last report."""
        filled = []
        for cell in self._cells:
            for now in cell.filled():
                before = self._told.get((now.stage, now.cell))
                if now != before:
                    filled.append(_since(now, before))
                self._told[now.stage, now.cell] = now
        is_drawn = self.drawn.done() and not self._has_told and not self._part.shows_others
        self._has_told |= is_drawn
        left = 0 if is_done else max(1, self._left)
        return Report(self._part.number, tuple(filled), is_drawn, left)

    async def _whole(self, cell: "_CellWork", question: Question) -> None:
        thoughts = await cell.thoughts(question)
        self._undrawn -= 1
        if not self._undrawn:
            self.drawn.set_result(None)
        await cell.answer(question, thoughts, whose=None)

    async def _shown_others(self, cell: "_CellWork", question: Question) -> None:
        part = self._part
        for whose in cell.donors:
            donor = _donors(part.benchmark, part.is_prepared, cell.span, *whose).get(question.id)
            if donor is not None:
                thoughts = await cell.thoughts(_by_id(part.benchmark, part.is_prepared)[donor])
                await cell.answer(question, thoughts, whose=whose)


class _CellWork:
    """A part's share of one cell."""

    def __init__(self, config: Params, job: Job, source: Source, brokers: Brokers) -> None:
        (self._begins, self._cell), self._source = job, source
        drawing, self._how = Drawing.of(config, self._cell), Asking.of(config, self._cell)
        self.span = drawing.span
        self._imagining = Imagining(drawing, source.questions)
        self._answering = Answering(self._how)
        self.donors = self._how.donors
        self._rewards = named(self._how)
        self._material = source.material(drawing.reads)
        self._drawing = brokers.calls(self._cell.model, drawing.writer)
        self._asking = brokers.calls(self._cell.model)

    async def thoughts(self, question: Question) -> list[Thought]:
        """As they were recorded, or imagined."""
        if self._begins == "recorded" and self._cell.thoughts.exists():
            return _recorded(self._cell).get(question.id, [])
        return await self._imagining.imagine(question, self._material, self._drawing)

    async def answer(
        self, question: Question, thoughts: Sequence[Thought], *, whose: tuple[Pairing, int] | None
    ) -> None:
        """The arms that show the question's own thoughts, and their rewards; or, of a donor's
        thoughts, the arms that show those.
        """
        last, pictures = last_round(thoughts), self._source.pictures
        asked: list[Coroutine[Any, Any, object]] = [
            self._answering.answer(
                arm, Shown(question, pictures, shown(arm, thoughts, last)), self._asking
            )
            for arm in arms(self._how, thoughts)
            if arm.whose == whose
        ]
        if self._rewards and whose is None:
            asked.append(rewards(self._rewards, thoughts, pictures, self._asking, last))
        await together(asked)

    def filled(self) -> Iterator[Filled]:
        """What both stages came to so far."""
        yield _filled(self._cell, "generate", self._drawing, self._imagining.raised)
        yield _filled(self._cell, "understand", self._asking)


def _filled(cell: Cell, stage: Stage, calls: BrokeredCalls, raised: int = 0) -> Filled:
    sums = total(calls.tally().values())
    return Filled(cell, stage, sums.made, sums.reused, sums.failed + raised, sums.seconds)


def _since(now: Filled, before: Filled | None) -> Filled:
    if before is None:
        return now
    return replace(
        now,
        made=now.made - before.made,
        reused=now.reused - before.reused,
        failed=now.failed - before.failed,
        seconds=now.seconds - before.seconds,
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


@functools.lru_cache(maxsize=2)
def _parts(benchmark: str, is_prepared: bool, parts: int) -> list[list[Question]]:
    return in_parts(_source(benchmark, is_prepared).questions, parts)


@functools.lru_cache(maxsize=4)
def _recorded(cell: Cell) -> dict[str, list[Thought]]:
    found: dict[str, list[Thought]] = {}
    for thought in tables.read_thoughts(cell.thoughts):
        found.setdefault(thought.question, []).append(thought)
    return found


@functools.lru_cache(maxsize=16)
def _donors(
    benchmark: str, is_prepared: bool, span: Span, pairing: Pairing, number: int
) -> dict[str, str]:
    questions = _source(benchmark, is_prepared).questions
    return donors(drawn_for(questions, undrawn(questions, span)), number, pairing)


@functools.lru_cache(maxsize=2)
def _by_id(benchmark: str, is_prepared: bool) -> dict[str, Question]:
    return {question.id: question for question in _source(benchmark, is_prepared).questions}


@functools.cache
def _store() -> Replies:
    return known_calls()


@functools.lru_cache(maxsize=2)
def _source(benchmark: str, is_prepared: bool) -> Source:
    return read_source(params.load(), benchmark, is_prepared=is_prepared)
