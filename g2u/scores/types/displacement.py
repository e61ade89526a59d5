"""displacement: moves by compass with counts, "North: 1, East: 4"; scored by where they end.

Measure: Visual-Spatial-Planning, map (lmms-eval, tasks/unig2u/vsp/utils.py): the sums north minus
south and east minus west have to be the target's.
"""

import re

from g2u.records import Question
from g2u.scores import responses

MOVE = re.compile(r"\b(north|south|east|west)\b[\"']?[\s:=]*+(-?\d{1,6}+)(?!\d)", re.IGNORECASE)
BEFORE = re.compile(
    r"(?<![\w.-])(\d{1,6}+)\s*+(?:blocks?|steps?|units?|cells?|squares?)?\s*+(?:to\s+the\s+)?"
    r"\b(north|south|east|west)\b",
    re.IGNORECASE,
)
"""Where counts come first, as in "3 blocks north"."""
AXES = {"north": (1, 0), "south": (-1, 0), "east": (0, 1), "west": (0, -1)}


def parse(response: str, question: Question) -> str | None:
    """The displacement as "north 1 east 4"; None where there is no move."""
    del question
    text = responses.concluded(response)
    moves = MOVE.findall(text) or [(name, count) for count, name in BEFORE.findall(text)]
    if not moves:
        return None
    north = sum(AXES[name.lower()][0] * int(count) for name, count in moves)
    east = sum(AXES[name.lower()][1] * int(count) for name, count in moves)
    return f"north {north} east {east}"


def score(prediction: str, answer: str) -> float:
    """1 for the same displacement."""
    return float(prediction == answer)
