"""prepare: a benchmark's source becomes questions, pictures, given thoughts and, apart, targets.

Every gold answer meets its scorer, and the metric what it is made of, before any call is paid for.
Output columns: g2u.tables.schemas.QUESTIONS, PICTURES, ORACLES and g2u.questions.targets.TARGETS.
Run: python -m stages.prepare --benchmark ladder
"""

import argparse
import sys
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice
from typing import cast

from tqdm import tqdm

from g2u import plugins
from g2u.errors import DataError, in_one_line, run_main
from g2u.params import reading as params
from g2u.params.params import Params
from g2u.params.sections import BenchmarkPreset
from g2u.params.settings import Section
from g2u.pictures.held import Spool
from g2u.protocols import Benchmark
from g2u.questions import targets
from g2u.questions.files.selection import drawn, matching
from g2u.records import Picture, Question, Sample, Target
from g2u.scores.gold import meet
from g2u.scores.items import Metric
from g2u.tables import schemas as tables
from g2u.tables.places import BenchmarkFolder


def samples(config: Params, benchmark: str) -> Iterator[Sample]:
    """The benchmark's items; settings checked, ids unique, at least one and not too many; replies
    can reach their gold answers, and its metric can be made of them.

    Raises:
        DataError: what the source says, a repeated id, no items, or too many; after the last item,
            the first whose gold answer no reply can reach, or what its metric misses.
    """
    config.require(benchmark=benchmark)
    preset = config.presets.benchmarks[benchmark]
    source = plugins.benchmark(preset.source)
    settings = config.settings("benchmarks", benchmark)
    preset.require_files(benchmark)
    seen: set[str] = set()
    questions: list[Question] = []
    gold: list[Target] = []
    flaws: list[str] = []
    for sample in _selected(preset, source, settings):
        if sample.question.id in seen:
            raise DataError(f"{benchmark}: question id {sample.question.id[:80]!r} occurs twice")
        seen.add(sample.question.id)
        if len(seen) > config.prepare.max_questions:
            raise DataError(
                f"{benchmark}: over {config.prepare.max_questions} questions; raise "
                "prepare.max_questions in params.yaml, or set items for this benchmark"
            )
        met = meet(sample.question, sample.target)
        if met.flaw:
            flaws.append(f"{sample.place or f'question {sample.question.id[:80]!r}'}: {met.flaw}")
        questions.append(sample.question)
        gold.append(met.target)
        yield replace(sample, target=met.target)
    if not seen:
        raise DataError(f"{benchmark}: no questions; expected at least one (where, slice?)")
    if flaws:
        raise DataError(f"{benchmark}: {flaws[0]} ({len(flaws)} of {len(seen)} rows)")
    try:
        cast(Metric, plugins.metric(preset.metric)).check(questions, gold)
    except DataError as error:
        raise DataError(f"{benchmark}: {in_one_line(str(error), 600)}") from None


def _selected(preset: BenchmarkPreset, source: Benchmark, settings: Section) -> Iterator[Sample]:
    """What `where`, `slice` and `sample` leave of the source, in its order."""
    where = {
        name: [values] if isinstance(values, str) else values
        for name, values in preset.where.items()
    }

    def read() -> Iterator[Sample]:
        found = matching(source.read(settings), where)
        return islice(found, *preset.slice) if preset.slice else found

    sample = preset.sample
    return drawn(read, sample.items, sample.by, sample.seed) if sample else read()


class Prepared:
    """What has been read of a benchmark; pictures pass through, oracles and adversaries lie in a
    spool, all else is kept.
    """

    def __init__(self, samples: Iterable[Sample]) -> None:
        self.questions: list[Question] = []
        self.targets: list[Target] = []
        self.oracles: dict[str, Picture] = {}
        self.adversaries: dict[str, Picture] = {}
        self.distinct: set[str] = set()
        self._samples, self.spool = samples, Spool()

    def pictures(self) -> Iterator[Picture]:
        """Every distinct picture, once; fills the other fields on the way."""
        for sample in self._samples:
            self.questions.append(sample.question)
            self.targets.append(sample.target)
            for picture, oracle in zip(sample.pictures, sample.oracles, strict=False):
                if self.oracles.get(picture.digest) != oracle:
                    self.oracles[picture.digest] = self.spool.keep(oracle)
            for picture, adversary in zip(sample.pictures, sample.adversaries, strict=False):
                if self.adversaries.get(picture.digest) != adversary:
                    self.adversaries[picture.digest] = self.spool.keep(adversary)
            for picture in sample.pictures:
                if picture.digest not in self.distinct:
                    self.distinct.add(picture.digest)
                    yield picture


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
