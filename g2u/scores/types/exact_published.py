"""exact_published: the whole response against the target after VQA's normalisation, as published.

Rule: EvalAIAnswerProcessor (mmf, pythia/tasks/processors.py; lmms_eval/tasks/_task_utils/
vqa_eval_metric.py): lower case, no punctuation, number words to ten as figures, no articles.
Deviation: apostrophes are dropped on both sides, where the source restores them in a list of words.
"""

import re

from g2u.records import Question
from g2u.scores import responses

PUNCTUATION = ';/[]"{}()=+\\_-><@`,?!'
COMMA = re.compile(r"(?<=\d),+(?=\d)")
PERIOD = re.compile(r"\.(?!\d)")
NUMBERS = {
    "none": "0", "zero": "0", "one": "1", "two": "2", "three": "3", "four": "4", "five": "5",
    "six": "6", "seven": "7", "eight": "8", "nine": "9", "ten": "10",
}  # fmt: skip
ARTICLES = {"a", "an", "the"}


def parse(response: str, question: Question) -> str | None:
    """The normal form of the response; None where nothing is left of it."""
    del question
    return normal(responses.composed(response[: responses.LONGEST])) or None


def score(prediction: str, answer: str) -> float:
    """1 for the same normal form."""
    return float(prediction == normal(answer))


def normal(text: str) -> str:
    """As EvalAIAnswerProcessor gives it, without apostrophes."""
    text = text.lower().replace(",", "").replace("?", "").replace("'s", " 's").strip()
    text = text.replace("\n", " ").replace("\t", " ")
    drops_all = COMMA.search(text) is not None
    plain = text
    for mark in PUNCTUATION:
        is_beside_space = f"{mark} " in text or f" {mark}" in text
        plain = plain.replace(mark, "" if is_beside_space or drops_all else " ")
    words = PERIOD.sub("", plain).replace("'", "").split()
    return " ".join(NUMBERS.get(word, word) for word in words if word not in ARTICLES)
