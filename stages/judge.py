"""judge: models' verdicts on what rules cannot decide; no such stage without judge.model.

Several judges, or several votes of one, are a panel (g2u/scores/panel.py). A reply that is not what
was asked for is asked for once more; what stays unread is counted apart.

Input columns: g2u.tables.schemas.QUESTIONS, PICTURES, THOUGHTS, ANSWERS,
g2u.questions.targets.TARGETS.
Output columns: g2u.tables.schemas.JUDGEMENTS (what is asked: g2u/scores/judging.py) and, of a
panel, VOTES; CALLS that they were made from, and what the checks of the judges came to.
Run: python -m stages.judge --benchmark ladder --model tiny --family structure
"""

import sys
from collections.abc import Iterator, Mapping

from g2u.calls.asking import BrokeredCalls, total
from g2u.calls.brokers import Brokers
from g2u.calls.opened import known_calls
from g2u.conformance import kept
from g2u.errors import ParamsError, run_main
from g2u.params import reading as params
from g2u.params.params import Params
from g2u.questions import targets
from g2u.scores.panel import all_heard, judgement, open_cases
from g2u.tables import schemas as tables
from g2u.tables.places import BenchmarkFolder, Cell, parse_cell
from g2u.tables.schemas import Call, Vote

Judges = Mapping[str, BrokeredCalls]
"""By preset."""


def judged(config: Params, cell: Cell) -> tuple[list[list[Vote]], Judges]:
    """The votes on each thing there is to judge in a cell, and the calls that they were made
    from.
    """
    found = open_cases(config, cell)
    with Brokers(config, known_calls()) as brokers:
        judges = {judge: brokers.calls(judge) for judge in config.judge.models}
        return brokers.run(all_heard(found, judges, config.judge.votes)), judges


def _calls(config: Params, judges: Judges) -> Iterator[Call]:
    """Each judge's calls, and what its checks came to."""
    for judge, calls in judges.items():
        yield from calls.rows(())
        yield kept.as_call(config, judge, "answers", known_calls())


def main() -> None:
    """Write the cell's judgements."""
    cell, config = parse_cell(__doc__), params.load()
    answers = tables.read_answers(cell.answers)
    gold = targets.read_targets(BenchmarkFolder(cell.benchmark).targets)
    tables.assert_same_ids(str(cell), (a.id for a in answers), (t.id for t in gold))
    if not config.judge.models:
        raise ParamsError("params.yaml: judge.model: none is named; name one, then g2u sync")
    found, judges = judged(config, cell)
    rows = [judgement(votes) for votes in found]
    tables.write_judgements(cell.judgements, rows)
    if config.judge.is_panel:
        tables.write_votes(cell.votes, (vote for votes in found for vote in votes))
    tables.write_calls(cell.calls("judge"), _calls(config, judges))
    spent = total(tally for calls in judges.values() for tally in calls.tally().values())
    unread = sum(row.score is None for row in rows)
    told = f"{spent.made} calls made, {spent.reused} reused, {unread} unread or failed"
    print(f"judge {cell}: {len(gold)} items, {told}", file=sys.stderr)


if __name__ == "__main__":
    run_main(main)
