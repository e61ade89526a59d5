"""relaxed: numbers within 5 %, other answers exactly (ChartQA, arXiv 2203.10244, section 5.1).

Rule: lmms_eval/tasks/chartqa/utils.py, relaxed_correctness: a percentage is a hundredth, a target
of 0 is compared as text.
"""

from g2u.records import Question
from g2u.scoring.forms import answered_phrase, phrase

TOLERANCE = 0.05


def parse(response: str, question: Question) -> str | None:
    """The answer as `short` reads it."""
    del question
    return answered_phrase(response)


def score(prediction: str, answer: str) -> float:
    """1 within the tolerance, or for the same text."""
    found, wanted = _number(prediction), _number(answer)
    if found is not None and wanted:
        return float(abs(found - wanted) / abs(wanted) <= TOLERANCE)
    return float(prediction == phrase(answer) or prediction == answer.strip().lower())


def _number(text: str) -> float | None:
    text = text.strip().replace(",", "")
    try:
        return float(text.rstrip("%")) / 100 if text.endswith("%") else float(text)
    except ValueError:
        return None
