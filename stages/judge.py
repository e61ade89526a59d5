"""judge: a model's verdicts on what rules cannot decide; no such stage without judge.model.

A reply that is not what was asked for is asked for once more; what stays unread is counted apart.

Input columns: g2u.tables.schemas.QUESTIONS, PICTURES, THOUGHTS, ANSWERS,
g2u.questions.targets.TARGETS.
Output columns: g2u.tables.schemas.JUDGEMENTS (what is asked: g2u/scores/judging.py); CALLS
that they were made from, and what the check of the judge came to.
Run: python -m stages.judge --benchmark ladder --model tiny --family structure
"""

import sys
from collections.abc import Sequence
from itertools import chain

from g2u.calls.asking import BrokeredCalls, total
from g2u.calls.brokers import Brokers
from g2u.calls.flow import in_order
from g2u.calls.opened import known_calls
from g2u.conformance import kept
from g2u.errors import ParamsError, run_main
from g2u.params import reading as params
from g2u.params.params import Params
from g2u.protocols import Calls
from g2u.questions import targets
from g2u.records import Failure, ending
from g2u.scores.judging import Case, Judged, again, cases, read
from g2u.scores.marking import CUT, UNREAD, marked
from g2u.tables import schemas as tables
from g2u.tables.places import BenchmarkFolder, Cell, parse_cell
from g2u.tables.schemas import Judgement


def judged(config: Params, cell: Cell, judge: str) -> tuple[list[Judgement], BrokeredCalls]:
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
    with Brokers(config, known_calls()) as brokers:
        calls = brokers.calls(judge)
        return brokers.run(_all(found, calls)), calls


async def _all(found: Sequence[Case], calls: BrokeredCalls) -> list[Judgement]:
    async def judgement(case: Case) -> Judgement:
        return await judged_case(case, calls)

    return [row async for row in in_order(found, judgement, calls.window)]


async def judged_case(case: Case, calls: Calls) -> Judgement:
    """What the judge says; a reply that is not what was asked for is asked for once more."""
    reply = await calls.answer(case.request)
    if not isinstance(reply, Failure) and _read(case, reply) is None:
        reply = await calls.answer(again(case))
    said = reply.reason if isinstance(reply, Failure) else reply
    score = None if isinstance(reply, Failure) else _read(case, reply)
    return Judgement(case.id, case.arm, case.name, score, said)


def _read(case: Case, reply: str) -> float | None:
    """The score; None also where the reply was cut off or filtered."""
    return None if ending(reply) in CUT else read(case.name, reply, case.weights)


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
    check = kept.as_call(config, config.judge.model, "answers", known_calls())
    tables.write_calls(cell.calls("judge"), chain(calls.rows(()), [check]))
    spent = total(calls.tally().values())
    unread = sum(row.score is None for row in rows)
    told = f"{spent.made} calls made, {spent.reused} reused, {unread} unread or failed"
    print(f"judge {cell}: {len(gold)} items, {told}", file=sys.stderr)


if __name__ == "__main__":
    run_main(main)
