"""adversarial: a thought like the oracle that shows a wrong answer, for readers that do not look.

Made by prepare from the item's own structure, where the benchmark knows it.
"""

from collections.abc import Mapping

from g2u.protocols import Calls
from g2u.records import Picture, Question, Sampler, Thought
from g2u.settings import Section
from g2u.thoughts.drawing import given

NEEDS: frozenset[str] = frozenset()
READS = "adversaries"


class Settings(Section):
    """It takes none."""


async def imagine(
    question: Question,
    pictures: Mapping[str, Picture],
    settings: Settings,
    sampler: Sampler,
    calls: Calls,
) -> list[Thought]:
    """The adversarial thought of each picture, or "not applicable" where there is none."""
    del settings, sampler, calls
    return given(question, pictures, "the benchmark has no adversarial thought for this picture")
