"""only: the thoughts in place of the pictures; what they hold by themselves."""

from collections.abc import Sequence

from g2u.records import Picture, Turn

DIFFERENCE = "thoughts stand in place of the pictures"


def lay_out(
    prompt: str, pictures: Sequence[Picture], thoughts: Sequence[Picture]
) -> tuple[Turn, ...]:
    """Thoughts in the order of their pictures, then the question."""
    del pictures
    return (Turn("user", (*thoughts, prompt)),)
