"""Thoughts for other harnesses: a TSV that VLMEvalKit reads, a task that lmms-eval runs.

Their models see the originals and then the thoughts, and are asked the same questions; what they
answer comes back through g2u score.
"""

import base64
import csv
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from g2u.arms import Arm, paired
from g2u.errors import DataError
from g2u.files import beside, require_own, write_whole
from g2u.questions.wording import question_prompt
from g2u.records import Picture, Question, Target, Thought
from g2u.tables.parquet import IMAGE, has_columns, write_rows

ROWS = pa.schema(
    [
        ("id", pa.string()),
        ("images", pa.list_(IMAGE)),
        ("prompt", pa.string()),
        ("answer", pa.string()),
        ("accepted", pa.list_(pa.string())),
        ("category", pa.string()),
    ]
)
TASK = """\
# Questions of {benchmark} with the {family} thoughts of {model}. Score the samples that this run
# logs with: g2u score {benchmark} SAMPLES.jsonl --task THIS_FOLDER
task: g2u_{benchmark}_{family}
dataset_path: parquet
dataset_kwargs:
  data_files: {data}
test_split: train
output_type: generate_until
doc_to_visual: !function utils.doc_to_visual
doc_to_text: !function utils.doc_to_text
doc_to_target: answer
process_results: !function utils.process_results
generation_kwargs: {{max_new_tokens: {max_tokens}, temperature: 0, do_sample: false}}
metric_list:
  - {{metric: says_answer, aggregation: mean, higher_is_better: true}}
"""
UTILS = '''\
"""Functions of the task beside this file."""


def doc_to_visual(doc):
    return [picture.convert("RGB") for picture in doc["images"]]


def doc_to_text(doc):
    return doc["prompt"]


def process_results(doc, results):
    """Whether the response is an accepted answer, word for word; g2u score reads it properly."""
    said = results[0].strip().strip(".").lower()
    return {"says_answer": float(said in [answer.lower() for answer in doc["accepted"]])}
'''


@dataclass(frozen=True, slots=True)
class Shown:
    """A question with all that a model is shown."""

    question: Question
    target: Target
    pictures: tuple[Picture, ...]
    """Originals, then thoughts."""


def shown(
    questions: Sequence[Question],
    gold: Sequence[Target],
    pictures: Mapping[str, Picture],
    thoughts: Sequence[Thought],
) -> list[Shown]:
    """The questions all of whose thoughts are there: the first draw's last round.

    Raises:
        DataError: there are none.
    """
    drawn = paired(Arm("concat"), questions, thoughts)
    found = []
    for question, target in zip(questions, gold, strict=True):
        own = sorted(drawn[question.id], key=lambda thought: thought.position)
        sound = tuple(t.picture for t in own if t.status == "ok" and t.picture)
        if own and len(sound) == len(own):
            originals = tuple(pictures[digest] for digest in question.pictures)
            found.append(Shown(question, target, (*originals, *sound)))
    if not found:
        raise DataError("no question has thoughts for all of its pictures; nothing to write")
    return found


def write_vlmevalkit(path: Path, items: Sequence[Shown]) -> None:
    """A TSV with a list of pictures in each image cell (vlmeval/dataset/image_base.py).

    Raises:
        DataError: a file of somebody else lies there; several options are accepted.
    """
    letters = sorted({letter for item in items for letter in item.question.option_letters()})
    groups = sorted({name for item in items for name, _ in item.question.labels} - {"image_path"})
    columns = ["index", "image", "question", "hint", *letters, "answer", "category", *groups]
    require_own(path, _is_tsv, "g2u harness")
    answers = [_cell(item) for item in items]
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = beside(path)
    with fresh.open("w", encoding="utf-8", newline="") as file:
        names = list(dict.fromkeys(columns))
        writer = csv.DictWriter(file, names, delimiter="\t", quoting=csv.QUOTE_ALL, restval="")
        writer.writeheader()
        writer.writerows(_tsv_rows(items, answers))
    fresh.replace(path)


def _is_tsv(path: Path) -> bool:
    """Whether it has the columns of such a TSV, and lists of pictures."""
    with path.open("rb") as file:
        head, first = file.readline(65536), file.readline(65536)
    return head.startswith(b'"index"\t"image"\t"question"\t"hint"') and b"\t\"['" in first


def _tsv_rows(items: Sequence[Shown], answers: Sequence[str]) -> Iterator[dict[str, str]]:
    for item, answer in zip(items, answers, strict=True):
        question = item.question
        encoded = [base64.b64encode(picture.encoded).decode() for picture in item.pictures]
        labels = {name: value for name, value in question.labels if name != "image_path"}
        yield {
            **labels,
            "index": question.id,
            "image": str(encoded),
            "question": question.text,
            "hint": question.hint,
            **dict(zip(question.option_letters(), question.choices, strict=True)),
            "answer": answer,
            "category": labels.get("category", question.category),
        }


def _cell(item: Shown) -> str:
    """The answer, or a list of all accepted ones, as VLMEvalKit's open benchmarks have it.

    Raises:
        DataError: several options are accepted, each alone; its multiple choice knows one.
    """
    target = item.target
    if not target.accepted:
        return target.answer
    if item.question.choices:
        raise DataError(
            f"question {target.id!r}: any of {', '.join(target.distinct)} is accepted; a TSV of "
            "VLMEvalKit's holds one option: write a folder for lmms-eval, which holds all"
        )
    return str(list(target.accepted))


def write_lmms_eval(
    folder: Path, name: tuple[str, str, str], items: Sequence[Shown], max_tokens: int
) -> None:
    """A folder for --include_path: parquet, task and its functions.

    Args:
        folder: made if it is not there.
        name: benchmark, model and family.
        items: what is asked.
        max_tokens: of an answer, as in this project's run.

    Raises:
        DataError: files of somebody else lie there.
    """
    benchmark, model, family = name
    data, utils = folder / "data.parquet", folder / "utils.py"
    description = folder / f"g2u_{benchmark}_{family}.yaml"
    if os.path.lexists(folder) and not folder.is_dir():
        raise DataError(f"{folder}: no folder; expected a .tsv file, or a folder for lmms-eval")
    require_own(data, lambda path: has_columns(path, ROWS), "g2u harness")
    require_own(utils, lambda path: path.read_bytes() == UTILS.encode(), "g2u harness")
    require_own(
        description, lambda path: path.read_bytes()[:14] == TASK[:14].encode(), "g2u harness"
    )
    rows = [
        {
            "id": item.question.id,
            "images": [{"bytes": p.encoded, "path": None} for p in item.pictures],
            "prompt": question_prompt(item.question),
            "answer": item.target.answer,
            "accepted": list(item.target.distinct),
            "category": item.question.category,
        }
        for item in items
    ]
    write_rows(data, ROWS, rows)
    task = TASK.format(
        benchmark=benchmark, model=model, family=family, data=data.resolve(), max_tokens=max_tokens
    )
    write_whole(description, task)
    write_whole(utils, UTILS)
