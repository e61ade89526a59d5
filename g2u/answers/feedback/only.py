"""only: the thoughts in place of the pictures; what they hold by themselves."""

from collections.abc import Sequence

from g2u.records import Picture, Turn

NEEDS: frozenset[str] = frozenset()
DIFFERENCE = "thoughts stand in place of the pictures"


def lay_out(
    prompt: str, pictures: Sequence[Picture], thoughts: Sequence[Picture | None]
) -> tuple[Turn, ...]:
    """Thoughts in the order of their pictures, then the question."""
    del pictures
    drawn = [thought for thought in thoughts if thought is not None]
    return (Turn("user", (*drawn, prompt)),)
