"""A panel of judges: several models, several votes of each, and what they come to together.

A judge says RIGHT or WRONG where more than half of its votes do, and a grade is the mean of its
votes where more than half could be read. The panel joins its judges by the same rule, so a tie,
or too few who could be read, decides nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from statistics import fmean

from g2u.calls.asking import BrokeredCalls
from g2u.calls.flow import in_order, together
from g2u.digests import call_seed
from g2u.params.params import Params
from g2u.protocols import Calls
from g2u.questions.targets import read_targets
from g2u.records import AnswerRequest, Failure, Picture, ending
from g2u.scores.judging import VERDICTS, Case, Judged, again, cases, read
from g2u.scores.marking import CUT, UNREAD, marked
from g2u.tables import schemas as tables
from g2u.tables.places import BenchmarkFolder, Cell
from g2u.tables.schemas import Judgement, Vote

Place = tuple[str, str, str]
"""Id, arm and name of what was judged."""


def open_cases(config: Params, cell: Cell) -> list[Case]:
    """What the judges of a cell are asked about, by its tables."""
    folder, section = BenchmarkFolder(cell.benchmark), config.judge
    questions = tables.read_questions(folder.questions)
    gold = {target.id: target for target in read_targets(folder.targets)}
    answers = tables.read_answers(cell.answers)
    by_id = {question.id: question for question in questions}
    unread = [
        answer
        for answer in answers
        if answer.status == "ok" and marked(answer, by_id[answer.id], gold[answer.id])[0] in UNREAD
    ]
    pictures, thoughts = tables.read_pictures(folder.pictures), tables.read_thoughts(cell.thoughts)
    there = Judged(questions, gold, pictures, thoughts, answers, unread)
    return cases(section.tasks, there, section.max_tokens, section.agreement)


async def all_heard(
    found: Sequence[Case], judges: Mapping[str, BrokeredCalls], votes: int
) -> list[list[Vote]]:
    """What every judge, by its preset, says of each case."""

    async def voted(case: Case) -> list[Vote]:
        return await heard(case, judges, votes)

    window = max(calls.window for calls in judges.values())
    return [said async for said in in_order(found, voted, window)]


async def heard(case: Case, judges: Mapping[str, Calls], votes: int) -> list[Vote]:
    """What every judge says of a case, `votes` times each; all are asked at once."""
    return await together(
        _vote(case, judge, calls, number, asked)
        for judge, calls in judges.items()
        for number, asked in enumerate(ballots(case.request, votes))
    )


def ballots(asked: AnswerRequest, votes: int) -> list[AnswerRequest]:
    """The request of each vote: a single one is the likeliest reply, more of them are samples whose
    seeds hang on what is asked and on the vote's number.
    """
    if votes == 1:
        return [asked]
    parts = [part for turn in asked.turns for part in turn.parts]
    digests = [part.digest for part in parts if isinstance(part, Picture)]
    text = "\n".join(part for part in parts if isinstance(part, str))
    return [
        replace(asked, temperature=1.0, seed=call_seed(0, digests, text, number))
        for number in range(votes)
    ]


async def _vote(case: Case, judge: str, calls: Calls, number: int, asked: AnswerRequest) -> Vote:
    """One vote; a reply that is not what was asked for is asked for once more."""
    reply = await calls.answer(asked)
    if not isinstance(reply, Failure) and _read(case, reply) is None:
        reply = await calls.answer(again(replace(case, request=asked)))
    said = reply.reason if isinstance(reply, Failure) else reply
    score = None if isinstance(reply, Failure) else _read(case, reply)
    return Vote(case.id, case.arm, case.name, judge, number, score, said)


def _read(case: Case, reply: str) -> float | None:
    """The score; None also where the reply was cut off or filtered."""
    return None if ending(reply) in CUT else read(case.name, reply, case.weights)


def settled(name: str, said: Sequence[float | None]) -> float | None:
    """What votes, or judges, come to of what is judged under this name; None where they do not."""
    known = [value for value in said if value is not None]
    if name in VERDICTS:
        return next((value for value in (0.0, 1.0) if 2 * known.count(value) > len(said)), None)
    return fmean(known) if 2 * len(known) > len(said) else None


def of_judges(votes: Iterable[Vote]) -> dict[Place, dict[str, list[float | None]]]:
    """Of each thing judged, what each judge's votes say."""
    found: dict[Place, dict[str, list[float | None]]] = {}
    for vote in votes:
        place = found.setdefault((vote.id, vote.arm, vote.name), {})
        place.setdefault(vote.judge, []).append(vote.score)
    return found


def judgement(votes: Sequence[Vote]) -> Judgement:
    """What the votes on one thing come to; the reason is a single one's reply, or each vote."""
    first = votes[0]
    if len(votes) == 1:
        return Judgement(first.id, first.arm, first.name, first.score, first.reply)
    ((_, said),) = of_judges(votes).items()
    score = settled(first.name, [settled(first.name, own) for own in said.values()])
    reason = "; ".join(f"{judge}: {', '.join(map(_shown, own))}" for judge, own in said.items())
    return Judgement(first.id, first.arm, first.name, score, reason)


def _shown(value: float | None) -> str:
    return "not read" if value is None else f"{value:g}"
