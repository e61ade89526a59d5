"""rounds: draw, look at the drawing, draw again; every round is kept as a thought of its own.

Three ways to go on, after R3 (arXiv 2602.15772), UiG (2509.18639) and Iter-RetGen (2305.15294):
    reflect: the model names one edit of its drawing, or says that none is needed; what is neither
        counts as the latter. The drawing is edited.
    verify: the model says MATCH or MISMATCH, nothing else counts as a mismatch; then the source is
        drawn anew with another seed.
    answer: the model answers the question from its drawing; the answer goes into the next prompt.
Who has stopped keeps the last drawing in all later rounds. The model sees no options.
"""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

from g2u.protocols import Calls
from g2u.questions.wording import REFLECT, STOP
from g2u.records import AnswerRequest, Failure, Picture, Question, Sampler, Thought, Turn
from g2u.settings import NotNegative, Section, Text
from g2u.thoughts.drawing import Wording, asked, completed, edit_request, tagged, whole

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


async def imagine(
    question: Question,
    pictures: Mapping[str, Picture],
    settings: Settings,
    sampler: Sampler,
    calls: Calls,
) -> list[Thought]:
    """Thoughts of round 0, then of round 1, up to `settings.rounds`, for each picture."""
    threads = [
        _thread(question, position, pictures[source], settings, sampler, calls)
        for position, source in enumerate(question.pictures)
    ]
    by_round = zip(*await asyncio.gather(*threads), strict=True)
    return [thought for drawn in by_round for thought in drawn]


def instruction(reply: str) -> str | None:
    """The edit that a reflection names; None where it stops or names none."""
    return tagged(reply, "Edit", STOP)


def is_mismatch(reply: str) -> bool:
    """Whether a verdict is MISMATCH, as a word of its own and without MATCH beside it."""
    return set(re.findall(r"\b(MATCH|MISMATCH)\b", reply)) == {"MISMATCH"}


async def _thread(
    question: Question,
    position: int,
    source: Picture,
    settings: Settings,
    sampler: Sampler,
    calls: Calls,
) -> list[Thought]:
    """One picture's way through the rounds; who has failed or stopped draws nothing more."""
    start, prompt = source, settings.prompt
    thought = Thought(question.id, position, "ok", source=source.digest)
    thoughts: list[Thought] = []
    is_open = True
    for number in range(settings.rounds + 1):
        noted = calls.in_round(number)
        if number and is_open:
            following = await _next(question, source, thought, settings, noted)
            if isinstance(following, Failure):
                thought = replace(thought, status="failed", reason=following.reason)
            is_open = isinstance(following, tuple)
            if isinstance(following, tuple):
                start, prompt = following
        if is_open:
            request = edit_request(sampler, (start,), prompt, number)
            writer = "fixed" if prompt == settings.prompt else "self"
            wording = Wording(prompt, writer, settings.prompt)
            made = asked(thought, request, wording, noted)
            thought = completed(made, await noted.edit(request), start.digest)
            is_open = thought.status == "ok"
        thoughts.append(replace(thought, round=number))
    return thoughts


async def _next(
    question: Question, source: Picture, thought: Thought, settings: Settings, calls: Calls
) -> tuple[Picture, str] | Failure | None:
    """From what and by which prompt the next round is drawn; None where there is none."""
    assert thought.picture is not None
    protocol, prompt = settings.protocol, settings.prompt
    words = ASK[protocol].format(prompt=prompt, question=question.named(question.text))
    turn = Turn("user", (source, thought.picture, words))
    reply = whole(await calls.answer(AnswerRequest((turn,), MAX_TOKENS)))
    if isinstance(reply, Failure):
        return reply
    if protocol == "answer":
        return source, f"{prompt} A first look says: {reply.strip()}"
    if protocol == "verify":
        return (source, prompt) if is_mismatch(reply) else None
    named = instruction(reply)
    return (thought.picture, named) if named is not None else None
