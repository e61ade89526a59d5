"""prepare: a benchmark's source becomes questions, pictures, given thoughts and, apart, targets.

Output columns: g2u.tables.QUESTIONS, PICTURES, ORACLES and g2u.targets.TARGETS.
Run: python -m stages.prepare --benchmark ladder
"""

import argparse
import sys
from collections.abc import Iterator

from tqdm import tqdm

from g2u import params, plugins, tables, targets
from g2u.errors import DataError, run_main
from g2u.params import Params
from g2u.records import Picture, Question, Sample, Target
from g2u.workspace import BenchmarkFolder


def samples(config: Params, benchmark: str) -> Iterator[Sample]:
    """The benchmark's items; settings checked, ids unique, at least one and not too many.

    Raises:
        DataError: what the source says, a repeated id, no items, or too many.
    """
    config.require(benchmark=benchmark)
    preset = config.presets.benchmarks[benchmark]
    source = plugins.benchmark(preset.source)
    params.check_settings("benchmarks", benchmark, preset.settings(), source.SETTINGS)
    seen: set[str] = set()
    for sample in source.read(preset.settings()):
        if sample.question.id in seen:
            raise DataError(f"{benchmark}: question id {sample.question.id!r} occurs twice")
        seen.add(sample.question.id)
        if len(seen) > config.prepare.max_questions:
            raise DataError(
                f"{benchmark}: over {config.prepare.max_questions} questions; raise "
                "prepare.max_questions in params.yaml, or set items for this benchmark"
            )
        yield sample
    if not seen:
        raise DataError(f"{benchmark}: no questions; expected at least one")


def main() -> None:
    """Read the source and write the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--benchmark", required=True)
    benchmark = parser.parse_args().benchmark
    questions: list[Question] = []
    gold: list[Target] = []
    pictures: dict[str, Picture] = {}
    oracles: dict[str, Picture] = {}
    adversaries: dict[str, Picture] = {}
    progress = tqdm(
        samples(params.load(), benchmark), desc="prepare", unit="question", disable=None
    )
    for sample in progress:
        questions.append(sample.question)
        gold.append(sample.target)
        for picture in sample.pictures:
            pictures.setdefault(picture.digest, picture)
        for picture, oracle in zip(sample.pictures, sample.oracles, strict=False):
            oracles[picture.digest] = oracle
        for picture, adversary in zip(sample.pictures, sample.adversaries, strict=False):
            adversaries[picture.digest] = adversary
    folder = BenchmarkFolder(benchmark)
    tables.write_questions(folder.questions, questions)
    targets.write_targets(folder.targets, gold)
    tables.write_pictures(folder.pictures, pictures.values())
    tables.write_oracles(folder.oracles, oracles.items())
    tables.write_oracles(folder.adversaries, adversaries.items())
    shown = sum(len(question.pictures) for question in questions)
    print(
        f"prepare {benchmark}: {len(questions)} items, {shown} pictures, {len(pictures)} distinct, "
        f"{len(oracles)} oracles, 0 calls made, 0 reused, 0 failed",
        file=sys.stderr,
    )


if __name__ == "__main__":
    run_main(main)
