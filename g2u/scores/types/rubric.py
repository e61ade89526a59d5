"""rubric: an open answer that a judge holds against criteria: the share of their weights.

Targets: g2u/questions/files/rubrics.py.
"""

from g2u.records import Question
from g2u.scores import responses


def parse(response: str, question: Question) -> str | None:
    """The whole conclusion; None where there is none or it declines."""
    del question
    text = responses.concluded(response)
    return None if not text or responses.refuses(text) else text


def score(prediction: str, answer: str) -> None:
    """None: for the judge."""
    del prediction, answer
