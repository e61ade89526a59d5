"""What every benchmark owes: gold scores 1, wrong answers 0, same ids twice, no target in a
question.
"""

import random
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from g2u import plugins
from g2u.errors import DataError
from g2u.params import reading as params
from g2u.questions.benchmarks import easy_vqa
from g2u.records import Sample
from g2u.settings import checked
from tests.conftest import ROOT, png, tsv_rows, write_tsv

PUZZLES = ("ladder", "hairpin", "tracks", "braid", "threads", "mosaic")
SETTINGS: dict[str, dict[str, Any]] = {
    **{name: {"items": 60, "depth": 10, "seed": 0} for name in PUZZLES},
    **{name: {"items": 60, "seed": 0} for name in ("palette", "digits")},
    "signs": {"items": 60, "height": 14, "seed": 0},
    "easy_vqa": {"split": "test", "items": 200, "version": "1.0"},
    "tsv": {},
    "table": {
        "columns": {
            "question": "asked",
            "pictures": "image",
            "choices": "options",
            "answer": "gold",
        },
        "format": "choice",
        "answer_is": "text",
    },
    "unig2u": {"task": "realunify_mental_tracking"},
}


def write(name: str, folder: Path) -> Path:
    """A file of 20 rows for a source that reads files."""
    if name == "tsv":
        return write_tsv(folder / "t.tsv", tsv_rows(20))
    rows: list[dict[str, Any]] = [
        {"asked": "Which?", "image": png(number), "options": ["None", "NA", "owl"],
         "gold": ("None", "NA", "owl")[number % 3]} if name == "table" else
        {"image": png(number), "evaluation_prompt": "Which? A. x B. y", "answer": "AB"[number % 2]}
        for number in range(20)
    ]  # fmt: skip
    path = folder / f"{name}.parquet"
    pq.write_table(pa.Table.from_pylist(rows), path)
    return path


@pytest.fixture(params=plugins.known("source"))
def found(request: pytest.FixtureRequest, tmp_path: Path) -> list[Sample]:
    """Samples of every source on disk."""
    name = request.param
    settings = dict(SETTINGS[name])
    source = plugins.benchmark(name)
    if "file" in source.Settings.model_fields:
        settings["file"] = str(write(name, tmp_path))
    typed = checked(source.Settings, settings)
    first = list(source.read(typed))
    assert [s.question for s in first] == [s.question for s in source.read(typed)]
    return first


def response_of(sample: Sample, answer: str) -> str:
    """An answer as a model would give it."""
    return f"The answer is {answer}." if sample.question.format == "choice" else answer


def test_gold_scores_one_and_wrong_answers_zero(found: list[Sample]) -> None:
    rng = random.Random(0)
    answers = sorted({sample.target.answer for sample in found})
    for sample in found:
        scorer = plugins.scorer(sample.target.scorer)
        right = scorer.parse(response_of(sample, sample.target.answer), sample.question)
        assert right is not None
        assert scorer.score(right, sample.target.answer) == 1.0
        other = rng.choice([a for a in answers if a.lower() != sample.target.answer.lower()])
        wrong = scorer.parse(response_of(sample, other), sample.question)
        assert wrong is None or scorer.score(wrong, sample.target.answer) == 0.0


def test_targets_name_declared_scorers(found: list[Sample], request: pytest.FixtureRequest) -> None:
    name = request.node.callspec.params["found"]
    assert {sample.target.scorer for sample in found} <= set(plugins.benchmark(name).SCORERS)


def test_ids_are_unique_and_targets_belong_to_their_questions(found: list[Sample]) -> None:
    assert len({sample.question.id for sample in found}) == len(found)
    assert all(sample.question.id == sample.target.id for sample in found)
    for sample in found:
        assert sample.question.pictures == tuple(p.digest for p in sample.pictures)
        assert not sample.oracles or len(sample.oracles) == len(sample.pictures)


def test_no_open_question_spells_its_target(found: list[Sample]) -> None:
    for sample in found:
        if sample.question.format == "short":
            assert sample.target.answer.lower() not in sample.question.text.lower().split()


def test_every_source_of_params_has_settings_its_module_knows() -> None:
    config = params.load(ROOT / "params.yaml")
    for name in config.presets.benchmarks:
        config.settings("benchmarks", name)


def test_easy_vqa_of_another_version_is_refused() -> None:
    with pytest.raises(DataError, match=r"1\.0 is installed, params\.yaml names 2\.0"):
        list(easy_vqa.read(easy_vqa.Settings(split="test", items=5, version="2.0")))
