"""What the overview's sections lay out: who was asked, the map of transfer, costs, failures."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from g2u.report.summary import IS_DIRECT, own_thoughts

DIGEST = re.compile(r"[0-9a-f]{16,}")
DIGITS = 8
"""Hexadecimal digits that a shortened digest keeps."""
LENGTH = 32
"""Characters of a shortened identity at most."""
COLUMNS = 10
"""Benchmarks beside each other in a map; further ones begin another."""
ROLES = ("own thought", "oracle", "control")
TROUBLE = {
    "failed": "failed",
    "unparsed": "not read",
    "abstained": "declined",
    "undecided": "undecided",
    "truncated": "cut off",
    "filtered": "filtered",
}
"""Columns of the table that count what went wrong, in words."""
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """A model that was asked, by the names under which its calls were made: adapter, weights and
    settings.
    """

    model: str
    """Its preset."""
    draws: tuple[str, ...]
    """Identities by which it drew."""
    answers: tuple[str, ...]
    """Identities by which it answered."""
    check: str = ""
    """What its checks came to, and when."""

    @property
    def roles(self) -> list[tuple[str, str]]:
        """What it did, "" where one identity does all, and an identity."""
        if set(self.draws) == set(self.answers):
            return [("", identity) for identity in self.draws]
        named = (("draws", self.draws), ("answers", self.answers))
        return [(role, identity) for role, found in named for identity in found]


def short(identity: str) -> str:
    """The adapter and the first digest of an identity, or its beginning where it has none."""
    digest = DIGEST.search(identity)
    if digest is not None:
        return f"{identity.split()[0][: LENGTH - DIGITS - 1]} {digest[0][:DIGITS]}"
    return identity if len(identity) <= LENGTH else f"{identity[: LENGTH - 1].rstrip()}…"


@dataclass(frozen=True, slots=True)
class Map:
    """Gains of every family on some benchmarks, with one model."""

    model: str
    benchmarks: tuple[str, ...]
    lines: tuple[tuple[str, str, tuple[Row | None, ...]], ...]
    """Family, its role, and a row of the table for each benchmark."""


def maps(rows: pl.DataFrame) -> list[Map]:
    """The maps of all models: own thoughts, oracle and controls; none for a model whose families
    met one benchmark alone.
    """
    kept = rows.filter(pl.col("is_main") & pl.col("gain").is_not_null())
    found = []
    for own in kept.partition_by("model", maintain_order=True):
        there = {(row["family"], row["benchmark"]): row for row in own.iter_rows(named=True)}
        roles = {row["family"]: str(row["role"]) for row in own.iter_rows(named=True)}
        families = sorted(roles, key=lambda family: ROLES.index(roles[family]))
        benchmarks = own["benchmark"].unique(maintain_order=True).to_list()
        for first in range(0, len(benchmarks) if len(benchmarks) > 1 else 0, COLUMNS):
            some = tuple(benchmarks[first : first + COLUMNS])
            lines = tuple((f, roles[f], tuple(there.get((f, b)) for b in some)) for f in families)
            found.append(Map(str(own["model"][0]), some, lines))
    return found


@dataclass(frozen=True, slots=True)
class Cost:
    """What the best own thought of a benchmark and model costs beside direct."""

    benchmark: str
    model: str
    arm: str
    direct: float
    """Model seconds per question."""
    own: float
    gain: float
    """0..1 scores."""

    @property
    def times(self) -> float | None:
        """How many times as much model time; None where direct took none."""
        return self.own / self.direct if self.direct else None


def costs(rows: pl.DataFrame) -> list[Cost]:
    """Of each benchmark and model with own thoughts."""
    found = []
    for part in rows.partition_by("benchmark", "model", maintain_order=True):
        own = own_thoughts(part)
        if not own.is_empty():
            best, direct = own.row(0, named=True), part.row(by_predicate=IS_DIRECT, named=True)
            names = (best["benchmark"], best["model"], best["arm"])
            found.append(Cost(*names, direct["seconds"], best["seconds"], best["gain"]))
    return found


@dataclass(frozen=True, slots=True)
class Failures:
    """Answers that are missing, or worth nothing for want of being read, over all arms."""

    kinds: tuple[str, ...]
    """Of TROUBLE, those that there were."""
    lines: tuple[tuple[str, str, int, tuple[int, ...]], ...]
    """Benchmark, model, answers asked for, and how many of each kind."""


def failures(rows: pl.DataFrame) -> Failures | None:
    """What went wrong, by benchmark and model; None where nothing did."""
    counted = rows.group_by("benchmark", "model", maintain_order=True).agg(
        pl.col("items").sum(), *(pl.col(kind).sum() for kind in TROUBLE)
    )
    kinds = [kind for kind in TROUBLE if counted[kind].sum()]
    lines: Sequence[Row] = [
        row for row in counted.iter_rows(named=True) if any(row[kind] for kind in kinds)
    ]
    if not lines:
        return None
    return Failures(
        tuple(TROUBLE[kind] for kind in kinds),
        tuple(
            (
                row["benchmark"],
                row["model"],
                row["items"] + row["failed"],
                tuple(row[kind] for kind in kinds),
            )
            for row in lines
        ),
    )
