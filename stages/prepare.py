"""prepare: a benchmark's source becomes questions, pictures, given thoughts and, apart, targets.

Every gold answer meets its scorer, and the metric what it is made of, before any call is paid for.
Output columns: g2u.tables.schemas.QUESTIONS, PICTURES, ORACLES and g2u.questions.targets.TARGETS.
Run: python -m stages.prepare --benchmark ladder
"""

import argparse
import sys

from tqdm import tqdm

from g2u.errors import run_main
from g2u.params import reading as params
from g2u.questions import targets
from g2u.questions.prepared import Prepared
from g2u.scores.samples import samples
from g2u.tables import schemas as tables
from g2u.tables.places import BenchmarkFolder


def main() -> None:
    """Read the source and write the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--benchmark", required=True)
    benchmark = parser.parse_args().benchmark
    progress = tqdm(
        samples(params.load(), benchmark), desc="prepare", unit="question", disable=None
    )
    made, folder = Prepared(progress), BenchmarkFolder(benchmark)
    tables.write_pictures(folder.pictures, made.pictures())
    tables.write_questions(folder.questions, made.questions)
    targets.write_targets(folder.targets, made.targets)
    tables.write_oracles(folder.oracles, made.oracles.items())
    tables.write_oracles(folder.adversaries, made.adversaries.items())
    shown = sum(len(question.pictures) for question in made.questions)
    print(
        f"prepare {benchmark}: {len(made.questions)} items, {shown} pictures, "
        f"{len(made.distinct)} distinct, {len(made.oracles)} oracles, 0 calls made, 0 reused, "
        "0 failed",
        file=sys.stderr,
    )


if __name__ == "__main__":
    run_main(main)
