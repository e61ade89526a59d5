"""oracle: the thought a perfect generator would draw, where the benchmark knows it.

Made by prepare from the item's own structure; reported apart, never a model's achievement.
"""

from collections.abc import Mapping

from g2u.protocols import Calls
from g2u.records import Picture, Question, Sampler, Thought
from g2u.settings import Section
from g2u.thoughts.drawing import given

NEEDS: frozenset[str] = frozenset()
READS = "oracles"


class Settings(Section):
    """It takes none."""


async def imagine(
    question: Question,
    pictures: Mapping[str, Picture],
    settings: Settings,
    sampler: Sampler,
    calls: Calls,
) -> list[Thought]:
    """The oracle of each picture, or "not applicable" where there is none."""
    del settings, sampler, calls
    return given(question, pictures, "the benchmark has no oracle for this picture")
