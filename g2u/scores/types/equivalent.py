"""equivalent: a free answer that means the same as the target: rules where they can tell, else a
judge.
"""

from g2u.records import Question
from g2u.scores import responses
from g2u.scores.forms import expression
from g2u.scores.quantities import same


def parse(response: str, question: Question) -> str | None:
    """The last box, else the whole conclusion; None where there is none or it declines."""
    del question
    text = responses.concluded(response)
    return None if not text or responses.refuses(text) else text


def score(prediction: str, answer: str) -> float | None:
    """1 for the same normal form or value, 0 for another value; None: rules cannot tell."""
    form = expression(prediction)
    if form == expression(answer):
        return 1.0
    is_same = same(prediction, answer)
    is_same = same(form, answer) if is_same is None else is_same
    return None if is_same is None else float(is_same)
