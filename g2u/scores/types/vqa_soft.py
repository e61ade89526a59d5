"""vqa_soft: a short answer beside those of ten people: VQA's soft accuracy (arXiv 1505.00468), of
VQAv2, TextVQA and OK-VQA.

Beyond the published rule (`vqa_soft_published`), which takes the whole response for the answer, the
words around an answer are no part of it, as for `short`.
"""

from collections.abc import Sequence

from g2u.records import Question
from g2u.scores import responses
from g2u.scores.forms import answered_phrase, phrase
from g2u.scores.phrases import worth
from g2u.scores.vqa import normal, soft

PUBLISHED = "vqa_soft_published"
WORDS = 4
"""Of a refusal that people may have given as their answer ("not sure")."""


def parse(response: str, question: Question) -> str | None:
    """The answer as `short` reads it; a refusal of a few words is an answer too."""
    del question
    found = answered_phrase(response)
    if found is None and responses.refuses(response):
        text = responses.concluded(response)
        return phrase(text) or None if len(text.split()) <= WORDS else None
    return found


def score(prediction: str, answer: str) -> float | None:
    """As beside one accepted answer."""
    return among(prediction, (answer,))


def among(prediction: str, accepted: Sequence[str]) -> float | None:
    """The soft accuracy; None where the prediction holds an accepted answer among other words."""
    said = normal(prediction)
    found = {
        answer: 1.0 if normal(answer) == said else worth(prediction, answer, tolerance=0)
        for answer in dict.fromkeys(accepted)
        if phrase(answer)
    }
    matches = sum(found.get(answer) == 1.0 for answer in accepted)
    if not matches and None in found.values():
        return None
    return soft(matches, len(accepted))
