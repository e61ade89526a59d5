"""traces: chains of texts and pictures that another model thought, read from a published table.

The editor of a pair whose reader is a model of one's own; family `native` takes its replies. A
question's trace is found by its pictures' pixels and its text, whatever of it is a mark, a line
break, or options that stand in the table's question alone. What the table lacks is a failure,
named.
"""

import hashlib
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

from g2u.digests import sha256
from g2u.errors import DataError
from g2u.pictures.held import Spool
from g2u.premises import Checked
from g2u.protocols import Kind, Reply
from g2u.questions.files.marks import unmarked
from g2u.questions.files.rows import rows_of
from g2u.records import (
    AnswerRequest,
    EditRequest,
    Failure,
    Interleaved,
    InterleaveRequest,
    Picture,
    ScoreRequest,
)
from g2u.settings import Section, Text
from g2u.sharing.layouts import Layout, trace_in

VERSION = "1"
CAPABILITIES = frozenset({"interleave", "places"})


class Settings(Section):
    """What params.yaml may say of it."""

    path: Text
    """The table: a file, or a folder of parquet files."""
    layout: Layout
    """How its rows are laid out: thinkmorph or zebra_cot."""
    model: Text
    """Whose traces they are; goes with every drawing and into cards."""
    licence: Text
    """Of the traces, such as CC-BY-4.0, as whoever published them states it."""


def capabilities(settings: Settings) -> frozenset[str]:
    """It gives what is in the table."""
    del settings
    return CAPABILITIES


def checked_where_drawn(settings: Settings) -> Checked:
    """Nobody can be asked; that a trace is of its picture is what the table says, row by row."""
    del settings
    return Checked("draws", "", "", {"source": "holds"})


def load(settings: Settings) -> "Traces":
    """The traces; the table is read at the first call."""
    return Traces(settings)


class Traces:
    """`Model` whose replies were published."""

    capabilities = CAPABILITIES

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._path = Path(settings.path)

    def identity(self, kind: Kind) -> str:
        """Whose traces, and every byte of the table.

        Raises:
            DataError: the table cannot be read.
        """
        del kind
        return f"traces {VERSION} {self._settings.layout} {self._settings.model} {self._digest}"

    def edit(self, requests: Sequence[EditRequest]) -> list[Reply[Picture]]:
        """Texts and pictures of a request for both; others fail.

        Raises:
            DataError: names file, row and column of what is wrong in the table.
        """
        return [self._found(request) for request in requests]  # type: ignore[misc]

    def answer(self, requests: Sequence[AnswerRequest]) -> list[Reply[str]]:
        """It cannot."""
        return [Failure("published traces answer nothing") for _ in requests]

    def score(self, requests: Sequence[ScoreRequest]) -> list[Reply[tuple[float, ...]]]:
        """It cannot."""
        return [Failure("published traces score nothing") for _ in requests]

    def close(self) -> None:
        """Forget what was read."""
        self.__dict__.pop("_traces", None)

    def _found(self, request: EditRequest) -> Reply[Interleaved]:
        if not isinstance(request, InterleaveRequest):
            return Failure("published traces are texts and pictures; expected family native")
        asked = unmarked(" ".join(part for part in request.parts if isinstance(part, str)))
        there = self._traces.get(_shown(request.pictures), [])
        same = [reply for text, reply in there if text == asked]
        near = same or [reply for text, reply in there if text in asked or asked in text]
        if len(near) == 1:
            return near[0]
        held = f"{len(near)} traces" if near else "no trace"
        return Failure(f"{self._path} has {held} of this question and its pictures; expected one")

    @cached_property
    def _traces(self) -> dict[str, list[tuple[str, Interleaved]]]:
        """By the question's pictures: text and trace of every row. Pictures lie in a spool."""
        found: dict[str, list[tuple[str, Interleaved]]] = {}
        spool = Spool()
        for number, row in rows_of(self._path):
            where = f"{self._path}: row {number}"
            trace = trace_in(self._settings.layout, row, where)
            parts = tuple(p if isinstance(p, str) else spool.keep(p) for p in trace.parts)
            reply = (unmarked(trace.text), Interleaved(parts))
            found.setdefault(_shown(trace.pictures), []).append(reply)
        return found

    @cached_property
    def _digest(self) -> str:
        folder = sorted(self._path.rglob("*.parquet")) if self._path.is_dir() else [self._path]
        try:
            return sha256([_of_file(path) for path in folder])
        except OSError as error:
            problem = str(error.strerror).lower()
            raise DataError(f"{self._path}: {problem}; expected a table of traces") from None


def _of_file(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _shown(pictures: Sequence[Picture]) -> str:
    """The pictures of a question, however often and in which order it shows them."""
    return " ".join(sorted({picture.digest for picture in pictures}))
