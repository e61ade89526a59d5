"""concat_g2u: the model is told to draw, its drawing stands as its own turn, then it is asked.

The order of G2U's concat (arXiv 2605.15792): originals with a request to make them clearer; the
thoughts as the assistant's turn; the originals again with the question. The originals are shown
twice, so its baseline is duplicate as much as direct.
"""

from collections.abc import Sequence

from g2u.records import Picture, Prompt, Turn

NEEDS: frozenset[str] = frozenset()
DIFFERENCE = "thoughts stand as the model's own turn, and the pictures are shown again"
REQUEST = "First draw what makes this easier to see."


def lay_out(
    prompt: Prompt, pictures: Sequence[Picture], thoughts: Sequence[Picture | None]
) -> tuple[Turn, ...]:
    """Three turns; one, as in direct, where nothing was imagined."""
    drawn = [thought for thought in thoughts if thought is not None]
    asked = Turn("user", prompt.around([[picture] for picture in pictures]))
    if not drawn:
        return (asked,)
    return (Turn("user", (*pictures, REQUEST)), Turn("assistant", tuple(drawn)), asked)
