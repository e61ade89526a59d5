"""What published figures are means of: questions, pairs, rotations, all questions of a picture."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from g2u.questions.clusters import linked
from g2u.records import Question, Target


@dataclass(frozen=True, slots=True)
class Item:
    """A scored answer of one arm."""

    question: Question
    prediction: str
    """Empty where none could be read."""
    target: Target
    score: float | None
    """0..1; None = the answer failed."""
    cluster: str


@dataclass(frozen=True, slots=True)
class Unit:
    """What counts once in a figure."""

    key: str
    value: float | None
    """0..1; None = an item of it failed."""
    cluster: str


Units = Mapping[str, Sequence[Unit]]
"""By name of the figure."""


class Metric(Protocol):
    """A module in g2u/scores/official."""

    SCALE: float
    """What a mean of 1 is published as."""

    def check(self, questions: Sequence[Question], gold: Sequence[Target]) -> None:
        """Whether the items have all that the figure is made from; prepare asks, before any call
        is paid for. Raises DataError, which names the first that has not and what mends it.
        """
        ...

    def units(self, items: Sequence[Item]) -> Units:
        """By figure, what it is the mean of."""
        ...

    def totals(self, values: Mapping[str, float]) -> dict[str, float]:
        """Further figures, made from the others (scaled)."""
        ...


def each(items: Iterable[Item]) -> list[Unit]:
    """A unit per item: accuracy."""
    return [Unit(item.question.id, item.score, item.cluster) for item in items]


def all_right(items: Iterable[Item], key: Callable[[Item], str]) -> list[Unit]:
    """A unit per group of items: 1 if every answer of it is right."""
    groups: dict[str, list[Item]] = {}
    for item in items:
        groups.setdefault(key(item), []).append(item)
    clusters = linked([[item.cluster for item in members] for members in groups.values()])
    return [
        Unit(name, _all(members), cluster)
        for (name, members), cluster in zip(groups.items(), clusters, strict=True)
    ]


def _all(members: Sequence[Item]) -> float | None:
    values = [member.score for member in members]
    if None in values:
        return None
    return float(all(value == 1.0 for value in values))


def grouped(
    items: Sequence[Item],
    names: Iterable[str],
    make: Callable[[Sequence[Item]], Units],
) -> dict[str, Sequence[Unit]]:
    """The figures of all items, and of each group of the labels `names`: "accuracy", "accuracy,
    category counting" ...
    """
    found = dict(make(items))
    for name in names:
        values = dict.fromkeys(item.question.label(name) for item in items)
        for value in values:
            if value:
                part = [item for item in items if item.question.label(name) == value]
                found |= {f"{figure}, {name} {value}": u for figure, u in make(part).items()}
    return found
