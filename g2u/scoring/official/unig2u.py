"""unig2u: the score of a sub-task, and for routes the share that is right from end to end.

Rule: lmms-eval, lmms_eval/tasks/unig2u: mazes and sliding puzzles have text_frame_acc (share of
positions, the score) and text_exact; other sub-tasks have accuracy. The benchmark's overall figure
is the mean over the items of all sub-tasks (g2u/scoring/aggregate.py).
"""

import json
from collections.abc import Mapping, Sequence

from g2u.scoring.units import Item, Unit, Units, each

SCALE = 100.0


def units(items: Sequence[Item]) -> Units:
    """Scores in per cent."""
    found = {"score": each(items)}
    routes = [item for item in items if item.answer.startswith("[")]
    if routes:
        found["exact"] = [Unit(item.question.id, _exact(item), item.cluster) for item in routes]
    return found


def _exact(item: Item) -> float | None:
    if item.score is None:
        return None
    return float(item.prediction.split() == json.loads(item.answer))


def totals(values: Mapping[str, float]) -> dict[str, float]:
    """None."""
    del values
    return {}
