"""circular: MMBench and CCBench: a question counts if all its rotations are answered rightly.

Rule: VLMEvalKit, vlmeval/dataset/utils/multiple_choice.py (mcq_circular_eval): rows of a question
share index % 1e6; "vanilla" is the accuracy of the rows below 1e6 alone.
"""

from collections.abc import Mapping, Sequence

from g2u.errors import DataError
from g2u.records import Question, Target
from g2u.scores.items import Item, Units, all_right, each, grouped

SCALE = 100.0
GROUPS = ("split", "l2-category", "category")
ROTATION = 10**6


def check(questions: Sequence[Question], gold: Sequence[Target]) -> None:
    """Every index is a number below 10**18.

    Raises:
        DataError: another index.
    """
    del gold
    for question in questions:
        index = question.id
        if not (index.isascii() and index.isdecimal() and len(index) <= 18):
            raise DataError(
                f"metric circular: index {index!r} is no number; expected base + k * 1e6, or "
                "another metric in the preset, such as categories"
            )


def units(items: Sequence[Item]) -> Units:
    """Circular and vanilla accuracy in per cent."""
    return grouped(
        items,
        GROUPS,
        lambda part: {
            "circular": all_right(part, lambda item: str(_index(item) % ROTATION)),
            "vanilla": each(item for item in part if _index(item) < ROTATION),
        },
    )


def _index(item: Item) -> int:
    return int(item.question.id)


def totals(values: Mapping[str, float]) -> dict[str, float]:
    """None."""
    del values
    return {}
