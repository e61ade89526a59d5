"""What a gain is owed to, in one word, decided by rules that were written before any data.

A word is given for what is shown, never for what is not. "Thought-mediated" needs own above every
control that was run: an intersection, so its p is the largest of theirs, and that p is corrected
over the whole grid, as the gain's is. A cause needs a control that is itself shown to be above
direct, corrected over all controls of the grid, and that own is not shown to be above.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from g2u.scores.leaks import Leaks

Cause = Literal["any picture", "extra compute", "any edit"]
Word = (
    Literal[
        "unchecked", "at chance", "thought-mediated", "gain, cause not shown", "no effect shown",
        "not shown (corrected)", "harm", "controls missing", "answer in the prompt",
    ]
    | Cause
)  # fmt: skip
RULES: dict[Word, str] = {
    "unchecked": (
        "the checks of a model did not prove what the arm hangs on, such as that a second picture "
        "arrives, or disproved it: nothing follows from the gain, nor from its absence"
    ),
    "at chance": (
        "neither direct nor own is told from chance and the commonest answer, so the gain is not "
        "discussed"
    ),
    "harm": "own below direct",
    "not shown (corrected)": (
        "the gain's own interval leaves 0 out, but the gain does not hold once all gains of the "
        "report are corrected for"
    ),
    "no effect shown": "the gain's own interval holds 0",
    "answer in the prompt": (
        "own above direct, but the edit prompts tell the right answer in more than 2 % of the "
        "questions"
    ),
    "controls missing": "own above direct, but duplicate or shuffled thoughts were not run",
    "thought-mediated": (
        "own above direct, above duplicate, above shuffled, and above votes, classical filters and "
        "a round trip as far as they were run"
    ),
    "any picture": (
        "a picture without the item's content (blank, noise, shuffled) is above direct, and own "
        "not above it"
    ),
    "extra compute": (
        "the original shown again, or as many votes of direct, are above direct, and own not above "
        "them"
    ),
    "any edit": (
        "a classical filter, or the picture redrawn without a change, is above direct, and own not "
        "above it"
    ),
    "gain, cause not shown": "own above direct, and nothing shown of the above",
}
"""In the order in which they are tried; the first that holds is the verdict."""
UNSHOWN: tuple[Word, ...] = ("not shown (corrected)", "no effect shown")
"""Words for a gain or a loss that does not hold after the correction."""
UNDISCUSSED: tuple[Word, ...] = ("unchecked", "at chance")
"""Words for a gain from which nothing follows."""
NAMING = 0.4
"""Share of the level at which a word that could be the wrong one is chosen: a wrong word is worse
than a missing one. At 5 % of either side, a word that stands or falls by a single difference that
is none is wrong in 2.5 %; so it is in 1 %.
"""
CAUSES: tuple[Cause, ...] = ("any picture", "extra compute", "any edit")
LEAKED = 0.02
"""Share of questions whose prompts may hold the answer: words that are there by chance."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A paired difference, 0..1 scores, and its two-sided p."""

    difference: float
    p: float

    def is_above(self, alpha: float) -> bool:
        """Shown to be above 0."""
        return self.difference > 0 and self.p <= alpha


@dataclass(frozen=True, slots=True)
class Control:
    """What might do as much as an own thought."""

    cause: Cause
    """The word for it."""
    helps: Estimate | None
    """It minus direct, p corrected over all controls of the grid; None = not known."""
    left: Estimate | None
    """Own minus it, p as it is; None = not compared."""

    def explains(self, alpha: float) -> bool:
        """Whether it is shown to help, and own not shown to help more, at NAMING of the level: or
        what does as much would be passed over for what comes next.
        """
        if self.helps is None or self.left is None:
            return False
        return self.helps.is_above(alpha) and not self.left.is_above(NAMING * alpha)


def mediated_p(gain: Estimate, over: Sequence[Estimate]) -> float:
    """P of the claim that own is above direct and above all of `over`: the largest of them, 1 where
    one is not above. All p as they are; the claim is corrected over the grid.
    """
    return max(each.p if each.difference > 0 else 1.0 for each in (gain, *over))


def has_leaked(leaks: Leaks) -> bool:
    """Whether so many prompts tell the answer that the gain may be theirs."""
    return leaks.with_answer > LEAKED * leaks.prompted


def unshown(low: float, high: float) -> Word:
    """The word for a difference that does not hold after the correction, by its own interval."""
    return "not shown (corrected)" if low > 0 or high < 0 else "no effect shown"


def verdict(
    gain: Estimate,
    mediated: float | None,
    controls: Sequence[Control] = (),
    *,
    interval: tuple[float, float],
    is_told: bool = False,
    alpha: float = 0.05,
) -> Word:
    """The verdict on one family's own thoughts, where they are not at chance.

    Args:
        gain: own minus direct, p corrected over the grid.
        mediated: `mediated_p`, corrected over the grid; None = duplicate or shuffled was not run.
        controls: what else might explain the gain.
        interval: of the gain, as it is, not corrected.
        is_told: whether the prompts tell the answers, `has_leaked`.
        alpha: level of every test.
    """
    if gain.difference < 0 and gain.p <= alpha:
        return "harm"
    if not gain.is_above(alpha):
        return unshown(*interval)
    if is_told:
        return "answer in the prompt"
    if mediated is None:
        return "controls missing"
    if mediated <= alpha:
        return "thought-mediated"
    for cause in CAUSES:
        if any(each.cause == cause and each.explains(alpha) for each in controls):
            return cause
    return "gain, cause not shown"
