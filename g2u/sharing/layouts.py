"""Traces as others publish them: a question and its chain of texts and pictures in a row.

- thinkmorph: huggingface.co/datasets/ThinkMorph/Visual_Search (card at f4e1839) and its siblings
  (arXiv 2510.27492). Columns pid, question, answer, problem_image_0, resoning_thought_0 (so
  spelt), reasoning_image_0, resoning_thought_1 ..., task, full_text_only_thought.
- zebra_cot: huggingface.co/datasets/multimodal-reasoning-lab/Zebra-CoT (arXiv 2507.16746). Columns
  Question, Text Reasoning Trace, Final Answer, problem_image_1 ..., reasoning_image_1 ...; texts
  say where each stands: <image_start>[reasoning_image_1]<image_end>.

Columns of pictures are as many as the longest row needs; the cells of others are null.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa

from g2u.errors import DataError
from g2u.questions.files.cells import is_empty, pictures_in
from g2u.questions.files.rows import Row
from g2u.questions.files.texts import is_absent, text_of
from g2u.records import PLACE, Picture
from g2u.tables.parquet import IMAGE

Layout = Literal["thinkmorph", "zebra_cot"]
PROBLEM = re.compile(r"problem_image_(\d+)")
REASONING = re.compile(r"reasoning_image_(\d+)")
THOUGHT = re.compile(r"rea?soning_thought_(\d+)")
STANDS = re.compile(r"(?:<image_start>)?\[reasoning_image_(\d+)\](?:<image_end>)?")
"""Where a picture stands in a trace of Zebra-CoT."""


@dataclass(frozen=True, slots=True)
class Trace:
    """A question, and how somebody came to its answer."""

    text: str
    """What is asked, with its marks of pictures."""
    pictures: tuple[Picture, ...]
    parts: tuple[str | Picture, ...]
    """Texts and pictures in their order."""
    id: str = ""
    answer: str = ""
    """The gold answer; empty = not told."""
    task: str = ""


def trace_in(layout: Layout, row: Row, where: str, root: Path | None = None) -> Trace:
    """The trace of a row; its answer is not looked at.

    Args:
        layout: how the row is laid out.
        row: cells by column.
        where: file and row, for errors.
        root: folder that paths of pictures are below; None = paths are refused.

    Raises:
        DataError: a column is missing, a cell holds no picture, or a trace names a picture that
            the row lacks, names one twice, or leaves one out.
    """
    found = [
        {number: _picture(row, name, where, root) for number, name in _numbered(row, kind)}
        for kind in (PROBLEM, REASONING)
    ]
    problem, reasoning = ({n: p for n, p in each.items() if p is not None} for each in found)
    asked, woven = WOVEN[layout]
    text = text_of(_cell(row, asked, where), f"{where}, column {asked}")
    return Trace(text, tuple(problem.values()), tuple(woven(row, reasoning, where)))


def _woven_by_number(
    row: Row, pictures: Mapping[int, Picture], where: str
) -> Iterator[str | Picture]:
    """Text N, picture N, text N + 1 ..."""
    texts = {number: _text(row, name, where) for number, name in _numbered(row, THOUGHT)}
    if not texts and not pictures:
        raise DataError(f"{where}: no column resoning_thought_0; found {', '.join(row)}")
    for number in sorted({*texts, *pictures}):
        if texts.get(number):
            yield texts[number]
        if number in pictures:
            yield pictures[number]


def _woven_by_marks(
    row: Row, pictures: Mapping[int, Picture], where: str
) -> Iterator[str | Picture]:
    """The text, cut where it says that a picture stands."""
    place = f"{where}, column {TRACE}"
    pieces = STANDS.split(text_of(_cell(row, TRACE, where), place))
    named = [int(number) for number in pieces[1::2]]
    if sorted(named) != sorted(pictures):
        raise DataError(
            f"{place}: names reasoning pictures {named}, the row has {sorted(pictures)}; expected "
            "each of them once"
        )
    for number, piece in enumerate(pieces):
        if number % 2:
            yield pictures[int(piece)]
        elif piece:
            yield piece


TRACE = "Text Reasoning Trace"
Weave = Callable[[Row, Mapping[int, Picture], str], Iterator[str | Picture]]
WOVEN: Mapping[Layout, tuple[str, Weave]] = {
    "thinkmorph": ("question", _woven_by_number),
    "zebra_cot": ("Question", _woven_by_marks),
}
"""The column of the question, and how texts and pictures are put in order."""


def schema_of(layout: Layout, traces: Sequence[Trace]) -> pa.Schema:
    """The columns that these traces need."""
    problem = max((len(trace.pictures) for trace in traces), default=0)
    steps = max((len(_apart(trace.parts)[1]) for trace in traces), default=0)
    if layout == "zebra_cot":
        return pa.schema(
            [
                *((name, pa.string()) for name in ("Question", TRACE, "Final Answer")),
                *((f"problem_image_{number + 1}", IMAGE) for number in range(problem)),
                *((f"reasoning_image_{number + 1}", IMAGE) for number in range(steps)),
            ]
        )
    woven = [
        column
        for number in range(steps)
        for column in (
            (f"resoning_thought_{number}", pa.string()),
            (f"reasoning_image_{number}", IMAGE),
        )
    ]
    return pa.schema(
        [
            *((name, pa.string()) for name in ("pid", "question", "answer")),
            *((f"problem_image_{number}", IMAGE) for number in range(problem)),
            *woven,
            *((n, pa.string()) for n in (f"resoning_thought_{steps}", "task", FULL)),
        ]
    )


FULL = "full_text_only_thought"
"""Of ThinkMorph: another trace, without pictures; not taken in, and null in what is written."""


def row_of(layout: Layout, trace: Trace, schema: pa.Schema) -> Row:
    """A trace as a row of the layout."""
    first = 1 if layout == "zebra_cot" else 0
    pictures = [(f"problem_image_{first + n}", p) for n, p in enumerate(trace.pictures)]
    texts, steps = _apart(trace.parts)
    pictures += [(f"reasoning_image_{first + n}", p) for n, p in enumerate(steps)]
    row: Row = {name: {"bytes": each.encoded, "path": None} for name, each in pictures}
    if layout == "zebra_cot":
        stands = [f"<image_start>[reasoning_image_{n + 1}]<image_end>" for n in range(len(steps))]
        row |= {
            "Question": _marked(trace),
            TRACE: "".join(
                part for pair in zip(texts, [*stands, ""], strict=True) for part in pair
            ),
            "Final Answer": trace.answer,
        }
    else:
        row |= {"pid": trace.id, "question": trace.text, "answer": trace.answer, "task": trace.task}
        row |= {f"resoning_thought_{number}": text for number, text in enumerate(texts)}
    return {name: row.get(name) for name in schema.names}


def _apart(parts: Sequence[str | Picture]) -> tuple[list[str], list[Picture]]:
    """What was said before each picture and after the last, and the pictures."""
    said, pictures = [list[str]()], list[Picture]()
    for part in parts:
        if isinstance(part, Picture):
            pictures.append(part)
            said.append([])
        else:
            said[-1].append(part)
    return ["\n".join(each) for each in said], pictures


def _marked(trace: Trace) -> str:
    """The question with Zebra-CoT's marks: in their places, or before it."""
    mark = "<image_start>[problem_image_{}]<image_end>"
    if PLACE.search(trace.text):
        return PLACE.sub(lambda found: mark.format(found[1]), trace.text)
    marks = [mark.format(number) for number in range(1, len(trace.pictures) + 1)]
    return "\n".join([*marks, trace.text])


def _numbered(row: Row, kind: re.Pattern[str]) -> list[tuple[int, str]]:
    """Number and name of the columns of a kind, in order."""
    found = ((match, name) for name in row if (match := kind.fullmatch(name)))
    return sorted((int(match[1]), name) for match, name in found)


def _picture(row: Row, name: str, where: str, root: Path | None) -> Picture | None:
    if is_empty(row[name]):
        return None
    found = pictures_in(row[name], f"{where}, column {name}", root)
    if len(found) > 1:
        raise DataError(f"{where}, column {name}: {len(found)} pictures; expected one")
    return found[0]


def _text(row: Row, name: str, where: str) -> str:
    return "" if is_absent(row[name]) else text_of(row[name], f"{where}, column {name}")


def _cell(row: Row, name: str, where: str) -> Any:
    if name not in row:
        raise DataError(f"{where}: no column {name!r}; found {', '.join(row)}")
    return row[name]
