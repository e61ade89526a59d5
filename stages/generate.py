"""generate: one cell's visual thoughts, each model call made once and kept in the call cache.

Input columns: g2u.tables.schemas.QUESTIONS, PICTURES (or ORACLES, which prepare made).
Output columns: g2u.tables.schemas.THOUGHTS (shards) and LINKS; CALLS that they were made from.
Run: python -m stages.generate --benchmark ladder --model tiny --family structure
"""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace

from g2u.calls.asking import BrokeredCalls
from g2u.calls.brokers import Brokers
from g2u.calls.costs import write_costs
from g2u.calls.flow import in_order
from g2u.calls.opened import known_calls
from g2u.digests import canonical
from g2u.errors import ModelError, run_main
from g2u.params import reading as params
from g2u.pictures.held import Spool
from g2u.records import Picture, Question, Thought
from g2u.tables import schemas as tables
from g2u.tables.places import BenchmarkFolder, Cell, parse_cell
from g2u.thoughts.imagining import Imagining


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


def main() -> None:
    """Make the cell's thoughts and write them; stop if more than max_failed failed."""
    cell, config = parse_cell(__doc__), params.load()
    config.require(benchmark=cell.benchmark, model=cell.model, family=cell.family)
    imagining = Imagining(config, cell)
    questions = tables.read_questions(BenchmarkFolder(cell.benchmark).questions)
    pictures = material(cell, imagining.reads)
    with Brokers(config, known_calls()) as brokers:
        calls = brokers.calls(cell.model, imagining.writer)
        thoughts = brokers.run(imagined(imagining, questions, pictures, calls))
        identity = calls.identity("edit")
    failed = [thought for thought in thoughts if thought.status == "failed"]
    if len(failed) > config.generate.max_failed:
        raise ModelError(
            f"generate {cell}: {len(failed)} of {len(thoughts)} thoughts failed, first: question "
            f"{failed[0].question}: {failed[0].reason}; allowed: generate.max_failed = "
            f"{config.generate.max_failed}; finished calls are kept"
        )
    sampler = canonical(config.presets.models[cell.model].sampler).decode()
    style = config.presets.families[cell.family].style
    recipe = tables.Recipe(cell.benchmark, cell.family, cell.model, identity, sampler, style)
    tables.write_thoughts(cell.thoughts, thoughts, recipe)
    drawn = {thought.call for thought in thoughts if thought.picture is not None}
    tables.write_calls(cell.calls("generate"), calls.rows(drawn))
    line = write_costs(cell.costs("generate"), calls.by_round())
    idle = [thought for thought in thoughts if thought.status == "not_applicable"]
    without = f", {len(idle)} not applicable ({idle[0].reason})" if idle else ""
    print(
        f"generate {cell}: {len(questions)} items, {len(thoughts) - len(idle)} thoughts{without}, "
        f"{line}, {len(failed)} failed",
        file=sys.stderr,
    )


if __name__ == "__main__":
    run_main(main)
