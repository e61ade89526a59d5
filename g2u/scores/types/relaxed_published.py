"""relaxed_published: ChartQA's relaxed accuracy of the whole response, as it is published.

Rule: lmms_eval/tasks/chartqa/utils.py, relaxed_correctness (after pix2struct/metrics.py, as
VLMEvalKit's): numbers within 5 %, a percentage is a hundredth; a target of 0, and words, have to be
the same letters of any case. Deviation: spaces around the response are dropped.
"""

from g2u.records import Question
from g2u.scores import responses

TOLERANCE = 0.05


def parse(response: str, question: Question) -> str | None:
    """The response; None for an empty one."""
    del question
    return responses.composed(response[: responses.LONGEST]).strip() or None


def score(prediction: str, answer: str) -> float:
    """1 within the tolerance, or for the same text."""
    found, wanted = _number(prediction), _number(answer.strip())
    if found is not None and wanted:
        return float(abs(found - wanted) / abs(wanted) <= TOLERANCE)
    return float(prediction.lower() == answer.strip().lower())


def _number(text: str) -> float | None:
    try:
        return float(text.rstrip("%")) / 100 if text.endswith("%") else float(text)
    except ValueError:
        return None
