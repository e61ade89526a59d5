"""grounding: how often boxes overlap the gold box by half (accuracy), and how far (mean IoU).

Rule: lmms-eval, tasks/refcoco/utils_rec.py (ACC@0.5 and IoU): a reply without a box overlaps by 0.
"""

from collections.abc import Mapping, Sequence

from g2u.errors import DataError
from g2u.records import Question, Target
from g2u.scores.items import Item, Unit, Units, each, grouped
from g2u.scores.regions import box_overlap

SCALE = 100.0
GROUPS = ("split", "category")


def check(questions: Sequence[Question], gold: Sequence[Target]) -> None:
    """Every answer is a box.

    Raises:
        DataError: another one.
    """
    del questions
    for target in gold:
        if target.scorer != "box":
            raise DataError(
                f"metric grounding: question {target.id!r} of scorer {target.scorer}; expected "
                "scorer: box, or another metric in the preset, such as categories"
            )


def units(items: Sequence[Item]) -> Units:
    """Accuracy and mean IoU in per cent."""
    return grouped(
        items,
        GROUPS,
        lambda part: {"accuracy": each(part), "mean IoU": [_overlap(item) for item in part]},
    )


def _overlap(item: Item) -> Unit:
    found = [box_overlap(item.prediction, each) for each in item.target.distinct if item.prediction]
    value = max((each or 0.0 for each in found), default=0.0)
    return Unit(item.question.id, None if item.score is None else value, item.cluster)


def totals(values: Mapping[str, float]) -> dict[str, float]:
    """None."""
    del values
    return {}
