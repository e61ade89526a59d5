"""Thoughts from their sources: asked of a model, or made without one.

Here is what an edit request holds, how its seed is drawn, and what makes a reply no thought.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from g2u.calls.flow import together
from g2u.digests import call_seed
from g2u.errors import in_one_line
from g2u.pictures.decoding import picture_of
from g2u.protocols import Calls, Reply
from g2u.records import (
    EditRequest,
    Ending,
    Failure,
    Picture,
    Question,
    Sampler,
    Status,
    Thought,
    ending,
)

CUT: dict[Ending, str] = {"length": "cut off at its budget of tokens", "filter": "filtered"}
"""What is said of a text that its model did not end."""

ONE_DRAWING = "the model draws the same again, whatever the seed"


@dataclass(frozen=True, slots=True)
class Wording:
    """An edit prompt and where it is from."""

    prompt: str
    writer: str
    """fixed, template, self, or the preset of the model that wrote it."""
    base: str = ""
    """What it was rewritten from."""


def among(
    text: str, question: Question, pictures: Mapping[str, Picture]
) -> tuple[str | Picture, ...]:
    """A text made of the question's own with its pictures: before it, or in their places."""
    shown = [[pictures[digest]] for digest in question.pictures]
    return question.prompt(text).around(shown)


async def draw(
    question: Question,
    wording: Wording,
    pictures: Mapping[str, Picture],
    sampler: Sampler,
    calls: Calls,
    *,
    draws: int = 1,
    may_copy: bool = False,
) -> list[Thought]:
    """Edits of each picture of a question, draw after draw.

    Args:
        question: what is asked.
        wording: the edit prompt.
        pictures: by digest.
        sampler: how the run draws.
        calls: where edits are asked for.
        draws: how many of each picture; the further ones are not applicable where the model would
            draw the same again.
        may_copy: whether a thought may equal its source.
    """

    async def drawn(number: int, position: int, source: str) -> Thought:
        thought = Thought(question.id, position, "ok", source=source, draw=number)
        if number and sampler.is_blind:
            return replace(thought, status="not_applicable", reason=ONE_DRAWING)
        request = edit_request(sampler, (pictures[source],), wording.prompt, number)
        made = asked(thought, request, wording, calls)
        return completed(made, await calls.edit(request), "" if may_copy else source)

    places = [(n, *place) for n in range(draws) for place in enumerate(question.pictures)]
    return await together(drawn(*place) for place in places)


def edit_request(
    sampler: Sampler, pictures: tuple[Picture, ...], prompt: str, number: int
) -> EditRequest:
    """The `number`th edit of these pictures by this prompt in a run."""
    digests = [picture.digest for picture in pictures]
    seed = 0 if sampler.is_blind else call_seed(sampler.seed, digests, prompt, number)
    return EditRequest((*pictures, prompt), seed, sampler.settings)


def asked(thought: Thought, request: EditRequest, wording: Wording, calls: Calls) -> Thought:
    """A thought with what its model call is given: with the sampler that makes the call's name."""
    return replace(
        thought,
        given=tuple(picture.digest for picture in request.pictures),
        prompt=wording.prompt,
        writer=wording.writer,
        base=wording.base,
        seed=request.seed,
        call=calls.key(request),
    )


def completed(made: Thought, reply: Reply[Picture], source: str) -> Thought:
    """A thought with the model's reply in it: ok, or failed with the reason.

    A flawed picture is kept to be looked at; its status keeps it from being fed on. `source`:
    digest of what it must not equal, empty where a copy is allowed.
    """
    if isinstance(reply, Failure):
        return replace(made, status="failed", reason=reply.reason, picture=None)
    flaw = flaw_of(reply, source)
    return replace(made, status="failed" if flaw else "ok", reason=flaw, picture=reply)


def without_thought(
    question: Question, status: Status, reason: str, choice: str = ""
) -> list[Thought]:
    """Of each picture of a question: nothing, and why."""
    return [
        Thought(question.id, position, status, reason, source=source, choice=choice)
        for position, source in enumerate(question.pictures)
    ]


def without_model(question: Question, make: Callable[[str], Picture]) -> list[Thought]:
    """A thought for each picture of a question; `make` is given the picture's digest."""
    return [
        Thought(question.id, position, "ok", picture=make(source), source=source)
        for position, source in enumerate(question.pictures)
    ]


def given(question: Question, pictures: Mapping[str, Picture], absent: str) -> list[Thought]:
    """Thoughts that prepare made, by digest of their source; `absent`: why there may be none.

    Where some of a question's pictures have one, nothing is shown with the others.
    """
    has_some = any(source in pictures for source in question.pictures)
    return [
        replace(thought, picture=pictures[thought.source], reason="")
        if thought.source in pictures
        else thought
        for thought in without_thought(question, "ok" if has_some else "not_applicable", absent)
    ]


def tagged(reply: str, tag: str, stop: str) -> str | None:
    """What follows "TAG: " at the head of a line of a reply; None where it says `stop`, or has no
    such line.
    """
    if stop in reply.lower():
        return None
    lines = [line.strip() for line in reply.split("\n")]
    for number, line in enumerate(lines):
        if line.startswith(f"{tag}:"):
            said = [line.removeprefix(f"{tag}:").strip(), *lines[number + 1 :]]
            return next((words for words in said if words), None)
    return None


def flaw_of(picture: Picture, source: str) -> str:
    """Why a generated picture is no thought: pixel-identical to its source, or one flat colour."""
    if picture.digest == source:
        return "the edit returned its source unchanged"
    known = picture if picture.is_flat is not None else picture_of(picture.encoded)
    if known.is_flat:
        return "the edit returned a blank picture"
    return ""


def whole(reply: Reply[str]) -> Reply[str]:
    """A text that its model ended; one that was cut off or filtered is a failure."""
    if isinstance(reply, Failure) or ending(reply) not in CUT:
        return reply
    return Failure(f"the reply was {CUT[ending(reply)]}: {in_one_line(reply, 120)}")


async def draw_as_written(
    question: Question,
    reply: Reply[str],
    writer: tuple[str, str],
    pictures: Mapping[str, Picture],
    sampler: Sampler,
    calls: Calls,
    *,
    draws: int,
) -> list[Thought]:
    """Edits by a prompt that a model wrote; without one they have failed.

    Args:
        question: what is asked.
        reply: the prompt.
        writer: who wrote it, and the prompt that it was made from, if any.
        pictures: by digest.
        sampler: how the run draws.
        calls: model calls.
        draws: how many of each picture.
    """
    said = whole(reply)
    if isinstance(said, Failure) or not said.strip():
        reason = said.reason if isinstance(said, Failure) else "the model wrote no prompt"
        return without_thought(question, "failed", reason)
    wording = Wording(said.strip(), *writer)
    return await draw(question, wording, pictures, sampler, calls, draws=draws)
