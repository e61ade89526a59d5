"""words: what was said with the thoughts in their place; what a trace holds without its pictures.

The arm that tells words from drawings where a model gives both (g2u/thoughts/edits/native.py,
interleaved.py).
"""

from collections.abc import Sequence

from g2u.records import Picture, Turn

NEEDS: frozenset[str] = frozenset()
DIFFERENCE = "what was said with the thoughts follows the pictures, in the thoughts' place"


def lay_out(
    prompt: str, pictures: Sequence[Picture], thoughts: Sequence[Picture | None]
) -> tuple[Turn, ...]:
    """Pictures in order, the words in their order, then the question; nothing without words."""
    drawn = [thought for thought in thoughts if thought is not None]
    words = [said for thought in drawn for said in thought.trace if said]
    if drawn and not words:
        return ()
    return (Turn("user", (*pictures, *words, prompt)),)
