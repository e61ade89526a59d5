"""box: a box around something; right where it overlaps the gold box by half and more.

Rule: RefCOCO's accuracy at an intersection over union of 0.5 (arXiv 1608.00272; lmms-eval,
tasks/refcoco/utils_rec.py); the mean overlap is a figure of metric `grounding`. What the numbers of
a reply count in is declared; a reply in another frame is undecided.
"""

from g2u.records import Question
from g2u.scores.places import box_in
from g2u.scores.regions import box_overlap

RIGHT = 0.5 - 1e-9
"""Of the overlap; a half that floating point rounds is a half."""


def parse(response: str, question: Question) -> str | None:
    """The one box, as "left,top,right,bottom"; None where there is none or several."""
    del question
    return box_in(response)


def score(prediction: str, answer: str) -> float | None:
    """1 for an overlap of a half and more; None where the box is of another frame."""
    found = box_overlap(prediction, answer)
    return None if found is None else float(found >= RIGHT)
