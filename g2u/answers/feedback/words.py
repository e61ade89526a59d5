"""words: what was said with the thoughts in their place; what a trace holds without its pictures.

The arm that tells words from drawings where a model gives both (g2u/thoughts/edits/native.py,
interleaved.py).
"""

from collections.abc import Sequence

from g2u.answers.layout import following, of_each
from g2u.records import Picture, Prompt, Turn

NEEDS: frozenset[str] = frozenset()
DIFFERENCE = "what was said with the thoughts follows the pictures, in the thoughts' place"


def lay_out(
    prompt: Prompt, pictures: Sequence[Picture], thoughts: Sequence[Picture | None]
) -> tuple[Turn, ...]:
    """As concat, with words for thoughts; nothing without words."""
    own = of_each(pictures, thoughts)
    words = [[said for thought in each for said in thought.trace if said] for each in own]
    if any(own) and not any(words):
        return ()
    return (Turn("user", following(prompt, pictures, words)),)
