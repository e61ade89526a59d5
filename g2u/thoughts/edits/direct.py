"""direct: the null family. No thought; the baseline of every gain."""

from collections.abc import Mapping

from g2u.protocols import Calls
from g2u.records import Picture, Question, Sampler, Thought
from g2u.settings import Section

NEEDS: frozenset[str] = frozenset()
READS = "pictures"


class Settings(Section):
    """It takes none."""


async def imagine(
    question: Question,
    pictures: Mapping[str, Picture],
    settings: Settings,
    sampler: Sampler,
    calls: Calls,
) -> list[Thought]:
    """No thoughts."""
    del question, pictures, settings, sampler, calls
    return []
