"""Is what a drawing does named as it is? Planted mediators, through the functions of the causal
page: scores of all arms, a cell's causes, the word after the correction.

A wrong word contradicts how the mediator is built; one that says less than could be said is neither
right nor wrong. Run: python -m bench.mediators [SIMULATIONS]
"""

import sys
from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.common import machine
from bench.inference import ALPHA, HOW, Floats, line, seeds
from g2u.arms import DIRECT, Arm, donors
from g2u.records import Question, Target
from g2u.report.causes import causal
from g2u.report.summary import CellResult
from g2u.scores.beside import Asked
from g2u.scores.causes import causes
from g2u.tables.schemas import Score

MAIN = Arm("concat", is_main=True)
LETTERS, CHOICES = "ABCD", ("red", "green", "blue", "grey")
DOSES, DONORS = (25, 50, 75, 100), 4
PLAIN, NOISE = 0.5, 0.1
"""Accuracy of direct; share of answers that fall at random."""
CHANNEL, MORE, OWN = "an answer channel", "an answer channel, and more", "read with its own picture"
UNUSED, USED, HARM = "no use shown", "used", "it misleads"
WORDS = {CHANNEL, MORE, OWN, UNUSED, USED, HARM}
Said = NDArray[np.int64]


@dataclass(frozen=True)
class Mediator:
    """How a second picture and what is drawn on it reach the answer."""

    word: str
    less: frozenset[str] = frozenset({UNUSED})
    """Words that say less than `word`, and nothing untrue."""
    company: float = 0.0
    """What any second picture adds to the chance to be right."""
    content: float = 0.0
    """What its own drawing adds beyond that, however it is used."""
    same: float = 0.0
    """The share of `content` that another's drawing with the same answer adds."""
    adopted: float = 0.0
    """The share of answers that are taken from a drawing, whosever it is."""
    confused: float = 0.0
    """The share of answers that fall at random where a drawing tells another answer."""

    @property
    def through(self) -> float:
        """The effect of what is drawn, for a drawing that tells the right answer."""
        rest = PLAIN + self.company + self.content
        return rest + self.adopted * (1 - rest) - PLAIN - self.company


MEDIATORS = {
    "not used": Mediator(UNUSED, frozenset()),
    "any second picture": Mediator(UNUSED, frozenset(), company=0.2),
    "an answer channel": Mediator(CHANNEL, frozenset({UNUSED, USED}), adopted=0.4),
    "beside a second picture": Mediator(
        CHANNEL, frozenset({UNUSED, USED}), company=0.2, adopted=0.67
    ),
    "a channel, and more": Mediator(
        MORE, frozenset({UNUSED, USED, CHANNEL, OWN}), content=0.33, adopted=0.4
    ),
    "read with its picture": Mediator(OWN, frozenset({UNUSED, USED}), content=0.2, confused=0.3),
    "half by another's": Mediator(
        OWN, frozenset({UNUSED, USED}), content=0.4, same=0.5, confused=0.3
    ),
    "taken where it fits": Mediator(USED, content=0.2, same=1.0),
    "misleads": Mediator(HARM, content=-0.2, confused=0.3),
}


class World:
    """Questions of two sides of each picture, and one mediator's answers in every arm."""

    def __init__(self, rng: np.random.Generator, how: Mediator, items: int) -> None:
        self._rng, self._how, self._items = rng, how, items
        names = [f"p{rng.integers(1 << 60)}" for _ in range((items + 1) // 2)]
        self._questions = [
            Question(str(n), f"{n % 2}?", choices=CHOICES, pictures=(names[n // 2],))
            for n in range(items)
        ]
        self._gold = rng.integers(4, size=items)
        self._slip = (self._gold + rng.integers(1, 4, items)) % 4
        self._ease, self._order = rng.random(items), rng.random(items)

    def _said(self, chance: Floats | float, told: Said | None = None, dose: float = 0.0) -> Said:
        """Answers that are right with this chance, the easiest first; of `told`, as far as that is
        not taken back, a share is adopted, the same ones in every arm.
        """
        ease = np.where(self._rng.random(self._items) < NOISE, self._rng.random(self._items),
                        self._ease)  # fmt: skip
        said = np.where(ease < chance, self._gold, self._slip)
        if told is not None:
            # of the ease as of all else: whoever answers alone adopts as often as whoever does not
            said = np.where(self._order < self._how.adopted * (1 - dose), told, said)
        return said

    def _donated(self, number: int) -> Said:
        """Answers with the drawings of others."""
        how, given = self._how, donors(self._questions, number, "alike")
        told = np.array([self._gold[int(given[q.id])] for q in self._questions])
        is_same = told == self._gold
        said = self._said(PLAIN + how.company + is_same * how.content * how.same, told)
        lost = ~is_same & (self._rng.random(self._items) < how.confused)
        return np.where(lost, self._rng.integers(4, size=self._items), said)

    def scores(self, arm: Arm, said: Said) -> list[Score]:
        """Of answers, by place of the option."""
        return [
            Score(q.id, arm, "ok", LETTERS[one], float(one == right), q.pictures[0])
            for q, one, right in zip(self._questions, said, self._gold, strict=True)
        ]

    def cell(self) -> CellResult:
        """Of the mediator, as the report reads it."""
        how, twice = self._how, PLAIN + self._how.company
        own = {MAIN: self._said(twice + how.content, self._gold)}
        for dose in DOSES:
            left = 1 - dose / 100
            said = self._said(twice + how.content * left, self._gold, dose / 100)
            own[MAIN.altered("reverted", dose)] = said
        own |= {MAIN.alike(number): self._donated(number) for number in range(DONORS)}
        there = {arm: self.scores(arm, said) for arm, said in own.items()}
        bases = {
            "direct": self.scores(DIRECT, self._said(PLAIN)),
            "duplicate": self.scores(MAIN, self._said(twice)),
        }
        gold = {
            q.id: Target(q.id, LETTERS[right], "choice")
            for q, right in zip(self._questions, self._gold, strict=True)
        }
        found = causes(Asked(self._questions, gold), MAIN, there, bases, HOW)
        return CellResult("b", "m", "f", (MAIN,), {"causes": found}, True, {}, "prompt")


def effects(how: Mediator) -> dict[str, float]:
    """True parts of the gain, after the share of answers that fall at random."""
    # an answer at random keeps its chance, as ease is uniform: parts are as they were planted
    return {
        "total": how.company + how.through, "content": how.through, "company": how.company,
    }  # fmt: skip


@dataclass
class Tally:
    """Of so many worlds with one mediator."""

    words: Counter[str]
    held: Counter[str]
    """Intervals that hold the true part, by part."""


def mediated(name: str, simulations: int, items: int) -> Tally:
    """Words and intervals of a planted mediator."""
    how, tally = MEDIATORS[name], Tally(Counter(), Counter())
    truth = effects(how)
    for rng in seeds(simulations, 12, list(MEDIATORS).index(name), items):
        cell = World(rng, how, items).cell()
        tally.words[causal([cell], ALPHA)[0].word] += 1
        told = cell.metrics["causes"]["effects"]
        for part, true in truth.items():
            tally.held[part] += told[part]["low"] <= true <= told[part]["high"]
    return tally


def grids(count: int, cells: int, items: int) -> tuple[float, float]:
    """Of reports of so many cells, a third each unused, a channel, read with its own picture: the
    share with any wrong word, and the share of words that are right.
    """
    names = ("not used", "an answer channel", "read with its picture")
    wrong, right = [], []
    for rng in seeds(count, 13, cells, items):
        hows = [MEDIATORS[names[n % 3]] for n in range(cells)]
        told = causal([World(rng, how, items).cell() for how in hows], ALPHA)
        pairs = list(zip(hows, [each.word for each in told], strict=True))
        wrong.append(any(is_wrong(how, word) for how, word in pairs))
        right += [how.word == word for how, word in pairs]
    return float(np.mean(wrong)), float(np.mean(right))


def is_wrong(how: Mediator, word: str) -> bool:
    """Whether a word contradicts a mediator."""
    return word not in {how.word} | how.less


def main() -> None:
    """Print every share with its Monte Carlo error."""
    simulations = int(sys.argv[1]) if len(sys.argv) > 1 else 400
    print(machine())
    print(f"{simulations} worlds of each mediator, two questions to a picture")
    for items, wanted in ((400, "at least 95"), (120, "printed")):
        for name, how in MEDIATORS.items():
            tally = mediated(name, simulations, items)
            words = tally.words
            wrong = sum(count for word, count in words.items() if is_wrong(how, word))
            title = f"{name}, n = {items}"
            line(f"{title}: {how.word}", words[how.word] / simulations, simulations, wanted)
            line(f"{title}: a wrong word", wrong / simulations, simulations, "at most 2")
            print("  " + ", ".join(f"{word} {count}" for word, count in words.most_common()))
            print("  95 % intervals hold: " + ", ".join(
                f"{part} {100 * held / simulations:.1f}" for part, held in tally.held.items()
            ))  # fmt: skip
    for cells, items in ((9, 120), (27, 120)):
        count = max(20, simulations * 3 // cells)
        wrong, right = grids(count, cells, items)
        line(f"{cells} cells, n = {items}: any wrong word", wrong, count, "at most 5")
        line(f"{cells} cells, n = {items}: right words", right, count * cells, "printed")


if __name__ == "__main__":
    main()
