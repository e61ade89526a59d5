"""rounds: draw, look at the drawing, draw again; every round is kept as a thought of its own.

Three ways to go on, after R3 (arXiv 2602.15772), UiG (2509.18639) and Iter-RetGen (2305.15294):
    reflect: the model names one edit of its drawing, or says that none is needed; what is neither
        counts as the latter. The drawing is edited.
    verify: the model says MATCH or MISMATCH, nothing else counts as a mismatch; then the source is
        drawn anew with another seed.
    answer: the model answers the question from its drawing; the answer goes into the next prompt.
Who has stopped keeps the last drawing in all later rounds. The model sees no options.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from g2u.drawing import completed, edit_request, given_to, tagged, whole
from g2u.prompts import REFLECT, STOP
from g2u.protocols import Calls
from g2u.records import AnswerRequest, Failure, Picture, Question, Sampler, Thought, Turn
from g2u.settings import NotNegative, Section, Text

NEEDS = frozenset({"answer", "edit"})
READS = "pictures"
ASK = {
    "reflect": REFLECT,
    "verify": (
        'The second picture was drawn from the first: "{prompt}" Is it right? Say MATCH or '
        "MISMATCH."
    ),
    "answer": "{question}",
}
"""What the model is asked about its drawing; {prompt}: what it was told to draw."""
MAX_TOKENS = 48


class Settings(Section):
    """What params.yaml may say of it."""

    prompt: Text
    """The edit prompt; not empty."""
    rounds: NotNegative = 2
    """How many follow the first drawing, 0 and more."""
    protocol: Literal["reflect", "verify", "answer"] = "reflect"
    """How to go on."""


@dataclass(slots=True)
class _Thread:
    """One picture of one question on its way through the rounds."""

    question: Question
    position: int
    source: Picture
    drawn: Thought
    is_open: bool = True


def imagine(
    questions: Sequence[Question],
    pictures: Mapping[str, Picture],
    settings: Settings,
    sampler: Sampler,
    calls: Calls,
) -> list[Thought]:
    """Thoughts of round 0, then of round 1, up to `settings.rounds`, for each picture."""
    protocol, prompt = settings.protocol, settings.prompt
    threads = [
        _Thread(q, n, pictures[source], Thought(q.id, n, "ok", source=source, base=prompt))
        for q in questions
        for n, source in enumerate(q.pictures)
    ]
    jobs = [(thread, thread.source, prompt) for thread in threads]
    _draw(jobs, 0, sampler, calls)
    thoughts = [thread.drawn for thread in threads]
    for number in range(1, settings.rounds + 1):
        open_threads = [thread for thread in threads if thread.is_open]
        _draw(_next(open_threads, protocol, prompt, calls), number, sampler, calls)
        thoughts += [replace(thread.drawn, round=number) for thread in threads]
    return thoughts


def instruction(reply: str) -> str | None:
    """The edit that a reflection names; None where it stops or names none."""
    return tagged(reply, "Edit", STOP)


def is_mismatch(reply: str) -> bool:
    """Whether a verdict is MISMATCH, as a word of its own and without MATCH beside it."""
    return set(re.findall(r"\b(MATCH|MISMATCH)\b", reply)) == {"MISMATCH"}


def _next(
    threads: Sequence[_Thread], protocol: str, prompt: str, calls: Calls
) -> list[tuple[_Thread, Picture, str]]:
    """What to draw in the next round, from what and by which prompt; closes threads that stop."""
    requests = []
    for thread in threads:
        assert thread.drawn.picture is not None
        asked = ASK[protocol].format(prompt=prompt, question=thread.question.text)
        turn = Turn("user", (thread.source, thread.drawn.picture, asked))
        requests.append(AnswerRequest((turn,), MAX_TOKENS))
    jobs = []
    for thread, reply in zip(threads, map(whole, calls.answer(requests)), strict=True):
        if isinstance(reply, Failure):
            thread.drawn = replace(thread.drawn, status="failed", reason=reply.reason)
            thread.is_open = False
            continue
        named = instruction(reply)
        if protocol == "reflect" and named is not None and thread.drawn.picture is not None:
            jobs.append((thread, thread.drawn.picture, named))
        elif protocol == "verify" and is_mismatch(reply):
            jobs.append((thread, thread.source, prompt))
        elif protocol == "answer":
            jobs.append((thread, thread.source, f"{prompt} A first look says: {reply.strip()}"))
        else:
            thread.is_open = False
    return jobs


def _draw(
    jobs: Sequence[tuple[_Thread, Picture, str]],
    number: int,
    sampler: Sampler,
    calls: Calls,
) -> None:
    """Draw what each job says; a failed drawing closes its thread."""
    requests = [edit_request(sampler, (start,), prompt, number) for _, start, prompt in jobs]
    replies = calls.edit(requests)
    for (thread, start, prompt), request, reply in zip(jobs, requests, replies, strict=True):
        made = replace(
            thread.drawn,
            given=given_to(request),
            prompt=prompt,
            writer="fixed" if prompt == thread.drawn.base else "self",
            seed=request.seed,
            call=calls.key(request),
            round=number,
        )
        thread.drawn = completed(made, reply, start.digest)
        thread.is_open = thread.drawn.status == "ok"
