"""unig2u: the score of a sub-task, and for routes the share that is right from end to end.

Rule: lmms-eval, lmms_eval/tasks/unig2u: mazes and sliding puzzles have text_frame_acc (share of
positions, the score) and text_exact; other sub-tasks have accuracy. The benchmark's overall figure
is the mean over the items of all sub-tasks (g2u/scores/aggregate.py).
"""

from collections.abc import Mapping, Sequence

from g2u.errors import DataError
from g2u.literals import read_literal
from g2u.records import Question, Target
from g2u.scores.items import Item, Unit, Units, each

SCALE = 100.0


def check(questions: Sequence[Question], gold: Sequence[Target]) -> None:
    """Every route is a list of moves.

    Raises:
        DataError: another target of scorer route.
    """
    del questions
    for target in gold:
        if target.scorer == "route" and not _moves(target):
            raise DataError(
                f"metric unig2u: question {target.id!r}: target {target.answer[:60]!r}; expected a "
                "JSON list of moves, or another metric in the preset, such as categories"
            )


def units(items: Sequence[Item]) -> Units:
    """Scores in per cent."""
    found = {"score": each(items)}
    routes = [item for item in items if item.target.scorer == "route"]
    if routes:
        found["exact"] = [Unit(item.question.id, _exact(item), item.cluster) for item in routes]
    return found


def _exact(item: Item) -> float | None:
    if item.score is None:
        return None
    return float(item.score == 1.0 and len(item.prediction.split()) == len(_moves(item.target)))


def _moves(target: Target) -> list[str]:
    """The moves of a route's target; none where it is no list of texts."""
    found = read_literal(target.answer)
    if not isinstance(found, list) or not all(isinstance(move, str) for move in found):
        return []
    return found


def totals(values: Mapping[str, float]) -> dict[str, float]:
    """None."""
    del values
    return {}
