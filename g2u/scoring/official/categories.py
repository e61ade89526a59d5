"""categories: accuracy, overall and by split, l2-category and category.

Rule: VLMEvalKit, vlmeval/dataset/utils/multiple_choice.py (report_acc): the table of MMStar, AI2D,
KiVA, Spatial457 and other multiple-choice files; the mean over items.
"""

from collections.abc import Mapping, Sequence

from g2u.scoring.units import Item, Units, each, grouped

SCALE = 100.0
GROUPS = ("split", "l2-category", "category")


def units(items: Sequence[Item]) -> Units:
    """Accuracy in per cent."""
    return grouped(items, GROUPS, lambda part: {"accuracy": each(part)})


def totals(values: Mapping[str, float]) -> dict[str, float]:
    """None."""
    del values
    return {}
