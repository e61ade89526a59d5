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
from g2u.params.params import Params
from g2u.params.reading import load
from g2u.records import Question, Target
from g2u.report.summary import CellResult, summary
from g2u.scores.leaks import Leaks
from g2u.scores.metrics import SHUFFLED, cell_metrics
from g2u.tables.schemas import Score

PER_PICTURE = 2
"""Questions about each picture."""


def answered(rng: np.random.Generator, arm: str, items: int, accuracy: float) -> list[Score]:
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
    direct, duplicate = (answered(rng, arm, items, 0.6) for arm in ("none", "concat"))
    plain = {"direct": direct, "duplicate": duplicate}
    families = {"direct": direct, "duplicate": duplicate}
    for number in range(arms):
        own = answered(rng, "concat", items, 0.6 + 0.01 * number)
        families[f"family_{number}"] = own + answered(rng, "concat" + SHUFFLED, items, 0.5)
    prompts = asdict(Leaks(0, 0, 0, 0))
    return [
        CellResult(
            name, "model", family,
            {**cell_metrics(config, questions, gold, {"own": own, **plain}), "prompts": prompts},
            family.startswith("family"), {"none": 1.0, "concat": 2.0, "concat" + SHUFFLED: 2.0},
            family,
        )
        for family, own in families.items()
    ]  # fmt: skip


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
