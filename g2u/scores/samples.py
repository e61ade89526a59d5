"""A benchmark's items, as params.yaml asks for them; every gold answer meets its scorer, and the
metric what it is made of, before any call is paid for.
"""

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import cast

from g2u import plugins
from g2u.code.root import code_root
from g2u.errors import DataError, in_one_line
from g2u.params.params import Params
from g2u.params.sections import BenchmarkPreset
from g2u.protocols import Benchmark
from g2u.questions.files.selection import drawn, matching
from g2u.questions.worded import worded, wording_of
from g2u.records import Question, Sample, Target
from g2u.scores.gold import meet
from g2u.scores.items import Metric
from g2u.settings import Section


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
    wording = wording_of(benchmark, preset.wording, preset.wordings, code_root(Path()))
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
        try:
            question = worded(sample.question, wording, sample.whole)
        except DataError as error:
            raise DataError(f"{benchmark}, wording {preset.wording}: {error}") from None
        questions.append(question)
        gold.append(met.target)
        yield replace(sample, question=question, target=met.target, whole=None)
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
