"""short: a word, a phrase or a number, compared after light normalisation."""

import re

from g2u.records import Question

PREFIX = re.compile(r"^(?:the\s+)?answer(?:\s+is)?\s*:?\s+", re.IGNORECASE)
ARTICLE = re.compile(r"^(?:a|an|the)\s+", re.IGNORECASE)
NUMBER = re.compile(r"[-+]?(?:\d{1,3}(?:,\d{3})+|\d+)?(?:\.\d+)?")


def parse(response: str, question: Question) -> str | None:
    """The response without "answer:", article and end punctuation, lower-cased; None if empty."""
    del question
    return _normal(PREFIX.sub("", response.strip())) or None


def score(prediction: str, answer: str) -> float:
    """1 for the same text, or for numbers of the same value."""
    wanted = _normal(answer)
    if prediction == wanted:
        return 1.0
    left, right = _number(prediction), _number(wanted)
    return float(left is not None and left == right)


def _normal(text: str) -> str:
    plain = " ".join(text.strip().strip(".!\"'").split()).lower()
    return ARTICLE.sub("", plain)


def _number(text: str) -> float | None:
    if not text or not NUMBER.fullmatch(text):
        return None
    try:
        return float(text.replace(",", ""))
    except ValueError:
        return None
