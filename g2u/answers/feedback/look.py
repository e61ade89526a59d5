"""look: a reader looks for text on the thought, and reads it in the picture.

What was imagined can then help to find, and cannot mislead what is read. For models that can both
detect and recognise text.
"""

from collections.abc import Sequence

from g2u.questions.wording import LOOK
from g2u.records import Picture, Turn

NEEDS: frozenset[str] = frozenset({"detect", "recognise"})
DIFFERENCE = "text is looked for on the thoughts, and read in the pictures"


def lay_out(
    prompt: str, pictures: Sequence[Picture], thoughts: Sequence[Picture | None]
) -> tuple[Turn, ...]:
    """Per picture its thought, the request to look there, and itself; then the question."""
    shown: list[str | Picture] = []
    for picture, thought in zip(pictures, thoughts, strict=True):
        shown += [picture] if thought is None else [thought, LOOK, picture]
    return (Turn("user", (*shown, prompt)),)
