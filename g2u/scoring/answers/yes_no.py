"""yes_no: exactly one of the words yes and no.

Rule: VLMEvalKit, vlmeval/dataset/utils/yorn.py (YOrN_Extraction).
"""

import re

from g2u.records import Question

WORD = re.compile(r"[^\W_]+")


def parse(response: str, question: Question) -> str | None:
    """The word yes or no if exactly one of the words occurs, else None."""
    del question
    found = {"yes", "no"} & {word.lower() for word in WORD.findall(response)}
    return found.pop() if len(found) == 1 else None


def score(prediction: str, answer: str) -> float:
    """1 for the same word."""
    return float(prediction == answer.strip().lower())
