"""concat_unig2u: originals, their thoughts, a sentence that says what those are, the question.

The order of UniG2U's second stage (arXiv 2603.03241; lmms-eval, tasks/unig2u), whose sentence is
specific to each task; here one sentence serves all.
"""

from collections.abc import Sequence

from g2u.records import Picture, Turn

NEEDS: frozenset[str] = frozenset()
DIFFERENCE = "thoughts follow the pictures, and a sentence says so"
SENTENCE = "The pictures after the original are drawings of it that may help."


def lay_out(
    prompt: str, pictures: Sequence[Picture], thoughts: Sequence[Picture | None]
) -> tuple[Turn, ...]:
    """One turn; as in direct where nothing was imagined."""
    drawn = [thought for thought in thoughts if thought is not None]
    if not drawn:
        return (Turn("user", (*pictures, prompt)),)
    return (Turn("user", (*pictures, *drawn, SENTENCE, prompt)),)
