"""replace: each picture that has a thought gives way to it, the others stay (G2U's replace)."""

from collections.abc import Sequence

from g2u.records import Picture, Prompt, Turn

NEEDS: frozenset[str] = frozenset()
DIFFERENCE = "thoughts replace the pictures they were made from"


def lay_out(
    prompt: Prompt, pictures: Sequence[Picture], thoughts: Sequence[Picture | None]
) -> tuple[Turn, ...]:
    """Per picture its thought, or itself, then the question."""
    shown = [[thought or picture] for picture, thought in zip(pictures, thoughts, strict=True)]
    return (Turn("user", prompt.around(shown)),)
