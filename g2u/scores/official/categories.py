"""categories: accuracy, overall and by split, l2-category and category.

Rule: VLMEvalKit, vlmeval/dataset/utils/multiple_choice.py (report_acc): the table of MMStar, AI2D,
KiVA, Spatial457 and other multiple-choice files; the mean over items.
"""

from collections.abc import Mapping, Sequence

from g2u.records import Question, Target
from g2u.scores.items import Item, Units, each, grouped

SCALE = 100.0
GROUPS = ("split", "l2-category", "category")


def check(questions: Sequence[Question], gold: Sequence[Target]) -> None:
    """Nothing is needed."""
    del questions, gold


def units(items: Sequence[Item]) -> Units:
    """Accuracy in per cent."""
    return grouped(items, GROUPS, lambda part: {"accuracy": each(part)})


def totals(values: Mapping[str, float]) -> dict[str, float]:
    """None."""
    del values
    return {}
