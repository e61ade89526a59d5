"""understand: the model answers every question of a cell, with the cell's thoughts laid before it.

Input columns: g2u.tables.schemas.QUESTIONS, PICTURES, THOUGHTS, LINKS.
Output columns: g2u.tables.schemas.ANSWERS, one row per question and arm
(g2u/answers/answering.py), and REWARDS; CALLS that they were made from,
and what the check of the model came to (g2u/conformance/kept.py).
Run: python -m stages.understand --benchmark ladder --model tiny --family structure
"""

import sys
from itertools import chain

from g2u.answers.answering import Asking
from g2u.answers.understanding import REWARDS, Understanding
from g2u.calls.brokers import Brokers
from g2u.calls.costs import write_costs
from g2u.calls.opened import known_calls
from g2u.conformance import kept
from g2u.errors import ModelError, run_main
from g2u.params import reading as params
from g2u.tables import schemas as tables
from g2u.tables.places import BenchmarkFolder, parse_cell


def main() -> None:
    """Answer the cell's questions; stop if more than max_failed answers failed."""
    cell, config = parse_cell(__doc__), params.load()
    config.require(benchmark=cell.benchmark, model=cell.model, family=cell.family)
    folder = BenchmarkFolder(cell.benchmark)
    questions = tables.read_questions(folder.questions)
    pictures, thoughts = tables.read_pictures(folder.pictures), tables.read_thoughts(cell.thoughts)
    work = Understanding(Asking.of(config, cell), questions, pictures, thoughts)
    store = known_calls()
    with Brokers(config, store) as brokers:
        names = [*(arm.name for arm in work.arms), REWARDS]
        made = {name: brokers.calls(cell.model) for name in names}
        answers, found = brokers.run(work.understood(made))
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
    check = kept.as_call(config, cell.model, "answers", store)
    tables.write_calls(cell.calls("understand"), chain(rows, [check]))
    tallies = {arm: calls.tally() for arm, calls in made.items()}
    line = write_costs(cell.costs("understand"), tallies)
    pictured = sum(a.pictures + a.thoughts for a in answers)
    print(
        f"understand {cell}: {len(questions)} items, {pictured} pictures shown, {line}, "
        f"{len(failed)} failed",
        file=sys.stderr,
    )


if __name__ == "__main__":
    run_main(main)
