"""What could be seen: the smallest detectable gain of a design, before anything is paid; whether a
published gain could have been.

A gain is told from 0 by the questions whose answer changes, its discordance: of n questions a
binomial number changes, and of these a share (1 + gain / discordance) / 2 changes upwards (McNemar
1947; Connor 1987, doi 10.2307/2531961). Where m questions share a picture and their changes are
correlated by rho, n / (1 + (m - 1) rho) independent ones tell the same (Kish 1965).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import ceil, log2, sqrt

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import bdtr, bdtrik, gammaln, ndtri, xlogy

from g2u.scores.sequential import Plan, Prospect, prospect

POWER = 0.8
"""With which a detectable gain is found."""
WIDEST = 8
"""Standard deviations that a sum over changed answers spans."""
TOLERANCE = 1e-7
"""Of a detectable gain."""
NONE = 1.0
"""A detectable gain where no gain is found."""
LEAST = 1e-6
"""Variance of a change where all questions change alike."""


@dataclass(frozen=True, slots=True)
class Design:
    """Questions, and how their answers change."""

    questions: int
    discordance: float
    """Share of answers that an arm changes, up or down, 0..1."""
    effect: float = 1.0
    """Design effect: variance over that of as many independent questions."""

    @property
    def independent(self) -> int:
        """So many independent questions tell the same."""
        return max(1, round(self.questions / self.effect))

    def power(self, gain: float, level: float) -> float:
        """Chance of finding a true gain, at most the discordance, by the exact sign test of the
        answers that change, at a two-sided level.
        """
        count, share = self.independent, self.discordance
        spread = WIDEST * sqrt(count * share * (1 - share))
        first, last = (
            max(0, int(count * share - spread)),
            min(count, int(count * share + spread) + 1),
        )
        flips = np.arange(first, last + 1, dtype=np.float64)
        chance = _binomial(flips, count, share)
        fewest = np.floor(bdtrik(level / 2, flips, 0.5))  # so many the other way at most are told
        fewest = np.where(bdtr(fewest + 1, flips, 0.5) <= level / 2, fewest + 1, fewest)
        fewest = np.where(bdtr(fewest, flips, 0.5) <= level / 2, fewest, fewest - 1)
        up = (1 + abs(gain) / share) / 2
        told = bdtr(fewest, flips, 1 - up) + bdtr(fewest, flips, up)
        return float((chance * np.where(fewest >= 0, told, 0.0)).sum())

    def looked_at(self, gain: float, plan: Plan) -> Prospect:
        """What looks come to where a gain below the discordance is true."""
        square = max(self.discordance, gain**2 + LEAST)
        return prospect(plan, gain, self.independent, square)

    def detectable(self, level: float, plan: Plan | None = None) -> float:
        """The smallest gain found with POWER at a two-sided level, 0..1; where too few answers
        change for any gain to be seen, that of answers which all change upwards; 1 where not even
        that is found (`NONE`).

        Args:
            level: two-sided, 0..1.
            plan: of the looks that may end the cell, whatever its own level; None: no looks.
        """

        def found(design: Design, gain: float) -> float:
            if plan is None:
                return design.power(gain, level)
            return design.looked_at(gain, replace(plan, alpha=level)).decided

        share = self.discordance
        if replace(self, discordance=1.0).power(1.0, level) < POWER:
            return NONE
        smallest = _smallest(lambda gain: found(self, gain), 0.0, share)
        if smallest is None:
            smallest = _smallest(lambda gain: found(replace(self, discordance=gain), gain), share)
        return NONE if smallest is None else smallest

    def questions_for(self, gain: float, level: float) -> float:
        """So many questions, changing alike, show a gain with POWER: a normal approximation, and at
        least as many as change an answer more often than the exact test needs.
        """
        reach = float(ndtri(POWER) - ndtri(level / 2))
        normal = reach**2 * (self.discordance - gain**2) / gain**2
        return self.effect * max(normal, ceil(1 - log2(level)) / self.discordance)


def _binomial(successes: NDArray[np.float64], trials: int, chance: float) -> NDArray[np.float64]:
    """Probabilities."""
    rest = trials - successes
    ways = gammaln(trials + 1) - gammaln(successes + 1) - gammaln(rest + 1)
    found: NDArray[np.float64] = np.exp(ways + xlogy(successes, chance) + xlogy(rest, 1 - chance))
    return found


def _smallest(power: Callable[[float], float], low: float, high: float = 1.0) -> float | None:
    """Where it reaches POWER between two gains; None where it does not."""
    if power(high) < POWER:
        return None
    return float(brentq(lambda gain: power(gain) - POWER, low, high, xtol=TOLERANCE))


def design_effect(typical: float, rho: float) -> float:
    """Of questions of which `typical` share a picture, their changes correlated by rho, 0..1."""
    return 1 + (typical - 1) * rho


@dataclass(frozen=True, slots=True)
class Pilot:
    """What a cell's scores tell of how its answers change."""

    discordance: float
    effect: float

    @classmethod
    def of(cls, items: int, gained: int, lost: int, error: float) -> "Pilot | None":
        """By a measured gain and its clustered error; None where nothing changed, or all did. A
        design effect below 1 is taken for chance.
        """
        flips, gain = (gained + lost) / items, (gained - lost) / items
        alone = (flips - gain**2) / items
        return cls(flips, max(1.0, error**2 / alone)) if alone > 1e-12 else None


def pooled(pilots: Sequence[Pilot]) -> Pilot:
    """The mean of some, at least one."""
    count = len(pilots)
    return Pilot(
        sum(pilot.discordance for pilot in pilots) / count,
        sum(pilot.effect for pilot in pilots) / count,
    )


@dataclass(frozen=True, slots=True)
class Claim:
    """A published gain; shares of 1."""

    design: Design
    gain: float
    tests: int
    """Gains of the same table, which it is corrected with."""

    def lines(self, alpha: float) -> list[str]:
        """What could be seen, and what of the claim; the first line is the answer.

        Args:
            alpha: family-wise level.
        """
        design, corrected = self.design, alpha / self.tests
        found = design.detectable(corrected)
        could = "could be seen" if abs(self.gain) >= found < NONE else "could not be seen"
        after = f" after the correction for {self.tests} tests" if self.tests > 1 else ""
        smallest = (
            f"the smallest gain that is found in {100 * POWER:.0f} % is {100 * found:.1f}"
            if found < NONE
            else "of so few, no gain is shown"
        )
        told = [
            f"{100 * self.gain:+.1f} points on {design.questions:,} questions of which "
            f"{100 * design.discordance:.1f} % change their answer {could}{after}: {smallest}",
            f"chance that such a gain is found: {100 * design.power(self.gain, corrected):.0f} %"
            + (f", alone {100 * design.power(self.gain, alpha):.0f} %" if self.tests > 1 else ""),
        ]
        if self.gain:
            needed = design.questions_for(self.gain, corrected)
            told.append(f"questions that would show it: about {needed:,.0f}")
        return told
