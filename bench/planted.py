"""Is each answerer given the word that its construction deserves? Planted ones, through the
scorer's and the report's own functions: scores of all arms, a cell's metrics, the table.

Named rightly: the word, and where there is one, what stands beside it. A wrong cause: a word that
names one, and not the right one. Run: python -m bench.planted [SIMULATIONS [GRIDS]]
"""

import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.common import machine
from bench.inference import ALPHA, HOW, Floats, line, seeds
from g2u.arms import DIRECT, Arm, donors
from g2u.records import Question, Target
from g2u.report.beside import BOTH_WAYS
from g2u.report.summary import CAUSES, CellResult, summary
from g2u.scores.leaks import Leaks
from g2u.scores.metrics import Scored, cell_metrics, gain_metrics
from g2u.scores.statistics import paired_gain
from g2u.scores.verdict import Word
from g2u.tables.schemas import Score

OWN = Arm("concat", is_main=True)
Arms = Mapping[str, Floats]
"""Scores by arm: direct, duplicate, blank; and of each family, "0", "0 shuffled" ..."""


def answers(
    rng: np.random.Generator, chances: Mapping[str, float], items: int, noise: float = 0.0
) -> dict[str, Floats]:
    """Scores 0 or 1 by arm: items differ in difficulty, arms agree on them but for a share `noise`
    of answers that fall at random.
    """
    ease = rng.random(items)
    return {
        arm: (np.where(rng.random(items) < noise, rng.random(items), ease) < chance).astype(float)
        for arm, chance in chances.items()
    }


def verdicts(grid: list[Arms], families: int, pictures: int) -> list[str]:
    """What the report says of each family of each benchmark of a grid."""
    cells = []
    for number, arms in enumerate(grid):
        clusters = [str(n % pictures) for n in range(len(arms["direct"]))]

        def over(one: str, arms: Arms = arms, clusters: list[str] = clusters) -> dict[str, Any]:
            found: dict[str, Any] = {}
            for base in ("direct", "duplicate", f"{one} shuffled"):
                if base != one and base in arms:
                    gain = paired_gain(arms[one].tolist(), arms[base].tolist(), clusters, HOW)
                    name = "shuffled" if base.endswith("shuffled") else base
                    found[name] = {**asdict(gain), "with_fallback": 0.0}
            return found

        def cell(
            name: str, edit: str, shown: Mapping[Arm, str], place: str = str(number)
        ) -> CellResult:
            scored: dict[str, Any] = {
                arm.name: {"accuracy": 0.5, "low": 0.6, "high": 0.7, "items": 1, "clusters": 1}
                for arm in shown
            }
            gains = {arm.name: over(one) for arm, one in shown.items() if arm != DIRECT}
            metrics: dict[str, Any] = {
                "arms": scored, "gains": gains, "chance": 0.25, "majority": 0.25,
                "prompts": asdict(Leaks(0, 0, 0, 0)),
            }  # fmt: skip
            seconds = dict.fromkeys(scored, 1.0)
            return CellResult(
                place, "m", name, tuple(shown), metrics, edit == "prompt", seconds, edit
            )

        cells += [cell("direct", "direct", {DIRECT: "direct"})]
        cells += [cell(c, c, {OWN: c}) for c in ("duplicate", "blank")]
        for family in map(str, range(families)):
            shown = {OWN: family, OWN.shuffled(): f"{family} shuffled"}
            cells.append(cell(family, "prompt", shown))
    rows = summary(cells, ALPHA)
    return [str(word) for word in rows["verdict"].drop_nulls()]


def readers(simulations: int, noise: float) -> dict[str, float]:
    """Share of each verdict on readers of their thoughts: 120 questions, 60 pictures."""
    chances = {"direct": 0.5, "duplicate": 0.5, "blank": 0.5, "0": 0.7, "0 shuffled": 0.45}
    words = [
        verdicts([answers(rng, chances, 120, noise)], 1, 60)[0]
        for rng in seeds(simulations, 6, round(100 * noise))
    ]
    return {word: words.count(word) / len(words) for word in dict.fromkeys(words)}


def only_repetition(grids: int, share: float = 0.5, benchmarks: int = 9) -> tuple[float, float]:
    """Of grids of so many benchmarks x 3 families in which the original shown again helps as much
    as own and strange thoughts do not: the share with some "thought-mediated", and with "any
    picture" or "any edit". Arms disagree on a `share` of the answers.
    """
    chances = {"direct": 0.4, "duplicate": 0.7, "blank": 0.4}
    chances |= dict.fromkeys("012", 0.7) | {f"{name} shuffled": 0.4 for name in "012"}
    mediated, others = [], []
    for rng in seeds(grids, 7, round(100 * share), benchmarks):
        words = verdicts([answers(rng, chances, 120, share) for _ in range(benchmarks)], 3, 60)
        mediated.append("thought-mediated" in words)
        others.append(any(word in words for word in ("any picture", "any edit")))
    return float(np.mean(mediated)), float(np.mean(others))


LETTERS = np.array(list("ABCD"))
PLAIN, GAIN = 0.5, 0.2
"""Accuracy of direct, and the effects that are planted."""
SHUFFLED = "shuffled"
CONTROLS = {"duplicate": "duplicate", "blank": "blank", "upscale": "filter"}
"""Family of each control, and its file of edits."""
Letters = NDArray[np.int64]


@dataclass(frozen=True)
class World:
    """A benchmark: questions of four options, two to a picture, and what makes answers right."""

    questions: list[Question]
    gold: Letters
    donor: NDArray[np.int64]
    """Of each question, the one whose drawing it is shown when drawings are shuffled."""
    ease: Floats
    slip: Letters
    """The wrong option that each question is taken for."""
    rng: np.random.Generator
    noise: float = 0.1
    """Share of answers that fall at random."""

    @classmethod
    def of(cls, rng: np.random.Generator, items: int) -> "World":
        """A new one."""
        questions = [
            Question(
                str(n), "?", choices=("red", "green", "blue", "grey"), pictures=(f"p{n // 2}",)
            )
            for n in range(items)
        ]
        given = donors(questions)
        gold = rng.integers(4, size=items)
        return cls(
            questions, gold, np.array([int(given[q.id]) for q in questions]), rng.random(items),
            (gold + rng.integers(1, 4, items)) % 4, rng,
        )  # fmt: skip

    def said(self, chance: float | Floats) -> Letters:
        """Answers that are right with this chance, the easiest questions first."""
        random = self.rng.random(len(self.gold))
        ease = np.where(random < self.noise, self.rng.random(len(self.gold)), self.ease)
        return np.where(ease < chance, self.gold, self.slip)

    def adopting(self, answers: Letters, share: float, other: Letters) -> Letters:
        """Answers of which a share is replaced by those of a drawing."""
        return np.where(self.rng.random(len(self.gold)) < share, other, answers)


Answers = dict[str, Letters]
"""By arm: direct, the controls, own, shuffled."""


def plain(world: World, **chances: float | Floats) -> Answers:
    """Answers of all arms; whose chance is not named are as direct."""
    arms = ("direct", *CONTROLS, "own", SHUFFLED)
    return {arm: world.said(chances.get(arm, PLAIN)) for arm in arms}


HIGH = PLAIN + GAIN


def reads(world: World) -> Answers:
    """Reads its thought; a strange one misleads it a little."""
    return plain(world, own=HIGH, shuffled=PLAIN - 0.05)


def in_half(world: World) -> Answers:
    """Reads its thought in half of the items, so that it gains half as much."""
    return plain(world, own=np.where(np.arange(len(world.gold)) % 4 < 2, HIGH, PLAIN))


def repetition(world: World) -> Answers:
    """Gains from seeing the original twice, sharpened or not."""
    return plain(world, own=HIGH, duplicate=HIGH, upscale=HIGH)


def copies(world: World) -> Answers:
    """Its thought is the original, to the last pixel."""
    found = plain(world, duplicate=HIGH)
    return {**found, "own": found["duplicate"]}


def says_a(world: World) -> Answers:
    """Says A in 8 of 10 questions as soon as there is a second picture."""
    found = plain(world)
    first = np.zeros_like(world.gold)
    return {
        arm: answers if arm == "direct" else world.adopting(answers, 0.8, first)
        for arm, answers in found.items()
    }


def channel(world: World) -> Answers:
    """Takes the answer from the drawing in 4 of 10 questions, whosever drawing it is."""
    found = plain(world)
    return {
        **found,
        "own": world.adopting(found["own"], 2 * GAIN, world.gold),
        SHUFFLED: world.adopting(found[SHUFFLED], 2 * GAIN, world.gold[world.donor]),
    }


def both_ways(world: World) -> Answers:
    """Gains in half of the items, loses as much in the other half."""
    half = np.arange(len(world.gold)) % 4 < 2
    return plain(world, own=np.where(half, HIGH, PLAIN - GAIN), shuffled=PLAIN)


ANY = dict.fromkeys(("own", SHUFFLED, *CONTROLS), HIGH)
PLANTED: dict[str, tuple[Any, Word, str]] = {
    "reads its thought": (reads, "thought-mediated", ""),
    "ignores its thought": (plain, "no effect shown", ""),
    "any second picture": (lambda world: plain(world, **ANY), "any picture", ""),
    "repetition": (repetition, "extra compute", ""),
    "reads in half of the items": (in_half, "thought-mediated", ""),
    "leak": (reads, "answer in the prompt", ""),
    "exact copy": (copies, "extra compute", ""),
    "position bias": (says_a, "harm", "answers A"),
    "classical edit": (lambda world: plain(world, own=HIGH, upscale=HIGH), "any edit", ""),
    "answer channel": (channel, "thought-mediated", "an answer channel"),
    "half gain, half lose": (both_ways, "no effect shown", BOTH_WAYS),
}
"""How it answers, the word, and what stands beside it."""
NAMING = ("thought-mediated", "any picture", "extra compute", "any edit", "answer in the prompt")


def named(name: str, rng: np.random.Generator, items: int) -> tuple[str, str]:
    """The word for a planted answerer, and what stands beside it."""
    world = World.of(rng, items)
    answers = PLANTED[name][0](world)
    gold = [
        Target(q.id, str(LETTERS[right]), "choice")
        for q, right in zip(world.questions, world.gold, strict=True)
    ]

    def scores(said: Letters, arm: Arm) -> list[Score]:
        return [
            Score(q.id, arm, "ok", str(LETTERS[one]), float(one == right), q.pictures[0])
            for q, one, right in zip(world.questions, said, world.gold, strict=True)
        ]

    direct = scores(answers["direct"], DIRECT)
    controls = {family: scores(answers[family], OWN) for family in CONTROLS}
    own = scores(answers["own"], OWN)
    bases = {"direct": direct, "duplicate": controls["duplicate"]}
    told = items if name == "leak" else 0
    leaks = asdict(Leaks(1, items, told, told))

    def cell(family: str, edit: str, of: list[Score], *, is_own: bool = False) -> CellResult:
        metrics = cell_metrics(world.questions, gold, Scored(of, bases), HOW) | {"prompts": leaks}
        arms = tuple(dict.fromkeys(score.arm for score in of))
        seconds = {arm.name: 1.0 for arm in arms}
        return CellResult("b", "m", family, arms, metrics, is_own, seconds, edit)

    over = {
        family: {**gain_metrics(own, base, direct, HOW), "cause": CAUSES[CONTROLS[family]]}
        for family, base in controls.items()
        if family != "duplicate"
    }
    shown = [*own, *scores(answers[SHUFFLED], OWN.shuffled())]
    cells = [
        cell("direct", "direct", direct),
        *(cell(family, edit, controls[family]) for family, edit in CONTROLS.items()),
        replace(cell("detail", "prompt", shown, is_own=True), over=over),
    ]
    rows = summary(cells, ALPHA).drop_nulls("verdict")
    return str(rows["verdict"][0]), str(rows["beside"][0])


def is_right(name: str, word: str, beside: str) -> bool:
    """Whether an answerer is named rightly."""
    _, expected, also = PLANTED[name]
    return word == expected and also in beside


def is_wrong_cause(name: str, word: str) -> bool:
    """Whether a cause is named that is not the right one."""
    return word in NAMING and word != PLANTED[name][1]


def planted(name: str, simulations: int, items: int) -> tuple[float, float, Counter[str]]:
    """Shares named rightly, and given a wrong cause; and all words."""
    key = (9, list(PLANTED).index(name), items)
    found = [named(name, rng, items) for rng in seeds(simulations, *key)]
    right = float(np.mean([is_right(name, *each) for each in found]))
    wrong = float(np.mean([is_wrong_cause(name, word) for word, _ in found]))
    return right, wrong, Counter(word for word, _ in found)


def main() -> None:
    """Print every share with its Monte Carlo error."""
    simulations = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    grids = int(sys.argv[2]) if len(sys.argv) > 2 else simulations
    print(machine())
    print(f"{simulations} simulations of each answerer, effects of {100 * GAIN:.0f} points")
    for items, wanted in ((400, "at least 95"), (120, "printed")):
        for name in PLANTED:
            right, wrong, words = planted(name, simulations, items)
            line(f"{name}, n = {items}: named rightly", right, simulations, wanted)
            line(f"{name}, n = {items}: a wrong cause", wrong, simulations, "at most 2")
            print("  " + ", ".join(f"{word} {count}" for word, count in words.most_common()))
    for noise in (0.0, 0.25):
        found = readers(simulations, noise)
        wrong = sum(found.get(word, 0.0) for word in NAMING[1:])
        line(f"readers, n = 120, {100 * noise:.0f} % noise: wrong cause", wrong, simulations, "2")
        print("  " + ", ".join(f"{word} {100 * each:.1f} %" for word, each in found.items()))
    for benchmarks in (9, 30, 90, 167):
        count = max(20, grids * 9 // benchmarks)
        for share in (0.2, 0.5):
            mediated, others = only_repetition(count, share, benchmarks)
            name = f"{3 * benchmarks} cells, repetition alone, {100 * share:.0f} % noise: any"
            line(f"{name} mediated", mediated, count, "at most 5")
            line(f"{name} picture or edit", others, count, "at most 5")


if __name__ == "__main__":
    main()
