"""What a run would do, without doing it: the stages' own functions over calls never made."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass, field, replace
from functools import partial

import numpy as np

from g2u.answers.answering import Asking
from g2u.answers.understanding import REWARDS, Understanding
from g2u.calls.asking import BrokeredCalls, Tally, total
from g2u.calls.brokers import Brokers, budget
from g2u.calls.budget import Spent
from g2u.calls.opened import known_calls
from g2u.params.params import Params
from g2u.pictures.decoding import encode_png
from g2u.pipeline.stale import Stale, stale, status
from g2u.pipeline.workers import worker_count
from g2u.questions.prepared import Prepared
from g2u.records import Picture, Question, Thought
from g2u.scores.panel import all_heard, open_cases
from g2u.scores.samples import samples
from g2u.tables import parquet
from g2u.tables import schemas as tables
from g2u.tables.places import BenchmarkFolder, Cell
from g2u.thoughts.imagining import Drawing, Imagining, imagined
from g2u.thoughts.looks import looks_of, span
from g2u.thoughts.part import Span

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
    least: dict[str, Tally] | None = None
    """Of a cell that looks may end: the calls, if the next look does; then `calls` are what it
    comes to if none does.
    """
    judges: Mapping[str, Tally] = field(default_factory=dict)
    """Of each judge, where the answers that it is asked about are there."""
    to_come: int = 0
    """Answers that are not there yet, and that each judge may be asked about."""


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

    What judges will be asked is known of answers that are there alone: of others, how many they may
    be asked about.

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
                is_open = cell in work.judge and cell.answers.exists()
                judges = _judges(config, cell, brokers) if is_open else {}
                keys |= {key for calls in judges.values() for key in calls.settled}
                said = {judge: total(calls.tally().values()) for judge, calls in judges.items()}
                plans.append(CellPlan(cell, {}, is_bound=False, keys=keys, judges=said))
                continue
            drawn, keys = None, _recorded(cell, "judge")
            if cell not in work.generate:
                drawn = tables.read_thoughts(cell.thoughts)
                keys |= _recorded(cell, "generate")
            calls = brokers.calls(cell.model, Drawing.of(config, cell).writer)
            soon, late = spans(config, work, cell)
            waits = brokers.run(plan_cell(config, cell, source, calls, drawn, late))
            least = None
            if soon != late:
                few = brokers.calls(cell.model, Drawing.of(config, cell).writer)
                brokers.run(plan_cell(config, cell, source, few, drawn, soon))
                least = few.tally()
            tally = calls.tally()
            answers = tally["answer"].calls if config.judge.models and "answer" in tally else 0
            keys |= calls.settled
            plans.append(CellPlan(cell, tally, waits, keys, least, to_come=answers))
    return plans


def spans(config: Params, work: Stale, cell: Cell) -> tuple[Span, Span]:
    """What is drawn for of a cell at least and at most: the next look may end it, or none."""
    shares = config.shares(cell.model, cell.family)
    for each in looks_of(config, cell):
        if each in work.looks:
            return Span(shares[each.look - 1]), Span(shares[-1])
    now = span(config, cell)
    return now, now


def _judges(config: Params, cell: Cell, brokers: Brokers) -> dict[str, BrokeredCalls]:
    """What each judge will be asked about a cell's answers; a reply that cannot be read is asked
    for once more, which nobody knows before.
    """
    judges = {judge: brokers.calls(judge) for judge in config.judge.models}
    brokers.run(all_heard(open_cases(config, cell), judges, config.judge.votes))
    return judges


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
    drawn: Span | None = None,
) -> bool:
    """Ask for all that a cell asks for; whether answers wait for thoughts that do not exist yet.

    Args:
        config: the params.
        cell: which.
        source: its benchmark.
        calls: planned ones.
        recorded: the cell's thoughts, where they need not be asked for.
        drawn: the questions that are drawn for; None = as far as looks have decided.
    """
    if recorded is None:
        drawing = Drawing.of(config, cell)
        drawing = drawing if drawn is None else replace(drawing, span=drawn)
        material = source.material(drawing.reads)
        thoughts = await imagined(
            Imagining(drawing, source.questions), source.questions, material, calls
        )
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


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a run would do about one kind of call, of a cell or of all of them."""

    to_make: int = 0
    reused: int = 0
    hours: float = 0.0
    """Of the model, estimated."""
    megabytes: float = 0.0
    """Of replies, estimated."""
    money: float = 0.0
    """By the prices of params.yaml; 0 where it has none."""

    def __add__(self, other: "Estimate") -> "Estimate":
        return Estimate(*(a + b for a, b in zip(astuple(self), astuple(other), strict=True)))


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a run would do."""

    cells: int
    unchanged: int
    """Of them; they need no call."""
    workers: int
    call_minutes: float
    """Of all workers together, about."""
    packing_minutes: float
    """At most, about."""
    waits: bool
    """Whether answers to thoughts that do not exist yet are counted as calls to make."""
    judged_later: int
    """Calls of judges about answers that do not exist yet, at most; not counted elsewhere."""
    totals: dict[str, Estimate]
    """By kind of call."""
    by_cell: dict[str, dict[str, Estimate]]
    """By BENCHMARK/MODEL/FAMILY, then by kind of call."""
    least: dict[str, Estimate] | None = None
    """`totals` if each cell that looks may end is ended by its next one; None where none is."""


def forecast(plans: Sequence[CellPlan], config: Params) -> Forecast:
    """The plan in numbers."""
    known, workers = rates(plans), worker_count(config)
    by_cell = {
        f"{each.cell.benchmark}/{each.cell.model}/{each.cell.family}": costs(each, known, config)
        for each in plans
    }
    soonest = [each if each.least is None else replace(each, calls=each.least) for each in plans]
    is_open = any(each.least is not None for each in plans)
    totals = _summed(by_cell.values())
    at_work = sum(bool(each.calls or each.judges) for each in plans)
    ballots = len(config.judge.models) * config.judge.votes
    return Forecast(
        cells=len(plans),
        unchanged=len(plans) - at_work,
        workers=workers,
        call_minutes=60 * sum(each.hours for each in totals.values()) / workers,
        packing_minutes=PACKING * at_work / 60,
        waits=any(each.is_bound for each in plans),
        judged_later=ballots * sum(each.to_come for each in plans),
        totals=totals,
        by_cell={name: found for name, found in by_cell.items() if found},
        least=_summed(costs(each, known, config) for each in soonest) if is_open else None,
    )


def _summed(of_cells: Iterable[Mapping[str, Estimate]]) -> dict[str, Estimate]:
    """By kind of call, in their order."""
    totals: dict[str, Estimate] = {}
    for found in of_cells:
        for kind, estimate in found.items():
            totals[kind] = totals.get(kind, Estimate()) + estimate
    return dict(sorted(totals.items()))


def table(found: Forecast, *, by_cell: bool) -> list[str]:
    """The plan in lines: calls to make and reused, hours of the model, bytes, and money where
    params.yaml has prices; what is next.
    """
    rows = [
        (name.replace("/", " "), kind, estimate)
        for name, kinds in (found.by_cell.items() if by_cell else ())
        for kind, estimate in kinds.items()
    ]
    rows += [(f"all {found.cells} cells", kind, each) for kind, each in found.totals.items()]
    wide = max((len(name) for name, _, _ in rows), default=0)
    is_priced = any(estimate.money for _, _, estimate in rows)
    lines = []
    if rows:
        head = f"{'cell':<{wide}}  {'kind':<7}{'to make':>8}{'reused':>8}{'~hours':>9}{'~MB':>8}"
        lines.append(head + (f"{'money':>9}" if is_priced else ""))
    for name, kind, each in rows:
        line = f"{name:<{wide}}  {kind:<7}{each.to_make:>8}{each.reused:>8}"
        line += f"{each.hours:>9.3f}{each.megabytes:>8.1f}"
        lines.append(line + (f"{each.money:>9.2f}" if is_priced else ""))
    if found.unchanged:
        lines.append(f"{found.unchanged} cells are as DVC recorded them: 0 calls")
    lines.append(
        f"about {found.call_minutes:.1f} minutes of calls on {found.workers} workers, "
        f"up to {found.packing_minutes:.1f} of packing"
    )
    if found.least:
        least = ", ".join(f"{each.to_make} {kind}" for kind, each in found.least.items())
        lines.append(f"at most so; looks (run.design) may end it at: {least}")
    if found.waits:
        lines.append("answers to thoughts that do not exist yet are counted as calls to make")
    if found.judged_later:
        lines.append(
            "judges are asked about answers that rules leave open: of those to come at most "
            f"{found.judged_later} calls more, not counted above"
        )
    return [*lines, "next: g2u run" + ("" if by_cell else "; g2u plan --cells has a line per cell")]


def costs(planned: CellPlan, known: Mapping[str, float], config: Params) -> dict[str, Estimate]:
    """What a cell takes, by kind of call.

    Args:
        planned: a cell's calls.
        known: `rates`.
        config: the params, which have prices.
    """
    prices = budget(config.run, planned.cell.model, Spent()).prices
    found = {
        kind: _estimate(kind, tally, known.get(kind, GUESS_SECONDS[kind]), prices)
        for kind, tally in sorted(planned.calls.items())
        if tally.calls
    }
    for judge, tally in planned.judges.items():
        seconds = tally.seconds / tally.reused if tally.reused else GUESS_SECONDS["answer"]
        asked = _estimate("answer", tally, seconds, budget(config.run, judge, Spent()).prices)
        found["judge"] = found.get("judge", Estimate()) + asked
    return found


def _estimate(kind: str, tally: Tally, seconds: float, prices: Mapping[str, float]) -> Estimate:
    """What calls of a kind take, at so many seconds each."""
    return Estimate(
        tally.made,
        tally.reused,
        tally.made * seconds / 3600,
        tally.made * GUESS_BYTES[kind] / 1e6,
        tally.made * prices.get(kind, 0.0),
    )


def rates(plans: Sequence[CellPlan]) -> dict[str, float]:
    """Seconds per call and kind, from the calls that are in the cache."""
    found = {}
    for kind in GUESS_SECONDS:
        tallies = [each.calls[kind] for each in plans if kind in each.calls]
        reused = sum(tally.reused for tally in tallies)
        if reused:
            found[kind] = sum(tally.seconds for tally in tallies) / reused
    return found
