"""concat_unig2u: originals, their thoughts, a sentence that says what those are, the question.

The order of UniG2U's second stage (arXiv 2603.03241; lmms-eval, tasks/unig2u), whose sentence is
specific to each task; here one sentence serves all.
"""

from collections.abc import Sequence

from g2u.answers.layout import following, of_each
from g2u.records import Picture, Prompt, Turn

NEEDS: frozenset[str] = frozenset()
DIFFERENCE = "thoughts follow the pictures, and a sentence says so"
SENTENCE = "The pictures after the original are drawings of it that may help."


def lay_out(
    prompt: Prompt, pictures: Sequence[Picture], thoughts: Sequence[Picture | None]
) -> tuple[Turn, ...]:
    """One turn; as in direct where nothing was imagined. Where pictures have places, the sentence
    comes first and each thought right after its picture.
    """
    own = of_each(pictures, thoughts)
    *shown, text = following(prompt, pictures, own)
    if not any(own):
        return (Turn("user", (*shown, text)),)
    if prompt.is_placed:
        return (Turn("user", (SENTENCE, *shown, text)),)
    return (Turn("user", (*shown, SENTENCE, text)),)
