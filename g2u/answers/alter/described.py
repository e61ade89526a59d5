"""described: the model first says in words what a thought shows; feedback `words` then shows those.

Picture against words: what of a drawing its drawer can say. The request does not know the question.
"""

import asyncio
from dataclasses import replace

from g2u.protocols import Calls
from g2u.records import AnswerRequest, Failure, Laid, Picture, Turn, trace_of

NEEDS: frozenset[str] = frozenset()
DIFFERENCE = "the thoughts are described in words by the model"
REQUEST = "Describe this drawing: everything that it shows, where, and in which colours."
MAX_TOKENS = 128
"""Of a description."""


async def alter(laid: Laid, amount: int, calls: Calls) -> Laid | Failure | None:
    """The thoughts with descriptions in place of what was said with them."""
    del amount
    drawn = [thought for thought in laid.thoughts if thought is not None]
    asked = (AnswerRequest((Turn("user", (each, REQUEST)),), MAX_TOKENS) for each in drawn)
    replies = await asyncio.gather(*map(calls.answer, asked))
    told: dict[Picture, Picture] = {}
    for thought, reply in zip(drawn, replies, strict=True):
        if isinstance(reply, Failure):
            return reply
        told[thought] = replace(thought, trace=trace_of([str(reply)]))
    return replace(laid, thoughts=tuple(each and told[each] for each in laid.thoughts))
