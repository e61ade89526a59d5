"""look: a reader looks for text on the thought, and reads it in the picture.

What was imagined can then help to find, and cannot mislead what is read. For models that can both
detect and recognise text.
"""

from collections.abc import Sequence

from g2u.questions.wording import LOOK
from g2u.records import Picture, Prompt, Turn

NEEDS: frozenset[str] = frozenset({"detect", "recognise"})
DIFFERENCE = "text is looked for on the thoughts, and read in the pictures"


def lay_out(
    prompt: Prompt, pictures: Sequence[Picture], thoughts: Sequence[Picture | None]
) -> tuple[Turn, ...]:
    """Per picture its thought, the request to look there, and itself; then the question."""
    shown: list[list[str | Picture]] = [
        [picture] if thought is None else [thought, LOOK, picture]
        for picture, thought in zip(pictures, thoughts, strict=True)
    ]
    return (Turn("user", prompt.around(shown)),)
