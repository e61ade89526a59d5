"""What feedback modes share: which thoughts belong to which picture."""

from collections.abc import Sequence

from g2u.records import Picture, Prompt


def of_each(pictures: Sequence[Picture], thoughts: Sequence[Picture | None]) -> list[list[Picture]]:
    """Each picture's own thoughts. A chain of drawings, which are not one per picture, belongs to
    the first, from which it starts.
    """
    if len(thoughts) == len(pictures):
        return [[thought] if thought is not None else [] for thought in thoughts]
    chain = [thought for thought in thoughts if thought is not None]
    return [chain if place == 0 else [] for place in range(len(pictures))]


def following(
    prompt: Prompt, pictures: Sequence[Picture], own: Sequence[Sequence[str | Picture]]
) -> tuple[str | Picture, ...]:
    """Pictures in order, what is their own in the same order, then the question; or what is each
    picture's own right after it, where the question says that it stands.
    """
    if prompt.is_placed:
        pairs = zip(pictures, own, strict=True)
        return prompt.around([[picture, *each] for picture, each in pairs])
    return (*pictures, *(part for each in own for part in each), prompt.text)
