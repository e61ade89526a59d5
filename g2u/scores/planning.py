"""What could be seen: the smallest detectable gain of a design, before anything is paid; whether a
published gain could have been.

A gain is told from 0 by the questions whose answer changes, its discordance: with n questions the
variance of a paired gain g is (discordance - g ** 2) / n (McNemar; Connor 1987, doi
10.2307/2531962), times a design effect 1 + (m - 1) rho where m questions share a picture and their
changes are correlated by rho (Kish 1965).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

from scipy.special import ndtr, ndtri

POWER = 0.8
"""With which a detectable gain is found."""


@dataclass(frozen=True, slots=True)
class Design:
    """Questions, and how their answers change."""

    questions: int
    discordance: float
    """Share of answers that an arm changes, up or down, 0..1."""
    effect: float = 1.0
    """Design effect: variance over that of as many independent questions."""

    def detectable(self, level: float) -> float:
        """The smallest gain found with POWER at a two-sided level, 0..1; where too few answers
        change for any gain to be seen, that of answers which all change upwards.
        """
        share = float(ndtri(1 - level / 2) + ndtri(POWER)) ** 2 * self.effect / self.questions
        return max(sqrt(share * self.discordance / (1 + share)), share / (1 + share))

    def power(self, gain: float, level: float) -> float:
        """Chance of finding a true gain, -1..1, at a two-sided level."""
        error = sqrt(max(self.discordance - gain**2, 0.0) * self.effect / self.questions)
        reach = float(ndtri(1 - level / 2))
        return float(ndtr(abs(gain) / error - reach)) if error else 1.0

    def questions_for(self, gain: float, level: float) -> float:
        """So many questions, changing alike, show a gain with POWER."""
        reach = float(ndtri(1 - level / 2) + ndtri(POWER))
        return reach**2 * self.effect * (self.discordance - gain**2) / gain**2


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
        """By a measured gain and its clustered error; None where nothing changed, or all did."""
        flips, gain = (gained + lost) / items, (gained - lost) / items
        alone = (flips - gain**2) / items
        return cls(flips, error**2 / alone) if alone > 1e-12 else None


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
        could = "could be seen" if abs(self.gain) >= found else "could not be seen"
        after = f" after the correction for {self.tests} tests" if self.tests > 1 else ""
        told = [
            f"{100 * self.gain:+.1f} points on {design.questions:,} questions of which "
            f"{100 * design.discordance:.1f} % change their answer {could}{after}: the smallest "
            f"gain that is found in {100 * POWER:.0f} % is {100 * found:.1f}",
            f"chance that such a gain is found: {100 * design.power(self.gain, corrected):.0f} %"
            + (f", alone {100 * design.power(self.gain, alpha):.0f} %" if self.tests > 1 else ""),
        ]
        if self.gain:
            needed = design.questions_for(self.gain, corrected)
            told.append(f"questions that show it: {needed:,.0f}")
        return told
