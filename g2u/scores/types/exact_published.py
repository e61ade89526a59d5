"""exact_published: the whole response against the target after VQA's normalisation, as published.

Rule: EvalAIAnswerProcessor (mmf, pythia/tasks/processors.py; lmms_eval/tasks/_task_utils/
vqa_eval_metric.py): lower case, no punctuation, number words to ten as figures, no articles.
Deviation: apostrophes are dropped on both sides, where the source restores them in a list of words.
"""

from g2u.records import Question
from g2u.scores import responses
from g2u.scores.vqa import ARTICLES, NUMBERS, PERIOD, unpunctuated


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
    plain = unpunctuated(text)
    words = PERIOD.sub("", plain).replace("'", "").split()
    return " ".join(NUMBERS.get(word, word) for word in words if word not in ARTICLES)
