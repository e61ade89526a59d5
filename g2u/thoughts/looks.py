"""Looks at a cell while it is drawn for: the slice of its questions before each, and how far
drawing goes (`run.design`).

A look's decision is all that drawing learns of gold answers: it says which questions are drawn
for, and nothing of how.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from g2u.files import write_whole
from g2u.params.params import Params
from g2u.tables.places import Cell
from g2u.thoughts.part import Span

Decision = Literal["gain", "harm", "futility", "open"]
"""open: none yet, or, at the last look, none at all."""
ELSEWHERE = "in another slice than that of this look, or decided before it (run.design)"
DECIDED = "looks decided the cell before its turn (run.design)"
"""The reasons of undrawn thoughts."""


@dataclass(frozen=True, slots=True)
class Decided:
    """What a look came to."""

    decision: Decision
    drawn: float
    """Share of the questions that the decision was made by, 0..1."""


def write_decision(path: Path, decided: Decided) -> None:
    """As JSON."""
    write_whole(path, json.dumps(asdict(decided)) + "\n")


def read_decision(path: Path) -> Decided | None:
    """None where no look was taken."""
    return Decided(**json.loads(path.read_text(encoding="utf-8"))) if path.exists() else None


def looks_of(config: Params, cell: Cell) -> list[Cell]:
    """The slices of a whole cell that a look follows which may end its drawing; after the last
    slice nothing is left to end.
    """
    return [cell.at(look + 1) for look in range(len(config.shares(cell.model, cell.family)) - 1)]


def cells(config: Params, benchmark: str) -> list[Cell]:
    """Every cell of a benchmark, each after its slices."""
    whole = [Cell(benchmark, model, family) for model, family in config.cells_of(benchmark)]
    return [each for cell in whole for each in (*looks_of(config, cell), cell)]


def count(config: Params) -> int:
    """Cells that looks may end, over which error is spread."""
    return sum(
        config.is_looked_at(model, family)
        for benchmark in config.benchmarks
        for model, family in config.cells_of(benchmark)
    )


def span(config: Params, cell: Cell) -> Span:
    """Which questions of a cell, or of a slice of it, are drawn for; a look that was not taken yet
    ends nothing.
    """
    shares = config.shares(cell.model, cell.family)
    if len(shares) == 1:
        return Span(shares[0])
    place = cell.look or len(shares)
    decided = read_decision(cell.at(place - 1).decision) if place > 1 else None
    until = shares[place - 1]
    if decided is not None and decided.decision != "open":
        until = decided.drawn
    if not cell.look:
        return Span(until, reason=DECIDED)
    return Span(until, min(until, (0.0, *shares)[place - 1]), ELSEWHERE)
