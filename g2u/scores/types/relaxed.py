"""relaxed: numbers within 5 %, other answers as `short` (ChartQA, arXiv 2203.10244, section 5.1).

Beyond the published rule (`relaxed_published`), which takes the whole response for the answer, the
words around an answer are no part of it.
"""

from g2u.records import Question
from g2u.scores.forms import answered_phrase
from g2u.scores.phrases import worth

TOLERANCE = 0.05
PUBLISHED = "relaxed_published"


def parse(response: str, question: Question) -> str | None:
    """The answer as `short` reads it."""
    del question
    return answered_phrase(response)


def score(prediction: str, answer: str) -> float | None:
    """1 within the tolerance, or for the same text; 0 where the prediction does not hold the
    target; None where it holds it among other words.
    """
    return worth(prediction, answer, TOLERANCE)
