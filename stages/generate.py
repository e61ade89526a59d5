"""generate: one cell's visual thoughts, each model call made once and kept in the call cache.

Input columns: g2u.tables.QUESTIONS, PICTURES (or ORACLES, which prepare made).
Output columns: g2u.tables.THOUGHTS (shards) and LINKS; CALLS that they were made from.
Run: python -m stages.generate --benchmark ladder --model tiny --family structure
"""

import sys
from collections.abc import Mapping, Sequence

from g2u import params, plugins, tables
from g2u.cache.calls import CachedCalls
from g2u.costs import CountedCalls, write_costs
from g2u.digests import canonical
from g2u.errors import ModelError, run_main
from g2u.params import Params
from g2u.parquet import write_rows
from g2u.protocols import Calls
from g2u.records import Picture, Question, Sampler, Thought
from g2u.workspace import BenchmarkFolder, Cell, known_calls, parse_cell
from g2u.writing import WithWriter, writer


def imagine(
    config: Params,
    cell: Cell,
    questions: Sequence[Question],
    pictures: Mapping[str, Picture],
    calls: CachedCalls,
) -> list[Thought]:
    """The cell's thoughts; "not applicable" where the model cannot do what the family needs."""
    preset = config.presets.families[cell.family]
    family = plugins.family(preset.edit)
    settings = config.settings("families", cell.family)
    model = config.presets.models[cell.model]
    lacking = sorted(family.NEEDS - config.abilities(cell.model))
    if lacking:
        reason = f"{cell.model} cannot {lacking[0]}"
        return [Thought(question.id, 0, "not_applicable", reason) for question in questions]
    sampler = Sampler(config.generate.seed, tuple(sorted(model.sampler.items())))
    asked: Calls = calls
    if preset.writer is not None:
        asked = WithWriter(calls, calls.of(writer(config, preset.writer)))
    return family.imagine(questions, pictures, settings, sampler, asked)


def material(config: Params, cell: Cell) -> Mapping[str, Picture]:
    """The pictures that the cell's family starts from, by digest of the source."""
    folder = BenchmarkFolder(cell.benchmark)
    reads = plugins.family(config.presets.families[cell.family].edit).READS
    if reads == "pictures":
        return tables.read_pictures(folder.pictures)
    return tables.read_oracles(folder.given(reads))


def main() -> None:
    """Make the cell's thoughts and write them; stop if more than max_failed failed."""
    cell, config = parse_cell(__doc__), params.load()
    config.require(benchmark=cell.benchmark, model=cell.model, family=cell.family)
    preset, model = config.presets.models[cell.model], config.model(cell.model)
    config.settings("families", cell.family)
    questions = tables.read_questions(BenchmarkFolder(cell.benchmark).questions)
    calls = CountedCalls(model, known_calls(), preset.batch, budget=config.budget(cell.model))
    thoughts = imagine(config, cell, questions, material(config, cell), calls)
    model.close()
    failed = [thought for thought in thoughts if thought.status == "failed"]
    if len(failed) > config.generate.max_failed:
        raise ModelError(
            f"generate {cell}: {len(failed)} of {len(thoughts)} thoughts failed, first: question "
            f"{failed[0].question}: {failed[0].reason}; allowed: generate.max_failed = "
            f"{config.generate.max_failed}; finished calls are kept"
        )
    sampler = canonical(preset.sampler).decode()
    style = config.presets.families[cell.family].style
    recipe = tables.Recipe(
        cell.benchmark, cell.family, cell.model, model.identity("edit"), sampler, style
    )
    tables.write_thoughts(cell.thoughts, thoughts, recipe)
    drawn = {thought.call for thought in thoughts if thought.picture is not None}
    write_rows(cell.calls("generate"), tables.CALLS, calls.rows(drawn))
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
