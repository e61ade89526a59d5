"""interleaved: a plan in words, a drawing, the next plan from what was drawn; all are shown.

UniG2U's chain for mazes, sliding puzzles and jigsaws (arXiv 2603.03241, generate-then-answer),
whose public code takes the number of steps from the solution. Here the model ends it, by the stop
phrase or by naming no step; or the number is fixed for all questions (`stops: false`). The first
picture is edited first, then each drawing in its turn; plans see all pictures, no options.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated

from g2u.drawing import completed, edit_request, given_to, tagged, whole, without_thought
from g2u.protocols import Calls
from g2u.records import AnswerRequest, Failure, Picture, Question, Sampler, Thought, Turn
from g2u.settings import Positive, Section, holding

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


@dataclass(slots=True)
class _Chain:
    """One question on its way."""

    question: Question
    last: Picture
    """What is edited next."""
    told: list[Picture | str]
    """Pictures, plans and drawings so far."""
    thoughts: list[Thought] = field(default_factory=list)
    is_open: bool = True


def imagine(
    questions: Sequence[Question],
    pictures: Mapping[str, Picture],
    settings: Settings,
    sampler: Sampler,
    calls: Calls,
) -> list[Thought]:
    """Up to `settings.steps` thoughts of each question; `position` counts the drawings.

    A question whose model stops at once has nothing to show: not applicable.
    """
    chains = []
    for question in questions:
        shown = [pictures[digest] for digest in question.pictures]
        if shown:
            chains.append(_Chain(question, shown[0], [*shown]))
    for number in range(settings.steps):
        going = [chain for chain in chains if chain.is_open]
        _draw(_planned(going, settings.stops, calls), number, settings.prompt, sampler, calls)
    found: list[Thought] = []
    for chain in chains:
        nothing = without_thought(
            chain.question, "not_applicable", "the model drew nothing", "none"
        )
        found += chain.thoughts or nothing
    return found


def step(reply: str) -> str | None:
    """The step that a plan names; None where it stops or names none."""
    return tagged(reply, "Step", STOP)


def _planned(chains: Sequence[_Chain], may_stop: bool, calls: Calls) -> list[tuple[_Chain, str]]:
    """The chains that go on, each with its next step; closes the others.

    Where no stopping is allowed, a reply that names no step is taken as a whole.
    """
    ask = f"{ASK}{OR_STOP if may_stop else ''}."
    requests = [
        AnswerRequest((Turn("user", (*chain.told, chain.question.text, ask)),), MAX_TOKENS)
        for chain in chains
    ]
    found = []
    for chain, reply in zip(chains, map(whole, calls.answer(requests)), strict=True):
        if isinstance(reply, Failure):
            chain.thoughts.append(_blank(chain, reply.reason))
            chain.is_open = False
            continue
        named = step(reply)
        if named is None and not may_stop:
            named = " ".join(reply.split())
        if named is None:
            chain.is_open = False
        else:
            found.append((chain, named))
    return found


def _draw(
    jobs: Sequence[tuple[_Chain, str]],
    number: int,
    prompt: str,
    sampler: Sampler,
    calls: Calls,
) -> None:
    """Draw the step of each chain; a failed drawing ends its chain."""
    requests = []
    for chain, plan in jobs:
        wording = prompt.replace("{plan}", plan)
        requests.append(edit_request(sampler, (chain.last,), wording, number))
    for (chain, plan), request, reply in zip(jobs, requests, calls.edit(requests), strict=True):
        made = Thought(
            chain.question.id,
            len(chain.thoughts),
            "ok",
            source=chain.last.digest,
            given=given_to(request),
            prompt=request.prompt,
            writer="self",
            base=prompt,
            seed=request.seed,
            call=calls.key(request),
        )
        drawn = completed(made, reply, chain.last.digest)
        chain.thoughts.append(drawn)
        chain.is_open = drawn.status == "ok"
        if drawn.picture is not None:
            chain.last = drawn.picture
            chain.told += [plan, drawn.picture]


def _blank(chain: _Chain, reason: str) -> Thought:
    """A step that could not be planned: the question's chain has failed."""
    position = len(chain.thoughts)
    return Thought(chain.question.id, position, "failed", reason, source=chain.last.digest)
