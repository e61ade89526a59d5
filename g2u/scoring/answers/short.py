"""short: a word or a phrase, compared after light normalisation; numbers by value."""

from g2u.records import Question
from g2u.scoring.forms import answered_phrase, phrase
from g2u.scoring.quantities import same


def parse(response: str, question: Question) -> str | None:
    """The answer in lower case without article and end punctuation; None if there is none, or if
    the response declines to answer.
    """
    del question
    return answered_phrase(response)


def score(prediction: str, answer: str) -> float:
    """1 for the same text, or for numbers of the same value."""
    return float(prediction == phrase(answer) or same(prediction, answer) is True)
