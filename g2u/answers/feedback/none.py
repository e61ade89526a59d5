"""none: the question with its pictures; the layout of direct."""

from collections.abc import Sequence

from g2u.records import Picture, Prompt, Turn

NEEDS: frozenset[str] = frozenset()
DIFFERENCE = "none"


def lay_out(
    prompt: Prompt, pictures: Sequence[Picture], thoughts: Sequence[Picture | None]
) -> tuple[Turn, ...]:
    """Pictures in order, then the question; or each in its place."""
    del thoughts
    return (Turn("user", prompt.around([[picture] for picture in pictures])),)
