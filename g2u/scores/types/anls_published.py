"""anls_published: average normalised Levenshtein similarity of the whole response, as published.

Rule: DocVQA (arXiv 2007.00398, section 5.1), as lmms-eval (api/metrics.py) and VLMEvalKit
(dataset/utils/vqa_eval.py) apply it: 1 - edits / length of the longer text, without case and spaces
beyond one, the best of the accepted answers; below 0.5 it is 0.
"""

from collections.abc import Sequence

from g2u.records import Question
from g2u.scores import responses
from g2u.scores.edits import THRESHOLD, letters_alike


def parse(response: str, question: Question) -> str | None:
    """The response as it is; None for an empty one."""
    del question
    return response[: responses.LONGEST] or None


def score(prediction: str, answer: str) -> float:
    """As beside one accepted answer."""
    return among(prediction, (answer,))


def among(prediction: str, accepted: Sequence[str]) -> float:
    """The best likeness that reaches the threshold, else 0."""
    best = max(letters_alike(prediction, answer) for answer in dict.fromkeys(accepted))
    return best if best >= THRESHOLD else 0.0
