"""short: a word or a phrase, compared after light normalisation; numbers by value."""

from g2u.records import Question
from g2u.scores.forms import answered_phrase
from g2u.scores.phrases import worth

PUBLISHED = "exact_published"


def parse(response: str, question: Question) -> str | None:
    """The answer in lower case without article and end punctuation; None if there is none, or if
    the response declines to answer.
    """
    del question
    return answered_phrase(response)


def score(prediction: str, answer: str) -> float | None:
    """1 for the same text, numbers by value; 0 where the prediction does not hold the target; None
    where it holds it among other words.
    """
    return worth(prediction, answer, tolerance=0)
