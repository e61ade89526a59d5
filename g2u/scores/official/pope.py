"""pope: accuracy, precision, recall and F1 of "yes", and how often "yes" is said.

Rule: POPE (arXiv 2305.10355), section 5.1; VLMEvalKit, vlmeval/dataset/utils/yorn.py (POPE_rating):
overall and by category (random, popular, adversarial); what cannot be read is not "yes".
"""

from collections.abc import Mapping, Sequence

from g2u.errors import DataError
from g2u.records import Question, Target
from g2u.scores.items import Item, Unit, Units, each, grouped

SCALE = 100.0


def check(questions: Sequence[Question], gold: Sequence[Target]) -> None:
    """Every answer is yes or no.

    Raises:
        DataError: another one.
    """
    del questions
    for target in gold:
        if target.scorer != "yes_no" or _gold(target) not in ("yes", "no"):
            raise DataError(
                f"metric pope: question {target.id!r}: gold {target.answer!r} of scorer "
                f"{target.scorer}; expected yes or no and format: yes_no in the preset (answers: "
                "says what other words stand for), or another metric"
            )


def units(items: Sequence[Item]) -> Units:
    """The figures in per cent; F1 comes from `totals`."""
    return grouped(items, ("category",), _figures)


def _figures(items: Sequence[Item]) -> Units:
    answered = [item for item in items if item.score is not None]
    said = [item for item in answered if item.prediction == "yes"]
    wanted = [item for item in answered if _gold(item.target) == "yes"]
    return {
        "accuracy": each(items),
        "precision": each(said),
        "recall": [_says_yes(item) for item in wanted],
        "yes": [_says_yes(item) for item in answered],
    }


def _gold(target: Target) -> str:
    return target.answer.strip().lower()


def _says_yes(item: Item) -> Unit:
    return Unit(item.question.id, float(item.prediction == "yes"), item.cluster)


def totals(values: Mapping[str, float]) -> dict[str, float]:
    """F1 in per cent, overall and by category."""
    found = {}
    for name, precision in values.items():
        if name.startswith("precision"):
            recall = values.get(name.replace("precision", "recall", 1), 0.0)
            both = precision + recall
            found[name.replace("precision", "F1", 1)] = (
                2 * precision * recall / both if both else 0.0
            )
    return found
