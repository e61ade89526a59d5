"""native: the model thinks in texts and pictures at once, as many and in the order it chooses.

For models that interleave by themselves (ThinkMorph arXiv 2510.27492, Zebra-CoT 2507.16746,
Gemini's image models): one request, one reply. Each picture is a thought with what was said before
it, the last one also with what came after; a reply without a picture has nothing to show. Feedback
concat shows the pictures, words the words, concat_words both in their order.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated

from g2u.digests import call_seed
from g2u.protocols import Calls
from g2u.questions.wording import filled
from g2u.records import Failure, InterleaveRequest, Picture, Question, Sampler, Thought
from g2u.settings import Section, holding
from g2u.thoughts.drawing import Wording, among, asked, completed, without_thought

NEEDS = frozenset({"interleave"})
READS = "pictures"


class Settings(Section):
    """What params.yaml may say of it."""

    template: Annotated[str, holding("{question}")]
    """What the model is asked, with {question} for the question's text without options."""


async def imagine(
    question: Question,
    pictures: Mapping[str, Picture],
    settings: Settings,
    sampler: Sampler,
    calls: Calls,
) -> list[Thought]:
    """The pictures of one reply; `position` and `place` count them."""
    if not question.pictures:
        return []
    seed = call_seed(sampler.seed, question.pictures, filled(settings.template, question), 0)
    wording = Wording(settings.template.replace("{question}", question.text), "template")
    parts = among(wording.prompt, question, pictures)
    request = InterleaveRequest(parts, seed, sampler.settings)
    source = question.pictures[0]
    reply = await calls.interleave(request)
    if isinstance(reply, Failure):
        return [completed(_made(question, 0, request, wording, calls), reply, source)]
    thoughts = [
        completed(_made(question, place, request, wording, calls), drawn, source)
        for place, drawn in enumerate(reply.drawn)
    ]
    return thoughts or without_thought(question, "not_applicable", "the model drew nothing", "none")


def _made(
    question: Question, place: int, request: InterleaveRequest, wording: Wording, calls: Calls
) -> Thought:
    """The thought at a place of the reply, without its picture."""
    thought = Thought(question.id, place, "ok", source=question.pictures[0], place=place)
    return asked(thought, replace(request, place=place), wording, calls)
