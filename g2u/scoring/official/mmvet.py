"""mmvet: the mean grade, overall, by capability and by set of capabilities.

Rule: MM-Vet (arXiv 2308.02490), section 3.2; VLMEvalKit, vlmeval/dataset/utils/mmvet.py
(MMVet_acc): `category` holds the capabilities joined by commas, an item counts for each of them.
"""

from collections.abc import Mapping, Sequence

from g2u.scoring.units import Item, Units, each, grouped

SCALE = 100.0


def units(items: Sequence[Item]) -> Units:
    """Mean grades in per cent."""
    found = grouped(items, ("category",), lambda part: {"score": each(part)})
    capabilities = dict.fromkeys(name for item in items for name in _capabilities(item))
    for name in capabilities:
        part = [item for item in items if name in _capabilities(item)]
        found[f"score, capability {name}"] = each(part)
    return found


def _capabilities(item: Item) -> list[str]:
    return [name.strip() for name in item.question.category.split(",") if name.strip()]


def totals(values: Mapping[str, float]) -> dict[str, float]:
    """None."""
    del values
    return {}
