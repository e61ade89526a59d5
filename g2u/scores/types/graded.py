"""graded: an open answer that a judge grades from 0 to 1 (MMVet, arXiv 2308.02490).

Targets join what has to be said by <AND>, and what may be said instead by <OR>.
"""

from g2u.records import Question
from g2u.scores import responses
from g2u.scores.forms import phrase


def parse(response: str, question: Question) -> str | None:
    """The whole conclusion; None where there is none or it declines."""
    del question
    text = responses.concluded(response)
    return None if not text or responses.refuses(text) else text


def score(prediction: str, answer: str) -> float | None:
    """1 for one of the target's alternatives, word for word; None: for the judge."""
    return 1.0 if phrase(prediction) in map(phrase, answer.split("<OR>")) else None
