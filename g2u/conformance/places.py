"""What became of pictures, as lines of the table."""

from collections.abc import Sequence
from itertools import groupby

from g2u.conformance.arrival import Place, Verdict
from g2u.conformance.checks import Check
from g2u.premises import Outcome, Premise

VERDICTS: dict[Verdict, tuple[Outcome, str, str]] = {
    "arrived": ("holds", "arrived", ""),
    "lost": (
        "fails",
        "LOST",
        "; the server drops it, and what is shown there means nothing: serve the model otherwise, "
        "or let it have one picture (a collage)",
    ),
    "unproven": ("unproven", "unproven", "; too little to tell: look at some replies yourself"),
    "refused": ("not applicable", "refused", ""),
}
"""The outcome of each, its word, and what follows from it."""


def lines(kind: str, places: Sequence[Place]) -> list[Check]:
    """One line for all pictures of a count that share what became of them.

    Args:
        kind: "edits" or "answers".
        places: in their order.
    """
    checks = []
    for (count, verdict, note), group in groupby(places, lambda p: (p.count, p.verdict, p.note)):
        numbers = [str(place.number) for place in group]
        outcome, word, next_step = VERDICTS[verdict]
        which = f"picture{'s' if len(numbers) > 1 else ''} {', '.join(numbers)}"
        name = f"{kind}: {which} of {count}: {word}"
        checks.append(Check(name, outcome, f"{note}{next_step}", premise(kind, count)))
    return checks


def premise(kind: str, count: int) -> Premise:
    """What the arrival of pictures is evidence for."""
    if kind == "edits":
        return "source" if count == 1 else "several"
    return "picture" if count == 1 else "beside" if count == 2 else "many"
