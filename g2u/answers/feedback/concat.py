"""concat: originals, then their thoughts, then the question.

The layout of UniG2U's second stage (lmms-eval, tasks/unig2u) without its extra sentence, so that
the thought pictures are the only difference from direct.
"""

from collections.abc import Sequence

from g2u.answers.layout import of_each
from g2u.records import Picture, Prompt, Turn

NEEDS: frozenset[str] = frozenset()
DIFFERENCE = "thoughts follow the pictures"


def lay_out(
    prompt: Prompt, pictures: Sequence[Picture], thoughts: Sequence[Picture | None]
) -> tuple[Turn, ...]:
    """Pictures in order, thoughts in the same order, then the question; or each thought right after
    its picture, where that stands.
    """
    own = of_each(pictures, thoughts)
    if prompt.is_placed:
        pairs = zip(pictures, own, strict=True)
        return (Turn("user", prompt.around([[picture, *each] for picture, each in pairs])),)
    drawn = [thought for each in own for thought in each]
    return (Turn("user", (*pictures, *drawn, prompt.text)),)
