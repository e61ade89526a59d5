"""concat: originals, then their thoughts, then the question.

The layout of UniG2U's second stage (lmms-eval, tasks/unig2u) without its extra sentence, so that
the thought pictures are the only difference from direct.
"""

from collections.abc import Sequence

from g2u.answers.layout import following, of_each
from g2u.records import Picture, Prompt, Turn

NEEDS: frozenset[str] = frozenset()
DIFFERENCE = "thoughts follow the pictures"


def lay_out(
    prompt: Prompt, pictures: Sequence[Picture], thoughts: Sequence[Picture | None]
) -> tuple[Turn, ...]:
    """Pictures in order, thoughts in the same order, then the question; or each thought right after
    its picture, where that stands.
    """
    return (Turn("user", following(prompt, pictures, of_each(pictures, thoughts))),)
