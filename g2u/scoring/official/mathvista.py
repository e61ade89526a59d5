"""mathvista: accuracy, overall and by task and skill.

Rule: MathVista (arXiv 2310.02255); VLMEvalKit, vlmeval/dataset/utils/mathvista.py (MathVista_acc):
an item counts once for each of its skills. The preset has to keep the columns: labels: [task,
skills].
"""

import ast
from collections.abc import Mapping, Sequence

from g2u.scoring.units import Item, Units, each, grouped

SCALE = 100.0


def units(items: Sequence[Item]) -> Units:
    """Accuracy in per cent."""
    found = grouped(items, ("task",), lambda part: {"accuracy": each(part)})
    skills = dict.fromkeys(skill for item in items for skill in _skills(item))
    for skill in skills:
        part = [item for item in items if skill in _skills(item)]
        found[f"accuracy, skill {skill}"] = each(part)
    return found


def _skills(item: Item) -> list[str]:
    """The skills that the cell spells as a list."""
    text = item.question.label("skills")
    try:
        found = ast.literal_eval(text) if text else []
    except (ValueError, SyntaxError):
        return [text]
    return [str(skill) for skill in found] if isinstance(found, (list, tuple)) else [str(found)]


def totals(values: Mapping[str, float]) -> dict[str, float]:
    """None."""
    del values
    return {}
