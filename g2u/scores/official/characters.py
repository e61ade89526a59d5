"""characters: texts read whole, and the share of their characters that was read.

Rule: 1 - edit distance / length of the longer text, 0 where nothing was read: the normalised edit
distance (1-N.E.D.) of ICDAR's reading challenges (Zhang et al. 2019, ReCTS, arXiv 1912.09641,
section 4). Compared are letters and figures without case, as scorer `letters` does.
"""

from collections.abc import Mapping, Sequence

from g2u.records import Question, Target
from g2u.scores.edits import edits
from g2u.scores.items import Item, Unit, Units, each
from g2u.scores.types.letters import folded

SCALE = 100.0
LONGEST = 4
"""Of a reading, in lengths of the text: what goes beyond counts as wrong unseen."""


def check(questions: Sequence[Question], gold: Sequence[Target]) -> None:
    """Nothing is needed."""
    del questions, gold


def units(items: Sequence[Item]) -> Units:
    """Both figures in per cent."""
    characters = [
        Unit(
            item.question.id,
            None
            if item.score is None
            else max(likeness(item.prediction, each) for each in item.target.distinct),
            item.cluster,
        )
        for item in items
    ]
    return {"accuracy": each(items), "character accuracy": characters}


def totals(values: Mapping[str, float]) -> dict[str, float]:
    """None."""
    del values
    return {}


def likeness(reading: str, text: str) -> float:
    """1 - edit distance / length of the longer one, 0..1."""
    one, other = folded(reading), folded(text)
    longer = max(len(one), len(other))
    return 1 - _edits(one, other) / longer if longer else 1.0


def _edits(reading: str, text: str) -> int:
    """Letters to insert, delete or exchange; at most a little more for a reading that is cut."""
    kept = reading[: LONGEST * len(text)]
    return edits(kept, text) + len(reading) - len(kept)
