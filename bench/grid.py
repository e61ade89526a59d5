"""What the statistics of a whole grid cost: 20 arms x 10 benchmarks x 500 items, each arm with its
shuffled control, every gain over direct, duplicate and shuffled, and the corrections over all.

One process, one core. Run: python -m bench.grid [ARMS BENCHMARKS ITEMS]
"""

import sys
import time
from dataclasses import asdict
from pathlib import Path

import numpy as np

from bench.common import machine
from g2u.arms import DIRECT, Arm, by_arm
from g2u.params.params import Params
from g2u.params.reading import load
from g2u.records import Question, Target
from g2u.report.summary import CellResult, summary
from g2u.scores.leaks import Leaks
from g2u.scores.metrics import Scored, cell_metrics
from g2u.scores.statistics import Resampling
from g2u.tables.schemas import Score

OWN = Arm("concat", is_main=True)
PER_PICTURE = 2
"""Questions about each picture."""


def answered(rng: np.random.Generator, arm: Arm, items: int, accuracy: float) -> list[Score]:
    """Scores of an arm, right with this probability."""
    right = rng.random(items) < accuracy
    return [
        Score(str(n), arm, "ok", "", float(value), f"p{n // PER_PICTURE}")
        for n, value in enumerate(right)
    ]


def cells(
    config: Params, rng: np.random.Generator, name: str, arms: int, items: int
) -> list[CellResult]:
    """The cells of one benchmark: direct, duplicate and `arms` families."""
    questions = [Question(str(n), "?", format="yes_no") for n in range(items)]
    gold = [Target(str(n), "yes", "yes_no") for n in range(items)]
    direct, duplicate = (answered(rng, arm, items, 0.6) for arm in (DIRECT, OWN))
    families = {"direct": direct, "duplicate": duplicate}
    for number in range(arms):
        own = answered(rng, OWN, items, 0.6 + 0.01 * number)
        families[f"family_{number}"] = own + answered(rng, OWN.shuffled(), items, 0.5)
    prompts, how = asdict(Leaks(0, 0, 0, 0)), Resampling.of(config.score)
    bases = {"direct": direct, "duplicate": duplicate}
    found = []
    for family, own in families.items():
        shown = tuple(by_arm(own))
        metrics = cell_metrics(questions, gold, Scored(own, bases), how) | {"prompts": prompts}
        seconds = {arm.name: 1.0 if arm == DIRECT else 2.0 for arm in shown}
        is_own = family not in bases
        found.append(CellResult(name, "model", family, shown, metrics, is_own, seconds, family))
    return found


def main() -> None:
    """Print seconds."""
    arms, benchmarks, items = map(int, sys.argv[1:4] or (20, 10, 500))
    config, rng = load(Path("params.yaml")), np.random.default_rng(0)
    begun = time.perf_counter()
    found = [
        cell
        for number in range(benchmarks)
        for cell in cells(config, rng, f"b{number}", arms, items)
    ]
    measured = time.perf_counter() - begun
    rows = summary(found)
    print(machine())
    print(
        f"{arms} arms x {benchmarks} benchmarks x {items} items, "
        f"{int(rows['gain'].count())} gains: {measured:.1f} s, corrections and verdicts "
        f"{time.perf_counter() - begun - measured:.2f} s"
    )


if __name__ == "__main__":
    main()
