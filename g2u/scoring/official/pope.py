"""pope: accuracy, precision, recall and F1 of "yes", and how often "yes" is said.

Rule: POPE (arXiv 2305.10355), section 5.1; VLMEvalKit, vlmeval/dataset/utils/yorn.py (POPE_rating):
overall and by category (random, popular, adversarial); what cannot be read is not "yes".
"""

from collections.abc import Mapping, Sequence

from g2u.scoring.units import Item, Unit, Units, each, grouped

SCALE = 100.0


def units(items: Sequence[Item]) -> Units:
    """The figures in per cent; F1 comes from `totals`."""
    return grouped(items, ("category",), _figures)


def _figures(items: Sequence[Item]) -> Units:
    answered = [item for item in items if item.score is not None]
    said = [item for item in answered if item.prediction == "yes"]
    wanted = [item for item in answered if item.answer.strip().lower() == "yes"]
    return {
        "accuracy": each(items),
        "precision": each(said),
        "recall": [_says_yes(item) for item in wanted],
        "yes": [_says_yes(item) for item in answered],
    }


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
