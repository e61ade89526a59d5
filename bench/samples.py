"""The contract of benchmarks, over every file of a folder: gold is worth 1, a wrong answer 0.

Run: python -m bench.samples FOLDER    (a folder with tsv/ and parquet/, such as real samples)
"""

import argparse
import string
import sys
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from g2u import plugins
from g2u.params.sections import BenchmarkPreset
from g2u.records import Sample
from g2u.scores.marking import worth
from g2u.scores.types.route import STEPS
from g2u.settings import checked

DIALECTS: dict[str, dict[str, Any]] = {
    "BlindTest_sample": {"format": "open", "scorer": "short"},
    "EasyVQA_MMEdialect_sample": {"metric": "mme"},
    "MMBench_EN_samples_circular": {"metric": "circular"},
    "MathVision_MINI_sample": {
        "format": "open",
        "scorer": "equivalent",
        "labels": ["level"],
        "marks": "text",  # of the parts of one picture
    },
    "VSP_collision_multiimage_sample": {"format": "open", "scorer": "times"},
    "VSP_maze_plan_sample": {"format": "open", "scorer": "route"},
    "visualpuzzles_from_PuzzleVQA_sample": {
        "source": "unig2u",
        "task": "visualpuzzles_inductive",
        "metric": "unig2u",
    },
    "vsp_collision_sample": {"source": "unig2u", "task": "vsp_collision", "metric": "unig2u"},
}
"""What a file's preset says beside source tsv and its path."""


@dataclass(frozen=True, slots=True)
class Contract:
    """What was found of a file."""

    items: int
    pictures: int
    distinct: int
    scorers: tuple[str, ...]
    gold: float
    """Mean score of gold answers, as a model would give them."""
    wrong: float
    """Mean score of wrong answers."""
    leaks: int
    """Open questions whose text ends in the answer, unless as an example (e.g.)."""


def preset_of(path: Path) -> BenchmarkPreset:
    """The preset that reads a sample file."""
    return BenchmarkPreset(**{"source": "tsv", "file": str(path), **DIALECTS.get(path.stem, {})})


def files(folder: Path) -> list[Path]:
    """Every benchmark file."""
    return sorted([*folder.glob("tsv/*.tsv"), *folder.glob("parquet/*.parquet")])


def read(preset: BenchmarkPreset) -> Iterator[Sample]:
    """The preset's items."""
    source = plugins.benchmark(preset.source)
    yield from source.read(checked(source.Settings, preset.settings()))


def contract(preset: BenchmarkPreset) -> Contract:
    """Read everything twice, answer every question rightly and wrongly."""
    found = list(read(preset))
    assert [s.question for s in found] == [s.question for s in read(preset)], "two reads differ"
    answers = sorted({sample.target.answer for sample in found})
    gold = wrong = 0.0
    leaks = 0
    for sample in found:
        gold += _worth(sample, gold_response(sample))
        wrong += _worth(sample, wrong_response(sample, answers))
        is_open = not sample.question.choices and sample.question.format != "yes_no"
        text = sample.question.text.lower().rstrip(" .?")
        answer = sample.target.answer.lower()
        leaks += is_open and text.endswith(f" {answer}") and not text.endswith(f"e.g., {answer}")
    pictures = [digest for sample in found for digest in sample.question.pictures]
    scorers = tuple(sorted({sample.target.scorer for sample in found}))
    count = len(found)
    return Contract(
        count, len(pictures), len(set(pictures)), scorers, gold / count, wrong / count, leaks
    )


def _worth(sample: Sample, response: str) -> float:
    """Score of a response; 0 where rules cannot read it or compare it."""
    scorer = plugins.scorer(sample.target.scorer)
    prediction = scorer.parse(response, sample.question)
    return 0.0 if prediction is None else worth(scorer, prediction, sample.target.answers) or 0.0


def gold_response(sample: Sample) -> str:
    """The right answer as a model would say it; for a map, a walk that arrives."""
    answer = sample.target.answer
    if sample.target.scorer == "choice":
        return f"The answer is {answer}."
    if sample.target.scorer == "route" and "|" in answer:
        return ", ".join(_walk(answer))
    return answer


def wrong_response(sample: Sample, answers: list[str]) -> str:
    """Another answer of the same form; never the right one."""
    answer, scorer = sample.target.answer, sample.target.scorer
    if scorer == "choice":
        letters = sample.question.option_letters()
        return next((c for c in letters if c != answer), string.ascii_uppercase[-1])
    if scorer == "yes_no":
        return "no" if answer.lower() == "yes" else "yes"
    if scorer == "times":
        return "Car: -99 Person: -99"
    if scorer == "route":
        return "up, up, up, up, up, up, up, up, up, up, up, up"
    return next((a for a in answers if a.lower() != answer.lower()), "nothing of the kind")


def _walk(text: str) -> list[str]:
    """Moves from @ to * around the holes of a map: breadth first."""
    rows = [line.split("|") for line in text.splitlines() if "Row" in line]
    cells = [[c.strip() for c in row if c.strip() and "Row" not in c] for row in rows]
    places = {(y, x): cell for y, row in enumerate(cells) for x, cell in enumerate(row)}
    start = next(place for place, cell in places.items() if cell == "@")
    waiting: deque[tuple[tuple[int, int], list[str]]] = deque([(start, [])])
    seen = {start}
    while waiting:
        (y, x), moves = waiting.popleft()
        if places[y, x] == "*":
            return moves
        for name, (dy, dx) in STEPS.items():
            place = (y + dy, x + dx)
            if places.get(place, "#") != "#" and place not in seen:
                seen.add(place)
                waiting.append((place, [*moves, name]))
    raise ValueError("no way to the goal")


def main() -> None:
    """Print a row per file; exit code 1 where one breaks the contract."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    broken = []
    print("| file | items | pictures shown | distinct | scorers | gold | wrong | leaks |")
    print("|---|---|---|---|---|---|---|---|")
    for path in files(parser.parse_args().folder):
        found = contract(preset_of(path))
        print(
            f"| {path.name} | {found.items} | {found.pictures} | {found.distinct} "
            f"| {', '.join(found.scorers)} | {found.gold:.3f} | {found.wrong:.3f} | {found.leaks} |"
        )
        if found.gold < 1.0 or found.wrong > 0.0 or found.leaks:
            broken.append(path.name)
    if broken:
        sys.exit(f"broken: {', '.join(broken)}")


if __name__ == "__main__":
    main()
