"""interleaved: a plan in words, a drawing, the next plan from what was drawn; all are shown.

A drawing's plan is what was said before it: feedback concat shows the drawings, words the plans,
concat_words both in their order.

UniG2U's chain for mazes, sliding puzzles and jigsaws (arXiv 2603.03241, generate-then-answer),
whose public code takes the number of steps from the solution. Here the model ends it, by the stop
phrase or by naming no step; or the number is fixed for all questions (`stops: false`). The first
picture is edited first, then each drawing in its turn; plans see all pictures, no options.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated

from g2u.protocols import Calls, Reply
from g2u.records import (
    AnswerRequest,
    Failure,
    Picture,
    Question,
    Sampler,
    Thought,
    Turn,
    trace_of,
)
from g2u.settings import Positive, Section, holding
from g2u.thoughts.drawing import (
    Wording,
    among,
    asked,
    completed,
    edit_request,
    tagged,
    whole,
    without_thought,
)

NEEDS = frozenset({"answer", "edit"})
READS = "pictures"
STOP = "nothing more to draw"
ASK = (
    "Think of the next step towards the answer, and of how the last picture looks after it. Say it "
    'as "Step: ..."'
)
"""What is asked for before each drawing."""
OR_STOP = f', or say "{STOP}"'
MAX_TOKENS = 64


class Settings(Section):
    """What params.yaml may say of it."""

    prompt: Annotated[str, holding("{plan}")]
    """The edit prompt, with {plan} where the step goes."""
    steps: Positive = 3
    """The most drawings of a question, 1 and more."""
    stops: bool = True
    """Whether the model may end it before."""


async def imagine(
    question: Question,
    pictures: Mapping[str, Picture],
    settings: Settings,
    sampler: Sampler,
    calls: Calls,
) -> list[Thought]:
    """Up to `settings.steps` thoughts; `position` counts the drawings.

    A question whose model stops at once has nothing to show: not applicable.
    """
    if not question.pictures:
        return []
    told: list[Picture | str] = []
    last, thoughts = pictures[question.pictures[0]], list[Thought]()
    for number in range(settings.steps):
        thought = Thought(question.id, number, "ok", source=last.digest)
        plan = await _planned(_asked(question, pictures, told), settings.stops, calls)
        if isinstance(plan, Failure):
            thoughts.append(replace(thought, status="failed", reason=plan.reason))
            break
        if plan is None:
            break
        wording = Wording(settings.prompt.replace("{plan}", plan), "self", settings.prompt)
        request = edit_request(sampler, (last,), wording.prompt, number)
        made = asked(thought, request, wording, calls)
        drawn = _with_plan(completed(made, await calls.edit(request), last.digest), plan)
        thoughts.append(drawn)
        if drawn.status != "ok" or drawn.picture is None:
            break
        last = drawn.picture
        told += [plan, last]
    nothing = without_thought(question, "not_applicable", "the model drew nothing", "none")
    return thoughts or nothing


def _with_plan(drawn: Thought, plan: str) -> Thought:
    """The thought with its plan before what else was said with its picture; a reply that comes
    from a table of thoughts has it already.
    """
    if drawn.picture is None:
        return drawn
    before, after = drawn.picture.trace[:1], drawn.picture.trace[1:]
    if before and before[0].partition("\n")[0] == plan:
        return drawn
    return replace(drawn, picture=replace(drawn.picture, trace=trace_of((plan, *before), after)))


def step(reply: str) -> str | None:
    """The step that a plan names; None where it stops or names none."""
    return tagged(reply, "Step", STOP)


def _asked(
    question: Question, pictures: Mapping[str, Picture], told: Sequence[Picture | str]
) -> list[Picture | str]:
    """The pictures, the chain so far, the question; or the question with its pictures in their
    places, then the chain.
    """
    if question.is_placed:
        return [*among(question.text, question, pictures), *told]
    return [*(pictures[digest] for digest in question.pictures), *told, question.text]


async def _planned(
    shown: Sequence[Picture | str], may_stop: bool, calls: Calls
) -> Reply[str] | None:
    """The next step; None where the model stops.

    Where no stopping is allowed, a reply that names no step is taken as a whole.
    """
    ask = f"{ASK}{OR_STOP if may_stop else ''}."
    turn = Turn("user", (*shown, ask))
    reply = whole(await calls.answer(AnswerRequest((turn,), MAX_TOKENS)))
    if isinstance(reply, Failure):
        return reply
    named = step(reply)
    return " ".join(reply.split()) if named is None and not may_stop else named
