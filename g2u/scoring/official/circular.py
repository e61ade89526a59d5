"""circular: MMBench and CCBench: a question counts if all its rotations are answered rightly.

Rule: VLMEvalKit, vlmeval/dataset/utils/multiple_choice.py (mcq_circular_eval): rows of a question
share index % 1e6; "vanilla" is the accuracy of the rows below 1e6 alone.
"""

from collections.abc import Mapping, Sequence

from g2u.errors import DataError
from g2u.scoring.units import Item, Units, all_right, each, grouped

SCALE = 100.0
GROUPS = ("split", "l2-category", "category")
ROTATION = 10**6


def units(items: Sequence[Item]) -> Units:
    """Circular and vanilla accuracy in per cent.

    Raises:
        DataError: an index that is no number.
    """
    return grouped(
        items,
        GROUPS,
        lambda part: {
            "circular": all_right(part, lambda item: str(_index(item) % ROTATION)),
            "vanilla": each(item for item in part if _index(item) < ROTATION),
        },
    )


def _index(item: Item) -> int:
    if not item.question.id.isdigit():
        raise DataError(
            f"metric circular: index {item.question.id!r} is no number; expected base + k * 1e6"
        )
    return int(item.question.id)


def totals(values: Mapping[str, float]) -> dict[str, float]:
    """None."""
    del values
    return {}
