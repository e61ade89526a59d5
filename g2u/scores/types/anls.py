"""anls: a short text of a document; likeness of letters as DocVQA and InfoVQA count it (ANLS).

Beyond the published rule (`anls_published`), which takes the whole response for the answer, the
words around an answer are no part of it, as for `short`.
"""

from collections.abc import Sequence

from g2u.records import Question
from g2u.scores.edits import THRESHOLD, letters_alike
from g2u.scores.forms import answered_phrase, phrase
from g2u.scores.phrases import readings, worth

PUBLISHED = "anls_published"


def parse(response: str, question: Question) -> str | None:
    """The answer as `short` reads it."""
    del question
    return answered_phrase(response)


def score(prediction: str, answer: str) -> float | None:
    """As beside one accepted answer."""
    return among(prediction, (answer,))


def among(prediction: str, accepted: Sequence[str]) -> float | None:
    """The best likeness that reaches the threshold, else 0; None where the prediction holds an
    accepted answer among other words.
    """
    said = readings(prediction)
    values = [_likeness(prediction, said, answer) for answer in dict.fromkeys(accepted)]
    best = max((value for value in values if value is not None), default=0.0)
    return None if not best and None in values else best


def _likeness(prediction: str, said: Sequence[str], answer: str) -> float | None:
    found = worth(prediction, answer, tolerance=0)
    if found == 1.0:
        return found
    forms = {answer, phrase(answer)}
    seen = [prediction] if found is None else said
    best = max(letters_alike(text, form) for text in seen for form in forms)
    return best if best >= THRESHOLD else found
