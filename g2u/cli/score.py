"""g2u score: predictions made elsewhere, by this project's rules and statistics.

Questions and gold answers are those of a study's benchmark, or of a dataset of thoughts, which
needs no study.
"""

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from g2u.errors import DataError, ParamsError, unknown_name
from g2u.params import reading as params
from g2u.params.sections import ScoreSection
from g2u.questions import targets
from g2u.records import Question, Target
from g2u.scores.samples import samples
from g2u.scores.statistics import Resampling
from g2u.sharing.gold import read_gold
from g2u.sharing.harnesses.compare import compared
from g2u.sharing.harnesses.predictions import Naming, answers_of
from g2u.sharing.harnesses.writing import ROWS
from g2u.sharing.manifest import NAME, Manifest, SharedGold, read_manifest
from g2u.tables import schemas as tables
from g2u.tables.parquet import read_rows
from g2u.tables.places import BenchmarkFolder
from g2u.terminal.closing import table

HEAD = ("run", "accuracy [interval]", "gain [interval]", "p", "better", "worse")
LEFT = {
    "missing": "without a prediction",
    "calls_failed": "failed calls",
    "unparsed": "not read",
    "abstained": "declined",
    "undecided": "not decided by rules",
}
"""What of a run is told where there is any; the first two are left out of the numbers, the others
are worth 0.
"""
BARE = "accuracy"
"""A figure that the table has already."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What predictions are held against."""

    benchmark: str
    metric: str
    how: Resampling
    questions: Sequence[Question]
    gold: Sequence[Target]
    source: str
    """Where questions and answers are from, for people."""


def is_dataset(place: str) -> bool:
    """Whether a place is the folder of a dataset."""
    return (Path(place) / NAME).is_file()


def of_study(benchmark: str) -> Asked:
    """A benchmark of the study: as prepared, or where it is not or its tables cannot be read, from
    its source.
    """
    config = params.load()
    config.require(benchmark=benchmark)
    folder = BenchmarkFolder(benchmark)
    metric, how = config.presets.benchmarks[benchmark].metric, Resampling.of(config.score)
    state = "is not prepared"
    if folder.questions.exists() and folder.targets.exists():
        try:
            questions = tables.read_questions(folder.questions)
            gold = targets.read_targets(folder.targets)
        except DataError as error:
            state = f"is prepared, but {str(error).partition(';')[0]}"
        else:
            return Asked(benchmark, metric, how, questions, gold, "as prepared")
    print(f"{benchmark} {state}: its source is read, data/ stays as it is", file=sys.stderr)
    found = [(sample.question, sample.target) for sample in samples(config, benchmark)]
    questions, gold = [question for question, _ in found], [target for _, target in found]
    return Asked(benchmark, metric, how, questions, gold, "from its source")


def of_dataset(folder: Path, file: Path, benchmark: str) -> Asked:
    """A benchmark of a dataset.

    Args:
        folder: the dataset.
        file: predictions, whose ids tell which benchmark is meant.
        benchmark: its name; empty = the only one, or the only one that has the ids of `file`.

    Raises:
        DataError: no gold answers; no file; or none or several of the benchmarks fit it.
    """
    manifest = read_manifest(folder)
    names = sorted({cell.benchmark for cell in manifest.cells})
    held = [each for each in manifest.gold if not benchmark or each.benchmark == benchmark]
    if benchmark and benchmark not in names:
        raise DataError(unknown_name(f"{folder}: the dataset", benchmark, names))
    if not held:
        raise DataError(
            f"{folder}: no gold answers of {benchmark or ', '.join(names)} (its licence is not "
            "stated, or they were left out); expected a study that has them: g2u score BENCHMARK "
            "FILE"
        )
    if len(held) == 1:
        return _asked(folder, manifest, held[0])
    if not file.is_file():
        raise DataError(f"{file}: missing; expected predictions")
    fitting = [asked for each in held if _fits(file, asked := _asked(folder, manifest, each))]
    if len(fitting) == 1:
        return fitting[0]
    how_many = "several" if fitting else "none"
    raise DataError(
        f"{file}: fits {how_many} of the benchmarks of {folder}; expected --benchmark with one of "
        f"{', '.join(each.benchmark for each in held)}"
    )


def _asked(folder: Path, manifest: Manifest, gold: SharedGold) -> Asked:
    questions, answers = read_gold(folder, manifest, gold)
    how, source = Resampling.of(ScoreSection()), f"of the dataset {folder}"
    return Asked(gold.benchmark, gold.metric, how, questions, answers, source)


def _fits(file: Path, asked: Asked) -> bool:
    """Whether the questions are those that a file of predictions names."""
    try:
        answers_of(file, asked.questions)
    except DataError:
        return False
    return True


def score(asked: Asked, files: Sequence[Path], field: str, task: Path | None) -> dict[str, Any]:
    """Every run against the first one.

    Args:
        asked: questions and gold answers.
        files: predictions, a file each.
        field: of lmms-eval's samples, the one that names a row; empty = found.
        task: of lmms-eval, the folder of g2u harness that ran.

    Returns:
        A JSON value: benchmark, questions, confidence, runs (docs/commands.md).

    Raises:
        DataError: see `answers_of`; or a file named twice.
    """
    twice = next((path for place, path in enumerate(files) if path in files[:place]), None)
    if twice is not None:
        raise ParamsError(f"g2u score: {twice} is named twice; expected files of different runs")
    rows = read_rows(task / "data.parquet", ROWS, ["id"]) if task else []
    naming = Naming(field, [row["id"] for row in rows])
    runs = {str(path): answers_of(path, asked.questions, naming) for path in files}
    return {
        "benchmark": asked.benchmark,
        "questions": len(asked.questions),
        "confidence": asked.how.confidence,
        "runs": compared(asked.metric, asked.how, asked.questions, asked.gold, runs),
    }


def told(found: Mapping[str, Any], source: str, width: int) -> Iterator[str]:
    """A comparison in lines.

    Args:
        found: what `score` returns.
        source: see `Asked`.
        width: characters of a line at most.
    """
    runs: Mapping[str, Any] = found["runs"]
    yield f"{found['benchmark']}: {found['questions']} questions, {source}"
    yield ""
    yield from table(
        [HEAD, *(_line(name, run) for name, run in runs.items())],
        width,
        without=set() if len(runs) > 1 else set(HEAD[2:]),
        numbers=HEAD[1:],
    )
    figures = [name for name in next(iter(runs.values()))["figures"] if name != BARE]
    if figures:
        yield ""
        heads = ("published figure", *runs)
        lines = ((name, *(_figure(run, name) for run in runs.values())) for name in figures)
        yield from table([heads, *lines], width, numbers=heads[1:])
    yield ""
    for name, run in runs.items():
        counts = [f"{run[key]} {word}" for key, word in LEFT.items() if run.get(key)]
        if counts:
            yield f"{name}: {', '.join(counts)}"
    yield f"percent, {100 * found['confidence']:g} % intervals; " + (
        f"gain over {next(iter(runs))}, paired, where both answered"
        if len(runs) > 1
        else "next: a second file, for the paired gain over this one"
    )


def _line(name: str, run: Mapping[str, Any]) -> tuple[str, ...]:
    gain = run.get("gain", {})
    own = (
        f"{100 * run['accuracy']:.1f} [{100 * run['low']:.1f}, {100 * run['high']:.1f}]"
        if "accuracy" in run
        else "nothing scored"
    )
    if "difference" not in gain:
        return (name, own, "", "", "", "")
    low, high = 100 * gain["low"], 100 * gain["high"]
    shown = f"{100 * gain['difference']:+.1f} [{low:+.1f}, {high:+.1f}]"
    p = "<0.0001" if gain["p"] < 0.0001 else f"{gain['p']:.4f}"
    return (name, own, shown, p, str(gain["gained"]), str(gain["lost"]))


def _figure(run: Mapping[str, Any], name: str) -> str:
    value = run["figures"].get(name, {})
    if "value" not in value:
        return ""
    interval = f" [{value['low']:.2f}, {value['high']:.2f}]" if "low" in value else ""
    return f"{value['value']:.2f}{interval}"
