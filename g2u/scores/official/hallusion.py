"""hallusion: accuracy of questions (aAcc), of figures (fAcc) and of questions over all their
figures (qAcc).

Rule: HallusionBench (arXiv 2310.14566), section 4.1; VLMEvalKit, vlmeval/dataset/utils/yorn.py
(Hallusion_rating): index split at "_", parts 3, 4, 5 (from 0) = set, figure, question.
"""

from collections.abc import Callable, Mapping, Sequence

from g2u.errors import DataError
from g2u.records import Question, Target
from g2u.scores.items import Item, Units, all_right, each, grouped

SCALE = 100.0


def check(questions: Sequence[Question], gold: Sequence[Target]) -> None:
    """Every index has its six parts.

    Raises:
        DataError: an index of another form.
    """
    del gold
    for question in questions:
        parts = question.id.split("_")
        if len(parts) < 6 or not all(parts[3:6]):
            raise DataError(
                f"metric hallusion: index {question.id!r}; expected six parts joined by _, or "
                "another metric in the preset, such as categories"
            )


def units(items: Sequence[Item]) -> Units:
    """The three accuracies in per cent, overall and by category and l2-category."""
    return grouped(
        items,
        ("category", "l2-category"),
        lambda part: {
            "aAcc": each(part),
            "fAcc": all_right(part, _by(3, 4)),
            "qAcc": all_right(part, _by(3, 5)),
        },
    )


def _by(*places: int) -> Callable[[Item], str]:
    def key(item: Item) -> str:
        parts = item.question.id.split("_")
        return "_".join([item.question.label("l2-category"), *(parts[place] for place in places)])

    return key


def totals(values: Mapping[str, float]) -> dict[str, float]:
    """None."""
    del values
    return {}
