"""concat_words: concat, each thought between what was said before it and what was said after.

The whole of a trace, as its model gave it; concat is its pictures alone, words its words alone.
"""

from collections.abc import Sequence

from g2u.records import Picture, Turn

NEEDS: frozenset[str] = frozenset()
DIFFERENCE = "thoughts follow the pictures, with what was said with them in its place"


def lay_out(
    prompt: str, pictures: Sequence[Picture], thoughts: Sequence[Picture | None]
) -> tuple[Turn, ...]:
    """Pictures in order, words and thoughts in their order, then the question; nothing without
    words.
    """
    drawn = [thought for thought in thoughts if thought is not None]
    told: list[str | Picture] = []
    for thought in drawn:
        told += [*filter(None, thought.trace[:1]), thought, *filter(None, thought.trace[1:])]
    if drawn and len(told) == len(drawn):
        return ()
    return (Turn("user", (*pictures, *told, prompt)),)
