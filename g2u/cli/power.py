"""g2u plan --power: before anything is paid, what each own-thought cell costs and could show."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from textwrap import wrap
from typing import Any

import numpy as np

from g2u import plugins
from g2u.errors import ParamsError
from g2u.params.params import Params
from g2u.pipeline.plan import CellPlan, Estimate, costs, rates, read_source
from g2u.pipeline.stale import stale, status
from g2u.questions.clusters import linked
from g2u.records import Question
from g2u.report.summary import CAUSES, TOLD
from g2u.scores.looks import planned
from g2u.scores.planning import NONE, Claim, Design, Pilot, design_effect, pooled
from g2u.scores.sequential import Plan
from g2u.scores.statistics import numbered, typical_size
from g2u.tables.places import Cell
from g2u.thoughts.part import Span, drawn_for, undrawn

WRITES = frozenset({"edit", "draw"})
"""What a family needs of a model whose own thoughts it shows."""
WIDTH, NAME = 80, 26
"""Characters of a line, and of a cell's name in it."""
MOST, FINEST = 10_000_000, 0.001
"""Questions of a claim, and points or percents that it is told in."""
COLUMNS = {"to make": 9, "~hours": 8, "money": 9, "changed": 11, "alone": 7, "corrected": 10}
"""Heads and widths."""


@dataclass(frozen=True, slots=True)
class Assumed:
    """What is taken for granted where no pilot tells it; shares of 1."""

    discordance: float
    rho: float
    """Correlation of the changes of two questions about a picture."""


@dataclass(frozen=True, slots=True)
class Looks:
    """What looks at a cell are expected to come to (`run.design`)."""

    without: float
    """Share of the questions that are drawn for where there is no gain, 0..1."""
    with_gain: float
    """The same where the gain is the smallest that is found after the correction."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a cell costs and could see."""

    cell: Cell
    questions: int
    """That are drawn for."""
    pictures: int
    calls: int
    """To make."""
    hours: float
    """Of model time."""
    money: float
    design: Design
    source: str
    """Where its discordance is from."""
    alone: float
    """The smallest gain that is found in 80 % as the study's only one, 0..1."""
    corrected: float
    """The same as one of all own-thought cells."""
    looks: Looks | None
    """None: nothing ends it early."""


def outlooks(config: Params, plans: Sequence[CellPlan], assumed: Assumed) -> list[Outlook]:
    """Of all cells whose model draws its own thoughts, in the order of a run.

    The discordance is the cell's own where it has been scored, else the mean of its benchmark's
    own-thought cells, else that of the study's, else assumed.
    """
    own = [each for each in plans if _draws(config, each.cell)]
    measured = {each.cell: pilot for each in own if (pilot := pilot_of(each.cell)) is not None}
    work, known = stale(config, status(config)), rates(plans)
    found, asked = [], {}
    for each in own:
        cell = each.cell
        if cell.benchmark not in asked:
            is_prepared = cell.benchmark not in work.prepare
            source = read_source(config, cell.benchmark, is_prepared=is_prepared)
            left = undrawn(source.questions, Span(config.generate.part))
            asked[cell.benchmark] = _sizes(drawn_for(source.questions, left))
        questions, pictures, typical = asked[cell.benchmark]
        pilot, told = _pilot(cell, measured, assumed, typical)
        paid = sum(costs(each, known, config).values(), Estimate())
        design = Design(questions, pilot.discordance, pilot.effect)
        spent = (paid.to_make, paid.hours, paid.money)
        seen = _seen(design, planned(config, cell), config.report.alpha, len(own))
        found.append(Outlook(cell, questions, pictures, *spent, design, told, *seen))
    return found


def _seen(
    design: Design, plan: Plan | None, alpha: float, tests: int
) -> tuple[float, float, Looks | None]:
    """The smallest gains that are found, alone and as one of some tests; what looks come to."""
    alone, corrected = (design.detectable(level, plan) for level in (alpha, alpha / tests))
    if plan is None:
        return alone, corrected, None
    held = replace(plan, alpha=alpha / tests)
    looks = Looks(*(design.looked_at(gain, held).drawn for gain in (0.0, corrected)))
    return alone, corrected, looks


def _draws(config: Params, cell: Cell) -> bool:
    edit = config.presets.families[cell.family].edit
    is_own = edit not in (*CAUSES, *TOLD) and bool(plugins.family(edit).NEEDS & WRITES)
    return is_own and not config.why_not(cell.model, cell.family)


def _sizes(questions: Sequence[Question]) -> tuple[int, int, float]:
    """Questions, independent sets of pictures, and how many questions share one with a typical."""
    index = numbered(linked([q.pictures or (q.id,) for q in questions]))
    sizes = np.bincount(index).astype(np.float64)
    return len(questions), len(sizes), typical_size(sizes)


def pilot_of(cell: Cell) -> Pilot | None:
    """What the scores of a cell tell; None where there are none, or nothing changed."""
    if not cell.metrics.exists():
        return None
    metrics: Mapping[str, Any] = json.loads(cell.metrics.read_text(encoding="utf-8"))
    for over in metrics["gains"].values():  # the main arm comes first
        gain = over.get("direct", {})
        if gain.get("items"):
            return Pilot.of(gain["items"], gain["gained"], gain["lost"], gain["error"])
    return None


def _pilot(
    cell: Cell, measured: Mapping[Cell, Pilot], assumed: Assumed, typical: float
) -> tuple[Pilot, str]:
    if cell in measured:
        return measured[cell], "its own scores"
    here = [pilot for other, pilot in measured.items() if other.benchmark == cell.benchmark]
    if here:
        return pooled(here), f"{len(here)} cells of {cell.benchmark}"
    if measured:
        return pooled(list(measured.values())), f"{len(measured)} cells of the study"
    return Pilot(assumed.discordance, design_effect(typical, assumed.rho)), "assumed"


def table(found: Sequence[Outlook], alpha: float) -> str:
    """The outlook as text of at most WIDTH characters a line; points of 100.

    Args:
        found: of all own-thought cells, those of a benchmark one after the other.
        alpha: family-wise level; each cell is corrected by the number of cells.
    """
    if not found:
        return "no family draws own thoughts here: there is no gain to detect"
    sources = dict.fromkeys(each.source for each in found)
    marks = {source: f"({number})" for number, source in enumerate(sources, 1)}
    heads = "".join(f"{head:>{size}}" for head, size in COLUMNS.items())
    lines = [f"{'own thoughts of':<{NAME}}{heads}"]
    for benchmark, cells in groupby(found, lambda each: each.cell.benchmark):
        here = list(cells)
        lines.append(f"{benchmark}: {here[0].questions} questions, {here[0].pictures} pictures")
        for each in here:
            lines += _lines(each, marks[each.source])
    told = [
        f"changed: share of answers, in percent; {_legend(marks)}",
        f"alone, corrected: smallest gain in points that is found in 80 %, at {alpha:g} and "
        f"corrected over {len(found)} gains (Holm's first step)",
    ]
    if any(each.looks for each in found):
        told.append(
            "drawn for: expected share of the questions, as looks (run.design) end a cell; "
            "to make, hours and money are at most"
        )
    return "\n".join([*lines, *(line for each in told for line in wrap(each, WIDTH))])


def _lines(each: Outlook, mark: str) -> list[str]:
    """Of a cell; a long name has a line of its own, and so have looks."""
    told = (
        str(each.calls), _hours(each.hours), f"{each.money:.2f}",
        f"{100 * each.design.discordance:.1f} {mark}",
        *(f"{100 * gain:.1f}" if gain < NONE else "none" for gain in (each.alone, each.corrected)),
    )  # fmt: skip
    numbers = "".join(f"{n:>{size}}" for n, size in zip(told, COLUMNS.values(), strict=True))
    name = f"  {each.cell.family}/{each.cell.model}"
    lines = [f"{name:<{NAME}}{numbers}"] if len(name) <= NAME else [name, " " * NAME + numbers]
    if each.looks is not None:
        without, drawn = 100 * each.looks.without, 100 * each.looks.with_gain
        gain = f", {drawn:.0f} % if there is one of {100 * each.corrected:.1f}"
        shown = gain if each.corrected < NONE else ""
        lines.append(f"    drawn for: {without:.0f} % if there is no gain{shown}")
    return lines


def _hours(hours: float) -> str:
    """In five characters, or as many as it takes before the point."""
    return f"{hours:.3f}" if hours < 10 else f"{hours:.1f}" if hours < 100 else f"{hours:.0f}"


def _legend(marks: Mapping[str, str]) -> str:
    """Where it is from."""
    return ", ".join(f"{mark} = {source}" for source, mark in marks.items())


def claim_of(values: Sequence[float], tests: int, pictures: int | None, rho: float) -> Claim:
    """A published gain to be audited.

    Args:
        values: questions; gain in points; share of answers that change, in percent.
        tests: gains of the same table.
        pictures: that the questions are about; None = one each.
        rho: correlation of the changes of two questions about a picture.

    Raises:
        ParamsError: a number is out of its range.
    """
    questions, gain, discordance = values
    where = "g2u plan --claim"
    if not (1 <= questions <= MOST and questions == int(questions)):
        raise ParamsError(
            f"{where}: {questions:g} questions; expected a whole number from 1 to {MOST:,}"
        )
    if not FINEST <= discordance <= 100:
        raise ParamsError(
            f"{where}: discordance {discordance:g}; expected {FINEST:g} to 100 percent"
        )
    if not (gain == 0 or FINEST <= abs(gain) <= 100):
        raise ParamsError(
            f"{where}: a gain of {gain:g} points; expected 0, or {FINEST:g} to 100 of either sign"
        )
    if abs(gain) > discordance:
        raise ParamsError(
            f"{where}: a gain of {gain:g} points where {discordance:g} % of the answers change; "
            "expected a discordance of at least the gain"
        )
    if tests < 1:
        raise ParamsError(f"{where}: --tests {tests}; expected 1 or more")
    if pictures is not None and not 1 <= pictures <= questions:
        raise ParamsError(f"{where}: --pictures {pictures}; expected 1 to {questions:g}")
    effect = design_effect(questions / (pictures or questions), rho)
    return Claim(Design(int(questions), discordance / 100, effect), gain / 100, tests)


def assumed_of(discordance: float, rho: float) -> Assumed:
    """What the options say.

    Raises:
        ParamsError: a number is out of its range.
    """
    if not 0 < discordance <= 100:
        raise ParamsError(
            f"g2u plan: --discordance {discordance:g}; expected above 0 to 100 percent"
        )
    if not 0 <= rho <= 1:
        raise ParamsError(f"g2u plan: --alike {rho:g}; expected 0 to 1")
    return Assumed(discordance / 100, rho)
