"""mmvet: the mean grade, overall, by capability and by set of capabilities.

Rule: MM-Vet (arXiv 2308.02490), section 3.2; VLMEvalKit, vlmeval/dataset/utils/mmvet.py
(MMVet_acc): `category` holds the capabilities joined by commas, an item counts for each of them.
"""

from collections.abc import Mapping, Sequence

from g2u.errors import DataError
from g2u.records import Question, Target
from g2u.scores.items import Item, Units, each, grouped

SCALE = 100.0


def check(questions: Sequence[Question], gold: Sequence[Target]) -> None:
    """Every question has its capabilities, or none has: then there is the mean grade alone.

    Raises:
        DataError: some have none.
    """
    del gold
    bare = [question for question in questions if not _capabilities(question)]
    if 0 < len(bare) < len(questions):
        raise DataError(
            f"metric mmvet: question {bare[0].id!r} has no category, others have; expected "
            "capabilities joined by commas, or another metric in the preset, such as categories"
        )


def units(items: Sequence[Item]) -> Units:
    """Mean grades in per cent."""
    found = grouped(items, ("category",), lambda part: {"score": each(part)})
    capabilities = dict.fromkeys(name for item in items for name in _capabilities(item.question))
    for name in capabilities:
        part = [item for item in items if name in _capabilities(item.question)]
        found[f"score, capability {name}"] = each(part)
    return found


def _capabilities(question: Question) -> list[str]:
    return [name.strip() for name in question.category.split(",") if name.strip()]


def totals(values: Mapping[str, float]) -> dict[str, float]:
    """None."""
    del values
    return {}
