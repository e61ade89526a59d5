"""What a run would do, without doing it: the stages' own functions over calls never made."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from g2u.answers.answering import Asking
from g2u.answers.understanding import REWARDS, Understanding
from g2u.calls.asking import BrokeredCalls, Tally
from g2u.calls.brokers import Brokers, budget
from g2u.calls.budget import Spent
from g2u.calls.opened import known_calls
from g2u.params.params import Params
from g2u.pictures.decoding import encode_png
from g2u.pipeline.stale import stale, status
from g2u.pipeline.workers import worker_count
from g2u.questions.prepared import Prepared
from g2u.records import Picture, Question, Thought
from g2u.scores.samples import samples
from g2u.tables import parquet
from g2u.tables import schemas as tables
from g2u.tables.places import BenchmarkFolder, Cell
from g2u.thoughts.imagining import Drawing, Imagining, imagined

GUESS_SECONDS = {"edit": 0.03, "answer": 0.02, "score": 0.003, "embed": 0.003}
"""Seconds per call where the cache holds no call of that model and kind: tiny on one core."""
GUESS_BYTES = {"edit": 4500, "answer": 200, "score": 300, "embed": 4000}
PACKING = 3.5
"""Seconds in which a run packs a cell: its four stages, and its part of the report; measured
on two cores with cells of 500 questions.
"""


@dataclass(frozen=True, slots=True)
class CellPlan:
    """Calls of one cell by kind."""

    cell: Cell
    calls: dict[str, Tally]
    """`made` counts the calls that a run would make."""
    is_bound: bool
    """True where answers wait for thoughts that do not exist yet: their calls are all counted."""
    keys: frozenset[str]
    """Keys of the calls in the cache."""


@dataclass(frozen=True, slots=True)
class Source:
    """A benchmark as models may see it."""

    questions: list[Question]
    pictures: dict[str, Picture]
    """By digest."""
    given: dict[str, dict[str, Picture]]
    """Oracles and adversaries, by digest of the source."""

    def material(self, reads: str) -> dict[str, Picture]:
        """What a family starts from that `READS` this."""
        return self.given.get(reads, self.pictures)


def plan(config: Params) -> list[CellPlan]:
    """Every cell's calls, in the order of a run; none where DVC calls the cell unchanged.

    What a judge was asked is known of the results alone: its calls are kept, not planned.

    Raises:
        ParamsError: settings of a preset in use do not fit.
    """
    config.check_settings()
    work = stale(config, status(config))
    brokers = Brokers(config, known_calls(takes=False), plans=True)
    plans = []
    for benchmark in config.benchmarks:
        cells = [Cell(benchmark, model, family) for model, family in config.cells_of(benchmark)]
        source = None
        if work.understand & {*cells}:
            is_prepared = benchmark not in work.prepare
            source = read_source(config, benchmark, is_prepared=is_prepared)
        for cell in cells:
            if source is None or cell not in work.understand:
                keys = _recorded(cell, "generate", "understand", "judge")
                plans.append(CellPlan(cell, {}, is_bound=False, keys=keys))
                continue
            drawn, keys = None, _recorded(cell, "judge")
            if cell not in work.generate:
                drawn = tables.read_thoughts(cell.thoughts)
                keys |= _recorded(cell, "generate")
            calls = brokers.calls(cell.model, Drawing.of(config, cell).writer)
            waits = brokers.run(plan_cell(config, cell, source, calls, drawn))
            plans.append(CellPlan(cell, calls.tally(), waits, calls.settled | keys))
    return plans


def _recorded(cell: Cell, *stages: str) -> frozenset[str]:
    """Keys of the calls that stages of a cell were made from, where they were made."""
    return frozenset(
        row["call"]
        for stage in stages
        if cell.calls(stage).exists()
        for row in parquet.iterate_rows(cell.calls(stage), tables.CALLS.schema, ["call", "kind"])
        if row["kind"] != "check"  # of those that are shipped there is no reply
    )


def read_source(config: Params, benchmark: str, *, is_prepared: bool = False) -> Source:
    """What prepare writes, but for the targets; pictures' files lie there, or in a spool.

    Args:
        config: the params.
        benchmark: a preset.
        is_prepared: whether prepare has written it as params, code and source are now; who has not
            got its pictures, as actors of Ray, reads the source all the same.
    """
    folder, reads = BenchmarkFolder(benchmark), ("oracles", "adversaries")
    if is_prepared and folder.pictures.is_dir():
        return Source(
            tables.read_questions(folder.questions),
            tables.read_pictures(folder.pictures),
            {name: tables.read_oracles(folder.given(name)) for name in reads},
        )
    made = Prepared(samples(config, benchmark))
    pictures = {picture.digest: made.spool.keep(picture) for picture in made.pictures()}
    return Source(
        made.questions, pictures, dict(zip(reads, (made.oracles, made.adversaries), strict=True))
    )


async def plan_cell(
    config: Params,
    cell: Cell,
    source: Source,
    calls: BrokeredCalls,
    recorded: Sequence[Thought] | None = None,
) -> bool:
    """Ask for all that a cell asks for; whether answers wait for thoughts that do not exist yet.

    Args:
        config: the params.
        cell: which.
        source: its benchmark.
        calls: planned ones.
        recorded: the cell's thoughts, where they need not be asked for.
    """
    if recorded is None:
        drawing = Drawing.of(config, cell)
        material = source.material(drawing.reads)
        thoughts = await imagined(Imagining(drawing), source.questions, material, calls)
    else:
        thoughts = list(recorded)
    placed = [_stand_in(thought, source.pictures) for thought in thoughts]
    work = Understanding(Asking.of(config, cell), source.questions, source.pictures, placed)
    await work.understood(dict.fromkeys((*(arm.name for arm in work.arms), REWARDS), calls))
    return placed != thoughts


def _stand_in(thought: Thought, pictures: dict[str, Picture]) -> Thought:
    """An unmade thought as a picture that no cache entry can know, so that its answers count as
    new.
    """
    if thought.status != "failed" or thought.picture is not None or not thought.call:
        return thought
    source = pictures[thought.source]
    file = partial(_noise, source.width, source.height, thought.call)
    unknown = Picture(f"unmade {thought.call}", file, source.width, source.height)
    return replace(thought, status="ok", reason="", picture=unknown)


def _noise(width: int, height: int, call: str) -> bytes:
    """A file that resembles no other: what is made of a stand-in is unknown as well."""
    pixels = np.random.default_rng(int(call[:16], 16)).integers(
        0, 256, (height, width, 3), dtype=np.uint8
    )
    return encode_png(pixels)


def table(plans: Sequence[CellPlan], config: Params, *, by_cell: bool) -> str:
    """The plan as text: calls to make and reused, estimated model hours and bytes, and money where
    params.yaml has prices.
    """
    lines = [
        f"{'cell':<40}{'kind':<8}{'to make':>9}{'reused':>9}{'~hours':>10}{'~MB':>8}{'money':>9}"
    ]
    known = rates(plans)
    totals: dict[str, tuple[float, ...]] = {}
    for each in plans:
        for kind, values in costs(each, known, config).items():
            before = totals.get(kind, (0.0,) * len(values))
            totals[kind] = tuple(a + b for a, b in zip(before, values, strict=True))
            if by_cell:
                lines.append(_line(str(each.cell), kind, values))
    for kind, values in sorted(totals.items()):
        lines.append(_line(f"all {len(plans)} cells", kind, values))
    if not totals:
        lines = []
    workers = worker_count(config)
    hours = sum(values[2] for values in totals.values())
    at_work = sum(bool(each.calls) for each in plans)
    calls, packing = 60 * hours / workers, PACKING * at_work / 60
    if at_work < len(plans):
        lines.append(f"{len(plans) - at_work} cells are as DVC recorded them: 0 calls")
    lines.append(
        f"about {calls:.1f} minutes of calls on {workers} workers, up to {packing:.1f} of packing"
    )
    if any(each.is_bound for each in plans):
        lines.append("answers to thoughts that do not exist yet are counted as calls to make")
    return "\n".join(lines)


def costs(
    planned: CellPlan, known: Mapping[str, float], config: Params
) -> dict[str, tuple[float, ...]]:
    """By kind of call: to make, reused, hours, MB, money of those to make.

    Args:
        planned: a cell's calls.
        known: `rates`.
        config: the params, which have prices.
    """
    prices = budget(config.run, planned.cell.model, Spent()).prices
    return {
        kind: (
            tally.made,
            tally.reused,
            tally.made * known.get(kind, GUESS_SECONDS[kind]) / 3600,
            tally.made * GUESS_BYTES[kind] / 1e6,
            tally.made * prices.get(kind, 0.0),
        )
        for kind, tally in sorted(planned.calls.items())
        if tally.calls
    }


def rates(plans: Sequence[CellPlan]) -> dict[str, float]:
    """Seconds per call and kind, from the calls that are in the cache."""
    found = {}
    for kind in GUESS_SECONDS:
        tallies = [each.calls[kind] for each in plans if kind in each.calls]
        reused = sum(tally.reused for tally in tallies)
        if reused:
            found[kind] = sum(tally.seconds for tally in tallies) / reused
    return found


def _line(cell: str, kind: str, values: Sequence[float]) -> str:
    made, reused, hours, size, money = values
    return f"{cell:<40}{kind:<8}{made:>9.0f}{reused:>9.0f}{hours:>10.3f}{size:>8.1f}{money:>9.2f}"
