"""vqa_soft_published: VQA's soft accuracy of the whole response, as it is published.

Each person's answer is compared with those of the others: min(n / 3, 1), the mean over people; the
rule and its deviation: g2u/scores/vqa.py.
"""

from collections.abc import Sequence

from g2u.records import Question
from g2u.scores import responses
from g2u.scores.vqa import normal, soft


def parse(response: str, question: Question) -> str | None:
    """The normal form of the response; None where nothing is left of it."""
    del question
    return normal(responses.composed(response[: responses.LONGEST])) or None


def score(prediction: str, answer: str) -> float:
    """As beside one accepted answer."""
    return among(prediction, (answer,))


def among(prediction: str, accepted: Sequence[str]) -> float:
    """The soft accuracy of a normal form."""
    return soft(sum(normal(answer) == prediction for answer in accepted), len(accepted))
