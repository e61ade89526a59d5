"""judge: a model's verdicts on what rules cannot decide; no such stage without judge.model.

A reply that is not what was asked for is asked for once more; what stays unread is counted apart.

Input columns: g2u.tables.QUESTIONS, PICTURES, THOUGHTS, ANSWERS, g2u.targets.TARGETS.
Output columns: g2u.tables.JUDGEMENTS (what is asked: g2u/judging.py).
Run: python -m stages.judge --benchmark ladder --model tiny --family structure
"""

import sys

from g2u import params, tables, targets
from g2u.cache.calls import CachedCalls
from g2u.errors import ParamsError, run_main
from g2u.judging import Case, Judged, again, cases, read
from g2u.params import Params
from g2u.parquet import write_rows
from g2u.protocols import Reply
from g2u.records import Failure, ending
from g2u.scoring.marking import CUT, UNREAD, marked
from g2u.tables import Judgement
from g2u.workspace import BenchmarkFolder, Cell, known_calls, parse_cell


def judged(config: Params, cell: Cell, judge: str) -> tuple[list[Judgement], CachedCalls]:
    """The judgements of a cell, and the calls that they were made from."""
    folder, section = BenchmarkFolder(cell.benchmark), config.judge
    questions = tables.read_questions(folder.questions)
    gold = {target.id: target for target in targets.read_targets(folder.targets)}
    answers = tables.read_answers(cell.answers)
    by_id = {question.id: question for question in questions}
    unread = [
        answer
        for answer in answers
        if answer.status == "ok" and marked(answer, by_id[answer.id], gold[answer.id])[0] in UNREAD
    ]
    pictures, thoughts = tables.read_pictures(folder.pictures), tables.read_thoughts(cell.thoughts)
    there = Judged(questions, gold, pictures, thoughts, answers, unread)
    found = cases(section.tasks, there, section.max_tokens, section.agreement)
    preset = config.presets.models[judge]
    model = config.model(judge)
    calls = CachedCalls(model, known_calls(), preset.batch, budget=config.budget(judge))
    replies = calls.answer([case.request for case in found])
    unread_replies = [n for n, case in enumerate(found) if _is_unread(case, replies[n])]
    asked_again = calls.answer([again(found[n]) for n in unread_replies])
    model.close()
    for n, reply in zip(unread_replies, asked_again, strict=True):
        replies[n] = reply
    rows = []
    for case, reply in zip(found, replies, strict=True):
        said = reply.reason if isinstance(reply, Failure) else reply
        score = None if isinstance(reply, Failure) else _read(case, reply)
        rows.append(Judgement(case.id, case.arm, case.name, score, said))
    return rows, calls


def _is_unread(case: Case, reply: Reply[str]) -> bool:
    return not isinstance(reply, Failure) and _read(case, reply) is None


def _read(case: Case, reply: str) -> float | None:
    """The score; None also where the reply was cut off or filtered."""
    return None if ending(reply) in CUT else read(case.name, reply)


def main() -> None:
    """Write the cell's judgements."""
    cell, config = parse_cell(__doc__), params.load()
    answers = tables.read_answers(cell.answers)
    gold = targets.read_targets(BenchmarkFolder(cell.benchmark).targets)
    tables.assert_same_ids(str(cell), (a.id for a in answers), (t.id for t in gold))
    if config.judge.model is None:
        raise ParamsError("params.yaml: judge.model: none is named; name one, then g2u sync")
    rows, calls = judged(config, cell, config.judge.model)
    tables.write_judgements(cell.judgements, rows)
    write_rows(cell.calls("judge"), tables.CALLS, calls.rows(()))
    tallies = calls.tally.values()
    made, reused = sum(t.made for t in tallies), sum(t.reused for t in tallies)
    unread = sum(row.score is None for row in rows)
    told = f"{made} calls made, {reused} reused, {unread} unread or failed"
    print(f"judge {cell}: {len(gold)} items, {told}", file=sys.stderr)


if __name__ == "__main__":
    run_main(main)
