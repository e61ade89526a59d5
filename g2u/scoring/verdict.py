"""What a gain is owed to, in one word, decided by rules that were written before any data.

Each rule asks whether paired differences on the same items are above 0, by two-sided p values. That
own beats duplicate *and* shuffled is an intersection of tests, which needs no correction; that one
of several empty pictures helps is a union, which gets Bonferroni's; the gain over direct comes
corrected over the whole grid.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Word = Literal[
    "thought-mediated", "extra compute", "any picture", "no effect", "harm", "controls missing"
]
RULES: dict[Word, str] = {
    "harm": "own below direct",
    "no effect": "own not shown to be above direct",
    "controls missing": "own above direct, but duplicate or shuffled thoughts were not run",
    "any picture": (
        "own above direct; either not above duplicate, while a picture without the item's content "
        "(blank, noise, shuffled) is above direct, or above duplicate but not above shuffled"
    ),
    "extra compute": (
        "own above direct, but not above duplicate, or not above as many votes of direct"
    ),
    "thought-mediated": "own above direct, above duplicate, above shuffled, and above votes if run",
}
"""In the order in which they are tried; the first that holds is the verdict."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A paired difference, 0..1 scores, and its two-sided p."""

    difference: float
    p: float

    def is_above(self, alpha: float) -> bool:
        """Shown to be above 0."""
        return self.difference > 0 and self.p <= alpha


def verdict(
    gain: Estimate,
    content: Estimate | None,
    specific: Estimate | None,
    others: Sequence[Estimate] = (),
    votes: Estimate | None = None,
    alpha: float = 0.05,
) -> Word:
    """The verdict on one family's own thoughts.

    Args:
        gain: own minus direct, its p corrected over the grid.
        content: own minus duplicate; None = not run.
        specific: own minus shuffled; None = not run.
        others: blank, noise and shuffled, each minus direct.
        votes: own minus a vote of direct at equal cost; None = not run.
        alpha: level of every test.
    """
    if gain.difference < 0 and gain.p <= alpha:
        return "harm"
    if not gain.is_above(alpha):
        return "no effect"
    if content is None or specific is None:
        return "controls missing"
    if not content.is_above(alpha):
        helped = any(other.is_above(alpha / len(others)) for other in others)
        return "any picture" if helped else "extra compute"
    if not specific.is_above(alpha):
        return "any picture"
    if votes is not None and not votes.is_above(alpha):
        return "extra compute"
    return "thought-mediated"
