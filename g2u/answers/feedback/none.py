"""none: the question with its pictures; the layout of direct."""

from collections.abc import Sequence

from g2u.records import Picture, Turn

NEEDS: frozenset[str] = frozenset()
DIFFERENCE = "none"


def lay_out(
    prompt: str, pictures: Sequence[Picture], thoughts: Sequence[Picture | None]
) -> tuple[Turn, ...]:
    """Pictures in order, then the question."""
    del thoughts
    return (Turn("user", (*pictures, prompt)),)
