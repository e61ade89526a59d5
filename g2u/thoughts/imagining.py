"""A cell's family, asked of one question after the other."""

import sys
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from g2u import plugins
from g2u.calls.asking import BrokeredCalls
from g2u.calls.flow import in_order
from g2u.errors import G2UError, in_one_line
from g2u.params.params import Params
from g2u.pictures.held import Spool
from g2u.premises import Role
from g2u.protocols import DRAWING, Calls
from g2u.records import Failure, Picture, Question, Sampler, Thought
from g2u.settings import Section
from g2u.tables import schemas as tables
from g2u.tables.places import BenchmarkFolder, Cell
from g2u.thoughts.drawing import without_thought
from g2u.thoughts.looks import span
from g2u.thoughts.part import Span, undrawn

HOUSE = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Drawing:
    """How the thoughts of a cell are made."""

    cell: Cell
    edit: str
    """A file of g2u/thoughts/edits."""
    settings: Section
    """The family's."""
    sampler: Sampler
    writer: str | None
    """The model preset that writes its prompts; None = the cell's model is asked."""
    span: Span
    """The questions that are drawn for."""
    lack: str
    """Why the family is not applicable to the model, said of the model; empty where it is."""

    @classmethod
    def of(cls, config: Params, cell: Cell) -> Self:
        """As params.yaml says. Raises ParamsError."""
        preset, model = config.presets.families[cell.family], config.presets.models[cell.model]
        chosen, is_blind = tuple(sorted(model.sampler.items())), config.acts(cell.model) is not None
        return cls(
            cell,
            preset.edit,
            config.settings("families", cell.family),
            Sampler(config.generate.seed, chosen, is_blind),
            preset.writer,
            span(config, cell),
            config.why_not(cell.model, cell.family),
        )

    @property
    def reads(self) -> str:
        """What it starts from: pictures, oracles or adversaries."""
        return plugins.family(self.edit).READS

    @property
    def asked(self) -> list[tuple[str, Role]]:
        """The presets that draw its thoughts and write its prompts, where it applies."""
        if self.lack:
            return []
        draws = plugins.family(self.edit).NEEDS & DRAWING
        found: list[tuple[str, Role]] = [(self.cell.model, "draws")] if draws else []
        return found if self.writer is None else [*found, (self.writer, "answers")]


class Imagining:
    """What a cell's family makes of a question.

    Args:
        drawing: how.
        questions: all of the benchmark, of which `drawing.span` is drawn for.
    """

    def __init__(self, drawing: Drawing, questions: Sequence[Question]) -> None:
        self._how, self._family = drawing, plugins.family(drawing.edit)
        self._undrawn = undrawn(questions, drawing.span)
        self.raised = 0
        """How often the family's code raised."""

    async def imagine(
        self, question: Question, pictures: Mapping[str, Picture], calls: Calls
    ) -> list[Thought]:
        """The question's thoughts; undrawn outside of the span, "not applicable" where the model
        cannot do what the family asks for, failed where the family's code raises.
        """
        how = self._how
        if how.lack:
            reason = f"{how.cell.model} {how.lack}"
            return [Thought(question.id, 0, "not_applicable", reason)]
        if question.id in self._undrawn:
            plain = [Thought(question.id, 0, "undrawn", how.span.reason)]
            return without_thought(question, "undrawn", how.span.reason) or plain
        ask = self._family.imagine(question, pictures, how.settings, how.sampler, calls)
        try:
            return await ask
        except G2UError:
            raise
        except Exception as error:  # noqa: BLE001 - a family's bug is its question's failure
            self.raised += 1
            reason = Failure(f"{_place(error)}: {type(error).__name__}: {error}").reason
            reason = in_one_line(reason, 300)
            print(f"generate {how.cell}: question {question.id}: {reason}", file=sys.stderr)
            failed = [Thought(question.id, 0, "failed", reason)]
            return without_thought(question, "failed", reason) or failed


async def imagined(
    imagining: Imagining,
    questions: Sequence[Question],
    pictures: Mapping[str, Picture],
    calls: BrokeredCalls,
) -> list[Thought]:
    """The thoughts of all questions, round after round, draw after draw; the pictures' files stay
    in the call cache, and those that no call made lie in a spool.
    """
    thoughts: list[Thought] = []
    spool = Spool()

    async def thoughts_of(question: Question) -> list[Thought]:
        return await imagining.imagine(question, pictures, calls)

    async for found in in_order(questions, thoughts_of, calls.window):
        thoughts += [replace(t, picture=t.picture and spool.keep(t.picture)) for t in found]
    return sorted(thoughts, key=lambda thought: (thought.round, thought.draw))


def material(cell: Cell, reads: str) -> Mapping[str, Picture]:
    """The pictures that a family starts from, by digest of the source."""
    folder = BenchmarkFolder(cell.benchmark)
    if reads == "pictures":
        return tables.read_pictures(folder.pictures)
    return tables.read_oracles(folder.given(reads))


def _place(error: Exception) -> str:
    """Where it was raised: the file, below this project or by its name alone, and the line."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    path = Path(frame.filename)
    shown = path.relative_to(HOUSE) if path.is_relative_to(HOUSE) else Path(path.name)
    return f"{shown.as_posix()}:{frame.lineno}"
