"""understand: the model answers every question of a cell, with the cell's thoughts laid before it.

Input columns: g2u.tables.QUESTIONS, PICTURES, THOUGHTS, LINKS.
Output columns: g2u.tables.ANSWERS, one row per question and arm (g2u/answering.py), and REWARDS;
CALLS that they were made from.
Run: python -m stages.understand --benchmark ladder --model tiny --family structure
"""

import sys
from itertools import chain

from g2u import params, tables
from g2u.answering import Material, answer, arms
from g2u.cache.calls import CachedCalls
from g2u.costs import write_costs
from g2u.errors import ModelError, run_main
from g2u.parquet import write_rows
from g2u.rewards import rewards
from g2u.workspace import BenchmarkFolder, known_calls, parse_cell


def main() -> None:
    """Answer the cell's questions; stop if more than max_failed answers failed."""
    cell, config = parse_cell(__doc__), params.load()
    config.require(benchmark=cell.benchmark, model=cell.model, family=cell.family)
    preset, folder = config.presets.models[cell.model], BenchmarkFolder(cell.benchmark)
    model = config.model(cell.model)
    questions = tables.read_questions(folder.questions)
    material = Material(
        questions,
        tables.read_pictures(folder.pictures),
        tables.read_thoughts(cell.thoughts),
    )
    store, budget = known_calls(), config.budget(cell.model)
    answers, made = [], {}
    for arm in arms(config, cell, material.thoughts):
        made[arm.name] = CachedCalls(model, store, preset.batch, budget=budget)
        answers += answer(config, cell, arm, material, made[arm.name])
    made["rewards"] = CachedCalls(model, store, preset.batch, budget=budget)
    found = rewards(config, cell, material.thoughts, material.pictures, made["rewards"])
    model.close()
    failed = [a for a in answers if a.status == "failed"]
    tables.assert_same_ids(str(cell), (a.id for a in answers), (q.id for q in questions))
    if len(failed) > config.understand.max_failed + config.generate.max_failed:
        raise ModelError(
            f"understand {cell}: {len(failed)} of {len(answers)} answers failed, first: question "
            f"{failed[0].id}: {failed[0].reason}; allowed: understand.max_failed = "
            f"{config.understand.max_failed}; finished calls are kept"
        )
    tables.write_answers(cell.answers, answers)
    tables.write_rewards(cell.rewards, found)
    rows = chain.from_iterable(calls.rows(()) for calls in made.values())
    write_rows(cell.calls("understand"), tables.CALLS, rows)
    tallies = {arm: calls.tally for arm, calls in made.items()}
    line = write_costs(cell.costs("understand"), tallies)
    shown = sum(a.pictures + a.thoughts for a in answers)
    print(
        f"understand {cell}: {len(questions)} items, {shown} pictures shown, {line}, "
        f"{len(failed)} failed",
        file=sys.stderr,
    )


if __name__ == "__main__":
    run_main(main)
