"""A gain over trainings: what another training, on other questions, is to be expected to show.

A training of a model is one draw, as a question is. Trainings that answer the same questions share
the luck of these, so the two are crossed random effects (Judd, Westfall and Kenny 2012, Treating
stimuli as a random factor, doi 10.1037/a0028347): training s gains mu + a_s + b_i + e_si on
question i, and the mean over S trainings and n questions has the variance

    var(a) / S + var(b) / n + var(e) / (S n) = E[v] / S + var(b) / n,

v being the variance of the S gains. The first part has a t interval with S - 1 degrees of freedom,
the second at most the interval of one training's gain, which is taken whole: questions may do more
than they do, never less. The two are joined end by end, by root of squares (Zou and Donner 2008,
Construction of confidence limits about effect measures, doi 10.1002/sim.3095).
"""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from scipy.special import stdtrit

from g2u.scores.statistics import Interval


@dataclass(frozen=True, slots=True)
class Trainings:
    """A gain over several trainings, in the units of the gains."""

    mean: float
    low: float
    high: float
    between: float
    """Standard deviation over the trainings."""
    count: int


def over_trainings(gains: Sequence[Interval], confidence: float) -> Trainings | None:
    """The mean gain with its interval; None for fewer than two trainings, which have no spread.

    Args:
        gains: of each training on the same questions, with its interval at the same confidence.
        confidence: 0..1.
    """
    count = len(gains)
    if count < 2:
        return None
    mean = statistics.fmean(gain.mean for gain in gains)
    between = statistics.stdev(gain.mean for gain in gains)
    reach = reach_of(count, confidence) * between
    below = statistics.fmean((gain.mean - gain.low) ** 2 for gain in gains)
    above = statistics.fmean((gain.high - gain.mean) ** 2 for gain in gains)
    return Trainings(
        mean, mean - math.sqrt(reach**2 + below), mean + math.sqrt(reach**2 + above), between, count
    )


def reach_of(count: int, confidence: float) -> float:
    """How many standard deviations over `count` trainings, two or more, a mean gain has to be away
    from 0, were questions without end: 2.48 of three, 1.59 of four, 1.24 of five at 0.95.
    """
    return float(stdtrit(count - 1, (1 + confidence) / 2)) / math.sqrt(count)
