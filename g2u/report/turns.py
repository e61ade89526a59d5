"""Single thoughts that changed an answer: what the report's first screen shows."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest

import polars as pl

from g2u.arms import main_arm, of_main, paired
from g2u.params.params import PLAIN
from g2u.records import Picture, Question
from g2u.report.examples import Arms, changed_ids, fitted, said, spread
from g2u.report.summary import own_thoughts

HELPED, MISLED = 3, 1
"""Thoughts on the first screen that turn a wrong answer right, and a right one wrong."""
TALL, WIDE = 128, 264
"""Pixels that a picture of them has at most."""


@dataclass(frozen=True, slots=True)
class Turn:
    """A question that is answered otherwise with a thought than without."""

    benchmark: str
    model: str
    family: str
    question: Question
    pictures: tuple[Picture, ...]
    thoughts: tuple[Picture, ...]
    before: str
    """What direct says."""
    after: str
    """What the family's main arm says."""
    helped: bool
    """From wrong to right; otherwise from right to wrong."""

    @property
    def part(self) -> str:
        """Name of its page and of its part of the gallery."""
        return f"{self.benchmark}-{self.model}"

    @property
    def sizes(self) -> dict[str, tuple[int, int]]:
        """By digest, width and height on the page: of the first picture and the first thought."""
        return fitted((*self.pictures[:1], *self.thoughts[:1]), TALL, WIDE)


def misleading(rows: pl.DataFrame) -> str | None:
    """The family of own thoughts whose loss is shown, or else that turns most answers wrong."""
    own = own_thoughts(rows).filter(pl.col("lost") > 0)
    if own.is_empty():
        return None
    worst = own.sort([pl.col("verdict") == "harm", "lost"], descending=True, maintain_order=True)
    return str(worst["family"][0])


def turns(
    place: tuple[str, str, str],
    questions: Sequence[Question],
    pictures: Mapping[str, Picture],
    arms: Arms,
    *,
    helped: bool,
) -> tuple[Turn, ...]:
    """A few questions whose answer the family's thoughts turn, spread over the benchmark.

    Args:
        place: benchmark, model and family.
        questions: of the benchmark.
        pictures: theirs, by digest.
        arms: of the benchmark and model, by family.
        helped: whether the answer turns right, or wrong.
    """
    family = place[2]
    moved = changed_ids(arms, family, to=helped)
    chosen = spread([q for q in questions if q.id in moved], HELPED if helped else MISLED)
    before = {answer.id: answer for answer in of_main(arms[PLAIN][1])}
    after = {answer.id: answer for answer in of_main(arms[family][1])}
    thoughts, answers, _ = arms[family]
    drawn = paired(main_arm(answer.arm for answer in answers), questions, thoughts)
    return tuple(
        Turn(
            *place,
            question,
            tuple(pictures[digest] for digest in question.pictures),
            tuple(thought.picture for thought in drawn[question.id] if thought.picture),
            said(before[question.id], question),
            said(after[question.id], question),
            helped,
        )
        for question in chosen
    )


def first_of_each(found: Iterable[Sequence[Turn]], count: int) -> list[Turn]:
    """At most `count`: the first of each benchmark and model, then the second ones, and so on."""
    rounds = zip_longest(*found)
    return [turn for each in rounds for turn in each if turn is not None][:count]
