"""blind: the question without its pictures; what the wording alone gives away."""

from collections.abc import Sequence

from g2u.records import Picture, Prompt, Turn

NEEDS: frozenset[str] = frozenset()
DIFFERENCE = "the pictures are left out"


def lay_out(
    prompt: Prompt, pictures: Sequence[Picture], thoughts: Sequence[Picture | None]
) -> tuple[Turn, ...]:
    """The question alone; marks stay where its pictures stood."""
    del pictures, thoughts
    return (Turn("user", (prompt.text,)),)
