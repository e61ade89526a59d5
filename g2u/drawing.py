"""Thoughts from their sources: asked of a model, or made without one.

Here is what an edit request holds, how its seed is drawn, and what makes a reply no thought.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from g2u.digests import call_seed
from g2u.errors import in_one_line
from g2u.pictures import picture_of
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


@dataclass(frozen=True, slots=True)
class Wording:
    """An edit prompt and where it is from."""

    prompt: str
    writer: str
    """fixed, template, self, or the preset of the model that wrote it."""
    base: str = ""
    """What it was rewritten from."""


def draw(
    asked: Sequence[tuple[Question, Wording]],
    pictures: Mapping[str, Picture],
    sampler: Sampler,
    calls: Calls,
    *,
    draws: int = 1,
    may_copy: bool = False,
) -> list[Thought]:
    """Edits of each picture of each question by the prompt beside it, draw after draw.

    Args:
        asked: questions with their edit prompts.
        pictures: by digest.
        sampler: how the run draws.
        calls: where edits are asked for; equal requests are one call.
        draws: how many of each picture.
        may_copy: whether a thought may equal its source.
    """
    places = [
        (q.id, wording, number, position, source)
        for number in range(draws)
        for q, wording in asked
        for position, source in enumerate(q.pictures)
    ]
    requests = [
        edit_request(sampler, (pictures[source],), wording.prompt, number)
        for _, wording, number, _, source in places
    ]
    replies = calls.edit(requests)
    thoughts = []
    for (question, wording, number, position, source), request, reply in zip(
        places, requests, replies, strict=True
    ):
        made = Thought(
            question,
            position,
            "ok",
            source=source,
            given=given_to(request),
            prompt=wording.prompt,
            writer=wording.writer,
            base=wording.base,
            seed=request.seed,
            call=calls.key(request),
            draw=number,
        )
        thoughts.append(completed(made, reply, "" if may_copy else source))
    return thoughts


def edit_request(
    sampler: Sampler, pictures: tuple[Picture, ...], prompt: str, number: int
) -> EditRequest:
    """The `number`th edit of these pictures by this prompt in a run."""
    digests = [picture.digest for picture in pictures]
    seed = call_seed(sampler.seed, digests, prompt, number)
    return EditRequest(pictures, prompt, seed, sampler.settings)


def given_to(request: EditRequest) -> tuple[str, ...]:
    """Digests of what is edited: with the prompt, sampler and seed they make the call's name."""
    return tuple(picture.digest for picture in request.pictures)


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


def without_model(questions: Sequence[Question], make: Callable[[str], Picture]) -> list[Thought]:
    """A thought for each picture of each question; `make` is asked once for each digest."""
    made: dict[str, Picture] = {}
    for question in questions:
        for source in question.pictures:
            if source not in made:
                made[source] = make(source)
    return [
        Thought(question.id, position, "ok", picture=made[source], source=source)
        for question in questions
        for position, source in enumerate(question.pictures)
    ]


def given(
    questions: Sequence[Question], pictures: Mapping[str, Picture], absent: str
) -> list[Thought]:
    """Thoughts that prepare made, by digest of their source; `absent`: why there may be none."""
    return [
        Thought(question.id, position, "ok", picture=pictures[source], source=source)
        if source in pictures
        else Thought(question.id, position, "not_applicable", absent, source=source)
        for question in questions
        for position, source in enumerate(question.pictures)
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


def draw_as_written(
    questions: Sequence[Question],
    replies: Sequence[Reply[str]],
    writer: tuple[str, str],
    pictures: Mapping[str, Picture],
    sampler: Sampler,
    calls: Calls,
    *,
    draws: int,
) -> list[Thought]:
    """Edits by prompts that a model wrote, one per question; without a prompt they have failed.

    Args:
        questions: what is asked.
        replies: the prompts, in the order of the questions.
        writer: who wrote them, and the prompt that they were made from, if any.
        pictures: by digest.
        sampler: how the run draws.
        calls: model calls.
        draws: how many of each picture.
    """
    asked: list[tuple[Question, Wording]] = []
    thoughts: list[Thought] = []
    for question, reply in zip(questions, map(whole, replies), strict=True):
        if isinstance(reply, Failure) or not reply.strip():
            reason = reply.reason if isinstance(reply, Failure) else "the model wrote no prompt"
            thoughts += without_thought(question, "failed", reason)
        else:
            asked.append((question, Wording(reply.strip(), *writer)))
    return thoughts + draw(asked, pictures, sampler, calls, draws=draws)
