"""only: the thoughts in place of the pictures; what they hold by themselves."""

from collections.abc import Sequence

from g2u.answers.layout import of_each
from g2u.records import Picture, Prompt, Turn

NEEDS: frozenset[str] = frozenset()
DIFFERENCE = "thoughts stand in place of the pictures"


def lay_out(
    prompt: Prompt, pictures: Sequence[Picture], thoughts: Sequence[Picture | None]
) -> tuple[Turn, ...]:
    """Each thought where its picture stood."""
    return (Turn("user", prompt.around(of_each(pictures, thoughts))),)
