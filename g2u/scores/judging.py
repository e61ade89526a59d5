"""What a judge model is asked, and how its reply is read: strictly, or not at all.

answers: is a response right that no rule could read or compare? RIGHT or WRONG; where the benchmark
    wants a grade (MM-Vet), from 0 to 1; where it has a rubric, 0 or 1 for each of its criteria.
agreement: the same of responses that rules did score: how far does the judge agree with them?
viescore: VIEScore (arXiv 2312.14867) of a drawing: semantic consistency and perceptual quality, 0
    to 10 each; the score is the root of their product.
ra: UniG2U's reasoning-to-visual alignment: instruction following, quality, relevance, 1 to 5; mean.
al: its answer-to-visual alignment: consistency, alignment, coherence, 1 to 5; mean.
The wordings are this project's own.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from g2u.arms import of_main
from g2u.digests import sha256
from g2u.questions.files.rubrics import criteria
from g2u.questions.wording import asked as asked_by
from g2u.records import AnswerRequest, Picture, Question, Target, Thought, Turn
from g2u.scores import responses
from g2u.tables.schemas import Answer, Judgement

WORDING = {
    "answers": (
        "Question: {question}\nRight answer: {gold}\nResponse: {response}\n"
        "Does the response give the right answer? Say RIGHT or WRONG."
    ),
    "grades": (
        "Question: {question}\nRight answer: {gold}\nResponse: {response}\n"
        "<AND> in the right answer joins what has to be said, <OR> what may be said instead. How "
        "much of it does the response say? Reply with one number from 0.0 to 1.0."
    ),
    "rubric": (
        "Question: {question}\nResponse: {response}\nCriteria:\n{gold}\nWhich of them does the "
        "response meet? Reply with {count}, each 0 (not met) or 1 (met), in the order of the "
        "criteria and with commas between."
    ),
    "viescore": (
        'The second picture was made from the first: "{prompt}" Rate from 0 to 10 how well it does '
        "what was asked without other changes, and from 0 to 10 how natural and free of faults it "
        'looks. Reply with the two numbers, as "7, 8".'
    ),
    "ra": (
        "Question: {question}\nTo answer it, the second picture was made from the first: "
        '"{prompt}" Rate from 1 to 5 how well it follows that instruction, its quality, and its '
        'relevance to the question. Reply with the three numbers, as "3, 4, 2".'
    ),
    "al": (
        "Question: {question}\nAnswer: {response}\nThe second picture was made from the first to "
        "find it. Rate from 1 to 5 how consistent the answer is with the second picture, how far "
        "the answer rests on what it shows, and how coherent both are together. Reply with the "
        'three numbers, as "3, 4, 2".'
    ),
}
NUMBERS = {"grades": (1, 0, 1), "viescore": (2, 0, 10), "ra": (3, 1, 5), "al": (3, 1, 5)}
"""How many numbers a reply has to hold, and their range."""
GRADED = {"graded": "grades", "rubric": "rubric"}
"""Scorers whose answers only a judge can tell, and what it is asked for."""
VERDICTS = ("answers", "agreement")
"""What is answered by RIGHT or WRONG."""
GIVEN = ("answers", "grades", "rubric")
"""Judgements that stand in for what rules could not score."""
SUBJECT = re.compile(
    r"^(?:(?:it|this|that|the\s+(?:response|answer))\s+is|it's|that's)\s+", re.IGNORECASE
)
"""What a verdict may be said of."""
SHORT = 200
"""Letters of a reply that may be what was asked for."""
LEAD = re.compile(
    r"(?:(?:my|the|final)\s+)*(?:answer|verdict|judge?ment|ratings?|scores?|grade)\s*:",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Case:
    """One thing to judge."""

    id: str
    arm: str
    """Name of the arm; empty for what concerns the thought alone."""
    name: str
    request: AnswerRequest
    weights: tuple[float, ...] = ()
    """Of a rubric's criteria."""


def read(name: str, reply: str, weights: Sequence[float] = ()) -> float | None:
    """The score in a reply; None where it is not exactly what was asked for.

    Thinking that has ended, emphasis, "Answer:" and its like in front, "it is" before a verdict and
    a full stop are no part of it, and "not RIGHT" is WRONG; any other word, or thinking without an
    end, makes it unread.

    answers, agreement: 0 or 1; grades: 0..1; rubric: the share of the weights, 0..1; viescore:
    0..10; ra, al: 1..5.
    """
    said = responses.said(reply).strip()
    if len(said) > SHORT:
        return None
    said = responses.plain(said).strip()
    lead = LEAD.match(said)
    said = (said[lead.end() :] if lead else said).strip().removesuffix(".").strip()
    if name in VERDICTS:
        return {"RIGHT": 1.0, "WRONG": 0.0, "not RIGHT": 0.0}.get(SUBJECT.sub("", said))
    if name == "rubric":
        marks = re.split(r"\s*,\s*", said)
        if len(marks) != len(weights) or not set(marks) <= {"0", "1"}:
            return None
        met = sum(weight for weight, mark in zip(weights, marks, strict=True) if mark == "1")
        return met / sum(weights)
    count, low, high = NUMBERS[name]
    found = re.fullmatch(r"\s*,\s*".join([r"([0-9]+(?:\.[0-9]+)?)"] * count), said)
    values = [float(value) for value in found.groups()] if found else []
    if not values or not all(low <= value <= high for value in values):
        return None
    return math.sqrt(values[0] * values[1]) if name == "viescore" else sum(values) / count


def again(case: Case) -> AnswerRequest:
    """What is asked once more where the first reply could not be read: the same with a reminder.

    The first reply is not shown, so that the second hangs on nothing that it said.
    """
    (turn,) = case.request.turns
    words = "RIGHT or WRONG"
    if case.name == "rubric":
        words = f"{_counted(case.weights)}, each 0 or 1, with commas between"
    elif case.name not in VERDICTS:
        count, low, high = NUMBERS[case.name]
        numbers = "one number" if count == 1 else f"{count} numbers with commas between"
        words = f"{numbers} from {low} to {high}"
    reminder = f"Reply with {words}, and with nothing else."
    return replace(case.request, turns=(Turn(turn.role, (*turn.parts, reminder)),))


@dataclass(frozen=True, slots=True)
class Judged:
    """What there is to judge in a cell."""

    questions: Sequence[Question]
    gold: Mapping[str, Target]
    pictures: Mapping[str, Picture]
    thoughts: Sequence[Thought]
    answers: Sequence[Answer]
    unread: Sequence[Answer]
    """Those that rules could not read or compare."""


def cases(names: Sequence[str], cell: Judged, max_tokens: int, agreement: int = 0) -> list[Case]:
    """Every answer that rules left open, `agreement` that they did not, and of the first draw of
    each question's first picture what `names` ask, with the main arm's answer to it.
    """
    asked = {question.id: question for question in cell.questions}
    main = {a.id: a for a in of_main(cell.answers) if a.status == "ok"}
    found = []
    if "answers" in names:
        for answer in cell.unread:
            found.append(_of_answer("answers", asked, cell.gold, answer, max_tokens))
        left_open = {(answer.id, answer.arm) for answer in cell.unread}
        settled = [
            answer
            for answer in main.values()
            if (answer.id, answer.arm) not in left_open
            and cell.gold[answer.id].scorer not in GRADED
        ]
        settled.sort(key=lambda answer: sha256(answer.id))
        for answer in settled[:agreement]:
            found.append(_of_answer("agreement", asked, cell.gold, answer, max_tokens))
    drawn = {
        thought.question: thought
        for thought in reversed(cell.thoughts)
        if thought.status == "ok" and thought.picture is not None and thought.call
        if thought.draw == 0 and thought.position == 0 and thought.source in cell.pictures
    }
    for name in names:
        for id, thought in drawn.items():
            if name == "answers" or (name == "al" and id not in main):
                continue
            assert thought.picture is not None
            text = WORDING[name].format(
                question=asked[id].named(asked[id].text),
                prompt=thought.prompt,
                response=main[id].response if id in main else "",
            )
            turn = Turn("user", (cell.pictures[thought.source], thought.picture, text))
            arm = main[id].arm.name if name == "al" else ""
            found.append(Case(id, arm, name, AnswerRequest((turn,), max_tokens)))
    return found


def _of_answer(
    name: str,
    asked: Mapping[str, Question],
    gold: Mapping[str, Target],
    answer: Answer,
    max_tokens: int,
) -> Case:
    target = gold[answer.id]
    kind = GRADED.get(target.scorer, "answers")
    held = criteria(target.answer) if kind == "rubric" else ()
    weights = tuple(each.weight for each in held)
    listed = "\n".join(f"{number}. {each.text}" for number, each in enumerate(held, 1))
    text = WORDING[kind].format(
        question=asked_by(asked[answer.id]).named,
        gold=listed or _worded(asked[answer.id], target),
        response=answer.response,
        count=_counted(weights),
    )
    request = AnswerRequest((Turn("user", (text,)),), max_tokens)
    said = kind if name == "answers" else name
    return Case(answer.id, answer.arm.name, said, request, weights)


def _counted(weights: Sequence[float]) -> str:
    return "one number" if len(weights) == 1 else f"{len(weights)} numbers"


def _worded(question: Question, target: Target) -> str:
    options = dict(zip(question.option_letters(), question.choices, strict=True))
    if options.get(target.answer):
        named = [f"{each}. {options[each]}" for each in target.distinct if options.get(each)]
        return " or ".join(named)
    others = [answer for answer in dict.fromkeys(target.accepted) if answer != target.answer]
    return f"{target.answer} (or: {'; '.join(others)})" if others else target.answer


def summarised(
    judgements: Sequence[Judgement], right: Mapping[str, bool]
) -> dict[str, dict[str, float]]:
    """Mean score, items and unread replies by name; al also apart for right and wrong answers,
    because its rubric rewards correctness; agreement: how often the judge says what the rules say.
    """
    found: dict[str, dict[str, float]] = {}
    for name in dict.fromkeys(judgement.name for judgement in judgements):
        rows = [judgement for judgement in judgements if judgement.name == name]
        scored = [(row.id, row.score) for row in rows if row.score is not None]
        found[name] = {"items": len(scored), "unread": len(rows) - len(scored)}
        groups = {"mean": scored}
        if name == "al":
            groups["right"] = [pair for pair in scored if right.get(pair[0]) is True]
            groups["wrong"] = [pair for pair in scored if right.get(pair[0]) is False]
        if name == "agreement":
            same = [(id, float((score >= 0.5) == right[id])) for id, score in scored if id in right]
            groups = {"mean": same}
        for group, pairs in groups.items():
            if pairs:
                found[name][group] = sum(score for _, score in pairs) / len(pairs)
    return found
