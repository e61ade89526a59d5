"""judge: a model's verdicts on what rules cannot decide. Without a judge: an empty table, no call.

Input columns: g2u.tables.QUESTIONS, PICTURES, THOUGHTS, ANSWERS, g2u.targets.TARGETS.
Output columns: g2u.tables.JUDGEMENTS (what is asked: g2u/judging.py).
Run: python -m stages.judge --benchmark ladder --model tiny --family structure
"""

import sys

from g2u import params, plugins, tables, targets
from g2u.cache.calls import CachedCalls
from g2u.errors import run_main
from g2u.judging import cases, read
from g2u.params import Params
from g2u.records import Failure
from g2u.tables import Judgement
from g2u.workspace import BenchmarkFolder, Cell, call_store, parse_cell


def judged(config: Params, cell: Cell, judge: str) -> tuple[list[Judgement], int, int]:
    """The judgements of a cell, and how many calls were made and reused."""
    folder, section = BenchmarkFolder(cell.benchmark), config.judge
    questions = tables.read_questions(folder.questions)
    gold = {target.id: target for target in targets.read_targets(folder.targets)}
    answers = tables.read_answers(cell.answers)
    by_id = {question.id: question for question in questions}
    unparsed = [
        answer
        for answer in answers
        if answer.status == "ok"
        and plugins.scorer(gold[answer.id].scorer).parse(answer.response, by_id[answer.id]) is None
    ]
    found = cases(
        section.tasks,
        questions,
        gold,
        tables.read_pictures(folder.pictures),
        tables.read_thoughts(cell.thoughts),
        answers,
        unparsed,
        section.max_tokens,
    )
    preset = config.presets.models[judge]
    model = plugins.model(preset.adapter, preset.settings)
    calls = CachedCalls(model, call_store(), preset.batch, budget=config.budget(judge))
    replies = calls.answer([case.request for case in found])
    model.close()
    rows = []
    for case, reply in zip(found, replies, strict=True):
        said = reply.reason if isinstance(reply, Failure) else reply
        score = None if isinstance(reply, Failure) else read(case.name, reply)
        rows.append(Judgement(case.id, case.arm, case.name, score, said))
    tallies = calls.tally.values()
    return rows, sum(t.made for t in tallies), sum(t.reused for t in tallies)


def main() -> None:
    """Write the cell's judgements."""
    cell, config = parse_cell(__doc__), params.load()
    answers = tables.read_answers(cell.answers)
    gold = targets.read_targets(BenchmarkFolder(cell.benchmark).targets)
    tables.assert_same_ids(str(cell), (a.id for a in answers), (t.id for t in gold))
    rows: list[Judgement] = []
    made = reused = 0
    if config.judge.model is not None:
        rows, made, reused = judged(config, cell, config.judge.model)
    tables.write_judgements(cell.judgements, rows)
    unread = sum(row.score is None for row in rows)
    print(
        f"judge {cell}: {len(gold)} items, {made} calls made, {reused} reused, {unread} failed",
        file=sys.stderr,
    )


if __name__ == "__main__":
    run_main(main)
