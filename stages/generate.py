"""generate: one cell's visual thoughts, each model call made once and kept in the call cache.

Input columns: g2u.tables.schemas.QUESTIONS, PICTURES (or ORACLES, which prepare made).
Output columns: g2u.tables.schemas.THOUGHTS (shards) and LINKS; CALLS that they were made from, and
what the checks of the models came to (g2u/conformance/kept.py).
Run: python -m stages.generate --benchmark ladder --model tiny --family structure
"""

import sys
from itertools import chain

from g2u.calls.brokers import Brokers
from g2u.calls.costs import write_costs
from g2u.calls.opened import known_calls
from g2u.conformance import kept
from g2u.digests import canonical
from g2u.errors import ModelError, run_main
from g2u.params import reading as params
from g2u.tables import schemas as tables
from g2u.tables.places import BenchmarkFolder, parse_cell
from g2u.thoughts.imagining import Drawing, Imagining, imagined, material


def main() -> None:
    """Make the cell's thoughts and write them; stop if more than max_failed failed."""
    cell, config = parse_cell(__doc__), params.load()
    config.require(benchmark=cell.benchmark, model=cell.model, family=cell.family)
    drawing = Drawing.of(config, cell)
    questions = tables.read_questions(BenchmarkFolder(cell.benchmark).questions)
    pictures = material(cell, drawing.reads)
    store = known_calls()
    with Brokers(config, store) as brokers:
        calls = brokers.calls(cell.model, drawing.writer)
        thoughts = brokers.run(imagined(Imagining(drawing, questions), questions, pictures, calls))
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
    checks = [kept.as_call(config, *each, store) for each in drawing.asked]
    tables.write_calls(cell.calls("generate"), chain(calls.rows(drawn), checks))
    line = write_costs(cell.costs("generate"), calls.by_round())
    undrawn = sum(thought.status == "undrawn" for thought in thoughts)
    idle = [thought for thought in thoughts if thought.status == "not_applicable"]
    without = f", {len(idle)} not applicable ({idle[0].reason})" if idle else ""
    without += f", {undrawn} undrawn" if undrawn else ""
    made = len(thoughts) - len(idle) - undrawn
    print(
        f"generate {cell}: {len(questions)} items, {made} thoughts{without}, "
        f"{line}, {len(failed)} failed",
        file=sys.stderr,
    )


if __name__ == "__main__":
    run_main(main)
