"""mme: accuracy of questions plus accuracy of pairs, by category, and their sums.

Rule: MME (arXiv 2306.13394), section 2.2; VLMEvalKit, vlmeval/dataset/utils/yorn.py (MME_rating):
the two questions of a picture in a category are a pair, right if both are.
"""

from collections.abc import Mapping, Sequence

from g2u.errors import DataError
from g2u.records import Question, Target
from g2u.scores.items import Item, Unit, Units, all_right, each

SCALE = 100.0
PERCEPTION = (
    "OCR", "artwork", "celebrity", "color", "count", "existence", "landmark", "position", "posters",
    "scene",
)  # fmt: skip
COGNITION = (
    "code_reasoning", "commonsense_reasoning", "numerical_calculation", "text_translation",
)  # fmt: skip


def check(questions: Sequence[Question], gold: Sequence[Target]) -> None:
    """Every question has a category, and is one of two about its picture there.

    Raises:
        DataError: no category, no picture, or not a pair, as where a slice cuts one apart.
    """
    del gold
    pairs: dict[tuple[str, str], list[str]] = {}
    for question in questions:
        if not question.category:
            raise DataError(
                f"metric mme: question {question.id!r} has no category; expected column category, "
                "or another metric in the preset, such as categories"
            )
        pairs.setdefault((question.category, _picture_of(question)), []).append(question.id)
    for (category, _), ids in pairs.items():
        if len(ids) != 2:
            raise DataError(
                f"metric mme: category {category!r}: {len(ids)} questions about the picture of "
                f"question {ids[0]!r}; expected two, a pair: keep pairs whole (items, slice, "
                "sample, where of the preset), or name another metric"
            )


def units(items: Sequence[Item]) -> Units:
    """Acc and acc+ of every category, in per cent."""
    found: dict[str, Sequence[Unit]] = {}
    for category in dict.fromkeys(item.question.category for item in items):
        part = [item for item in items if item.question.category == category]
        found[f"acc, {category}"] = each(part)
        found[f"acc+, {category}"] = all_right(part, _picture)
    return found


def _picture(item: Item) -> str:
    return _picture_of(item.question)


def _picture_of(question: Question) -> str:
    return question.label("image_path") or " ".join(question.pictures)


def totals(values: Mapping[str, float]) -> dict[str, float]:
    """Acc + acc+ of every category (0..200), and their sums: perception (0..2000), cognition
    (0..800).
    """
    names = [name.removeprefix("acc, ") for name in values if name.startswith("acc, ")]
    scores = {name: values[f"acc, {name}"] + values[f"acc+, {name}"] for name in names}
    found = {f"score, {name}": score for name, score in scores.items()}
    for total, categories in (("perception", PERCEPTION), ("cognition", COGNITION)):
        parts = [scores[category] for category in categories if category in scores]
        if parts:
            found[total] = sum(parts)
    return found
