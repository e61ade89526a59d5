"""look: whether drawing for a cell goes on, after each slice of its questions (`run.design`).

Input columns: g2u.tables.schemas.QUESTIONS, ANSWERS (of direct, and of the cell's slices so far),
g2u.questions.targets.TARGETS.
Output: decision.json, a word and a share of the questions: all that drawing learns of gold.
Run: python -m stages.look --benchmark ladder --model tiny --family structure --look 1
"""

import sys

from g2u.arms import of_main
from g2u.errors import DataError, run_main
from g2u.params import reading as params
from g2u.params.params import PLAIN
from g2u.questions import targets
from g2u.scores.looks import look, planned
from g2u.scores.metrics import score_answers
from g2u.tables import schemas as tables
from g2u.tables.places import BenchmarkFolder, parse_cell
from g2u.tables.schemas import Answer
from g2u.thoughts.looks import write_decision


def main() -> None:
    """Take the look and write its decision."""
    cell, config = parse_cell(__doc__), params.load()
    config.require(benchmark=cell.benchmark, model=cell.model, family=cell.family)
    plan = planned(config, cell)
    if plan is None or not 0 < cell.look < len(plan.shares):
        raise DataError(
            f"look {cell}: params.yaml: run.design has no such look; next: g2u run keeps the "
            "stages in step with it"
        )
    folder = BenchmarkFolder(cell.benchmark)
    questions, gold = tables.read_questions(folder.questions), targets.read_targets(folder.targets)
    own: dict[str, Answer] = {}
    for number in range(1, cell.look + 1):
        for answer in of_main(tables.read_answers(cell.at(number).answers)):
            if answer.status != "undrawn" or answer.id not in own:
                own[answer.id] = answer
    direct = of_main(tables.read_answers(cell.of_family(PLAIN).answers))
    mine, plain = (score_answers(questions, gold, each) for each in (list(own.values()), direct))
    found = look(plan, questions, mine, plain)
    write_decision(cell.decision, found)
    drawn = sum(score.status != "undrawn" for score in mine)
    print(
        f"look {cell}: {drawn} of {len(questions)} items, 0 calls made, 0 reused, {found.decision}",
        file=sys.stderr,
    )


if __name__ == "__main__":
    run_main(main)
