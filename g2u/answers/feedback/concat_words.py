"""concat_words: concat, each thought between what was said before it and what was said after.

The whole of a trace, as its model gave it; concat is its pictures alone, words its words alone.
"""

from collections.abc import Sequence

from g2u.answers.layout import following, of_each
from g2u.records import Picture, Prompt, Turn

NEEDS: frozenset[str] = frozenset()
DIFFERENCE = "thoughts follow the pictures, with what was said with them in its place"


def lay_out(
    prompt: Prompt, pictures: Sequence[Picture], thoughts: Sequence[Picture | None]
) -> tuple[Turn, ...]:
    """As concat, with words and thoughts in their order; nothing without words."""
    own = of_each(pictures, thoughts)
    told = [[part for thought in each for part in _told(thought)] for each in own]
    if any(own) and list(map(len, told)) == list(map(len, own)):
        return ()
    return (Turn("user", following(prompt, pictures, told)),)


def _told(thought: Picture) -> list[str | Picture]:
    return [*filter(None, thought.trace[:1]), thought, *filter(None, thought.trace[1:])]
