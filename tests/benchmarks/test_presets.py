"""Presets of real benchmarks, each over a file made up here with the columns that it names.

No row is from the benchmark; what a column holds is what its card or its harness says of it.
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from g2u.arms import DIRECT
from g2u.params import reading as params
from g2u.pictures.decoding import encode_png, picture_of
from g2u.records import Sample
from g2u.scores.marking import marked
from g2u.scores.samples import samples
from g2u.tables.schemas import Answer
from tests.conftest import ROOT, png, write_tsv

Row = dict[str, Any]


def image(seed: int) -> Row:
    """A picture as the Hub's tables hold it."""
    return {"bytes": png(seed), "path": None}


def coded(*seeds: int) -> str:
    """A picture cell of VLMEvalKit's tables: base64, or a list of it."""
    found = [base64.b64encode(png(seed)).decode() for seed in seeds]
    return found[0] if len(found) == 1 else str(found)


def mask() -> Row:
    """White in the lower right quarter."""
    pixels = np.zeros((24, 24, 3), np.uint8)
    pixels[12:, 12:] = 255
    return {"bytes": encode_png(pixels), "path": None}


def choice(index: int, **cells: str) -> Row:
    rest = {"image": coded(index), "question": "Which?", "A": "a dog", "B": "a cat", "answer": "B"}
    return {"index": str(index), **rest, **cells}


@dataclass(frozen=True)
class Case:
    """A file of a benchmark's columns, and what its first row has to come to."""

    rows: list[Row]
    right: str
    wrong: str
    shown: list[int]
    """Seeds of the first row's pictures, in order."""
    oracle: list[int] = field(default_factory=list)


def seven(*seeds: int) -> Row:
    """MMMU's image_1 ... image_7, of which some are filled."""
    cells = [*map(image, seeds), *[None] * (7 - len(seeds))]
    return {f"image_{number}": cell for number, cell in enumerate(cells, 1)}


PLACED = "Of <image 1> and <image 2>, which is left?"
PEOPLE = ["net", "net", "net", "web", "net", "net", "web", "net", "net", "net"]
CASES: Mapping[str, Case] = {
    "mmmu": Case(
        [choice(3, image=coded(3, 4), question=PLACED, A="<image 2>", split="validation",
                category="Art", **{"l2-category": "Art"}),
         choice(5, image=coded(5), A="", B="", answer="4.5", split="validation", category="Art",
                **{"l2-category": "Art"})],
        "B", "A", [3, 4],
    ),
    "mmmu_pro": Case(
        [{"id": "test_1", "question": PLACED, "options": "['the first', '<image 2>', 'none']",
          "answer": "B", "subject": "Art", **seven(1, 2)},
         {"id": "test_2", "question": "<image 1> What?", "options": "['it\\'s', \"a 'b'\"]",
          "answer": "A", "subject": "Law", **seven(3)}],
        "The answer is B.", "The answer is C.", [1, 2],
    ),
    "mmmu_pro_vision": Case(
        [{"id": "test_1", "options": "['a', 'b']", "answer": "B", "subject": "Art",
          "image": image(1)}],
        "Answer: B", "Answer: A", [1],
    ),
    "textzoom_hard": Case([{"image": image(1), "text": "SALE"}], "SALE", "SAFE", [1]),
    "receipts": Case([{"image": image(2), "text": "2 x TEA 4.00"}], "2 x TEA 4.00", "TEA", [2]),
    "vqav2": Case(
        [{"question_id": 7, "question": "What is it?", "image": image(1),
          "answers": [{"answer": each, "answer_confidence": "yes", "answer_id": n}
                      for n, each in enumerate(PEOPLE)]}],
        "net", "dog", [1],
    ),
    "textvqa": Case(
        [{"question_id": 7, "question": "What does it say?", "image": image(2),
          "answers": PEOPLE}],
        "net", "dog", [2],
    ),
    "docvqa": Case(
        [{"questionId": "9", "question": "Who signed?", "image": image(3),
          "answers": ["T. F. Riehl", "T. Riehl"]}],
        "t. f. riehl", "nobody at all", [3],
    ),
    "mira": Case(
        [{"uid": 1, "image_path": "image/1.png", "question": "Which pocket?", "answer": 4,
          "cot": "cot/1.png"}],
        "4", "5", [1], [101],
    ),
    "thinkmorph": Case(
        [{"pid": "p1", "question": "What colour is the bag?", "answer": "red",
          "problem_image_0": image(4), "resoning_thought_0": "I look.",
          "reasoning_image_0": image(104), "resoning_thought_1": "Red.", "task": "search",
          "full_text_only_thought": "Words."}],
        "red", "blue", [4], [104],
    ),
    "refspatial": Case(
        [{"id": 1, "image": image(5), "mask": mask(), "object": "cup", "prompt": "Point at it.",
          "suffix": "Your answer is a list of tuples between 0 and 1.", "step": 2}],
        "[(0.75, 0.8)]", "[(0.2, 0.2)]", [5],
    ),
    "mmvp": Case([choice(1, answer="A"), choice(2)], "A", "B", [1]),
    "blink": Case(
        [choice(1, image=coded(1, 8, 9), category="Jigsaw", C="a cow")], "B", "C", [1, 8, 9]
    ),
    "hallusion": Case(
        [{"index": "hb_VS_chart_0_0_0", "category": "VS", "l2-category": "chart", "image": "",
          "question": "Is China larger?", "answer": "Yes"},
         {"index": "hb_VS_chart_0_1_0", "category": "VS", "l2-category": "chart", "image": coded(6),
          "question": "Is China larger?", "answer": "No"}],
        "Yes, it is.", "No.", [],
    ),
    "real_world_qa": Case([choice(1)], "B", "A", [1]),
}  # fmt: skip


@pytest.fixture(params=CASES)
def read(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[Case, list[Sample]]:
    """A case, and what prepare makes of its file where the preset looks for it."""
    monkeypatch.chdir(tmp_path)
    case, config = CASES[request.param], params.load(ROOT / "params.yaml")
    path = Path(str(config.presets.benchmarks[request.param].model_dump()["file"]))
    folder = path.parent if path.suffix else path
    folder.mkdir(parents=True)
    if path.suffix == ".tsv":
        write_tsv(path, case.rows)
    elif path.suffix == ".jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in case.rows))
        for place, seeds in (("image", case.shown), ("cot", case.oracle)):
            (folder / place).mkdir()
            (folder / place / "1.png").write_bytes(png(seeds[0]))
    else:
        target = path if path.suffix else path / "train-00000-of-00001.parquet"
        pq.write_table(pa.Table.from_pylist(case.rows), target)
    return case, list(samples(config, request.param))


def worth(sample: Sample, response: str) -> float:
    answer = Answer(sample.question.id, DIRECT, "", "ok", response=response)
    return marked(answer, sample.question, sample.target)[2]


def test_every_row_is_read_and_gold_is_worth_one_and_a_wrong_answer_nothing(
    read: tuple[Case, list[Sample]],
) -> None:
    case, found = read
    assert len(found) == len(case.rows)
    assert (worth(found[0], case.right), worth(found[0], case.wrong)) == (1.0, 0.0)


def test_pictures_stand_in_their_order_and_the_truth_apart(read: tuple[Case, list[Sample]]) -> None:
    case, (first, *_) = read
    assert first.question.pictures == tuple(picture_of(png(seed)).digest for seed in case.shown)
    assert [each.encoded for each in first.oracles] == [png(seed) for seed in case.oracle]


@pytest.mark.parametrize("name", CASES)
def test_a_preset_of_a_real_benchmark_says_where_its_file_is_got(name: str) -> None:
    assert params.load(ROOT / "params.yaml").presets.benchmarks[name].obtain
