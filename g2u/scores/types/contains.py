"""contains: whether a response holds an accepted answer, as OCRBench counts (arXiv 2305.07895).

Rule: lmms-eval (tasks/ocrbench) and VLMEvalKit (dataset/utils/ocrbench.py): the answer's letters
occur in the response, without case. Beyond it, reasoning is no part of the response.
"""

from g2u.records import Question
from g2u.scores import responses


def parse(response: str, question: Question) -> str | None:
    """The response without reasoning; None where nothing is left, or it says too much."""
    del question
    text = _folded(responses.said(response))
    return text if text and len(text) <= responses.LONGEST else None


def score(prediction: str, answer: str) -> float:
    """1 where the answer occurs in it."""
    wanted = _folded(answer)
    return float(bool(wanted) and wanted in prediction)


def _folded(text: str) -> str:
    return text.translate(responses.FULL_WIDTH).lower().strip().replace("\n", " ")
